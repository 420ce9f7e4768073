"""What comes into a simulated grabber: a picture after the other, some of them bad on purpose."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.video.formats import FORMATS
from drivers.video.sim_faults import GrabberFaults
from drivers.video.sim_pictures import STEPS, Scene, pack


@dataclass(frozen=True, slots=True)
class GrabberModel:
    """What kind of device is simulated.

    Attributes
    ----------
    formats : tuple of str
        Pixel formats that it knows, the first one by default.
    columns, rows : int
        The one size that its signal has.
    rate : float
        Pictures per second; 0 as fast as they are read.
    interlaced : bool
        Two fields a picture, which show movement as a comb.
    noise : float
        Standard deviation of analogue noise on luma.
    bridge : bool
        It has timings, EDID and source-change events, and is silent without a signal.
    card : str
        Its name.
    """

    formats: tuple[str, ...] = ("YUYV", "MJPG")
    columns: int = 640
    rows: int = 480
    rate: float = 25.0
    interlaced: bool = False
    noise: float = 0.0
    bridge: bool = False
    card: str = "Simulated grabber"


PLAIN = GrabberModel()


class SimulatedSignal:
    """The pictures of a simulated grabber by their number, which is never the same twice.

    Attributes
    ----------
    number : int
        Of the next picture.
    size : (int, int)
        Columns and rows that the signal has now.
    """

    def __init__(self, model: GrabberModel, faults: GrabberFaults) -> None:
        self._model = model
        self._faults = faults
        self.number = 0
        self.size = (model.columns, model.rows)
        self._scene = Scene(*self.size, model.noise)
        self._kept: dict[tuple[str, int], bytes] = {}
        self._silent: tuple[int, int] | None = None

    @property
    def is_missing(self) -> bool:
        """Whether the source is unplugged from the grabber."""
        return self._is_missing(self.number)

    @property
    def is_protected(self) -> bool:
        """Whether the input says that its content is protected."""
        return _is_within(self.number, self._faults.protected_at, self._faults.protected_frames)

    def steps_on(self) -> int:
        """Go to the next picture; return by how much the device's own number grows."""
        self.number += 1
        return 2 if _every(self._faults.gap_every, self.number) else 1

    def pass_silence(self, now_ns: int, period_ns: int) -> None:
        """Let a missing signal come back in its time, also while nothing is streamed."""
        if not self.is_missing:
            self._silent = None
            return
        begin, number = self._silent = self._silent or (now_ns, self.number)
        passed = (now_ns - begin) // period_ns if period_ns else 1
        end = (self._faults.no_signal_at or 0) + self._faults.no_signal_frames
        self.number = min(end, max(self.number, number + passed))

    def change(self, size: tuple[int, int]) -> None:
        """Another size from here on."""
        self.size = size
        self._scene = Scene(*size, self._model.noise)
        self._kept.clear()

    def is_flagged(self, number: int) -> bool:
        """Whether the device knows this picture to be bad."""
        return _every(self._faults.error_every, number + 1)

    def content(self, fourcc: str, number: int) -> bytes:
        """The bytes of one picture, complete or not."""
        data = self._whole(fourcc, number)
        if _every(self._faults.short_every, number + 1):
            return data[: len(data) * 999 // 1000]
        if _every(self._faults.half_jpeg_every, number + 1) and FORMATS[fourcc].compressed:
            return data[: len(data) // 2] + b"\xff\xd9"
        return data

    def _whole(self, fourcc: str, number: int) -> bytes:
        faults = self._faults
        if self._is_missing(number):
            shown = {"blue": self._scene.blue, "black": self._scene.black}
            return pack(shown.get(faults.no_signal_picture, self._scene.rainbow)(), fourcc)
        if _is_within(number, faults.freeze_at, faults.freeze_frames):
            return self._once(fourcc, faults.freeze_at or 0)
        if FORMATS[fourcc].compressed:
            return self._once(fourcc, number % STEPS)
        return self._render(fourcc, number)

    def _once(self, fourcc: str, number: int) -> bytes:
        """Pictures that are made once only: frozen ones, and JPEG which is slow to make."""
        if (fourcc, number) not in self._kept:
            self._kept[fourcc, number] = self._render(fourcc, number)
        return self._kept[fourcc, number]

    def _render(self, fourcc: str, number: int) -> bytes:
        scene = self._scene
        if self._faults.wrong_size:
            scene = Scene(scene.columns, scene.rows // 4 * 2, self._model.noise)
        return pack(scene.moving(number, self._model.interlaced), fourcc)

    def _is_missing(self, number: int) -> bool:
        return _is_within(number, self._faults.no_signal_at, self._faults.no_signal_frames)


def _is_within(number: int, begin: int | None, length: int) -> bool:
    return begin is not None and begin <= number < begin + length


def _every(step: int, number: int) -> bool:
    return bool(step) and number % step == 0
