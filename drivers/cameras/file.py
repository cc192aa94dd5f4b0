"""A video file in a camera's place: played at the profile's rate, over and over."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import cv2
import numpy as np

from drivers.cameras.base import CameraLost, CameraNotFound, CameraWrongFormat
from drivers.cameras.source import Picture, Source
from drivers.profile.schema import Camera as CameraSpec


def open_file(name: str, spec: CameraSpec, *, closing: threading.Event) -> Source:
    """Open a video file. One picture of it is one frame, `rate_hz` of them a second, whatever the file's own rate.

    Args:
        name: the camera's name in the profile.
        spec: what the profile says of it.
        closing: set when the camera closes, which ends the wait for the next picture's time.

    Raises:
        CameraNotFound: when there is no such file.
        CameraWrongFormat: when it is no video.
    """
    path = Path(str(spec.source)).expanduser()
    if not path.is_file():
        raise CameraNotFound(
            f"camera {name}: there is no video file {path}; give its full path in the profile"
        )
    capture = _opened(path)
    if not capture.isOpened():
        capture.release()
        raise CameraWrongFormat(
            f"camera {name}: {path} is no video that OpenCV can read; convert it to MP4 or AVI"
        )
    return _FileSource(capture, path, period_ns=round(1e9 / spec.rate_hz), closing=closing)


def _opened(path: Path) -> cv2.VideoCapture:
    return cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)


class _FileSource(Source):
    """Paced by absolute deadlines; pictures whose time has passed are skipped, as a live camera would have."""

    def __init__(
        self, capture: cv2.VideoCapture, path: Path, *, period_ns: int, closing: threading.Event
    ) -> None:
        self._capture = capture
        self._path = path
        self._period_ns = period_ns
        self._closing = closing
        self._due_ns = time.monotonic_ns()

    def grab(self) -> Picture | None:
        late_ns = time.monotonic_ns() - self._due_ns
        skipped = max(0, late_ns // self._period_ns)
        for _ in range(skipped):
            self._advance()
        self._due_ns += skipped * self._period_ns
        wait_s = (self._due_ns - time.monotonic_ns()) / 1e9
        if wait_s > 0 and self._closing.wait(wait_s):
            return None
        self._advance()
        time_ns = time.monotonic_ns()
        self._due_ns += self._period_ns
        ok, picture = self._capture.retrieve()
        if not ok:
            return Picture(time_ns, skipped=skipped)
        image = np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)
        return Picture(time_ns, image=image, skipped=skipped)

    def _advance(self) -> None:
        """Step to the next picture, from the end to the start; by reopening, since not every file can be wound back."""
        if self._capture.grab():
            return
        self._capture.release()
        self._capture = _opened(self._path)
        if not self._capture.grab():
            raise CameraLost(f"{self._path} has no pictures, or is gone")

    def release(self) -> None:
        self._capture.release()
