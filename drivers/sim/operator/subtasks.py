"""What the operator can be told to do: the kitchen's subtasks, each from wherever the robot happens to stand.

A task is a sequence of these (`drivers.sim.operator.tasks`); which of them a task needs next is in
`drivers.sim.operator.whats_next`. One that needs something done first says so and gives up, but for those whose words
are a whole task as well, such as "put the cup in the sink": they do all that is missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

import numpy as np

from drivers.kinematics import Pose, rotation_vector
from drivers.sim.evaluate import CLOSED_DRAWER_M, drawer_closed, drawer_open, in_sink
from drivers.sim.interface import Truth
from drivers.sim.kitchen.geometry import DRAWER_TRAVEL_M, OBJECTS
from drivers.sim.operator.approach import approach
from drivers.sim.operator.body import Body
from drivers.sim.operator.grasps import UP, pointing_ahead
from drivers.sim.operator.motions import (
    GaveUpError,
    arrive,
    close_hand,
    closing,
    drive,
    grip,
    lift_to,
    move_hand,
    move_joints,
    swing_hand,
    together,
    wait,
)
from drivers.sim.operator.picking import CLOSED, pick_up, shifted
from drivers.sim.operator.places import (
    COUNTER_LIFT_M,
    COUNTER_X_M,
    DRAWER_LIFT_M,
    HAND_Y_M,
    HANDLE_AHEAD_M,
    RETREAT_X_M,
    SIDE,
    SINK_X_M,
    SINK_Y_M,
    STANDS_LIFT_M,
    STANDS_M,
    handle_at,
    held,
    holds,
    holds_handle,
    in_reach_of_handle,
    in_reach_of_sink,
    over_sink,
    standing_x_m,
    stands_before,
    stands_before_drawer,
)

Motion = Iterator[None]

AT_HOME_RAD = 0.3
CLEAR_OPENING = 0.8
CLEAR_HEIGHT_M = 1.06
BACK_M = 0.15
"""A hand further from home than this lets go, and gets as high above the counter or as far back from a handle."""

LOWER_M = 0.04
REACH_X_M = 0.66
"""How far ahead of the base's middle the hand reaches with its fingers down."""

HANDLE_OPENING = 0.8
BEFORE_HANDLE_M = 0.14
BACKWARDS = np.array([-1.0, 0.0, 0.0])
"""How far open a hand comes to the handle, from how far before it, and from which side."""
SWINGS_RAD = 0.7
"""A hand that is turned away further swings round by the joints' own ways first: no straight line leads there."""
PULL_M = 0.32
PULL_SPEED_M_S = 0.2
SHUT_M = CLOSED_DRAWER_M / 4
OPENED = 0.98


@dataclass(frozen=True, slots=True)
class Subtask:
    """Something to do that has a name.

    Attributes:
        motion: does it.
        succeeded: how to tell from the world that it was done; None where nothing tells.
    """

    motion: Callable[[Body], Motion]
    succeeded: Callable[[Truth], bool] | None = None


# -- standing somewhere ------------------------------------------------------------------------------------------------


def stand(body: Body, x_m: float, y_m: float, lift_m: float) -> Motion:
    """Stand somewhere with the hands at home; the lift moves only where the hands are clear of the counter."""
    for side in body.leader_rad:
        yield from _clear(body, side)
    yield from _fold(body)
    if abs(lift_m - body.truth.lift_m) > 0.01:
        if body.truth.base_pose[0] > RETREAT_X_M + 0.02:
            yield from drive(body, RETREAT_X_M, body.truth.base_pose[1])
        yield from lift_to(body, lift_m)
    yield from drive(body, x_m, y_m)


def _clear(body: Body, side: str, *, letting_go: bool = True) -> Motion:
    """Free a hand that an interrupted task left among things: let go, then up and away, or back from what is ahead."""
    if np.abs(body.truth.arm_rad[side] - body.home_rad(side)).max() < AT_HOME_RAD:
        return
    if letting_go:
        yield from grip(body, side, CLEAR_OPENING)
    hand = body.led_pose(side)
    fingers = hand.rotation[:, 0]
    if fingers[2] < -0.5:
        up_m = max(0.0, CLEAR_HEIGHT_M - float(hand.position_m[2]))
        yield from move_hand(body, side, shifted(hand, up_m * UP))
    else:
        x, y, yaw = body.truth.base_pose
        yield from drive(body, x - BACK_M, y, yaw_rad=yaw, speed_m_s=PULL_SPEED_M_S)


def _fold(body: Body) -> Motion:
    yield from together(*(move_joints(body, side, body.home_rad(side)) for side in body.leader_rad))
    yield from together(*(arrive(body, side, within_rad=0.05) for side in body.leader_rad))


def _bring_home(body: Body) -> Motion:
    """Hands home; what is held stays in the hand, but for the handle."""
    for side in body.leader_rad:
        yield from _clear(body, side, letting_go=not held(body.truth))
    yield from _fold(body)


def _back_away(body: Body) -> Motion:
    yield from _bring_home(body)
    yield from drive(body, min(RETREAT_X_M, body.truth.base_pose[0]), body.truth.base_pose[1])


def _lower_lift(body: Body) -> Motion:
    x, y, _ = body.truth.base_pose
    yield from stand(body, min(x, RETREAT_X_M), y, DRAWER_LIFT_M)


def drive_to_counter(body: Body) -> Motion:
    """Raise the lift so that the hands clear the counter, and drive up to it."""
    yield from stand(body, COUNTER_X_M, 0.0, COUNTER_LIFT_M)


def raise_lift(body: Body) -> Motion:
    """Raise the lift to where the counter is in reach."""
    yield from lift_to(body, COUNTER_LIFT_M)


def _hand_to(opening: float, body: Body) -> Motion:
    yield from grip(body, SIDE, opening)


# -- objects -----------------------------------------------------------------------------------------------------------


def go_to(name: str, body: Body) -> Motion:
    """Stand where an object can be taken from, with the hands at home."""
    position, _ = body.look_at(name)
    yield from stand(body, standing_x_m(name), float(position[1]) - HAND_Y_M, COUNTER_LIFT_M)


def carry(name: str, body: Body) -> Motion:
    """Drive with an object in the hand until it is over the sink."""
    if not holds(body.truth, name):
        raise GaveUpError(f"the {name} is not in the hand; pick up the {name} first")
    x, y, yaw = body.truth.base_pose
    ahead_m, aside_m = body.truth.objects[name][:2] - np.array([x, y])
    # On the way the base turns to face the counter, and what is in the hand turns with it.
    left_m = float(aside_m * math.cos(yaw) - ahead_m * math.sin(yaw))
    # Nearer than this, the counter would brush against the base.
    yield from drive(body, min(x, COUNTER_X_M + 0.03), SINK_Y_M - left_m)


def put_in_sink(name: str, body: Body) -> Motion:
    """Let an object go over the sink; whatever is missing before that is done first."""
    if not in_reach_of_sink(body.truth, name):
        if not holds(body.truth, name):
            if not stands_before(body.truth, name):
                yield from go_to(name, body)
            yield from pick_up(name, body)
        yield from carry(name, body)
    yield from _let_go(body, name)


def _let_go(body: Body, name: str) -> Motion:
    if in_sink(body.truth, name):
        yield from _clear(body, SIDE)
    else:
        hand = body.hand_pose(SIDE).position_m
        ahead_m = min(
            SINK_X_M - float(body.truth.objects[name][0] - hand[0]), body.truth.base_pose[0] + REACH_X_M
        )
        led = body.led_pose(SIDE)
        over = Pose(np.array([ahead_m, led.position_m[1], led.position_m[2] - LOWER_M]), led.rotation)
        yield from move_hand(body, SIDE, over)
        yield from arrive(body, SIDE)
        yield from grip(body, SIDE, OPENED)
        yield from move_hand(body, SIDE, shifted(over, (LOWER_M + 0.02) * UP))
        yield from wait(body, 0.4)
    yield from move_joints(body, SIDE, body.home_rad(SIDE))
    yield from arrive(body, SIDE, within_rad=0.05)


# -- the drawer --------------------------------------------------------------------------------------------------------


def go_to_drawer(body: Body) -> Motion:
    """Stand where the drawer's handle can be taken, with the hands at home."""
    handle = handle_at(body.truth)
    x_m, y_m = float(handle[0]) - HANDLE_AHEAD_M, float(handle[1]) - HAND_Y_M
    # Beside the drawer's line an open drawer would be in the way of the hands on their way down.
    yield from stand(body, min(x_m, RETREAT_X_M), y_m, DRAWER_LIFT_M)
    yield from drive(body, x_m, y_m)


def take_handle(body: Body) -> Motion:
    """Take the drawer's handle; the base must stand before it."""
    if holds_handle(body.truth):
        return
    if not in_reach_of_handle(body.truth):
        raise GaveUpError("the handle is out of reach; go to the drawer first")
    at = body.judge(handle_at(body.truth)) + np.array([0.006, 0.0, 0.0])
    pose = yield from body.reachable_turn(SIDE, Pose(at, pointing_ahead()))
    if _is_turned_away(body, pose):
        before = shifted(pose, BEFORE_HANDLE_M * BACKWARDS)
        for _ in together(swing_hand(body, SIDE, before), grip(body, SIDE, HANDLE_OPENING)):
            if not _is_turned_away(body, pose):
                break
            yield
    yield from approach(body, SIDE, pose, BACKWARDS, opening=HANDLE_OPENING, from_m=BEFORE_HANDLE_M)
    yield from close_hand(body, SIDE)
    yield from closing(body, SIDE)


def _is_turned_away(body: Body, pose: Pose) -> bool:
    turn_rad = rotation_vector(pose.rotation @ body.led_pose(SIDE).rotation.T)
    return float(np.linalg.norm(turn_rad)) > SWINGS_RAD


def open_drawer(body: Body) -> Motion:
    """Drive back with the handle in the hand; it is taken first where it is not."""
    yield from _have_handle(body)
    x, y, _ = body.truth.base_pose
    pull_m = min(PULL_M, DRAWER_TRAVEL_M - 0.02 - body.truth.drawer_m)
    if pull_m > 0.0:
        yield from drive(body, x - pull_m, y, speed_m_s=PULL_SPEED_M_S)


def close_drawer(body: Body) -> Motion:
    """Drive ahead with the handle in the hand until the drawer is shut; it is taken first where it is not."""
    yield from _have_handle(body)
    x, y, _ = body.truth.base_pose
    yield from drive(
        body,
        x + body.truth.drawer_m + 0.03,
        y,
        speed_m_s=PULL_SPEED_M_S,
        until=lambda: body.truth.drawer_m < SHUT_M,
    )


def leave_handle(body: Body) -> Motion:
    """Let go of the drawer's handle, back off and fold the arm."""
    yield from grip(body, SIDE, HANDLE_OPENING)
    x, y, _ = body.truth.base_pose
    yield from drive(body, x - BACK_M, y, speed_m_s=PULL_SPEED_M_S)
    yield from move_joints(body, SIDE, body.home_rad(SIDE))
    yield from arrive(body, SIDE, within_rad=0.05)


def _have_handle(body: Body) -> Motion:
    if holds_handle(body.truth):
        return
    if not in_reach_of_handle(body.truth):
        yield from go_to_drawer(body)
    yield from take_handle(body)


# -- by name -----------------------------------------------------------------------------------------------------------


def is_at_counter(truth: Truth) -> bool:
    """Whether the base is before the counter and the lift at its height."""
    return abs(truth.base_pose[0] - COUNTER_X_M) < 0.03 and is_lifted(truth)


def is_lifted(truth: Truth) -> bool:
    """Whether the lift is where the counter is in reach."""
    return abs(truth.lift_m - COUNTER_LIFT_M) < 0.02


def _with_object(name: str) -> dict[str, Subtask]:
    return {
        f"go to the {name}": Subtask(partial(go_to, name), partial(stands_before, name=name)),
        f"pick up the {name}": Subtask(partial(pick_up, name), partial(holds, name=name)),
        f"carry the {name} to the sink": Subtask(partial(carry, name), partial(over_sink, name=name)),
        f"put the {name} in the sink": Subtask(partial(put_in_sink, name), partial(in_sink, name=name)),
    }


SUBTASKS: Final[Mapping[str, Subtask]] = MappingProxyType(
    {words: subtask for name in OBJECTS for words, subtask in _with_object(name).items()}
    | {
        "go to the drawer": Subtask(go_to_drawer, stands_before_drawer),
        "take the handle": Subtask(take_handle, holds_handle),
        "open the drawer": Subtask(open_drawer, drawer_open),
        "close the drawer": Subtask(close_drawer, drawer_closed),
        "let go of the handle": Subtask(leave_handle, lambda truth: not holds_handle(truth)),
        "drive to the counter": Subtask(drive_to_counter, is_at_counter),
        "raise the lift": Subtask(raise_lift, is_lifted),
        "lower the lift": Subtask(
            _lower_lift, lambda truth: abs(truth.lift_m - DRAWER_LIFT_M) < STANDS_LIFT_M
        ),
        "open the gripper": Subtask(
            partial(_hand_to, OPENED), lambda truth: truth.gripper_opening[SIDE] > 0.9
        ),
        "close the gripper": Subtask(partial(_hand_to, CLOSED)),
        "bring the arms home": Subtask(_bring_home),
        "back away from the counter": Subtask(
            _back_away, lambda truth: truth.base_pose[0] < RETREAT_X_M + STANDS_M
        ),
    }
)
"""Every subtask by its words."""
