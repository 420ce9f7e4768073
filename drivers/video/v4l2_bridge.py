"""What only HDMI bridges have: timings of the signal, and an EDID that can be chosen."""

from __future__ import annotations

import ctypes
import errno

from drivers.errors import SourceUnavailable
from drivers.video import abi, requests, v4l2_lists
from drivers.video.device import DvTimings, TimingsFault
from drivers.video.errors import UnsupportedMode
from drivers.video.node import Node

_FAULTS = {
    errno.ENOLINK: TimingsFault.NO_CABLE,
    errno.ENOLCK: TimingsFault.NO_LOCK,
    errno.ERANGE: TimingsFault.OUT_OF_RANGE,
}
_NO_TIMINGS = (errno.ENOTTY, errno.ENODATA, errno.EINVAL)
_MOST_BLOCKS = 256


def query_timings(node: Node) -> DvTimings | TimingsFault | None:
    """Timings of the signal, why there are none, or None where inputs have none."""
    timings = abi.Timings()
    try:
        node.request(requests.QUERY_DV_TIMINGS, timings)
    except SourceUnavailable:
        raise
    except OSError as error:
        if error.errno in _FAULTS:
            return _FAULTS[error.errno]
        if error.errno in _NO_TIMINGS:
            return None
        raise
    if timings.type != abi.DV_BT_656_1120:
        return TimingsFault.OUT_OF_RANGE
    bt = timings.bt
    interlaced = bool(bt.interlaced)
    blanking = bt.vfrontporch + bt.vsync + bt.vbackporch
    if interlaced:
        blanking += bt.il_vfrontporch + bt.il_vsync + bt.il_vbackporch
    return DvTimings(
        columns=bt.width,
        rows=bt.height,
        interlaced=interlaced,
        pixel_clock=bt.pixelclock,
        total_columns=bt.width + bt.hfrontporch + bt.hsync + bt.hbackporch,
        total_rows=bt.height + blanking,
        raw=bytes(timings),
    )


def set_timings(node: Node, timings: DvTimings) -> None:
    """Set what was queried.

    Raises
    ------
    UnsupportedMode
        The driver refuses it.
    """
    try:
        node.request(requests.S_DV_TIMINGS, abi.Timings.from_buffer_copy(timings.raw))
    except SourceUnavailable:
        raise
    except (OSError, ValueError) as error:
        raise UnsupportedMode(
            node.name,
            f"it refuses {timings.columns} by {timings.rows} at {timings.rate:.2f} Hz ({error})",
            "Choose another resolution on the modality.",
        ) from error


def edid(node: Node) -> bytes:
    """EDID that the source is shown, empty where there is none."""
    memory = ctypes.create_string_buffer(_MOST_BLOCKS * abi.EDID_BLOCK)
    request = abi.Edid(pad=_pad(node), blocks=_MOST_BLOCKS, edid=ctypes.addressof(memory))
    try:
        node.request(requests.G_EDID, request)
    except SourceUnavailable:
        raise
    except OSError:
        return b""
    return memory.raw[: request.blocks * abi.EDID_BLOCK]


def set_edid(node: Node, blocks: bytes) -> None:
    """Show the source another EDID; none removes it.

    Raises
    ------
    ValueError
        Not of whole blocks.
    UnsupportedMode
        The device has none, or refuses it.
    """
    if len(blocks) % abi.EDID_BLOCK:
        raise ValueError(f"an EDID of {len(blocks)} bytes is not of whole blocks of 128")
    memory = ctypes.create_string_buffer(blocks, max(1, len(blocks)))
    request = abi.Edid(
        pad=_pad(node), blocks=len(blocks) // abi.EDID_BLOCK, edid=ctypes.addressof(memory)
    )
    try:
        node.request(requests.S_EDID, request)
    except SourceUnavailable:
        raise
    except OSError as error:
        raise UnsupportedMode(
            node.name,
            f"it does not take the EDID ({error.strerror})",
            "Leave the EDID out of the profile, or use a bridge that has one.",
        ) from error


def _pad(node: Node) -> int:
    """An EDID belongs to one input: on a video node the pad is its number."""
    current = v4l2_lists.current_input(node)
    return current.index if current else 0
