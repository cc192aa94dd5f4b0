"""An open source of pictures, as each kind of camera provides it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What one grab brought: when, and the picture as RGB, as JPEG, or neither where it could not be used.

    Attributes:
        time_ns: `time.monotonic_ns()` at capture.
        image: (H, W, 3) uint8, RGB.
        jpeg: the source's own bytes.
        skipped: pictures of the source passed over just before this one.
    """

    time_ns: int
    image: NDArray[np.uint8] | None = None
    jpeg: bytes | None = None
    skipped: int = 0


class Source(ABC):
    """An open source of pictures, used by one thread at a time."""

    @abstractmethod
    def grab(self) -> Picture | None:
        """The next picture, waiting for it; None when none came and another try makes sense.

        Raises:
            CameraLost: when no picture will come any more.
        """

    @abstractmethod
    def release(self) -> None:
        """Let the source go."""

    def interrupt(self) -> None:  # noqa: B027 - most sources have no way to do it
        """Make a `grab` that waits in another thread return soon, where the source has a way to."""
