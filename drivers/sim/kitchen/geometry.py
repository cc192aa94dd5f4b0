"""Measures of the kitchen that more than the model needs to know; a test holds them against the MJCF files. Metres."""

from __future__ import annotations

from dataclasses import dataclass

OBJECTS = ("plate", "cup", "sponge", "spoon")
"""The movable objects, in the order in which they are placed."""

OBJECT_RADIUS_M = {"plate": 0.105, "cup": 0.066, "sponge": 0.061, "spoon": 0.106}
"""The circle around each object's origin that holds all of it, whichever way it is turned."""

COUNTER_TOP_M = 0.90
SINK_FLOOR_M = 0.716
DRAWER_TRAVEL_M = 0.36


@dataclass(frozen=True, slots=True)
class Rectangle:
    """An upright rectangle on the floor plan of the world."""

    min_x_m: float
    max_x_m: float
    min_y_m: float
    max_y_m: float

    def contains(self, x_m: float, y_m: float) -> bool:
        """Whether a point lies within."""
        return self.min_x_m < x_m < self.max_x_m and self.min_y_m < y_m < self.max_y_m


COUNTER = Rectangle(0.45, 1.07, -1.10, 1.10)
SINK = Rectangle(0.56, 0.92, 0.16, 0.66)
