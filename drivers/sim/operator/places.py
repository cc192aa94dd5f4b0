"""Where the operator stands for what it does, and how it sees from the world that it stands or holds so."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from drivers.sim.evaluate import in_sink
from drivers.sim.interface import Truth
from drivers.sim.kitchen.geometry import COUNTER_TOP_M, OBJECTS, SINK

Array = NDArray[np.float64]

SIDE: Final = "right"
"""The hand that works: the row of objects and the drawer are on its side of the robot."""
HAND_Y_M: Final = -0.22
"""Where the hand works best, to the side of the base's middle."""

COUNTER_LIFT_M: Final = 0.36
COUNTER_X_M: Final = 0.16
PLATE_X_M: Final = 0.06
"""Where the base stands before the counter; further back for the plate, which is taken by its near rim."""
RETREAT_X_M: Final = -0.28
"""From here the lift may move: the hands at home are clear of the counter."""

SINK_X_M: Final = (SINK.min_x_m + SINK.max_x_m) / 2
SINK_Y_M: Final = (SINK.min_y_m + SINK.max_y_m) / 2

HANDLE_M: Final = (0.415, -0.37, 0.78)
"""Middle of the drawer's handle while the drawer is closed; a test holds it against the model."""
HANDLE_AHEAD_M: Final = 0.635
"""From the base's middle ahead to the handle."""
DRAWER_LIFT_M: Final = 0.12

FOLDED_ELBOW_RAD: Final = 2.0
"""An arm at home has its elbow bent further; a test holds it against the profile."""
GRASPED_OPENING: Final = (0.06, 0.5)
"""A hand that has taken the handle is closed further than the second, and not as far as the first: that is empty."""
STANDS_M: Final = 0.02
STANDS_RAD: Final = 0.04
STANDS_LIFT_M: Final = 0.015
"""How far off its place the base, or the lift, still counts as standing there."""
HANDLE_STANDS_M: Final = 0.12
HANDLE_STANDS_RAD: Final = 0.12
HANDLE_STANDS_LIFT_M: Final = 0.06
"""From no further off the handle can be taken, and held."""
WELL_LIFTED_M: Final = 0.12
"""An object that is being picked up is not carried away before it is so high above the counter."""
IN_HAND_M: Final = 0.05
"""An object so high above the counter is in a hand: there is nothing else there."""
OVER_SINK_M: Final = 0.03


def standing_x_m(name: str) -> float:
    """Where the base stands, from the world's origin, to take an object."""
    return PLATE_X_M if name == "plate" else COUNTER_X_M


def handle_at(truth: Truth) -> Array:
    """(3,) the middle of the drawer's handle, m."""
    x_m, y_m, z_m = HANDLE_M
    return np.array([x_m - truth.drawer_m, y_m, z_m])


def stands_before(truth: Truth, name: str) -> bool:
    """Whether base and lift are where an object can be taken from."""
    y_m = float(truth.objects[name][1]) - HAND_Y_M
    return _stands(truth, standing_x_m(name), y_m, COUNTER_LIFT_M, within_m=STANDS_M)


def stands_before_drawer(truth: Truth) -> bool:
    """Whether base and lift are where the drawer's handle is taken best."""
    x_m, y_m, _ = handle_at(truth)
    return _stands(truth, x_m - HANDLE_AHEAD_M, y_m - HAND_Y_M, DRAWER_LIFT_M, within_m=STANDS_M)


def in_reach_of_handle(truth: Truth) -> bool:
    """Whether base and lift are where the drawer's handle can be taken at all."""
    x_m, y_m, _ = handle_at(truth)
    return _stands(
        truth,
        x_m - HANDLE_AHEAD_M,
        y_m - HAND_Y_M,
        DRAWER_LIFT_M,
        within_m=HANDLE_STANDS_M,
        within_rad=HANDLE_STANDS_RAD,
        within_lift_m=HANDLE_STANDS_LIFT_M,
    )


def is_folded(truth: Truth) -> bool:
    """Whether the hand that works is at home, more or less."""
    return float(truth.arm_rad[SIDE][2]) > FOLDED_ELBOW_RAD


def holds(truth: Truth, name: str) -> bool:
    """Whether an object is in a hand."""
    return float(truth.objects[name][2]) > COUNTER_TOP_M + IN_HAND_M


def held(truth: Truth) -> str:
    """The object that is in a hand, or empty."""
    return next((name for name in OBJECTS if holds(truth, name)), "")


def holds_handle(truth: Truth) -> bool:
    """Whether the hand that works has the drawer's handle."""
    least, most = GRASPED_OPENING
    closed = least < truth.gripper_opening[SIDE] < most
    return closed and not is_folded(truth) and in_reach_of_handle(truth)


def over_sink(truth: Truth, name: str) -> bool:
    """Whether an object is beside the middle of the sink by no more than where it still falls in."""
    return abs(float(truth.objects[name][1]) - SINK_Y_M) < OVER_SINK_M


def is_well_lifted(truth: Truth, name: str) -> bool:
    """Whether a held object is high enough to be carried, or over the sink already."""
    return over_sink(truth, name) or float(truth.objects[name][2]) > COUNTER_TOP_M + WELL_LIFTED_M


def in_reach_of_sink(truth: Truth, name: str) -> bool:
    """Whether a held object has only to be let go over the sink, or lies in it."""
    return (holds(truth, name) and over_sink(truth, name)) or in_sink(truth, name)


def _stands(
    truth: Truth,
    x_m: float,
    y_m: float,
    lift_m: float,
    *,
    within_m: float,
    within_rad: float = STANDS_RAD,
    within_lift_m: float = STANDS_LIFT_M,
) -> bool:
    x, y, yaw = truth.base_pose
    there = math.hypot(x - x_m, y - y_m) < within_m and abs(yaw) < within_rad
    return there and abs(truth.lift_m - lift_m) < within_lift_m
