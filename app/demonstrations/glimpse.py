"""What one picture of the simulated kitchen shows for certain, apart from what can only be guessed from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.demonstrations.recognisable import is_recognisable
from drivers.sim.evaluate import CLOSED_DRAWER_M, in_sink
from drivers.sim.interface import Truth
from drivers.sim.kitchen.geometry import COUNTER, COUNTER_TOP_M, OBJECTS
from drivers.sim.operator.places import SIDE, held
from drivers.sim.sight import Seen

HAND = f"{SIDE} hand"
AJAR_M = 0.10
"""A drawer that is open further is seen to be open; between this and shut nobody is asked."""
_LYING_M = 0.05


class Place(StrEnum):
    """Where an object is, in the words of the answers."""

    COUNTER = "on the counter"
    SINK = "in the sink"
    HAND = "in the hand"


@dataclass(frozen=True)
class Glimpse:
    """A picture's certain facts.

    Attributes:
        seen: What is recognisable, objects and furniture, by name.
        unsure: Objects of which too little is seen to count on, or to rule them out.
        place: Of each object that is seen, where that is one of the three.
        hand_seen: Whether the hand that works is in the picture.
        held: The object in the hand; empty for none.
        opening: Of the hand, 0 to 1.
        drawer_open: None where the drawer is not seen, or is neither open nor shut.
    """

    seen: Mapping[str, Seen]
    unsure: frozenset[str]
    place: Mapping[str, Place]
    hand_seen: bool
    held: str
    opening: float
    drawer_open: bool | None

    def at(self, place: Place) -> tuple[str, ...]:
        """Objects that are seen to be there."""
        return tuple(name for name in OBJECTS if self.place.get(name) is place)


def glimpse_of(truth: Truth, looked: Mapping[str, Seen], *, pixels: int) -> Glimpse:
    """What can be told from a picture.

    Args:
        truth: Of the world.
        looked: What `Sight.look` found in the picture.
        pixels: Of the picture.
    """
    seen = {name: part for name, part in looked.items() if is_recognisable(name, part, pixels=pixels)}
    objects = [name for name in OBJECTS if name in seen]
    places = {name: place for name in objects if (place := place_of(truth, name)) is not None}
    drawer_open = None
    if "drawer" in seen and not CLOSED_DRAWER_M <= truth.drawer_m <= AJAR_M:
        drawer_open = truth.drawer_m > AJAR_M
    return Glimpse(
        seen=seen,
        unsure=frozenset(name for name in OBJECTS if name in looked and name not in seen),
        place=places,
        hand_seen=HAND in seen,
        held=held(truth),
        opening=truth.gripper_opening[SIDE],
        drawer_open=drawer_open,
    )


def place_of(truth: Truth, name: str) -> Place | None:
    """Where an object is; None for anywhere else, such as on its way down."""
    if held(truth) == name:
        return Place.HAND
    if in_sink(truth, name):
        return Place.SINK
    x_m, y_m, z_m = (float(number) for number in truth.objects[name][:3])
    lies = abs(z_m - COUNTER_TOP_M) < _LYING_M
    return Place.COUNTER if lies and COUNTER.contains(x_m, y_m) else None
