"""What the operator can do: each task a sequence of named phases, each phase a sequence of motions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from drivers.kinematics import Pose
from drivers.sim.evaluate import CLOSED_DRAWER_M, in_sink
from drivers.sim.kitchen.geometry import DRAWER_TRAVEL_M, OBJECTS, SINK
from drivers.sim.operator.body import Body
from drivers.sim.operator.grasps import UP, grasp_of, pointing_ahead
from drivers.sim.operator.motions import (
    GaveUpError,
    arrive,
    drive,
    grip,
    lift_to,
    move_hand,
    move_joints,
    swing_hand,
    together,
    wait,
)

Array = NDArray[np.float64]
Phases = Iterator[str]
"""A task: yields the name of its current phase once a tick."""
Task = Callable[[Body], Phases]

AT_HOME_RAD = 0.3
CLEAR_OPENING = 0.8
CLEAR_HEIGHT_M = 1.06
BACK_M = 0.15
"""A hand further from home than this lets go, and gets as high above the counter or as far back from a handle."""

SIDE = "right"
"""The hand that works: the row of objects and the drawer are on its side of the robot."""
HAND_Y_M = -0.22
"""Where the hand works best, to the side of the base's middle."""

COUNTER_LIFT_M = 0.36
COUNTER_X_M = 0.16
PLATE_X_M = 0.06
"""Where the base stands before the counter; further back for the plate, which is taken by its near rim."""
RETREAT_X_M = -0.28
"""From here the lift may move: the hands at home are clear of the counter."""

ABOVE_M = 0.12
CARRY_M = 0.16
LOWER_M = 0.04
LIFTED_M = 0.08
SINK_X_M = (SINK.min_x_m + SINK.max_x_m) / 2
SINK_Y_M = (SINK.min_y_m + SINK.max_y_m) / 2
REACH_X_M = 0.66
"""How far ahead of the base's middle the hand reaches with its fingers down."""
TRIES = 3

HANDLE_M = np.array([0.415, -0.37, 0.78])
"""Middle of the drawer's handle while the drawer is closed; a test holds it against the model."""
HANDLE_AHEAD_M = 0.635
"""From the base's middle ahead to the handle."""
DRAWER_LIFT_M = 0.12
HANDLE_OPENING = 0.8
PULL_M = 0.32
PULL_SPEED_M_S = 0.2
SHUT_M = CLOSED_DRAWER_M / 4


def put_in_sink(name: str) -> Task:
    """Pick an object up from the counter, carry it to the sink and let go."""

    def task(body: Body) -> Phases:
        yield from _said(f"go to the {name}", _stand_before(body, name))
        yield from _said(f"pick up the {name}", _pick_up(body, name))
        yield from _said(f"carry the {name} to the sink", _carry(body, name))
        yield from _said(f"put the {name} in the sink", _let_go(body, name))

    return task


def open_drawer(body: Body) -> Phases:
    """Take the drawer's handle and drive back."""
    yield from _said("go to the drawer", _stand_before_drawer(body))
    yield from _said("take the handle", _take_handle(body))
    x, y, _ = body.truth.base_pose
    pull_m = min(PULL_M, DRAWER_TRAVEL_M - 0.02 - body.truth.drawer_m)
    if pull_m > 0.0:
        yield from _said("open the drawer", drive(body, x - pull_m, y, speed_m_s=PULL_SPEED_M_S))
    yield from _said("let go of the handle", _leave_handle(body))


def close_drawer(body: Body) -> Phases:
    """Take the drawer's handle, wherever it is, and drive ahead."""
    yield from _said("go to the drawer", _stand_before_drawer(body))
    yield from _said("take the handle", _take_handle(body))
    x, y, _ = body.truth.base_pose
    push = drive(
        body,
        x + body.truth.drawer_m + 0.03,
        y,
        speed_m_s=PULL_SPEED_M_S,
        until=lambda: body.truth.drawer_m < SHUT_M,
    )
    yield from _said("close the drawer", push)
    yield from _said("let go of the handle", _leave_handle(body))


def drive_to_counter(body: Body) -> Phases:
    """Raise the lift so that the hands clear the counter, and drive up to it."""
    yield from _said("drive to the counter", _stand(body, COUNTER_X_M, 0.0, COUNTER_LIFT_M))


def raise_lift(body: Body) -> Phases:
    """Raise the lift to where the counter is in reach."""
    yield from _said("raise the lift", lift_to(body, COUNTER_LIFT_M))


def tidy_up(body: Body) -> Phases:
    """Put all that is not yet there in the sink; then open the drawer and close it."""
    for name in OBJECTS:
        if not in_sink(body.truth, name):
            yield from put_in_sink(name)(body)
    yield from open_drawer(body)
    yield from close_drawer(body)


def warm_up(body: Body) -> Phases:
    """Move everything gently about where it is, without end."""
    start_rad = {side: angles.copy() for side, angles in body.leader_rad.items()}
    start_x, start_y, start_yaw = body.truth.base_pose
    start_lift_m = body.truth.lift_m
    amplitude = np.array([0.25, 0.15, 0.20, 0.30, 0.25, 0.40])
    rate = 2 * math.pi * np.array([0.11, 0.13, 0.17, 0.19, 0.23, 0.29])
    time_s = 0.0
    while True:
        time_s += body.dt_s
        growth = min(1.0, time_s / 3.0)
        for sign, side in zip((1.0, -1.0), body.leader_rad, strict=False):
            body.leader_rad[side] = start_rad[side] + sign * growth * amplitude * np.sin(rate * time_s)
            body.opening[side] = 0.5 - 0.3 * growth * math.cos(0.8 * time_s)
        x, y, yaw = body.truth.base_pose
        away = growth * np.array([0.06 * math.sin(0.5 * time_s), 0.10 * math.sin(0.4 * time_s), 0.0])
        body.twist = 1.5 * (np.array([start_x, start_y, 0.0]) + away - np.array([x, y, 0.0]))
        body.twist[2] = 1.5 * math.remainder(
            start_yaw + 0.15 * growth * math.sin(0.45 * time_s) - yaw, 2 * math.pi
        )
        lift_m = start_lift_m + 0.04 * growth * (1.0 - math.cos(0.6 * time_s))
        body.lift_m_s = 2.0 * (lift_m - body.truth.lift_m)
        body.pedalling = True
        yield "warm up"


def _said(phase: str, *motions: Iterator[None]) -> Phases:
    for motion in motions:
        for _ in motion:
            yield phase


# -- standing somewhere ------------------------------------------------------------------------------------------------


def _stand(body: Body, x_m: float, y_m: float, lift_m: float) -> Iterator[None]:
    """Stand somewhere with the hands at home; the lift moves only where the hands are clear of the counter."""
    for side in body.leader_rad:
        yield from _clear(body, side)
    yield from together(*(move_joints(body, side, body.home_rad(side)) for side in body.leader_rad))
    yield from together(*(arrive(body, side, within_rad=0.05) for side in body.leader_rad))
    if abs(lift_m - body.truth.lift_m) > 0.01:
        if body.truth.base_pose[0] > RETREAT_X_M + 0.02:
            yield from drive(body, RETREAT_X_M, body.truth.base_pose[1])
        yield from lift_to(body, lift_m)
    yield from drive(body, x_m, y_m)


def _clear(body: Body, side: str) -> Iterator[None]:
    """Free a hand that an interrupted task left among things: let go, then up and away, or back from what is ahead."""
    if np.abs(body.truth.arm_rad[side] - body.home_rad(side)).max() < AT_HOME_RAD:
        return
    yield from grip(body, side, CLEAR_OPENING)
    hand = body.led_pose(side)
    fingers = hand.rotation[:, 0]
    if fingers[2] < -0.5:
        up_m = max(0.0, CLEAR_HEIGHT_M - float(hand.position_m[2]))
        yield from move_hand(body, side, _shifted(hand, up_m * UP))
    else:
        x, y, yaw = body.truth.base_pose
        yield from drive(body, x - BACK_M, y, yaw_rad=yaw, speed_m_s=PULL_SPEED_M_S)


def _stand_before(body: Body, name: str) -> Iterator[None]:
    position, _ = body.look_at(name)
    x_m = PLATE_X_M if name == "plate" else COUNTER_X_M
    yield from _stand(body, x_m, float(position[1]) - HAND_Y_M, COUNTER_LIFT_M)


def _stand_before_drawer(body: Body) -> Iterator[None]:
    handle = _handle(body)
    x_m, y_m = float(handle[0]) - HANDLE_AHEAD_M, float(handle[1]) - HAND_Y_M
    # Beside the drawer's line an open drawer would be in the way of the hands on their way down.
    yield from _stand(body, min(x_m, RETREAT_X_M), y_m, DRAWER_LIFT_M)
    yield from drive(body, x_m, y_m)


# -- objects -----------------------------------------------------------------------------------------------------------


def _pick_up(body: Body, name: str) -> Iterator[None]:
    for _ in range(TRIES):
        position, yaw = body.look_at(name)
        grasp = grasp_of(name, position, yaw)
        pose = yield from body.easier_turn(SIDE, grasp.pose)
        before = _shifted(pose, 0.10 * grasp.approach + (ABOVE_M - 0.10) * UP)
        yield from together(move_hand(body, SIDE, before), grip(body, SIDE, grasp.opening))
        yield from arrive(body, SIDE)
        yield from move_hand(body, SIDE, pose, speed_m_s=0.12)
        yield from arrive(body, SIDE)
        yield from grip(body, SIDE, 0.0)
        yield from wait(body, 0.3)
        height_m = body.truth.objects[name][2]
        yield from move_hand(body, SIDE, _shifted(body.led_pose(SIDE), CARRY_M * UP), speed_m_s=0.16)
        yield from arrive(body, SIDE)
        if body.truth.objects[name][2] - height_m > LIFTED_M:
            return
        yield from grip(body, SIDE, grasp.opening)
    raise GaveUpError(f"the {name} slipped away {TRIES} times")


def _carry(body: Body, name: str) -> Iterator[None]:
    x, y, _ = body.truth.base_pose
    yield from drive(body, x, y + SINK_Y_M - float(body.truth.objects[name][1]))


def _let_go(body: Body, name: str) -> Iterator[None]:
    hand = body.hand_pose(SIDE).position_m
    ahead_m = min(
        SINK_X_M - float(body.truth.objects[name][0] - hand[0]), body.truth.base_pose[0] + REACH_X_M
    )
    led = body.led_pose(SIDE)
    over = Pose(np.array([ahead_m, led.position_m[1], led.position_m[2] - LOWER_M]), led.rotation)
    yield from move_hand(body, SIDE, over)
    yield from arrive(body, SIDE)
    yield from grip(body, SIDE, 0.98)
    yield from move_hand(body, SIDE, _shifted(over, (LOWER_M + 0.02) * UP))
    yield from wait(body, 0.4)
    yield from move_joints(body, SIDE, body.home_rad(SIDE))
    yield from arrive(body, SIDE, within_rad=0.05)


# -- the drawer --------------------------------------------------------------------------------------------------------


def _handle(body: Body) -> Array:
    out = np.array([-body.truth.drawer_m, 0.0, 0.0])
    handle: Array = HANDLE_M + out
    return handle


def _take_handle(body: Body) -> Iterator[None]:
    at = body.judge(_handle(body)) + np.array([0.006, 0.0, 0.0])
    pose = yield from body.easier_turn(SIDE, Pose(at, pointing_ahead()))
    before = _shifted(pose, np.array([-0.14, 0.0, 0.0]))
    yield from together(swing_hand(body, SIDE, before), grip(body, SIDE, HANDLE_OPENING))
    yield from arrive(body, SIDE)
    yield from move_hand(body, SIDE, pose, speed_m_s=0.15)
    yield from arrive(body, SIDE)
    yield from grip(body, SIDE, 0.0)
    yield from wait(body, 0.3)


def _leave_handle(body: Body) -> Iterator[None]:
    yield from grip(body, SIDE, HANDLE_OPENING)
    x, y, _ = body.truth.base_pose
    yield from drive(body, x - BACK_M, y, speed_m_s=PULL_SPEED_M_S)
    yield from move_joints(body, SIDE, body.home_rad(SIDE))
    yield from arrive(body, SIDE, within_rad=0.05)


def _shifted(pose: Pose, by_m: Array) -> Pose:
    return Pose(pose.position_m + by_m, pose.rotation)
