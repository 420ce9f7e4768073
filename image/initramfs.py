"""The initial ramdisk, made on the host: a shell, the drivers of the card, and ``init``."""

from __future__ import annotations

import lzma
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from image import recipe

MODULES = (
    *("squashfs", "ext4", "overlay"),
    # cards: Pi 3 and Zero 2 W, Pi 4, Pi 5
    *("mmc_block", "bcm2835", "sdhci_iproc", "sdhci_brcmstb"),
    # disks behind USB or PCIe, as a Compute Module or a Pi 4 and 5 may start from
    *("dwc2", "xhci_pci", "xhci_plat_hcd", "usb_storage", "uas", "sd_mod", "nvme"),
    *("pcie_brcmstb", "reset_raspberrypi", "bcm2711_thermal"),
    *("clk_raspberrypi", "gpio_raspberrypi_exp", "gpio_regulator", "rp1_pci", "clk_rp1"),
    *("i2c_bcm2835", "phy_generic", "usbhid"),
    # the machine that QEMU emulates
    *("virtio_blk", "virtio_pci", "virtio_mmio"),
)
_FOLDERS = ("dev", "proc", "run", "sys", "system", "tmp", "bin")
_DIRECTORY, _FILE, _PROGRAM = 0o040755, 0o100644, 0o100755
_SOFT = re.compile(r"softdep (\S+) (.*)")


@dataclass(frozen=True, slots=True)
class Ramdisk:
    """What was made; ``unknown`` are the wanted modules that this kernel does not have at all."""

    file: Path
    modules: tuple[str, ...]
    unknown: tuple[str, ...]


class ModuleTree:
    """The modules of one kernel and what they need of each other.

    Parameters
    ----------
    folder
        ``/usr/lib/modules/VERSION`` with the files of depmod(8).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._needs: dict[str, list[str]] = {}
        for line in _lines(folder / "modules.dep"):
            path, _, needed = line.partition(":")
            self._needs[path] = needed.split()
        self._by_name = {module_name(path): path for path in self._needs}
        self._built_in = {module_name(line) for line in _lines(folder / "modules.builtin")}
        self._soft: dict[str, list[str]] = {}
        for line in _lines(folder / "modules.softdep"):
            if found := _SOFT.match(line):
                words = (word for word in found[2].split() if not word.endswith(":"))
                self._soft.setdefault(module_name(found[1]), []).extend(words)

    def closure(self, wanted: tuple[str, ...]) -> tuple[list[str], list[str]]:
        """Paths of the wanted modules with all that they need, sorted; and the unknown names."""
        found: set[str] = set()
        unknown: list[str] = []
        left = [module_name(name) for name in wanted]
        while left:
            name = left.pop()
            path = self._by_name.get(name)
            if path is None:
                if name not in self._built_in and name in map(module_name, wanted):
                    unknown.append(name)
                continue
            if path not in found:
                found.add(path)
                left += [module_name(need) for need in self._needs[path]]
                left += [module_name(need) for need in self._soft.get(name, [])]
        return sorted(found), sorted(unknown)

    def needs(self, path: str) -> list[str]:
        return self._needs[path]

    def aliases(self, names: set[str]) -> str:
        """The lines of modules.alias that lead to these modules."""
        return "".join(
            f"{line}\n"
            for line in _lines(self.folder / "modules.alias")
            if line.startswith("alias ") and module_name(line.split()[-1]) in names
        )


def module_name(path: str) -> str:
    """As the kernel shows it: without folder and ending, with underscores."""
    return Path(path).name.partition(".ko")[0].replace("-", "_")


def make(root: Path, kernel: str, file: Path) -> Ramdisk:
    """Make the ramdisk of an unpacked system.

    Parameters
    ----------
    root
        With busybox-static and the kernel's modules.
    kernel
        Release, as ``uname -r`` says it.
    """
    tree = ModuleTree(root / "usr/lib/modules" / kernel)
    paths, unknown = tree.closure(MODULES)
    content: dict[str, tuple[int, bytes]] = dict.fromkeys(_FOLDERS, (_DIRECTORY, b""))

    def add(name: str, data: bytes, mode: int = _FILE) -> None:
        for parent in list(Path(name).parents)[:-1]:
            content.setdefault(str(parent), (_DIRECTORY, b""))
        content[name] = (mode, data)

    add("bin/busybox", (root / "usr/bin/busybox").read_bytes(), _PROGRAM)
    add("init", (recipe.FOLDER / "init").read_bytes(), _PROGRAM)
    add("built", f"{recipe.epoch()}\n".encode())
    base = f"lib/modules/{kernel}"
    for path in paths:
        add(f"{base}/{_plain(path)}", _unpacked(tree.folder / path))
    needs = (f"{_plain(p)}: {' '.join(_plain(n) for n in tree.needs(p))}\n" for p in paths)
    names = {module_name(path) for path in paths}
    add(f"{base}/modules.dep", "".join(needs).encode())
    add(f"{base}/modules.alias", tree.aliases(names).encode())
    packed = subprocess.run(
        ["zstd", "--quiet", "-15", "--no-check", "--stdout"],
        input=cpio(content),
        stdout=subprocess.PIPE,
        check=True,
    )
    file.write_bytes(packed.stdout)
    return Ramdisk(file, tuple(sorted(names)), tuple(unknown))


def cpio(content: dict[str, tuple[int, bytes]]) -> bytes:
    """An archive in the kernel's format ("newc"), sorted, of root's, without times.

    Parameters
    ----------
    content
        Mode with file type, and bytes, by name.
    """
    archive = bytearray()
    for number, (name, (mode, data)) in enumerate(
        [*sorted(content.items()), ("TRAILER!!!", (0, b""))]
    ):
        encoded = name.encode() + b"\0"
        fields = (number + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        archive += b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
        archive += bytes(-len(archive) % 4) + data
        archive += bytes(-len(archive) % 4)
    return bytes(archive)


def _plain(path: str) -> str:
    return path.removesuffix(".xz").removesuffix(".zst")


def _unpacked(file: Path) -> bytes:
    if file.suffix == ".xz":
        return lzma.decompress(file.read_bytes())
    if file.suffix == ".zst":
        done = subprocess.run(["zstd", "-dcq", file], stdout=subprocess.PIPE, check=True)
        return done.stdout
    return file.read_bytes()


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()
