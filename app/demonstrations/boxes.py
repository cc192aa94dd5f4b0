"""Boxes round what a camera of the simulated kitchen sees, as a reviewer would draw them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from numpy.typing import ArrayLike

from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.sight import WHOLE, Seen, Shares, Sight
from policy.types import Box

LEAST_SHARE: Final[Mapping[str, float]] = {"sink": 0.006, "drawer": 0.01}
"""How much of a picture, as a share of its pixels, shows a piece of furniture at least that is named."""
LEAST_PIXELS: Final = 40
"""So many pixels show an object at least that is named, in a picture of any size: small ones are of what is near."""


def is_recognisable(name: str, seen: Seen, *, pixels: int) -> bool:
    """Whether so much of a thing is seen in a picture of so many pixels that one can say what it is."""
    return seen.pixels >= max(LEAST_PIXELS, LEAST_SHARE.get(name, 0.0) * pixels)


def boxes_in(
    sight: Sight,
    state: ArrayLike,
    camera: str,
    *,
    width_px: int,
    height_px: int,
    names: Collection[str] = OBJECTS,
    within: Shares = WHOLE,
) -> tuple[Box, ...]:
    """Boxes round the things of these names that a camera shows well enough to be recognised.

    Args:
        sight: looks at the kitchen, on the thread of its renderer.
        state: (N,) integration state of the kitchen.
        camera: of the kitchen.
        width_px: of the camera's picture.
        height_px: likewise.
        names: what is looked for, of `drivers.sim.sight`.
        within: top, left, bottom and right of the part of the picture that is looked at, as shares of it.

    Returns:
        In the order of `names`, round visible pixels only; edges as shares of the whole picture.

    Raises:
        StateOfAnotherWorld: when the state's length is not this kitchen's.
        NoSuchCamera: when the kitchen has none of that name.
        ValueError: when the picture is larger than the renderer was made for.
    """
    seen = sight.look(state, camera, width_px=width_px, height_px=height_px, within=within)
    pixels = width_px * height_px
    return tuple(
        box_round(name, seen[name])
        for name in names
        if name in seen and is_recognisable(name, seen[name], pixels=pixels)
    )


def box_round(name: str, seen: Seen) -> Box:
    """The box of what was seen."""
    return Box(name, y_min=seen.top, x_min=seen.left, y_max=seen.bottom, x_max=seen.right)
