"""A hand is closed until it is stopped and no longer, and is turned the way that was asked for wherever that can be."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Generator, Iterator

import numpy as np
import pytest

from drivers.kinematics import Pose
from drivers.profile import RobotProfile, load_profile
from drivers.sim.operator.body import Body
from drivers.sim.operator.grasps import pointing_down
from drivers.sim.operator.motions import CLOSES_WITHIN_S, STOPPED_BEHIND, close_hand, closing
from drivers.sim.operator.places import COUNTER_LIFT_M, COUNTER_X_M, SIDE
from drivers.sim.world import KitchenWorld

PROFILE: RobotProfile = load_profile("sim-kitchen")
BEGUN = 0.9
FASTEST = 0.05
"""How much of its opening a follower's hand closes in a tick at most."""
HIGH_M = 1.25
"""Above anything on the counter."""


@pytest.fixture
def body() -> Body:
    world = KitchenWorld(PROFILE, seed=0)
    world.arrange(base_pose=(COUNTER_X_M, 0.0, 0.0), lift_m=COUNTER_LIFT_M, opening={SIDE: BEGUN})
    return Body(PROFILE, np.random.default_rng(0), world.truth())


def follow(body: Body, motion: Iterator[None], *, stop: float) -> int:
    """Let the follower's hand go after its leader until something stops it; how many ticks the motion takes."""
    ticks = 0
    for _ in motion:
        ticks += 1
        now = body.truth.gripper_opening[SIDE]
        now = max(stop, now + float(np.clip(body.opening[SIDE] - now, -FASTEST, FASTEST)))
        body.truth = dataclasses.replace(body.truth, gripper_opening=body.truth.gripper_opening | {SIDE: now})
    return ticks


def turned(body: Body, asked: Pose) -> Pose:
    search: Generator[None, None, Pose] = body.reachable_turn(SIDE, asked)
    while True:
        try:
            next(search)
        except StopIteration as end:
            found: Pose = end.value
            return found


def test_a_hand_that_is_stopped_is_closed_no_further_before_it_goes_on(body: Body) -> None:
    follow(body, close_hand(body, SIDE), stop=0.4)
    assert body.truth.gripper_opening[SIDE] == 0.4
    assert 0.0 < body.opening[SIDE] < 0.4 - STOPPED_BEHIND
    follow(body, closing(body, SIDE), stop=0.4)
    assert body.opening[SIDE] == 0.0


def test_a_hand_that_nothing_stops_is_closed_all_the_way(body: Body) -> None:
    follow(body, close_hand(body, SIDE), stop=0.0)
    assert body.opening[SIDE] == 0.0
    assert body.truth.gripper_opening[SIDE] < 0.01


def test_a_hand_that_never_presses_is_not_waited_for_forever(body: Body) -> None:
    body.pace = 0.0  # its leader stays where it is
    assert follow(body, close_hand(body, SIDE), stop=0.0) == round(CLOSES_WITHIN_S / body.dt_s)


@pytest.mark.parametrize("turn_rad", [0.0, math.pi / 2, -math.radians(150)])
def test_a_hand_turns_as_it_was_asked_to_even_where_the_other_way_is_shorter(
    body: Body, turn_rad: float
) -> None:
    x, y, _ = body.hand_pose(SIDE).position_m
    asked = Pose(np.array([x, y, HIGH_M]), pointing_down(turn_rad))
    assert turned(body, asked) is asked


def test_a_hand_that_cannot_turn_so_far_turns_the_other_way(body: Body) -> None:
    x, y, _ = body.hand_pose(SIDE).position_m
    asked = Pose(np.array([x, y, HIGH_M]), pointing_down(math.pi))
    found = turned(body, asked)
    np.testing.assert_array_equal(found.position_m, asked.position_m)
    np.testing.assert_allclose(found.rotation, pointing_down(0.0), atol=1e-12)
