"""Input devices as sysfs lists them; nothing is opened for it."""

from __future__ import annotations

from pathlib import Path

from drivers.hid.identity import Identity
from drivers.hid.nodes import NodeInfo

INPUT_CLASS = Path("/sys/class/input")


def list_nodes(input_class: Path = INPUT_CLASS) -> list[NodeInfo]:
    """Every event node with its identity; a device unplugged meanwhile is left out.

    Parameters
    ----------
    input_class : Path
        Folder with an ``eventN`` entry for each node.
    """
    found = []
    for entry in sorted(input_class.glob("event[0-9]*"), key=lambda path: int(path.name[5:])):
        try:
            found.append(_describe(entry))
        except (OSError, ValueError):  # unplugged between two of its files
            continue
    return found


def _describe(entry: Path) -> NodeInfo:
    device = entry / "device"
    port = _word(device / "phys").rpartition("/")[0] or _word(device / "phys")
    identity = Identity(
        vendor=int(_word(device / "id" / "vendor"), 16),
        product=int(_word(device / "id" / "product"), 16),
        serial=_word(device / "uniq"),
        port=port,
    )
    return NodeInfo(
        path=f"/dev/input/{entry.name}",
        identity=identity,
        name=_word(device / "name"),
        keys=_has_any(device / "capabilities" / "key"),
        absolute=_has_any(device / "capabilities" / "abs"),
    )


def _word(file: Path) -> str:
    return file.read_text(errors="replace").strip()


def _has_any(bitmap: Path) -> bool:
    """Whether any bit is set in words of hexadecimal digits."""
    return any(int(word, 16) for word in _word(bitmap).split())
