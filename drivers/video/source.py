"""A video input as the rest of the box sees it: pictures that are fit to be kept, and a state."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from threading import Event as Flag
from threading import Lock

from drivers.errors import DriverError, SourceTimeout, SourceUnavailable
from drivers.frame import Frame
from drivers.timing import SYSTEM, Timing
from drivers.video.decode import DamagedFrame, WrongSize
from drivers.video.device import Identity, Layout, RawBuffer, VideoDevice
from drivers.video.errors import UnsupportedMode
from drivers.video.freeze import FreezeGuard
from drivers.video.numbering import Numbering
from drivers.video.profile import CaptureProfile
from drivers.video.reasons import REASONS, explain, gone
from drivers.video.session import NoSignal, Session, Taken
from drivers.video.signal import SignalState, Thumbnail, judge

DeviceFactory = Callable[[], VideoDevice]
"""Finds the profile's device and returns it, not yet open; raises ``SourceUnavailable``."""

SILENCE = 1.0
"""Seconds without a picture, or three periods of a slow source, after which there is no signal."""

RETRY = 0.25
"""Seconds between two attempts to get a device back, or to find a signal that it can take."""

RESTART = 3.0
"""Seconds of silence after which a device is closed and opened again: some hang until then."""

STALE = 1.0
"""Seconds; an older picture has waited in the device while nobody read, and is thrown away."""

INPUT_CHECK = 0.5
"""Seconds between two looks at what the device itself says of its input."""

_SLICE = 0.1
_SECOND = 1_000_000_000


class VideoSource:
    """Frames from one input by one profile.

    Parameters
    ----------
    profile : CaptureProfile
        How pictures are taken; its name is the source's.
    device_factory : callable
        Called whenever the device has to be found again.
    timing : Timing
        The clocks.

    Notes
    -----
    One thread reads, any thread may close; whoever waits in :meth:`read` is then let go with None.
    States change while somebody reads. A device that went away is looked for by the next reads.
    """

    def __init__(
        self, profile: CaptureProfile, device_factory: DeviceFactory, timing: Timing = SYSTEM
    ) -> None:
        self._profile = profile
        self._factory = device_factory
        self._timing = timing
        self._lock = Lock()
        self._closing = Flag()
        self._opened = False
        self._begin()

    @property
    def name(self) -> str:
        """Name as configured."""
        return self._profile.name

    @property
    def state(self) -> SignalState:
        """State of the input at the last look."""
        return self._state

    @property
    def dropped(self) -> int:
        """Frames lost by the device or thrown away as damaged or stale since :meth:`open`."""
        return self._dropped

    @property
    def withheld(self) -> int:
        """Whole pictures since :meth:`open` that were none of the patient: no signal, a frozen or
        protected one, or one of another size than the profile's."""
        return self._withheld

    @property
    def frame_time_ms(self) -> float | None:
        """Milliseconds between two pictures as read back from the device, where it knows."""
        period = self._layout.period if self._layout else None
        return float(period * 1000) if period else None

    @property
    def layout(self) -> Layout | None:
        """What the device said it does when it was last set up."""
        return self._layout

    @property
    def identity(self) -> Identity | None:
        """The device that was last found."""
        return self._identity

    @property
    def thumbnail(self) -> Thumbnail | None:
        """The last whole picture in small, whatever it showed: signatures are learnt from it."""
        return self._thumbnail

    def open(self) -> None:
        """Find the device and start it; does nothing where the source is open already.

        A device without a signal, or with one that the profile does not allow, opens too: the
        state says so and reads time out until it is right.

        Raises
        ------
        SourceUnavailable
            The device is not there, or cannot be used.
        """
        with self._lock:
            if self._opened:
                return
            self._closing = Flag()
            self._begin()
            self._attach()
            if self._state is SignalState.NO_DEVICE:
                raise self._failure or gone(self.name)
            self._opened = True

    def read(self, timeout: float) -> Frame | None:
        """The next picture that is fit to be kept.

        Returns
        -------
        Frame or None
            None where another thread closed the source.

        Raises
        ------
        SourceTimeout
            None came in ``timeout`` seconds; the text says why.
        SourceUnavailable
            The source is not open, the device went away just now, or did not come back in time.
        """
        deadline = self._timing.monotonic_ns() + round(timeout * _SECOND)
        with self._lock:
            if not self._opened:
                raise SourceUnavailable(self.name, "the source is not open", "Open it first.")
            while not self._closing.is_set():
                if self._ready:
                    frame = self._finish(*self._ready.popleft())
                    if frame is not None:
                        return frame
                elif self._session is None:
                    self._wait_for_device(deadline)
                else:
                    self._take(self._session, deadline)
            return None

    def close(self) -> None:
        """Let go of the device; may be called twice, and from another thread."""
        self._closing.set()
        with self._lock:
            self._opened = False
            self._detach(SignalState.NO_DEVICE)

    def _begin(self) -> None:
        self._state = SignalState.NO_DEVICE
        self._dropped = 0
        self._withheld = 0
        self._numbering = Numbering()
        self._ready: deque[tuple[Session, Taken]] = deque()
        self._session: Session | None = None
        self._layout: Layout | None = None
        self._identity: Identity | None = None
        self._thumbnail: Thumbnail | None = None
        self._failure: SourceUnavailable | None = None
        self._reset_watch()

    def _reset_watch(self) -> None:
        now = self._timing.monotonic_ns()
        self._last_picture_ns = now
        self._input_checked_ns = now
        self._input_state: SignalState | None = None
        self._last_whole_ns = now
        self._wrong_sizes = self._damaged = 0
        self._freeze: FreezeGuard[Taken] = FreezeGuard(self._profile.freeze_seconds)

    # finding and losing the device

    def _attach(self) -> None:
        """Try once to get the device running; the state says what came of it."""
        self._reset_watch()
        device: VideoDevice | None = None
        try:
            device = self._factory()
            device.open()
            self._identity = device.identity
            session = Session(device, self._profile)
        except NoSignal:
            self._fail(device, SignalState.NO_SIGNAL, None)
        except UnsupportedMode as error:
            self._fail(device, SignalState.UNSUPPORTED_MODE, error)
        except OSError as error:
            self._fail(device, SignalState.NO_DEVICE, explain(self.name, error))
        else:
            self._session = session
            self._layout = session.layout
            self._numbering.restart(session.layout.period)
            self._failure = None
            # not live before a picture was seen
            if self._state is SignalState.NO_DEVICE:
                self._state = SignalState.NO_SIGNAL

    def _fail(
        self, device: VideoDevice | None, state: SignalState, error: SourceUnavailable | None
    ) -> None:
        if device is not None:
            device.close()
        self._state = state
        self._failure = error

    def _detach(self, state: SignalState) -> None:
        session, self._session = self._session, None
        self._state = state
        self._withheld += self._freeze.restart()
        if session is not None:
            self._dropped += session.delayed
            session.device.close()

    def _wait_for_device(self, deadline: int) -> None:
        """Try to attach until it works or the time is over."""
        self._attach()
        if self._session is not None:
            return
        now = self._timing.monotonic_ns()
        if now >= deadline:
            raise self._late()
        self._timing.wait(self._closing, min(RETRY, (deadline - now) / _SECOND))

    def _late(self) -> DriverError:
        if self._state is SignalState.NO_DEVICE:
            return self._failure or gone(self.name)
        if self._failure is not None:
            return SourceTimeout(self.name, self._failure.reason, self._failure.advice)
        return SourceTimeout(self.name, *REASONS[self._state])

    # taking pictures

    def _take(self, session: Session, deadline: int) -> None:
        """Take one buffer, if one comes; a good picture is put among the ready ones."""
        now = self._timing.monotonic_ns()
        try:
            self._check_input(session, now)
            try:
                buffer = session.device.dequeue(max(0.0, min(_SLICE, (deadline - now) / _SECOND)))
            except SourceTimeout:
                self._note_silence()
                if self._timing.monotonic_ns() >= deadline:
                    raise self._late() from None
                return
            if buffer is None:
                self._follow_events(session)
                return
            try:
                self._examine(session, buffer)
            finally:
                session.device.requeue(buffer)
        except TimeoutError:
            raise
        except OSError as error:
            self._detach(SignalState.NO_DEVICE)
            self._failure = explain(self.name, error)
            raise self._failure from error
        if self._is_of_no_use:
            self._reject_size(session)
        if not self._ready and self._timing.monotonic_ns() >= deadline:
            raise self._late()

    def _check_input(self, session: Session, now: int) -> None:
        if now - self._input_checked_ns < INPUT_CHECK * _SECOND:
            return
        self._input_checked_ns = now
        self._input_state = session.input_state()
        if self._input_state is not None:
            self._state = self._input_state

    def _follow_events(self, session: Session) -> None:
        """A changed source is set up anew, even where it looks the same as before."""
        if session.device.events():
            self._detach(self._state)
            self._attach()

    def _note_silence(self) -> None:
        silent = (self._timing.monotonic_ns() - self._last_picture_ns) / _SECOND
        period = (self.frame_time_ms or 0.0) / 1000
        if silent < max(SILENCE, 3 * period):
            return
        if self._state in (SignalState.LIVE, SignalState.FROZEN):
            self._state = SignalState.NO_SIGNAL
        if silent >= max(RESTART, 6 * period):
            self._detach(self._state)
            self._attach()

    def _examine(self, session: Session, buffer: RawBuffer) -> None:
        """Number a buffer, look whether it is fit, and judge what it shows."""
        now = self._timing.monotonic_ns()
        self._last_picture_ns = now
        sequence, lost = self._numbering.number(buffer.sequence, buffer.timestamp_ns)
        self._dropped += lost
        if buffer.error or now - buffer.timestamp_ns > STALE * _SECOND:
            self._dropped += 1
            return
        data = buffer.bytes()
        digest = self._freeze.digest(data)
        same = self._freeze.same(digest)
        try:
            decoded = same.decoded if same else session.decode(data)
        except WrongSize:
            self._withheld += 1
            self._wrong_sizes += 1
            return
        except DamagedFrame:
            self._dropped += 1
            self._damaged += 1
            return
        self._wrong_sizes = self._damaged = 0
        self._last_whole_ns = now
        self._thumbnail = decoded.thumbnail
        shown = self._input_state or judge(
            decoded.thumbnail, self._profile.no_signal, self._profile.flat_is_no_signal
        )
        if shown is not SignalState.LIVE:
            self._state = shown
            self._withheld += 1 + self._freeze.restart()
            return
        taken = Taken(decoded, sequence, buffer.timestamp_ns)
        for one in self._freeze.push(digest, taken, taken.monotonic_ns):
            self._state = SignalState.LIVE
            self._ready.append((session, one))
        if self._freeze.frozen:
            self._state = SignalState.FROZEN
            self._withheld += self._freeze.discard()

    def _finish(self, session: Session, taken: Taken) -> Frame | None:
        """The frame that comes out when this picture goes in, if one does."""
        done = session.finish(taken)
        if done is None:
            return None
        taken, pixels = done
        age = self._timing.monotonic_ns() - taken.monotonic_ns
        decoded = taken.decoded
        return Frame(
            pixels=pixels,
            bits_stored=decoded.bits,
            photometric="RGB" if pixels.ndim == 3 else "MONOCHROME2",
            sequence=taken.sequence,
            monotonic_ns=taken.monotonic_ns,
            taken_at=self._timing.now() - timedelta(microseconds=age / 1000),
            attributes=session.attributes,
            lossy_ratio=decoded.ratio,
            lossy_method=None if decoded.ratio is None else "ISO_10918_1",
            jpeg=decoded.jpeg,
        )

    @property
    def _is_of_no_use(self) -> bool:
        """Whether pictures come, but of another size, or not a whole one for some time."""
        since = (self._timing.monotonic_ns() - self._last_whole_ns) / _SECOND
        return self._wrong_sizes > 1 or (self._damaged > 1 and since >= SILENCE)

    def _reject_size(self, session: Session) -> None:
        """The pictures are not what the device announced: set it up anew, and say so."""
        card = session.device.identity.card
        self._detach(SignalState.UNSUPPORTED_MODE)
        self._attach()
        if self._session is not None and self._layout == session.layout:
            self._detach(SignalState.UNSUPPORTED_MODE)
            self._failure = UnsupportedMode(
                card,
                "its pictures have another size than it says",
                "Unplug it and plug it in again, or choose another pixel format.",
            )
