"""Whether a task was done, judged on the truth of the simulated world."""

from __future__ import annotations

from drivers.sim.interface import Truth
from drivers.sim.kitchen.geometry import COUNTER_TOP_M, SINK, SINK_FLOOR_M

_BELOW_RIM_M = 0.02
OPEN_DRAWER_M = 0.25
CLOSED_DRAWER_M = 0.02


def in_sink(truth: Truth, name: str) -> bool:
    """Whether an object's foot is in the sink, below its rim; a thing still held just above does not count.

    Raises:
        KeyError: when there is no such object.
    """
    x_m, y_m, z_m = truth.objects[name][:3]
    inside = SINK.contains(float(x_m), float(y_m))
    return inside and SINK_FLOOR_M - 0.02 < float(z_m) < COUNTER_TOP_M - _BELOW_RIM_M


def drawer_open(truth: Truth) -> bool:
    """Whether the drawer is open far enough to put something in."""
    return truth.drawer_m > OPEN_DRAWER_M


def drawer_closed(truth: Truth) -> bool:
    """Whether the drawer is shut."""
    return truth.drawer_m < CLOSED_DRAWER_M
