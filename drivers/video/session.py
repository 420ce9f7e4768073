"""One device set up by one profile and running: attached, verified, ready to give pictures."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from drivers.frame import Pixels
from drivers.video import edid, fields
from drivers.video.decode import Decoded, PictureDecoder, pixel_aspect
from drivers.video.device import (
    DvTimings,
    FieldOrder,
    InputStatus,
    Layout,
    TimingsFault,
    VideoDevice,
)
from drivers.video.errors import UnsupportedMode
from drivers.video.profile import CaptureProfile
from drivers.video.signal import SignalState

_STATES = MappingProxyType(
    {
        InputStatus.OFF: SignalState.NO_SIGNAL,
        InputStatus.NO_SIGNAL: SignalState.NO_SIGNAL,
        InputStatus.UNLOCKED: SignalState.NO_SIGNAL,
        InputStatus.PROTECTED: SignalState.PROTECTED,
    }
)

_HALF_PICTURES = (FieldOrder.TOP, FieldOrder.BOTTOM, FieldOrder.ALTERNATE)


class NoSignal(Exception):
    """The device says that nothing is plugged into it."""


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A sound picture with its number and time, its fields not yet put together."""

    decoded: Decoded
    sequence: int
    monotonic_ns: int


class Session:
    """A device between being attached and being let go.

    Parameters
    ----------
    device : VideoDevice
        Open already.
    profile : CaptureProfile
        How it is to be set up.

    Raises
    ------
    UnsupportedMode
        The device does not do what the profile says, or the signal is none that it can take.
    NoSignal
        A bridge without a signal.
    SourceUnavailable
        The device is gone.
    """

    def __init__(self, device: VideoDevice, profile: CaptureProfile) -> None:
        self.device = device
        self._profile = profile
        layout = device.configure(profile.request)
        _show_edid(device, profile)
        device.events()  # those of our own doing; what the source does from here on counts
        if _follow_signal(device, profile):
            layout = device.configure(profile.request)
        verify(layout, profile, device.identity.card)
        self.layout = layout
        self.attributes = _attributes(layout, profile)
        self._decoder = PictureDecoder(layout, profile)
        self._interlaced = profile.fields != "progressive" and fields.has_both(layout.fields)
        self._top_first = fields.is_top_first(layout)
        self._deinterlacer = fields.Deinterlacer(self._top_first)
        self._delayed: deque[Taken] = deque()
        device.start()

    @property
    def delayed(self) -> int:
        """Pictures that went in and have not come out, since the next one is needed for them."""
        return len(self._delayed)

    def decode(self, data: Any) -> Decoded:
        """As :meth:`PictureDecoder.decode`."""
        return self._decoder.decode(data)

    def finish(self, taken: Taken) -> tuple[Taken, Pixels] | None:
        """Put the fields together and cut; None where the next picture is needed for it."""
        self._delayed.append(taken)
        pixels = self._deinterlace(taken.decoded)
        if pixels is None:
            return None
        crop = self._profile.crop
        if crop is not None:
            pixels = pixels[
                crop.top : crop.top + crop.rows, crop.left : crop.left + crop.columns
            ].copy()
        return self._delayed.popleft(), pixels

    def input_state(self) -> SignalState | None:
        """What the device itself says of its signal, None where it finds nothing wrong."""
        current = self.device.current_input()
        return _STATES.get(current.status) if current else None

    def _deinterlace(self, decoded: Decoded) -> Pixels | None:
        if not self._interlaced:
            return decoded.pixels
        pixels = fields.woven(decoded.pixels, self.layout.fields)
        if self._profile.fields == "bwdif":
            return self._deinterlacer.push(pixels)
        moved = self._profile.fields == "weave" and fields.comb(pixels, decoded.bits) > (
            fields.COMBED
        )
        if moved or self._profile.fields == "double":
            return fields.doubled(pixels, keep_top=self._top_first)
        return pixels


def verify(layout: Layout, profile: CaptureProfile, card: str) -> None:
    """Compare what was read back with what the profile says.

    Raises
    ------
    UnsupportedMode
        Naming what differs.
    """
    differs = []
    if layout.fourcc != profile.pixel_format:
        differs.append(f"pixel format {layout.fourcc} instead of {profile.pixel_format}")
    wanted = (profile.columns or layout.columns, profile.rows or layout.rows)
    if (layout.columns, layout.rows) != wanted:
        differs.append(f"{layout.columns} by {layout.rows} instead of {wanted[0]} by {wanted[1]}")
    if layout.fields in _HALF_PICTURES:
        differs.append("single fields instead of whole pictures")
    crop = profile.crop
    if crop and (crop.left + crop.columns > wanted[0] or crop.top + crop.rows > wanted[1]):
        differs.append(f"a picture smaller than the crop of profile {profile.name}")
    if differs:
        raise UnsupportedMode(
            card,
            "the device gives " + ", ".join(differs),
            "Set the modality's output as before, or make a profile for the new one.",
        )


def _show_edid(device: VideoDevice, profile: CaptureProfile) -> None:
    """Show the source the profile's EDID, or ours where a bridge has none: it would send nothing.

    The device keeps it when it is closed, so that the source is disturbed once only.
    """
    current = device.current_input()
    shown = device.edid()
    wanted = profile.edid
    if not wanted and current and current.has_timings and not shown:
        wanted = edid.default()
    if wanted and wanted != shown:
        device.set_edid(wanted)


def _follow_signal(device: VideoDevice, profile: CaptureProfile) -> bool:
    """Set a bridge to the timings of its signal; False where inputs have none."""
    timings = device.query_timings()
    if timings is None:
        return False
    if timings is TimingsFault.OUT_OF_RANGE:
        raise UnsupportedMode(
            device.identity.card,
            "the signal is out of the range of the device",
            f"Choose a lower resolution on the modality, or another EDID in {profile.name}.",
        )
    if isinstance(timings, DvTimings):
        device.set_timings(timings)
        return True
    raise NoSignal(str(timings))


def _attributes(layout: Layout, profile: CaptureProfile) -> MappingProxyType[str, Any]:
    """What a grabber knows of a picture: that it is video, and the shape of its pixels."""
    aspect = pixel_aspect(layout, profile)
    known: dict[str, Any] = {"ConversionType": "DV"}
    if aspect:
        known["PixelAspectRatio"] = list(aspect)
    return MappingProxyType(known)
