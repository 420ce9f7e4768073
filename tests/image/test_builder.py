"""The builder's own pieces; the whole image is built and started by ``make test-image``."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from firmware.config import load
from image import card, initramfs, manifest, recipe

STATUS = """\
Package: libc6
Status: install ok installed
Source: glibc (2.41-12)
Architecture: arm64
Version: 2.41-12+deb13u4

Package: gone
Status: deinstall ok config-files
Version: 1.0

Package: tzdata
Status: install ok installed
Version: 2026a-0+deb13u1
"""


def test_the_partitions_follow_each_other_and_data_comes_last(tmp_path: Path) -> None:
    file = tmp_path / "card.img"
    layout = card.partitions(slot_mib=64)
    card.assemble(file, layout, (None, None, None, None))
    dumped = subprocess.run(
        ["/usr/sbin/sfdisk", "--json", file], check=True, capture_output=True, text=True
    )
    table = json.loads(dumped.stdout)["partitiontable"]
    found = [(part["start"] // 2048, part["size"] // 2048) for part in table["partitions"]]
    assert found == [(part.start_mib, part.size_mib) for part in layout]
    ends = [start + size for start, size in found]
    assert [start for start, _ in found[1:]] == ends[:-1]
    assert layout[-1].name == "data"
    assert table["label"] == "dos"
    assert file.stat().st_size == ends[-1] * card.MIB


def test_contents_lie_where_their_partition_begins(tmp_path: Path) -> None:
    content = tmp_path / "slot"
    content.write_bytes(b"\0" * card.MIB + b"system")
    layout = card.partitions(slot_mib=2)
    card.assemble(tmp_path / "card.img", layout, (None, content, None, None))
    with (tmp_path / "card.img").open("rb") as file:
        file.seek((layout[1].start_mib + 1) * card.MIB)
        assert file.read(6) == b"system"


def test_a_system_that_has_outgrown_its_slot_is_refused(tmp_path: Path) -> None:
    content = tmp_path / "slot"
    content.write_bytes(b"x" * (2 * card.MIB + 1))
    with pytest.raises(ValueError, match="slot A"):
        card.assemble(tmp_path / "card.img", card.partitions(2), (None, content, None, None))


def test_the_same_folder_gives_the_same_boot_partition(tmp_path: Path) -> None:
    images = []
    for turn in ("first", "second"):
        firmware, slot = tmp_path / turn / "firmware", tmp_path / turn / "slot"
        for folder, names in ((firmware, ("start.elf", "bootcode.bin")), (slot, ("vmlinuz",))):
            folder.mkdir(parents=True)
            # written in another order each time
            for name in names if turn == "first" else reversed(names):
                (folder / name).write_text(name)
        boot = tmp_path / turn / "boot"
        card.boot_folder(boot, slot, firmware, "[station]\n")
        file = tmp_path / turn / "boot.fat"
        card.fat(boot, file, size_mib=64)
        images.append(file.read_bytes())
    assert images[0] == images[1]
    listed = subprocess.run(
        ["mdir", "-b", "-/", "-i", tmp_path / "first/boot.fat", "::/"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert {"::/A/vmlinuz", "::/A/cmdline.txt", "::/gantry.toml", "::/start.elf"} <= set(
        listed.split()
    )


def test_the_same_data_partition_is_made_twice(tmp_path: Path) -> None:
    card.data(tmp_path / "first", size_mib=16)
    card.data(tmp_path / "second", size_mib=16)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_each_slot_starts_its_own_system() -> None:
    for slot in "AB":
        assert f"os_prefix={slot}/" in card.boot_configuration(slot)
        assert f"gantry.slot={slot} " in card.command_line(slot)


def modules(folder: Path) -> initramfs.ModuleTree:
    folder.mkdir()
    (folder / "modules.dep").write_text(
        "kernel/mmc_block.ko.xz: kernel/mmc_core.ko.xz kernel/crc.ko.xz\n"
        "kernel/mmc_core.ko.xz:\nkernel/crc.ko.xz:\nkernel/card-host.ko.xz: kernel/mmc_core.ko.xz\n"
        "kernel/sound.ko.xz:\n"
    )
    (folder / "modules.builtin").write_text("kernel/ext4.ko\n")
    (folder / "modules.softdep").write_text("softdep mmc_block pre: card-host\n")
    (folder / "modules.alias").write_text("alias of:host card_host\nalias of:sound sound\n")
    return initramfs.ModuleTree(folder)


def test_a_driver_brings_what_it_needs_and_nothing_else(tmp_path: Path) -> None:
    tree = modules(tmp_path / "modules")
    paths, unknown = tree.closure(("mmc-block", "ext4", "nowhere"))
    assert [initramfs.module_name(path) for path in paths] == [
        *("card_host", "crc", "mmc_block", "mmc_core"),
    ]
    assert unknown == ["nowhere"]
    assert tree.aliases({"card_host"}) == "alias of:host card_host\n"


def test_the_ramdisk_is_an_archive_that_cpio_reads(tmp_path: Path) -> None:
    archive = tmp_path / "initrd"
    content = {"bin": (0o040755, b""), "bin/sh": (0o100755, b"shell"), "built": (0o100644, b"1\n")}
    archive.write_bytes(initramfs.cpio(content))
    out = tmp_path / "out"
    out.mkdir()
    with archive.open("rb") as file:
        subprocess.run(["cpio", "-i", "--quiet"], stdin=file, cwd=out, check=True)
    assert (out / "bin/sh").read_bytes() == b"shell"
    assert (out / "bin/sh").stat().st_mode & 0o777 == 0o755
    assert initramfs.cpio(dict(reversed(content.items()))) == archive.read_bytes()


def test_the_first_program_of_the_box_is_a_sound_shell_script() -> None:
    subprocess.run(["busybox", "sh", "-n", recipe.FOLDER / "init"], check=True)


@pytest.fixture
def components(tmp_path: Path) -> list[manifest.Component]:
    records = tmp_path / "var/lib/dpkg"
    records.mkdir(parents=True)
    (records / "status").write_text(STATUS)
    metadata = tmp_path / "site/gantry-0.1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: gantry\nVersion: 0.1.0\nLicense-Expression: MIT\n\nText\n"
    )
    return manifest.debian_packages(tmp_path) + manifest.python_packages(tmp_path / "site")


def test_only_what_is_installed_is_listed(components: list[manifest.Component]) -> None:
    assert [item.name for item in components] == ["libc6", "tzdata", "gantry"]
    assert components[0].source == "glibc"


def test_the_bill_of_materials_is_cyclonedx_and_depends_on_its_content_only(
    components: list[manifest.Component],
) -> None:
    bill = manifest.cyclonedx("headless", "0.1.0", components)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bill["serialNumber"])
    references = [item["bom-ref"] for item in bill["components"]]
    assert len(set(references)) == len(references)
    assert bill["dependencies"][0]["dependsOn"] == references
    assert references[0] == "pkg:deb/debian/libc6@2.41-12%2Bdeb13u4?arch=arm64&distro=trixie"
    assert bill["components"][2]["licenses"] == [{"expression": "MIT"}]
    assert manifest.cyclonedx("headless", "0.1.0", components) == bill
    assert manifest.cyclonedx("headless", "0.1.0", components[:2]) != bill


def test_the_manifest_names_every_package_and_the_hash_of_every_part(
    components: list[manifest.Component], tmp_path: Path
) -> None:
    part = tmp_path / "root.squashfs"
    part.write_bytes(b"system")
    made = manifest.manifest("headless", "c0ffee", "7.3.4", components, {part.name: part})
    assert made["version"] == "0.1.0"
    assert made["files"][part.name] == {
        "bytes": 6,
        "sha256": "bbc5e661e106c6dcd8dc6dd186454c2fcba3c710fb4d8e71a60c93eaf077f073",
    }
    assert {"origin": "pypi", "name": "gantry", "version": "0.1.0", "license": "MIT"} in made[
        "packages"
    ]


@pytest.mark.parametrize("name", ["headless", "kiosk", "tools"])
def test_package_lists_are_sorted_and_name_nothing_twice(name: str) -> None:
    listed = recipe.lines(recipe.PACKAGES / f"{name}.txt")
    assert listed == sorted(set(listed))


def test_the_box_starts_on_a_configuration_that_is_good() -> None:
    assert load(recipe.FOLDER / "default.toml").protocols
