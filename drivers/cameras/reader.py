"""A thread that keeps one camera read: it opens it, reopens it after a loss, counts, and hands the frames over.

Each camera has its own, so that one that hangs, sleeps or is unplugged never holds up another.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections import deque
from dataclasses import dataclass

import numpy as np

from drivers.cameras.base import Camera, CameraError, CameraLost, Frame
from drivers.cameras.kinds import SourceKind, source_kind
from drivers.cameras.look import BLACK_BELOW, brightest

READ_TIMEOUT_S = 0.25
FIRST_PAUSE_S = 0.25
LAST_PAUSE_S = 5.0
"""Pauses between tries to open a camera: doubled after each, from the first to the last."""

LOOK_EVERY_S = 1.0
"""How often a JPEG is decoded (at an eighth of its size) to see whether it can be, and whether it shows anything."""

REPEATING_AFTER_S = 1.0
RATE_WINDOW_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraHealth:
    """How a camera does, at one moment.

    Attributes:
        is_open: whether it is open.
        frames: frames read since the start.
        lost: frames that the camera says it took and we never saw: gaps in their sequence.
        dropped: frames that we read and nobody took in time.
        undecodable: frames found broken when looked at (one a second is).
        reopened: times it was opened again after a loss.
        rate_hz: frames a second over the last two seconds.
        last_frame_ns: when the newest frame was captured, monotonic; 0 before the first.
        age_ms: how long ago that was; NaN before the first.
        is_stale: whether that is longer than the profile's `stale_after_ms`, or there is no frame yet.
        is_black: whether the last picture looked at shows nothing.
        is_repeating: whether it has sent the very same picture for more than a second; a static simulated scene does.
        error: what is wrong now; empty when nothing is.
        last_error: what went wrong last.
    """

    is_open: bool = False
    frames: int = 0
    lost: int = 0
    dropped: int = 0
    undecodable: int = 0
    reopened: int = 0
    rate_hz: float = 0.0
    last_frame_ns: int = 0
    age_ms: float = float("nan")
    is_stale: bool = True
    is_black: bool = False
    is_repeating: bool = False
    error: str = ""
    last_error: str = ""


class CameraReader:
    """Reads one camera in a thread of its own, from `start` to `stop`.

    Args:
        camera: the camera, not open; the reader opens and closes it.
        arrived: set whenever there is a frame to take; several readers may share one.
        keep: frames kept for `take`; when it is late the oldest are dropped and counted.
        lost_after_s: an open camera without a frame for so long is closed and opened again.
        repeating_lost_after_s: a live camera that sends the very same picture for so long hangs, and is opened again;
            after each time in vain twice as long is allowed, since a picture may really not change. Files, simulated
            cameras and black pictures may repeat as they like.
    """

    def __init__(
        self,
        camera: Camera,
        *,
        arrived: threading.Event | None = None,
        keep: int = 32,
        lost_after_s: float = 2.0,
        repeating_lost_after_s: float = 5.0,
    ) -> None:
        self.camera = camera
        self.arrived = arrived if arrived is not None else threading.Event()
        self._keep = keep
        self._lost_after_s = max(lost_after_s, 3 * camera.spec.stale_after_ms / 1000)
        self._may_repeat = source_kind(camera.spec.source) in (SourceKind.FILE, SourceKind.SIMULATED)
        self._repeating_lost_after_s = self._repeating_limit_s = repeating_lost_after_s
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._reopening = threading.Event()  # also set by `stop`, to cut a pause between two tries short
        self._thread: threading.Thread | None = None
        self._frames: deque[Frame] = deque()
        self._newest: Frame | None = None
        self._stamps_ns: deque[int] = deque(maxlen=512)
        self._is_open = False
        self._count = self._lost = self._dropped = self._undecodable = self._opened = 0
        self._error = self._last_error = ""
        self._is_black = False
        self._looked_ns = 0
        self._print_of_last = 0
        self._changed_ns = 0

    def start(self) -> None:
        """Begin; a camera that is not there yet is tried again and again, and `health` says why it is not."""
        if self._thread is not None:
            raise RuntimeError(f"the reader of camera {self.camera.name} is running already")
        self._stopping.clear()
        self._reopening.clear()
        self._thread = threading.Thread(target=self._run, name=f"reader of {self.camera.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the camera; returns when both are done, or after 10 s of a camera that hangs."""
        self._stopping.set()
        self._reopening.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(10.0)

    def reopen(self) -> None:
        """Close the camera and open it again at once, without waiting for the next try; returns before it is done."""
        self._reopening.set()

    def take(self) -> list[Frame]:
        """The frames that came since the last call, oldest first; does not wait."""
        with self._lock:
            frames = list(self._frames)
            self._frames.clear()
        return frames

    def newest(self) -> Frame | None:
        """The newest frame so far, taken or not."""
        with self._lock:
            return self._newest

    def health(self) -> CameraHealth:
        """How the camera does now."""
        now_ns = time.monotonic_ns()
        with self._lock:
            newest_ns = self._newest.time_ns if self._newest is not None else 0
            age_ms = (now_ns - newest_ns) / 1e6 if newest_ns else float("nan")
            is_repeating = bool(newest_ns) and newest_ns - self._changed_ns > REPEATING_AFTER_S * 1e9
            return CameraHealth(
                is_open=self._is_open,
                frames=self._count,
                lost=self._lost,
                dropped=self._dropped,
                undecodable=self._undecodable,
                reopened=max(0, self._opened - 1),
                rate_hz=self._rate_hz(now_ns),
                last_frame_ns=newest_ns,
                age_ms=age_ms,
                is_stale=not age_ms <= self.camera.spec.stale_after_ms,
                is_black=self._is_black,
                is_repeating=is_repeating,
                error=self._error,
                last_error=self._last_error,
            )

    def _rate_hz(self, now_ns: int) -> float:
        recent = [stamp for stamp in self._stamps_ns if now_ns - stamp <= RATE_WINDOW_S * 1e9]
        if len(recent) < 2:
            return 0.0
        # A camera that has stopped must not keep its rate: the silence since the last frame counts once it is longer
        # than a period.
        period_ns = (recent[-1] - recent[0]) / (len(recent) - 1)
        span_ns = recent[-1] - recent[0] + max(0, now_ns - recent[-1] - 2 * period_ns)
        return (len(recent) - 1) / span_ns * 1e9 if span_ns > 0 else 0.0

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopping.is_set():
            frames_before = self._count
            try:
                self.camera.open()
                with self._lock:
                    self._is_open, self._opened, self._error = True, self._opened + 1, ""
                self._read_while_wanted()
            except CameraError as error:
                with self._lock:
                    self._error = self._last_error = str(error)
            finally:
                self.camera.close()
                with self._lock:
                    self._is_open = False
            if self._count > frames_before:
                pause_s = FIRST_PAUSE_S
            if not self._reopening.wait(pause_s):
                pause_s = min(2 * pause_s, LAST_PAUSE_S)
            self._reopening.clear()

    def _read_while_wanted(self) -> None:
        """Read until told to stop or to reopen.

        Raises:
            CameraLost: when the camera said so, has been silent for `lost_after_s`, or repeats itself.
        """
        expected = None
        opened_ns = heard_ns = time.monotonic_ns()
        while not self._reopening.is_set():
            frame = self.camera.read(READ_TIMEOUT_S)
            if frame is None:
                silence_s = (time.monotonic_ns() - heard_ns) / 1e9
                if silence_s > self._lost_after_s:
                    raise CameraLost(
                        f"camera {self.camera.name} has sent nothing for {silence_s:.1f} s; "
                        "it is being opened again"
                    )
                continue
            heard_ns = time.monotonic_ns()
            gap = frame.sequence - expected if expected is not None else 0
            expected = frame.sequence + 1
            self._hand_over(frame, gap)
            self._check_repeating(frame, opened_ns)

    def _check_repeating(self, frame: Frame, opened_ns: int) -> None:
        if self._changed_ns == frame.time_ns:
            self._repeating_limit_s = self._repeating_lost_after_s
            return
        same_s = (frame.time_ns - max(self._changed_ns, opened_ns)) / 1e9
        if same_s > self._repeating_limit_s and not (self._may_repeat or self._is_black):
            self._repeating_limit_s = 2 * same_s
            raise CameraLost(
                f"camera {self.camera.name} has sent the very same picture for {same_s:.1f} s; it is being opened again"
            )

    def _hand_over(self, frame: Frame, gap: int) -> None:
        print_of_frame = _fingerprint(frame)
        is_look_due = frame.time_ns - self._looked_ns >= LOOK_EVERY_S * 1e9
        seen = brightest(frame) if is_look_due or frame.image is not None else None
        with self._lock:
            self._count += 1
            self._lost += max(0, gap)
            if print_of_frame != self._print_of_last:
                self._print_of_last, self._changed_ns = print_of_frame, frame.time_ns
            if is_look_due:
                self._looked_ns = frame.time_ns
                self._undecodable += seen is None
            if seen is not None:
                self._is_black = seen < BLACK_BELOW
            if len(self._frames) >= self._keep:
                self._frames.popleft()
                self._dropped += 1
            self._frames.append(frame)
            self._newest = frame
            self._stamps_ns.append(frame.time_ns)
        self.arrived.set()


def _fingerprint(frame: Frame) -> int:
    """A number that differs when the picture does, on all but freak occasions; a coarse grid is enough for an image."""
    if frame.jpeg is not None:
        return zlib.crc32(frame.jpeg)
    return zlib.crc32(np.ascontiguousarray(frame.image[::8, ::8]).tobytes()) if frame.image is not None else 0
