"""The guest's disks: Debian with the box's kernel, the pinned Python packages, and our tree.

Everything lies under ``build/hardware`` and is made again only when what it is made of changed.
Only the building reaches Debian's mirror and the package index; the guest has no network.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
GUEST = Path(__file__).with_name("guest")
FOLDER = REPOSITORY / "build" / "hardware"
MIRROR = os.environ.get("GANTRY_DEBIAN_MIRROR", "http://deb.debian.org/debian")
SUITE = "trixie"
PYTHON = "3.13"
PACKAGES = (
    # Only the backported kernel has gpio-sim.
    f"linux-image-amd64/{SUITE}-backports",
    "initramfs-tools",
    "busybox",
    "kmod",
    "libusb-1.0-0",
    "udev",
    "python3",
    "python3-evdev",
    # What lgpio is compiled with: it has no wheel for this Python.
    "gcc",
    "libc6-dev",
    "python3-dev",
    "python3-setuptools",
    "swig",
)
UNUSED = (
    *("/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*"),
    *("/usr/lib/modules/*/kernel/sound/*", "/usr/lib/modules/*/kernel/net/*"),
    *("/usr/lib/modules/*/kernel/drivers/gpu/*", "/usr/lib/modules/*/kernel/drivers/net/*"),
)
# What no driver in the guest needs: one has no wheel, the other is a browser's remote control.
LEFT_OUT = ("pycups", "playwright")
SELECTION = "selection.json"
TREE = ("device", "drivers", "firmware", "services", "tests", "docs", "pyproject.toml")


@dataclass(frozen=True)
class Image:
    """What QEMU is started with."""

    kernel: Path
    initrd: Path
    root: Path
    site: Path
    tree: Path


def build(selection: Sequence[str] = ()) -> Image:
    """Make what is missing or out of date.

    Parameters
    ----------
    selection
        Words for pytest in the guest; empty for the guest's own selection.

    Raises
    ------
    subprocess.CalledProcessError
        mmdebstrap, pip or tar2sqfs failed; their words are on the terminal.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    _once("root", _root, Path(__file__), GUEST / "init", GUEST / "gpio.txt")
    _once("site", _site, REPOSITORY / "locks" / "dev.txt")
    _tree(FOLDER / "tree.tar", selection)
    return Image(
        kernel=FOLDER / "vmlinuz",
        initrd=FOLDER / "initrd",
        root=FOLDER / "root.squashfs",
        site=FOLDER / "site.squashfs",
        tree=FOLDER / "tree.tar",
    )


def _once(name: str, make: Callable[[], None], *made_of: Path) -> None:
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in made_of)).hexdigest()
    stamp = FOLDER / f"{name}.made-of"
    if stamp.exists() and stamp.read_text() == digest:
        return
    stamp.unlink(missing_ok=True)
    make()
    stamp.write_text(digest)


def _root() -> None:
    gpio = FOLDER / "gpio"
    shutil.rmtree(gpio, ignore_errors=True)
    _pip("download", "--no-deps", "--no-build-isolation", "--no-binary", "lgpio")(
        "--dest", str(gpio), "--require-hashes", "-r", str(GUEST / "gpio.txt")
    )
    essential = (
        'mkdir -p "$1/etc/initramfs-tools/conf.d"',
        'printf "MODULES=list\\nCOMPRESS=lz4\\n" > "$1/etc/initramfs-tools/conf.d/guest"',
        'printf "virtio_pci\\nvirtio_blk\\nsquashfs\\n" > "$1/etc/initramfs-tools/modules"',
    )
    # Words like copy-in and download run outside of mmdebstrap's namespace, so root is not needed.
    customise = (
        f"copy-in {gpio} /tmp",
        'cd "$1/tmp/gpio" && tar xzf lgpio-*.tar.gz && rm lgpio-*.tar.gz && mv lgpio-* lgpio',
        'chroot "$1" sh -c "cd /tmp/gpio/lgpio && CFLAGS=-w PYPI=1 python3 setup.py -q build"',
        'cp "$1"/tmp/gpio/lgpio/build/lib.*/* "$1/usr/lib/python3/dist-packages/"',
        'chroot "$1" sh -c "python3 -m zipfile -e /tmp/gpio/rpi_lgpio-*.whl'
        ' /usr/lib/python3/dist-packages"',
        'rm -rf "$1"/tmp/*',
        'mkdir -p "$1/gantry" "$1/opt/site"',
        f"upload {GUEST / 'init'} /usr/sbin/gantry-guest",
        'chmod 755 "$1/usr/sbin/gantry-guest"',
        'mv "$1"/boot/vmlinuz-* "$1/boot/vmlinuz"; mv "$1"/boot/initrd.img-* "$1/boot/initrd"',
        'chroot "$1" dpkg-query -W > "$1/boot/packages.txt"',
        *(f"download /boot/{name} {FOLDER / name}" for name in ("vmlinuz", "initrd")),
        f"download /boot/packages.txt {FOLDER / 'packages.txt'}",
        'rm "$1"/boot/*',
    )
    command = [
        *("mmdebstrap", "--quiet", "--variant=apt", "--architectures=amd64", "--format=tar"),
        '--aptopt=Apt::Install-Recommends "false"',
        '--aptopt=Acquire::Languages "none"',
        "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in UNUSED),
        *(f"--essential-hook={hook}" for hook in essential),
        *(f"--customize-hook={hook}" for hook in customise),
        f"--include={','.join(PACKAGES)}",
        *(SUITE, "-", f"deb {MIRROR} {SUITE} main", f"deb {MIRROR} {SUITE}-backports main"),
    ]
    _squash(command, FOLDER / "root.squashfs")


def _site() -> None:
    site = FOLDER / "site"
    shutil.rmtree(site, ignore_errors=True)
    wanted = FOLDER / "site.txt"
    wanted.write_text(_without(LEFT_OUT, (REPOSITORY / "locks" / "dev.txt").read_text()))
    _pip("install", "--no-compile", "--only-binary=:all:", "--python-version", PYTHON)(
        *("--implementation", "cp", "--platform", "any"),
        *("--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_17_x86_64"),
        *("--platform", "manylinux2014_x86_64", "--target", str(site)),
        *("--require-hashes", "-r", str(wanted)),
    )
    for checker in ("mypy", "mypyc", "ruff", "bin"):
        shutil.rmtree(site / checker, ignore_errors=True)
    _squash(["tar", "-C", str(site), "-c", "."], FOLDER / "site.squashfs")
    shutil.rmtree(site)


def _without(names: Sequence[str], lock: str) -> str:
    """Take packages out of a lock file; a package's hashes are on the indented lines after it."""
    packages = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)
    return "".join(each for each in packages if each.partition("==")[0] not in names)


def _tree(tar: Path, selection: Sequence[str]) -> None:
    def wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        unwanted = ("__pycache__", "node_modules", ".pytest_cache")
        return None if Path(member.name).name in unwanted else member

    with tarfile.open(tar, "w") as archive:
        for name in TREE:
            archive.add(REPOSITORY / name, arcname=name, filter=wanted)
        words = json.dumps(list(selection)).encode()
        member = tarfile.TarInfo(SELECTION)
        member.size = len(words)
        archive.addfile(member, io.BytesIO(words))


def _pip(*words: str) -> Callable[..., None]:
    def call(*more: str) -> None:
        subprocess.run([sys.executable, "-m", "pip", "--quiet", *words, *more], check=True)

    return call


def _squash(command: list[str], image: Path) -> None:
    """Pack the tar that `command` prints; LZ4, because an emulated processor unpacks it."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1760000000"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as source:
        packing = ["tar2sqfs", "--quiet", "--force", "--compressor", "lz4", str(image)]
        subprocess.run(packing, stdin=source.stdout, check=True)
    if source.returncode:
        raise subprocess.CalledProcessError(source.returncode, command)
