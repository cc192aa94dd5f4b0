"""What a camera of the kitchen sees of the things that have a name: how much, and where in its picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.render import KitchenRenderer

FURNITURE: Final = ("sink", "drawer")
HANDS: Final = ("left hand", "right hand")

Shares = tuple[float, float, float, float]
WHOLE: Final[Shares] = (0.0, 0.0, 1.0, 1.0)

_SINK_MATERIALS = ("steel", "drain")
"""The sink is a part of the counter's body, and is told from it by what it is made of."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a picture shows of a thing.

    Attributes:
        pixels: how many of the picture's pixels show it.
        left, top, right, bottom: edges of the smallest box round those, as shares of the picture from its top left.
    """

    pixels: int
    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        """Share of the picture's width at which its box has its middle."""
        return (self.left + self.right) / 2


class Sight:
    """Finds what has a name in the pictures of a renderer: `OBJECTS`, `FURNITURE` and `HANDS`.

    Args:
        renderer: draws the kitchen; what it shows is shown on its own thread only.
    """

    def __init__(self, renderer: KitchenRenderer) -> None:
        self._renderer = renderer
        self._names = (*OBJECTS, *FURNITURE, *HANDS)
        # One more than there are geoms: the last is for -1, where a picture shows nothing.
        self._name_of_geom = np.full(renderer.model.ngeom + 1, -1, np.int64)
        for geom in range(renderer.model.ngeom):
            name = _name_of(renderer.model, geom)
            if name:
                self._name_of_geom[geom] = self._names.index(name)

    def look(
        self,
        state: ArrayLike,
        camera: str,
        *,
        width_px: int = 320,
        height_px: int = 240,
        within: Shares = WHOLE,
    ) -> Mapping[str, Seen]:
        """What a camera sees in a state; things of which no pixel is to be seen are left out.

        Args:
            state: (N,) integration state of the kitchen.
            camera: of the kitchen.
            width_px: of the picture; a smaller one shows less of small things.
            height_px: likewise.
            within: top, left, bottom and right of the part of the picture that is looked at, as shares of it.

        Raises:
            StateOfAnotherWorld: when the state's length is not this model's.
            NoSuchCamera: when the kitchen has none of that name.
            ValueError: when the picture is larger than the renderer was made for.
        """
        self._renderer.show(state)
        shown = self._name_of_geom[self._renderer.geoms(camera, width_px=width_px, height_px=height_px)]
        rows, columns = (
            slice(round(first * size), round(last * size))
            for first, last, size in ((within[0], within[2], height_px), (within[1], within[3], width_px))
        )
        looked_at = np.full_like(shown, -1)
        looked_at[rows, columns] = shown[rows, columns]
        shown = looked_at
        return {
            self._names[index]: _extent(shown == index) for index in sorted(set(shown[shown >= 0].tolist()))
        }


def _extent(mask: NDArray[np.bool_]) -> Seen:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    return Seen(
        pixels=int(mask.sum()),
        left=float(columns[0] / width),
        top=float(rows[0] / height),
        right=float((columns[-1] + 1) / width),
        bottom=float((rows[-1] + 1) / height),
    )


def _name_of(model: mujoco.MjModel, geom: int) -> str:
    """Name of the thing that a geom is a part of; empty where it has none."""
    body = int(model.geom_bodyid[geom])
    while body:
        name = str(model.body(body).name)
        if name in (*OBJECTS, "drawer"):
            return name
        if name in ("left_hand", "right_hand"):
            return name.replace("_", " ")
        if name == "counter":
            material = int(model.geom_matid[geom])
            return "sink" if material >= 0 and model.mat(material).name in _SINK_MATERIALS else ""
        body = int(model.body_parentid[body])
    return ""
