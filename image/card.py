"""The card: a boot partition for the Pi's firmware, two slots for the system, one for data.

Made of plain files: no loop device, no mount.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from image import recipe

MIB = 1024 * 1024
_GAP_MIB = 4
BOOT_MIB = 256
DATA_MIB = 256
"""Only what the flashed file holds: at its first start the partition grows to the card."""

BOOT_LABEL = "GANTRY"
DATA_LABEL = "gantry-data"
_DISK_ID = "0x6a471e01"
_BOOT_ID = "6A471E01"
_DATA_UUID = "6a471e01-0000-4000-8000-000000000004"


@dataclass(frozen=True, slots=True)
class Partition:
    """One entry of the partition table, in whole MiB from the start of the card."""

    name: str
    start_mib: int
    size_mib: int
    kind: str
    bootable: bool = False


def partitions(slot_mib: int) -> tuple[Partition, ...]:
    """The card's layout; the data partition is the last one, so that it can grow."""
    sizes = (
        ("boot", BOOT_MIB, "c"),
        ("slot A", slot_mib, "83"),
        ("slot B", slot_mib, "83"),
        ("data", DATA_MIB, "83"),
    )
    made, start = [], _GAP_MIB
    for name, size, kind in sizes:
        made.append(Partition(name, start, size, kind, bootable=kind == "c"))
        start += size
    return tuple(made)


def partition_table(layout: Sequence[Partition]) -> str:
    """The layout as sfdisk(8) reads it, with a fixed disk identifier."""
    lines = ["label: dos", f"label-id: {_DISK_ID}"]
    for part in layout:
        flags = ", bootable" if part.bootable else ""
        lines.append(f"start={part.start_mib}MiB, size={part.size_mib}MiB, type={part.kind}{flags}")
    return "\n".join(lines) + "\n"


def boot_configuration(slot: str) -> str:
    """``config.txt`` of the Pi's firmware, or ``tryboot.txt`` for one start of the other slot."""
    return (
        "# Written by the box; settings of the box itself belong into gantry.toml.\n"
        "arm_64bit=1\n"
        "upstream_kernel=1\n"
        f"os_prefix={slot}/\n"
        "kernel=vmlinuz\n"
        "initramfs initrd.img followkernel\n"
        "enable_uart=1\n"
        "disable_splash=1\n"
    )


def command_line(slot: str) -> str:
    """The kernel's words for a slot."""
    return (
        f"gantry.slot={slot} console=ttyS1,115200 console=tty1 ro panic=10 quiet"
        " systemd.getty_auto=no systemd.gpt_auto=no fsck.mode=skip\n"
    )


def boot_folder(folder: Path, slot_files: Path, firmware: Path, template: str) -> None:
    """Fill the boot partition's folder.

    Parameters
    ----------
    folder
        Made anew.
    slot_files
        Kernel, ramdisk and device trees of slot A; B is filled by the first update.
    firmware
        The Pi's own boot files.
    template
        Content of the ``gantry.toml`` that the technician edits.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(firmware, folder)
    shutil.copytree(slot_files, folder / "A")
    (folder / "B").mkdir()
    (folder / "A/cmdline.txt").write_text(command_line("A"))
    (folder / "config.txt").write_text(boot_configuration("A"))
    # of every line, so that a plain editor of any PC shows them as lines
    (folder / "gantry.toml").write_text(template.replace("\n", "\r\n"), newline="")


def fat(folder: Path, file: Path, size_mib: int = BOOT_MIB) -> None:
    """A FAT file system with the content of a folder; the same folder gives the same bytes."""
    file.unlink(missing_ok=True)
    _truncate(file, size_mib)
    label = ("-n", BOOT_LABEL, "-i", _BOOT_ID)
    _run("mkfs.vfat", "-F", "32", *label, "--invariant", str(file))
    stamp = recipe.epoch()
    for entry in sorted([*folder.rglob("*")], reverse=True):
        os.utime(entry, (stamp, stamp))
    # one by one and sorted: mcopy takes a folder in the order in which it lies on the disk
    for entry in sorted(folder.rglob("*")):
        name = f"::/{entry.relative_to(folder)}"
        if entry.is_dir():
            _run("mmd", "-i", str(file), name)
        else:
            _run("mcopy", "-m", "-i", str(file), str(entry), name)


def data(file: Path, size_mib: int = DATA_MIB) -> None:
    """The empty data file system; the box makes its folders itself, also after a factory reset."""
    file.unlink(missing_ok=True)
    _truncate(file, size_mib)
    _run(
        *("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-O", "metadata_csum,64bit", "-m", "1"),
        *("-L", DATA_LABEL, "-U", _DATA_UUID),
        *("-E", f"hash_seed={_DATA_UUID},lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0"),
        str(file),
    )


def assemble(card: Path, layout: Sequence[Partition], contents: Sequence[Path | None]) -> None:
    """Put the partitions' contents into one file; None leaves a partition empty.

    Raises
    ------
    ValueError
        A content is larger than its partition.
    """
    card.unlink(missing_ok=True)
    last = layout[-1]
    _truncate(card, last.start_mib + last.size_mib)
    _run("sfdisk", "--quiet", str(card), words=partition_table(layout))
    with card.open("r+b") as whole:
        for part, content in zip(layout, contents, strict=True):
            if content is None:
                continue
            size = content.stat().st_size
            if size > part.size_mib * MIB:
                raise ValueError(
                    f"{content.name} has {size / MIB:.0f} MiB and {part.name} only {part.size_mib}"
                )
            whole.seek(part.start_mib * MIB)
            _copy_sparse(content, whole.fileno(), part.start_mib * MIB)


def _copy_sparse(source: Path, target: int, offset: int) -> None:
    with source.open("rb") as file:
        while block := file.read(MIB):
            if block.strip(b"\0"):
                os.pwrite(target, block, offset)
            offset += len(block)


def _truncate(file: Path, size_mib: int) -> None:
    with file.open("ab") as made:
        made.truncate(size_mib * MIB)


def _run(*command: str, words: str | None = None) -> None:
    stamp = str(recipe.epoch())
    environment = {
        **os.environ,
        "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin",
        "SOURCE_DATE_EPOCH": stamp,
        "E2FSPROGS_FAKE_TIME": stamp,
        "MTOOLS_SKIP_CHECK": "1",
        "TZ": "UTC",
    }
    subprocess.run(
        command, check=True, text=True, input=words, stdout=subprocess.DEVNULL, env=environment
    )
