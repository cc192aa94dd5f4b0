"""The pictures of a demonstration: which cameras, how large, how often, and drawing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.sim.kitchen.lighting import AS_BUILT, Look
from drivers.sim.render import KitchenRenderer
from recordings import CameraSpec, encode_jpeg

RATE_HZ: Final = 10.0
QUALITY: Final = 90


class View(msgspec.Struct, frozen=True):
    """How a camera's pictures are made: drawn at one size and kept at another, smaller one, in pixels."""

    drawn_px: tuple[int, int]
    kept_px: tuple[int, int]


VIEWS: Final[Mapping[str, View]] = MappingProxyType(
    {
        "front": View((320, 240), (320, 240)),
        "right_wrist": View((224, 224), (128, 128)),
        "left_wrist": View((224, 224), (128, 128)),
        "back": View((224, 224), (128, 128)),
    }
)
"""Width and height by camera. What is kept smaller than drawn is averaged, for the renderer has no antialiasing."""


class UnknownView(ValueError):
    """There is no such camera; the message lists those there are."""


def open_renderer(cameras: Sequence[str]) -> KitchenRenderer:
    """A renderer that is large enough for the pictures of some cameras.

    Args:
        cameras: of `VIEWS`, at least one.

    Raises:
        UnknownView: there is none of a name.
        NoOffscreenRendering: this machine cannot draw without a screen.
    """
    sizes = [view.drawn_px for view in _views(cameras).values()]
    return KitchenRenderer(
        max_width_px=max(width for width, _ in sizes), max_height_px=max(height for _, height in sizes)
    )


def take(renderer: KitchenRenderer, camera: str) -> bytes:
    """A camera's picture of what the renderer shows, as JPEG.

    Args:
        renderer: of `open_renderer`, for this camera among others.
        camera: of `VIEWS`.
    """
    view = VIEWS[camera]
    width, height = view.drawn_px
    picture = renderer.picture(camera, width_px=width, height_px=height)
    if view.kept_px != view.drawn_px:
        picture = np.asarray(cv2.resize(picture, view.kept_px, interpolation=cv2.INTER_AREA), np.uint8)
    return encode_jpeg(picture, QUALITY)


def _views(cameras: Sequence[str]) -> dict[str, View]:
    unknown = next((name for name in cameras if name not in VIEWS), None)
    if unknown is not None:
        raise UnknownView(f"no camera {unknown!r} to demonstrate with; there are: {', '.join(VIEWS)}")
    return {name: VIEWS[name] for name in cameras}


class Pictures:
    """Draws the kitchen by some of its cameras.

    Args:
        cameras: of `VIEWS`.

    Raises:
        UnknownView: there is none of a name.
        NoOffscreenRendering: this machine cannot draw without a screen.
    """

    def __init__(self, cameras: Sequence[str]) -> None:
        self.views = _views(cameras)
        self._renderer = open_renderer(cameras) if cameras else None

    @property
    def specs(self) -> tuple[CameraSpec, ...]:
        """The cameras as a recording describes them."""
        return tuple(
            CameraSpec(name=name, height_px=view.kept_px[1], width_px=view.kept_px[0], rate_hz=RATE_HZ)
            for name, view in self.views.items()
        )

    def dress(self, look: Look = AS_BUILT) -> None:
        """Light and colour the kitchen so from now on."""
        if self._renderer is not None:
            self._renderer.dress(look)

    def take(self, state: NDArray[np.float64]) -> dict[str, bytes]:
        """Each camera's picture of the kitchen in a state, as JPEG."""
        if self._renderer is None:
            return {}
        self._renderer.show(state)
        return {name: take(self._renderer, name) for name in self.views}

    def close(self) -> None:
        """Free what OpenGL holds."""
        if self._renderer is not None:
            self._renderer.close()
