"""Taking an object from the counter, from wherever the hand happens to be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from drivers.kinematics import Pose
from drivers.sim.kitchen.geometry import COUNTER_TOP_M
from drivers.sim.operator.approach import approach
from drivers.sim.operator.body import Body
from drivers.sim.operator.grasps import UP, grasp_of
from drivers.sim.operator.motions import GaveUpError, arrive, close_hand, closing, move_hand, together
from drivers.sim.operator.places import (
    COUNTER_LIFT_M,
    HAND_Y_M,
    SIDE,
    held,
    holds,
    is_well_lifted,
    standing_x_m,
)

Array = NDArray[np.float64]
Motion = Iterator[None]

CLOSED: Final = 0.0
ABOVE_M: Final = 0.12
"""How far back from an object a hand stays at most on its way to it."""
CARRY_M: Final = 0.16
"""How high an object is lifted to be carried."""
LIFT_M_S: Final = 0.16
LIFTED_M: Final = 0.08
"""One that has come up by less has slipped out of the hand."""
TRIES: Final = 3
NEAR_M: Final = 0.12
"""How far off its place the base may stand for a hand to be sent out at all."""


def pick_up(name: str, body: Body) -> Motion:
    """Take an object from the counter; the base must stand before it."""
    if holds(body.truth, name):
        yield from _lift_further(body, name)
        return
    other = held(body.truth)
    if other:
        raise GaveUpError(f"the {other} is in the hand; put the {other} in the sink first")
    x, y, _ = body.truth.base_pose
    off_m = math.hypot(x - standing_x_m(name), y - float(body.truth.objects[name][1]) + HAND_Y_M)
    if off_m > NEAR_M or body.truth.lift_m < COUNTER_LIFT_M - NEAR_M:
        raise GaveUpError(f"the {name} is out of reach; go to the {name} first")
    yield from _take(body, name)


def shifted(pose: Pose, by_m: Array) -> Pose:
    """The same pose elsewhere: moved by (3,), m."""
    return Pose(pose.position_m + by_m, pose.rotation)


def _lift_further(body: Body, name: str) -> Motion:
    """Go on with a lift that was interrupted with the object in the hand."""
    if is_well_lifted(body.truth, name):
        return
    missing_m = COUNTER_TOP_M + CARRY_M - float(body.truth.objects[name][2])
    yield from move_hand(body, SIDE, shifted(body.led_pose(SIDE), missing_m * UP), speed_m_s=LIFT_M_S)
    yield from arrive(body, SIDE)


def _take(body: Body, name: str) -> Motion:
    for _ in range(TRIES):
        position, yaw = body.look_at(name)
        grasp = grasp_of(name, position, yaw)
        pose = yield from body.reachable_turn(SIDE, grasp.pose)
        yield from approach(body, SIDE, pose, grasp.approach, opening=grasp.opening, from_m=ABOVE_M)
        yield from close_hand(body, SIDE)
        height_m = body.truth.objects[name][2]
        up = move_hand(body, SIDE, shifted(body.led_pose(SIDE), CARRY_M * UP), speed_m_s=LIFT_M_S)
        yield from together(up, closing(body, SIDE))
        yield from arrive(body, SIDE)
        if body.truth.objects[name][2] - height_m > LIFTED_M:
            return
    raise GaveUpError(f"the {name} slipped away {TRIES} times")
