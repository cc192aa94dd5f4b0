"""A moving test picture in a camera's place, as a video test source sends it: to try and to measure without a camera.

Each picture carries its number and its time in words for people, and its number as a row of black and white squares
for programs, so that it can be told from the picture at the far end which one it is and how long it took.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.cameras.base import CameraNotFound, CameraWrongFormat
from drivers.cameras.source import Picture, Source
from drivers.profile.schema import Camera as CameraSpec

PICTURES = 12
"""Different backgrounds that are shown in turn."""

KEPT_BYTES = 64 * 2**20
"""Room for the backgrounds; of large pictures there are fewer."""

MAX_WIDTH_PX, MAX_HEIGHT_PX = 3840, 2160
"""The largest picture that is drawn."""

NUMBER_BITS = 16
"""Squares of the number; it starts anew after 65,536 pictures."""

_BAR_COLOURS = (
    (235, 235, 235),
    (235, 235, 16),
    (16, 235, 235),
    (16, 235, 16),
    (235, 16, 235),
    (235, 16, 16),
    (16, 16, 235),
    (16, 16, 16),
)
_SWEEP_PX = 4
_TEXT_HEIGHT_PX = 22


def shaded_picture(height_px: int, width_px: int, *, number: int) -> NDArray[np.uint8]:
    """(H, W, 3) a picture that compresses about as a kitchen does: smooth shades, edges, and the noise of a sensor."""
    random = np.random.default_rng(number)
    y, x = np.mgrid[0:height_px, 0:width_px]
    shades = 120 + 60 * np.sin(x / 90 + number / 3) + 50 * np.cos(y / 70 - number / 5)
    boxes = 40 * (((x // 64 + y // 48 + number) % 3) == 0)
    noise = random.normal(0, 6, (height_px, width_px, 3))
    picture = (shades + boxes)[..., None] * np.array([1.0, 0.95, 0.9]) + noise
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def barred_picture(height_px: int, width_px: int, *, number: int) -> NDArray[np.uint8]:
    """(H, W, 3) eight colour bars, which move to the left with the number."""
    place = np.arange(width_px) + number * width_px // (len(_BAR_COLOURS) * PICTURES)
    row = np.array(_BAR_COLOURS, np.uint8)[place * len(_BAR_COLOURS) // width_px % len(_BAR_COLOURS)]
    return np.ascontiguousarray(np.broadcast_to(row, (height_px, width_px, 3)))


PATTERNS: dict[str, Callable[..., NDArray[np.uint8]]] = {"shades": shaded_picture, "bars": barred_picture}
"""What can be asked for as `test:NAME`; `test` alone is the first."""


def open_pattern(name: str, spec: CameraSpec, *, closing: threading.Event) -> Source:
    """Draw the pattern's backgrounds. They differ from camera to camera, by its name.

    Args:
        name: the camera's name in the profile.
        spec: what the profile says of it.
        closing: set when the camera closes, which ends the wait for the next picture's time.

    Raises:
        CameraNotFound: when there is no such pattern.
        CameraWrongFormat: when the picture is too large to be drawn in time.
    """
    wanted = str(spec.source).partition(":")[2] or next(iter(PATTERNS))
    if wanted not in PATTERNS:
        raise CameraNotFound(
            f"camera {name}: there is no test pattern {wanted!r}; the profile may ask for "
            + " or ".join(f'"test:{known}"' for known in PATTERNS)
        )
    if spec.width_px > MAX_WIDTH_PX or spec.height_px > MAX_HEIGHT_PX:
        raise CameraWrongFormat(
            f"camera {name} is to be {spec.width_px}×{spec.height_px}; test pictures have at most "
            f"{MAX_WIDTH_PX}×{MAX_HEIGHT_PX}"
        )
    count = max(2, min(PICTURES, KEPT_BYTES // (3 * spec.width_px * spec.height_px)))
    first = PICTURES * sum(name.encode())
    backgrounds = [
        PATTERNS[wanted](spec.height_px, spec.width_px, number=first + index) for index in range(count)
    ]
    return _PatternSource(backgrounds, period_ns=round(1e9 / spec.rate_hz), closing=closing)


def picture_number(image: NDArray[np.uint8]) -> int:
    """The number in a picture of a test pattern, (H, W, 3), also after compression."""
    side = _square_px(image.shape[1])
    middles = side // 2 + side * np.arange(NUMBER_BITS)
    bits = image[-1 - side // 2, middles].mean(axis=1) > 127
    return int((bits * (1 << np.arange(NUMBER_BITS))).sum())


def _square_px(width_px: int) -> int:
    return max(1, min(16, width_px // NUMBER_BITS))


class _PatternSource(Source):
    """Paced by absolute deadlines; pictures whose time has passed are skipped, as a live camera would have."""

    def __init__(
        self, backgrounds: list[NDArray[np.uint8]], *, period_ns: int, closing: threading.Event
    ) -> None:
        self._backgrounds = backgrounds
        self._period_ns = period_ns
        self._closing = closing
        self._due_ns = time.monotonic_ns()
        self._number = 0

    def grab(self) -> Picture | None:
        skipped = max(0, (time.monotonic_ns() - self._due_ns) // self._period_ns)
        self._due_ns += skipped * self._period_ns
        wait_s = (self._due_ns - time.monotonic_ns()) / 1e9
        if wait_s > 0 and self._closing.wait(wait_s):
            return None
        self._due_ns += self._period_ns
        self._number += skipped
        time_ns = time.monotonic_ns()
        image = self._drawn(self._number, time_ns)
        self._number += 1
        return Picture(time_ns, image=image, skipped=skipped)

    def _drawn(self, number: int, time_ns: int) -> NDArray[np.uint8]:
        image = self._backgrounds[number % len(self._backgrounds)].copy()
        width = image.shape[1]
        sweep = _SWEEP_PX * number % width
        image[:, sweep : sweep + _SWEEP_PX] = 255
        image[:_TEXT_HEIGHT_PX, : width // 2] = 0
        words = f"{number}  {time_ns / 1e9:.3f} s"
        cv2.putText(image, words, (4, _TEXT_HEIGHT_PX - 6), cv2.FONT_HERSHEY_PLAIN, 1.1, (255, 255, 255))
        side = _square_px(width)
        bits = number >> np.arange(NUMBER_BITS) & 1
        image[-side:, : side * NUMBER_BITS] = np.repeat(255 * bits, side)[None, :, None]
        return image

    def release(self) -> None:
        self._backgrounds = self._backgrounds[:1]
