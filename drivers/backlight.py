"""The light of a panel, through the kernel's backlight class.

::

    light = find_backlight()            # None: the panel has none that the kernel knows
    light.set_percent(60)

The simulated twin is the same class on another folder: :func:`simulate` makes one that behaves
like the kernel's.
"""

from __future__ import annotations

from pathlib import Path

CLASS = Path("/sys/class/backlight")

_LOWEST = 1


class SysfsBacklight:
    """One backlight device of the kernel.

    Parameters
    ----------
    folder : Path
        Holds ``brightness`` and ``max_brightness``, as documented in the kernel's
        ``Documentation/ABI/stable/sysfs-class-backlight``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def percent(self) -> int | None:
        """How bright it is set, 1 to 100; None where the kernel does not say."""
        try:
            highest = self._read("max_brightness")
            return max(_LOWEST, round(100 * self._read("brightness") / highest))
        except (OSError, ValueError, ZeroDivisionError):
            return None

    def set_percent(self, percent: int) -> None:
        """Make it as bright as this, never quite dark.

        Raises
        ------
        OSError
            The kernel refuses it, or this process may not write to it.
        ValueError
            For less than 1 or more than 100.
        """
        if not _LOWEST <= percent <= 100:
            raise ValueError(f"a brightness is 1 to 100 per cent, not {percent}")
        highest = self._read("max_brightness")
        (self._folder / "brightness").write_text(str(max(1, round(highest * percent / 100))))

    def _read(self, name: str) -> int:
        return int((self._folder / name).read_text("ascii"))


def find_backlight(root: Path = CLASS) -> SysfsBacklight | None:
    """The first backlight by name; None where there is none."""
    try:
        found = sorted(root.iterdir())
    except OSError:
        return None
    return SysfsBacklight(found[0]) if found else None


def simulate(root: Path, highest: int = 255) -> SysfsBacklight:
    """A backlight in a folder of one's own, at full brightness."""
    folder = root / "simulated"
    folder.mkdir(parents=True)
    (folder / "max_brightness").write_text(f"{highest}\n")
    (folder / "brightness").write_text(f"{highest}\n")
    return SysfsBacklight(folder)
