"""Cameras of the real world: USB devices, video files, MJPEG and RTSP addresses; and test pictures in their place.

A grab may hang for as long as a driver or a network likes. It hangs here, in a thread of the camera's own, so `read`
keeps its time-out, and every picture is stamped when it arrives, not when somebody asks for it.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from drivers.cameras.base import CameraError, CameraLost, CameraNotFound, CameraWrongFormat, Frame
from drivers.cameras.device import open_device
from drivers.cameras.file import open_file
from drivers.cameras.jpeg import jpeg_size
from drivers.cameras.kinds import SourceKind, source_kind
from drivers.cameras.mjpeg import open_mjpeg
from drivers.cameras.pattern import open_pattern
from drivers.cameras.rtsp import open_rtsp
from drivers.cameras.source import Picture, Source
from drivers.profile.schema import Camera as CameraSpec

WAITING_FRAMES = 8
"""Pictures kept for a reader that is late; beyond it the oldest goes, which shows as a gap in `sequence`."""

JOIN_S = 1.0
"""How long `close` waits for a grab that hangs. A thread left behind ends with the grab and frees the device itself."""


class OpenCVCamera:
    """A camera of the real world (see `drivers.cameras.base.Camera`), whatever kind its source is."""

    def __init__(self, name: str, spec: CameraSpec) -> None:
        self._name = name
        self._spec = spec
        self._arrived = threading.Condition()
        self._frames: deque[Frame] = deque(maxlen=WAITING_FRAMES)
        self._lost: CameraLost | None = None
        self._source: Source | None = None
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._sequence = 0

    @property
    def name(self) -> str:
        """The camera's name in the profile."""
        return self._name

    @property
    def spec(self) -> CameraSpec:
        """What the profile says of it."""
        return self._spec

    def open(self) -> None:
        """Open the source and wait for its first picture, so that one of the wrong size is refused at once.

        Raises:
            CameraNotFound, CameraBusy, CameraWrongFormat: as `Camera.open`.
            CameraLost: when the source opened and sent no picture.
        """
        if self._source is not None:
            raise CameraError(f"camera {self._name} is open already; close it first")
        self._closing = threading.Event()
        self._frames.clear()
        self._lost, self._sequence = None, 0
        source = _connect(self._name, self._spec, self._closing)
        try:
            first = source.grab()
            if first is None:
                raise CameraLost(f"camera {self._name} ({self._spec.source}) opened and sent no picture")
            self._check_size(first)
        except BaseException:
            source.release()
            raise
        self._keep(first)
        self._source = source
        self._thread = threading.Thread(
            target=self._run, args=(source, self._closing), name=f"camera {self._name}", daemon=True
        )
        self._thread.start()

    def read(self, timeout_s: float) -> Frame | None:
        """The oldest frame not yet read, or None when none came within `timeout_s` or the camera was closed.

        Raises:
            CameraLost: when no frame will come any more.
        """
        deadline = time.monotonic() + timeout_s
        with self._arrived:
            while not self._frames:
                if self._lost is not None:
                    raise self._lost
                left = deadline - time.monotonic()
                if self._source is None or left <= 0:
                    return None
                self._arrived.wait(left)
            return self._frames.popleft()

    def close(self) -> None:
        """Stop capturing; a `read` that waits returns None. Closing twice is harmless."""
        with self._arrived:
            source, thread = self._source, self._thread
            self._source = self._thread = None
            self._lost = None
            self._closing.set()
            self._frames.clear()
            self._arrived.notify_all()
        if source is not None:
            source.interrupt()
        if thread is not None:
            thread.join(JOIN_S)

    def _run(self, source: Source, closing: threading.Event) -> None:
        """Grab until closed or lost. The thread lets the source go itself, since a grab must not race a release."""
        try:
            while not closing.is_set():
                picture = source.grab()
                if picture is None or closing.is_set():
                    continue
                self._check_size(picture)
                self._keep(picture)
        except CameraError as error:
            if not closing.is_set():
                lost = error if isinstance(error, CameraLost) else CameraLost(str(error))
                with self._arrived:
                    self._lost = lost
                    self._arrived.notify_all()
        finally:
            source.release()

    def _keep(self, picture: Picture) -> None:
        with self._arrived:
            self._sequence += picture.skipped
            if picture.image is not None or picture.jpeg is not None:
                if picture.image is not None:
                    picture.image.flags.writeable = False
                self._frames.append(Frame(picture.time_ns, self._sequence, picture.image, picture.jpeg))
                self._arrived.notify_all()
            self._sequence += 1

    def _check_size(self, picture: Picture) -> None:
        if picture.image is not None:
            height, width = picture.image.shape[:2]
        elif picture.jpeg is not None and (size := jpeg_size(picture.jpeg)) is not None:
            width, height = size
        else:
            return
        if (width, height) != (self._spec.width_px, self._spec.height_px):
            raise CameraWrongFormat(
                f"camera {self._name} ({self._spec.source}) delivers {width}×{height} pixels and the profile asks for "
                f"{self._spec.width_px}×{self._spec.height_px}; set width_px and height_px to what it delivers, or "
                "its own settings to what the profile says"
            )


def _connect(name: str, spec: CameraSpec, closing: threading.Event) -> Source:
    match source_kind(spec.source):
        case SourceKind.DEVICE:
            return open_device(name, spec)
        case SourceKind.FILE:
            return open_file(name, spec, closing=closing)
        case SourceKind.PATTERN:
            return open_pattern(name, spec, closing=closing)
        case SourceKind.MJPEG:
            return open_mjpeg(name, spec)
        case SourceKind.RTSP:
            return open_rtsp(name, spec)
        case SourceKind.SIMULATED:
            raise CameraNotFound(
                f'camera {name} is simulated (source "sim"); only the simulated world can open it'
            )
