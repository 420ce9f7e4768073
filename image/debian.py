"""Debian's part of an image, unpacked and configured by mmdebstrap."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from image import recipe

_APT = (
    'Apt::Install-Recommends "false"',
    'Acquire::Languages "none"',
    'Acquire::Retries "3"',
    'Acquire::Check-Valid-Until "false"',
)
_FIRMWARE_HOOK = "/etc/kernel/postinst.d/z50-raspi-firmware"


def bootstrap(packages: Sequence[str], tar: Path, hooks: Sequence[str] = ()) -> None:
    """Install packages for the box's architecture into a new tree and pack it.

    The package scripts run under QEMU's user emulation, which binfmt_misc must know of. The same
    packages give the same tar, byte for byte.

    Parameters
    ----------
    packages
        Names, some with the archive to take them from.
    tar
        Written whole, or not at all.
    hooks
        Words of mmdebstrap's ``--customize-hook``.

    Raises
    ------
    subprocess.CalledProcessError
        mmdebstrap failed; its words are on the terminal.
    """
    partial = tar.with_name(tar.name + ".part")
    excluded = recipe.lines(recipe.PACKAGES / "excluded.txt")
    command = [
        *("mmdebstrap", "--variant=apt", "--format=tar"),
        f"--architectures={recipe.ARCHITECTURE}",
        *(f"--aptopt={option}" for option in _APT),
        "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in excluded),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        # the initial ramdisk is made on the host
        '--essential-hook=mkdir -p "$1/etc/initramfs-tools"',
        "--essential-hook=echo update_initramfs=no"
        ' > "$1/etc/initramfs-tools/update-initramfs.conf"',
        # the firmware's own copying to a boot partition, which its package insists on calling
        '--essential-hook=mkdir -p "$1/etc/kernel/postinst.d"',
        f'--essential-hook=install -m 755 "$1/bin/true" "$1{_FIRMWARE_HOOK}"',
        *(f"--customize-hook={hook}" for hook in hooks),
        f'--customize-hook=rm "$1{_FIRMWARE_HOOK}"',
        f"--include={','.join(packages)}",
        *(recipe.SUITE, str(partial), *recipe.sources()),
    ]
    environment = {
        **os.environ,
        "SOURCE_DATE_EPOCH": str(recipe.epoch()),
        "QEMU_CPU": "cortex-a53",
        "INITRD": "No",
        "SKIP_INITRAMFS_GEN": "yes",
    }
    subprocess.run(command, check=True, env=environment)
    partial.replace(tar)
