"""Network cameras that speak RTSP, decoded by OpenCV's FFmpeg; the stream is video, so there is no JPEG to keep."""

from __future__ import annotations

import time

import cv2
import numpy as np

from drivers.cameras.address import without_password
from drivers.cameras.base import CameraLost, CameraNotFound
from drivers.cameras.source import Picture, Source
from drivers.profile.schema import Camera as CameraSpec

OPEN_TIMEOUT_MS = 5000
READ_TIMEOUT_MS = 3000


def open_rtsp(name: str, spec: CameraSpec) -> Source:
    """Open an RTSP stream. Pictures are stamped on arrival; network and decoder delay them by an unknown time before.

    Raises:
        CameraNotFound: when nothing answers at the address.
    """
    label = f"camera {name} ({without_password(str(spec.source))})"
    capture = cv2.VideoCapture(
        str(spec.source),
        cv2.CAP_FFMPEG,
        [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS],
    )
    if not capture.isOpened():
        capture.release()
        raise CameraNotFound(
            f"{label}: nothing answers RTSP there within {OPEN_TIMEOUT_MS / 1000:g} s; check the address, its user and "
            "password, and that the camera is on"
        )
    return _RtspSource(capture, label)


class _RtspSource(Source):
    def __init__(self, capture: cv2.VideoCapture, label: str) -> None:
        self._capture = capture
        self._label = label

    def grab(self) -> Picture:
        if not self._capture.grab():
            raise CameraLost(
                f"{self._label} sent nothing for {READ_TIMEOUT_MS / 1000:g} s, or ended its stream"
            )
        time_ns = time.monotonic_ns()
        ok, picture = self._capture.retrieve()
        if not ok:
            return Picture(time_ns)
        return Picture(
            time_ns, image=np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)
        )

    def release(self) -> None:
        self._capture.release()
