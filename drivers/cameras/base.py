"""What every camera is to the rest of the code: frames stamped when they were captured, and errors with names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drivers.profile.schema import Camera as CameraSpec


class CameraError(Exception):
    """A camera cannot do what was asked of it; the message says which one, what was seen, and what to do."""


class CameraNotFound(CameraError):
    """Nothing is there to open: no such device, file, address or simulated camera."""


class CameraBusy(CameraError):
    """Another program holds the device."""


class CameraLost(CameraError):
    """An open camera stopped delivering for good: unplugged, ended, or its world is gone. Close it, open it again."""


class CameraWrongFormat(CameraError):
    """The source delivers pictures of another size or kind than the profile asks for."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture.

    At least one of `image` and `jpeg` is there: a camera that compresses by itself delivers its own bytes, and
    whoever needs pixels decodes them.

    Attributes:
        time_ns: `time.monotonic_ns()` at capture, before any decoding.
        sequence: number of the picture since the camera was opened; a gap is a picture that was lost on the way.
        image: (H, W, 3) uint8, RGB, read-only.
        jpeg: the picture as JPEG bytes.
    """

    time_ns: int
    sequence: int
    image: NDArray[np.uint8] | None = None
    jpeg: bytes | None = None


class Camera(Protocol):
    """A source of frames. One thread uses it; `close` may come from another one."""

    @property
    def name(self) -> str:
        """The camera's name in the profile."""
        ...

    @property
    def spec(self) -> CameraSpec:
        """What the profile says of it."""
        ...

    def open(self) -> None:
        """Begin to capture.

        Raises:
            CameraNotFound: when the source does not exist.
            CameraBusy: when another program has it.
            CameraWrongFormat: when it cannot deliver the size asked for.
        """
        ...

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, or None when none came within `timeout_s`.

        A frame is delivered once, and never stamped later than it was captured.

        Raises:
            CameraLost: when no frame will come any more.
        """
        ...

    def close(self) -> None:
        """Stop capturing and let the device go; a `read` that waits returns None. Closing twice is harmless."""
        ...
