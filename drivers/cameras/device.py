"""USB cameras through V4L2, by index or by path, with the JPEG bytes that the camera made itself where it makes any."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import cv2
import numpy as np

from drivers.cameras.base import CameraBusy, CameraError, CameraLost, CameraNotFound
from drivers.cameras.jpeg import whole_jpeg
from drivers.cameras.source import Picture, Source
from drivers.holders import holders
from drivers.profile.schema import Camera as CameraSpec

MJPG = cv2.VideoWriter.fourcc(*"MJPG")

STAMP_MAX_AGE_NS = 1_000_000_000
"""A driver's stamp older than this is not a capture time on our clock."""


def device_path(source: str | int) -> Path:
    """The device node: a whole number is the N of `/dev/videoN`; a path is best one under `/dev/v4l/by-id/`."""
    is_index = isinstance(source, int) or source.isdecimal()
    return Path(f"/dev/video{source}" if is_index else str(source))


def open_device(name: str, spec: CameraSpec) -> Source:
    """Open a V4L2 camera and ask it for JPEG at the profile's size and rate.

    The JPEG of such cameras may leave its Huffman tables out; libjpeg-turbo, which everyone here decodes with, then
    takes the usual ones.

    Raises:
        CameraNotFound: when there is no such node, or it does not capture; the message lists those that are there.
        CameraBusy: when another process has it; the message names it.
        CameraError: when this user may not open it.
    """
    path = device_path(spec.source)
    _check_node(name, path)
    capture = cv2.VideoCapture(_node_number(path), cv2.CAP_V4L2)
    if not capture.isOpened():
        capture.release()
        raise _refused(name, path)
    # The order matters: the picture format decides which sizes and rates there are.
    capture.set(cv2.CAP_PROP_FOURCC, MJPG)
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, spec.width_px)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, spec.height_px)
    capture.set(cv2.CAP_PROP_FPS, spec.rate_hz)
    is_mjpeg = int(capture.get(cv2.CAP_PROP_FOURCC)) == MJPG
    if is_mjpeg:
        capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    return _DeviceSource(capture, f"camera {name} ({path})", is_mjpeg=is_mjpeg)


def _check_node(name: str, path: Path) -> None:
    try:
        if not stat.S_ISCHR(path.stat().st_mode):
            raise CameraNotFound(f"camera {name}: {path} is not a camera device")
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    except FileNotFoundError:
        present = ", ".join(camera_nodes()) or "none"
        raise CameraNotFound(
            f"camera {name}: {path} does not exist; cameras here: {present}; check its cable or the profile"
        ) from None
    except PermissionError:
        raise CameraError(
            f"camera {name}: this user may not open {path}; run: sudo usermod -aG video $USER, then log in again"
        ) from None
    except OSError as error:
        raise _refused(name, path) from error


def _node_number(path: Path) -> int | str:
    """What OpenCV opens: the N of `/dev/videoN` behind a link, or else the path itself."""
    node = os.path.realpath(path)
    number = node.removeprefix("/dev/video")
    return int(number) if number.isdecimal() else node


def _refused(name: str, path: Path) -> CameraError:
    """Why a node that exists cannot be opened: somebody has it, or it is no capture device."""
    if others := holders(path):
        return CameraBusy(f"camera {name}: {path} is held by {', '.join(map(str, others))}; close that first")
    return CameraNotFound(
        f"camera {name}: {path} does not capture pictures; a USB camera often has a second node that carries none; "
        f"cameras here: {', '.join(camera_nodes()) or 'none'}"
    )


def camera_nodes() -> tuple[str, ...]:
    """The cameras' stable paths, `/dev/v4l/by-id/…`, or plain nodes where there are none of those."""
    by_id = sorted(str(path) for path in Path("/dev/v4l/by-id").glob("*-index0"))
    return tuple(by_id or sorted(str(path) for path in Path("/dev").glob("video*")))


class _DeviceSource(Source):
    def __init__(self, capture: cv2.VideoCapture, label: str, *, is_mjpeg: bool) -> None:
        self._capture = capture
        self._label = label
        self._is_mjpeg = is_mjpeg
        self._last_ns = 0

    def grab(self) -> Picture:
        if not self._capture.grab():
            raise CameraLost(f"{self._label} stopped delivering; check its cable")
        time_ns = capture_time_ns(
            self._capture.get(cv2.CAP_PROP_POS_MSEC), now_ns=time.monotonic_ns(), after_ns=self._last_ns
        )
        self._last_ns = time_ns
        ok, picture = self._capture.retrieve()
        if not ok:
            return Picture(time_ns)
        if self._is_mjpeg:
            return Picture(time_ns, jpeg=whole_jpeg(picture.tobytes()))
        return Picture(
            time_ns, image=np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)
        )

    def release(self) -> None:
        self._capture.release()


def capture_time_ns(stamp_ms: float, *, now_ns: int, after_ns: int) -> int:
    """The driver's own stamp where it is a plausible time on our clock, else the time right after the grab.

    UVC stamps buffers with CLOCK_MONOTONIC, which `time.monotonic_ns()` reads; other drivers may use the wall clock
    or none, and OpenCV then reports those as they are.

    Args:
        stamp_ms: OpenCV's `CAP_PROP_POS_MSEC`: the buffer's stamp in milliseconds.
        now_ns: monotonic time right after the grab.
        after_ns: the stamp of the picture before; a stamp that does not move is none.
    """
    stamp_ns = round(stamp_ms * 1e6)
    is_plausible = now_ns - STAMP_MAX_AGE_NS <= stamp_ns <= now_ns and stamp_ns > after_ns
    return stamp_ns if is_plausible else now_ns
