"""Taking an object from the counter, from wherever the hand happens to be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from drivers.kinematics import Pose, rotation_vector
from drivers.sim.kitchen.geometry import COUNTER_TOP_M
from drivers.sim.operator.body import Body
from drivers.sim.operator.grasps import UP, Grasp, grasp_of
from drivers.sim.operator.motions import GaveUpError, arrive, grip, move_hand, together, wait
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
CARRY_M: Final = 0.16
LIFTED_M: Final = 0.08
TRIES: Final = 3
NEAR_M: Final = 0.12
"""How far off its place the base may stand for a hand to be sent out at all."""

LOW_M: Final = 0.03
"""A hand so far below where it comes from is among the things, and rises before it goes elsewhere."""
BESIDE_M: Final = 0.012
BESIDE_RAD: Final = 0.12
NARROWER: Final = 0.1
"""A low hand that is off the line on which it comes down by no more, and open but for so much, goes down at once."""


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
    yield from move_hand(body, SIDE, shifted(body.led_pose(SIDE), missing_m * UP), speed_m_s=0.16)
    yield from arrive(body, SIDE)


def _take(body: Body, name: str) -> Motion:
    for _ in range(TRIES):
        position, yaw = body.look_at(name)
        grasp = grasp_of(name, position, yaw)
        pose = yield from body.easier_turn(SIDE, grasp.pose)
        before = shifted(pose, 0.10 * grasp.approach + (ABOVE_M - 0.10) * UP)
        if not _is_on_its_way(body, grasp, pose):
            yield from _rise(body, before, grasp.opening)
            yield from together(move_hand(body, SIDE, before), grip(body, SIDE, grasp.opening))
            yield from arrive(body, SIDE)
        yield from move_hand(body, SIDE, pose, speed_m_s=0.12)
        yield from arrive(body, SIDE)
        yield from grip(body, SIDE, CLOSED)
        yield from wait(body, 0.3)
        height_m = body.truth.objects[name][2]
        yield from move_hand(body, SIDE, shifted(body.led_pose(SIDE), CARRY_M * UP), speed_m_s=0.16)
        yield from arrive(body, SIDE)
        if body.truth.objects[name][2] - height_m > LIFTED_M:
            return
        yield from grip(body, SIDE, grasp.opening)
    raise GaveUpError(f"the {name} slipped away {TRIES} times")


def _is_on_its_way(body: Body, grasp: Grasp, pose: Pose) -> bool:
    """Whether the hand is low already, open, and on the line that it comes down on."""
    hand = body.led_pose(SIDE)
    away = hand.position_m - pose.position_m
    along_m = float(away @ grasp.approach)
    off_m = float(np.linalg.norm(away - along_m * grasp.approach))
    turned_rad = float(np.linalg.norm(rotation_vector(pose.rotation @ hand.rotation.T)))
    is_near = 0.0 <= along_m < ABOVE_M and off_m < BESIDE_M and turned_rad < BESIDE_RAD
    return is_near and body.opening[SIDE] > grasp.opening - NARROWER


def _rise(body: Body, before: Pose, opening: float) -> Motion:
    """Lift a hand that is among the things straight up, as far as where it will come down from."""
    hand = body.led_pose(SIDE)
    missing_m = float(before.position_m[2] - hand.position_m[2])
    off_m = float(np.linalg.norm((before.position_m - hand.position_m)[:2]))
    if missing_m < LOW_M or off_m > 0.30 or missing_m > 0.30:
        return
    up = move_hand(body, SIDE, shifted(hand, missing_m * UP), speed_m_s=0.16)
    yield from together(up, grip(body, SIDE, opening))
