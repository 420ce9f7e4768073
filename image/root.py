"""The system of a slot: Debian, the product, the units, made read-only and packed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from image import recipe, wheels

_VENV = "usr/lib/gantry/venv"
SITE = f"{_VENV}/lib/python{recipe.PYTHON}/site-packages"
_EMPTIED = ("boot", "tmp", "run", "var/cache", "var/log", "var/tmp", "var/lib/apt/lists")
_REMOVED = (
    "dev",
    "etc/apt/sources.list",
    "etc/initramfs-tools",
    "etc/machine-id",
    "etc/ssh/ssh_host_*",
    "usr/lib/raspi-firmware",
    "usr/lib/linux-image-*",
    "usr/lib/modules/*/dtb",
    "var/lib/dbus/machine-id",
    "var/lib/dpkg/*-old",
    "var/lib/systemd/catalog",
)
_MASKED = (
    # a slot is never upgraded in place, so that nothing of it needs to be brought up to date
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer"),
    *("ldconfig.service", "systemd-hwdb-update.service", "systemd-update-done.service"),
    *("systemd-journal-catalog-update.service", "systemd-binfmt.service"),
    # made for a ramdisk that is not ours
    "dracut-shutdown.service",
    # nobody logs in at a terminal
    "getty-static.service",
)
_LAUNCHER = """\
#!/usr/lib/gantry/venv/bin/python3 -I
from firmware.cli import main

main()
"""


def unpack(base: Path, root: Path) -> None:
    """Lay Debian's part out in a folder, made anew."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    # without the device nodes: the kernel makes them itself, and a user namespace may not
    _run("tar", "-C", str(root), "--numeric-owner", "--exclude=./dev/*", "-xpf", str(base))


def take_firmware(root: Path, kernel: str, firmware: Path, slot: Path) -> None:
    """Take what lies on the boot partition out of the system.

    Parameters
    ----------
    firmware
        Gets the Pi's own boot files.
    slot
        Gets the kernel, compressed, and its device trees.
    """
    for folder in (firmware, slot):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for file in sorted((root / "usr/lib/raspi-firmware").iterdir()):
        if file.is_file():
            shutil.copy(file, firmware)
    trees = root / f"usr/lib/modules/{kernel}/dtb/broadcom"
    for file in sorted(trees.glob("bcm2*-rpi-*.dtb")):
        if not file.name.startswith(("bcm2835", "bcm2836")):
            shutil.copy(file, slot)
    with (slot / "vmlinuz").open("wb") as packed:
        command = ["gzip", "-9", "--no-name", "--stdout", str(root / f"boot/vmlinuz-{kernel}")]
        subprocess.run(command, stdout=packed, check=True)


def kernel_of(root: Path) -> str:
    """The one kernel that is installed, as ``uname -r`` says it.

    Raises
    ------
    ValueError
        There is none, or more than one.
    """
    found = sorted(entry.name for entry in (root / "usr/lib/modules").iterdir())
    if len(found) != 1:
        raise ValueError(f"one kernel was wanted, found: {', '.join(found) or 'none'}")
    return found[0]


def install_python(root: Path, scratch: Path) -> str:
    """The virtual environment of the product; return the commit that it was made from.

    It sees Debian's own modules for keyboards and CUPS, which come from Debian's packages.
    """
    site = root / SITE
    site.mkdir(parents=True)
    programs = root / _VENV / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to("/usr/bin/python3")
    (programs / "python").symlink_to("python3")
    (root / _VENV / "pyvenv.cfg").write_text(
        f"home = /usr/bin\ninclude-system-site-packages = true\nversion = {recipe.PYTHON}\n"
    )
    wheels.install_locked(site)
    wheels.install_pins(site, scratch)
    commit = wheels.install_product(site, scratch)
    launcher = root / "usr/bin/gantry"
    launcher.write_text(_LAUNCHER)
    launcher.chmod(0o755)
    # by the box's own interpreter, and by content: the files' times are the recipe's
    compiling = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash")
    _run("chroot", str(root), "/usr/bin/python3", *compiling, f"/{SITE}")
    return commit


def install_system(root: Path) -> None:
    """Units, users, rules and settings of the box; what starts is what the preset names."""
    ours = recipe.REPOSITORY / "systemd"
    shutil.copytree(ours / "files", root, dirs_exist_ok=True)
    shutil.copytree(ours / "units", root / "usr/lib/systemd/system", dirs_exist_ok=True)
    if not (root / "usr/bin/cage").exists():
        (root / "usr/lib/systemd/system/gantry-kiosk.service").unlink()
        (root / "usr/lib/gantry/kiosk").unlink()
    for folder in ("boot/firmware", "data", "etc/gantry", "var/lib/gantry"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    _link(root / "etc/resolv.conf", "/run/NetworkManager/resolv.conf")
    _link(root / "etc/localtime", "/usr/share/zoneinfo/Etc/UTC")
    (root / "etc/hostname").write_text("gantry\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost gantry\n::1 localhost\n")
    (root / "etc/fstab").write_text(
        "LABEL=GANTRY /boot/firmware vfat ro,noauto,umask=0077,nosuid,nodev,noexec 0 0\n"
    )
    # by the box's own systemd: the builder's may be older
    for command in (
        ("systemd-sysusers",),
        ("systemctl", "--quiet", "preset-all", "--preset-mode=full"),
        ("systemctl", "--quiet", "set-default", "multi-user.target"),
    ):
        _run("chroot", str(root), *command)
    for unit in _MASKED:
        _link(root / "etc/systemd/system" / unit, "/dev/null")
    generators = root / "etc/systemd/system-generators"
    generators.mkdir()
    _link(generators / "systemd-ssh-generator", "/dev/null")


def clean(root: Path) -> None:
    """Take away what is only of use while a system is made, or must be each box's own."""
    for pattern in _REMOVED:
        for found in sorted(root.glob(pattern)):
            shutil.rmtree(found) if found.is_dir() and not found.is_symlink() else found.unlink()
    for sources in sorted((root / "etc/apt/sources.list.d").iterdir()):
        sources.unlink()
    for name in _EMPTIED:
        for found in sorted((root / name).iterdir()):
            shutil.rmtree(found) if found.is_dir() and not found.is_symlink() else found.unlink()
    for name in ("boot/firmware", "dev", "var/log/journal"):
        (root / name).mkdir(parents=True, exist_ok=True)
    # empty, so that the initial ramdisk can put the box's own there
    (root / "etc/machine-id").touch()


def pack(root: Path, file: Path) -> None:
    """A squashfs of the system; the same system gives the same bytes."""
    file.unlink(missing_ok=True)
    # SOURCE_DATE_EPOCH in the environment makes it the file system's time, and no file's later
    _run(
        *("mksquashfs", str(root), str(file), "-quiet", "-no-progress", "-noappend"),
        *("-comp", "zstd", "-Xcompression-level", "9", "-b", "256K"),
        *("-no-exports", "-no-xattrs"),
    )


def _link(path: Path, target: str) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def _run(*command: str) -> None:
    environment = {
        **os.environ,
        "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin",
        "SOURCE_DATE_EPOCH": str(recipe.epoch()),
        "QEMU_CPU": "cortex-a53",
        "PYTHONHASHSEED": "0",
        "LC_ALL": "C.UTF-8",
    }
    subprocess.run(command, check=True, env=environment)
