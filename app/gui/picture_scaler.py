"""Scales the cameras' pictures to the size they are shown at, off the GUI thread, which then only copies them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from app.session.view import FrameView

LOOK_S = 0.008
"""Between two looks for newer pictures: little beside the 33 ms between two refreshes."""

IDLE_S = 0.5
"""Without being asked for so long, nobody shows pictures now."""

Size = tuple[int, int]


class PictureScaler:
    """Keeps the newest picture of each camera at its size on screen. Its thread starts when it is first asked.

    Args:
        frame: the newest picture of a camera as it came; may be called from any thread.
    """

    def __init__(self, frame: Callable[[str], FrameView | None]) -> None:
        self._frame = frame
        self._wanted: dict[str, Size] = {}
        self._scaled: dict[str, FrameView] = {}
        self._asked = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def newest(self, sizes: Mapping[str, Size]) -> dict[str, FrameView | None]:
        """Pictures for these cameras, as (H, W, 4) uint8 in the order blue, green, red, 255.

        One that is not scaled yet, or to another size, comes as the camera gave it.

        Args:
            sizes: width and height in device pixels by camera.
        """
        self._wanted = dict(sizes)
        self._asked.set()
        if self._thread is None:
            self._ended.clear()
            self._thread = threading.Thread(target=self._run, name="picture-scaler")
            self._thread.start()
        return {name: self._of_size(name, size) for name, size in sizes.items()}

    def stop(self) -> None:
        """End the thread; the next `newest` starts another."""
        if self._thread is not None:
            self._ended.set()
            self._asked.set()
            self._thread.join()
            self._thread = None

    def _of_size(self, name: str, size: Size) -> FrameView | None:
        frame, scaled = self._frame(name), self._scaled.get(name)
        if frame is None:
            return None
        if scaled is not None and (scaled.image.shape[1], scaled.image.shape[0]) == size:
            return scaled
        return frame

    def _run(self) -> None:
        while not self._ended.is_set():
            # Asked for at every refresh; without that, sleep until somebody asks again.
            if self._asked.wait(IDLE_S):
                self._asked.clear()
                self._look_around()

    def _look_around(self) -> None:
        """Look for newer pictures until nobody has asked for `IDLE_S`."""
        asked_s = time.monotonic()
        while time.monotonic() - asked_s < IDLE_S and not self._ended.wait(LOOK_S):
            if self._asked.is_set():
                self._asked.clear()
                asked_s = time.monotonic()
            for name, size in self._wanted.items():
                self._scale(name, size)

    def _scale(self, name: str, size: Size) -> None:
        frame = self._frame(name)
        if frame is None or min(size) < 1:
            return
        last = self._scaled.get(name)
        if last is not None and last.sequence == frame.sequence and last.image.shape[1::-1] == size:
            return
        self._scaled[name] = replace(frame, image=scaled_bgra(frame.image, size))


def scaled_bgra(image: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """A picture at another size, in the byte order of a screen.

    Args:
        image: (H, W, 3) uint8, RGB.
        size: width and height, pixels.

    Returns:
        (height, width, 4) uint8, BGRA.
    """
    shrinks = size[0] < image.shape[1]
    resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(cv2.cvtColor(resized, cv2.COLOR_RGB2BGRA), np.uint8)
