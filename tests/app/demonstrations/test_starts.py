"""Starts are the same for the same seed, differ between seeds, and are what their subtask and kind say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.demonstrations.starts import Kind, UnknownSubtask, begin, draw_start
from drivers.profile import RobotProfile, load_profile
from drivers.sim.operator.places import (
    COUNTER_LIFT_M,
    COUNTER_X_M,
    HAND_Y_M,
    holds,
    in_reach_of_handle,
    over_sink,
)

PROFILE: RobotProfile = load_profile("sim-kitchen")


def test_the_same_seed_gives_the_same_state() -> None:
    first, again = (draw_start(PROFILE, "pick up the cup", seed=5, kind=Kind.RECOVERY) for _ in range(2))
    assert np.array_equal(first.state, again.state)
    assert np.array_equal(first.sent, again.sent)
    assert not np.array_equal(first.state, draw_start(PROFILE, "pick up the cup", seed=6).state)


def test_base_and_lift_stand_off_their_place_by_centimetres_and_degrees() -> None:
    off_m, turned_rad, lift_m = [], [], []
    for seed in range(12):
        truth = begin(PROFILE, "pick up the cup", seed=seed).world.truth()
        x, y, yaw = truth.base_pose
        off_m.append(math.hypot(x - COUNTER_X_M, y - (float(truth.objects["cup"][1]) - HAND_Y_M)))
        turned_rad.append(abs(yaw))
        lift_m.append(truth.lift_m - COUNTER_LIFT_M)
    assert 0.02 < max(off_m) < 0.10
    assert math.radians(1.5) < max(turned_rad) < math.radians(3.1)
    assert min(lift_m) < -0.01
    assert max(lift_m) > 0.01


def test_what_is_to_be_carried_is_in_the_hand_and_stays_there() -> None:
    robot = begin(PROFILE, "put the sponge in the sink", seed=3)
    for _ in range(25):
        robot.follow(robot.requested)
    truth = robot.world.truth()
    assert holds(truth, "sponge")


def test_what_is_to_be_let_go_is_anywhere_from_the_counter_to_the_sink() -> None:
    starts = [begin(PROFILE, "put the cup in the sink", seed=seed).world.truth() for seed in (0, 2)]
    assert all(holds(truth, "cup") for truth in starts)
    assert len({over_sink(truth, "cup") for truth in starts}) == 2


def test_the_drawer_that_is_to_be_closed_is_open() -> None:
    truth = begin(PROFILE, "close the drawer", seed=1).world.truth()
    assert truth.drawer_m > 0.2
    assert in_reach_of_handle(truth)


def test_words_that_are_no_subtask_are_refused_with_a_hint() -> None:
    with pytest.raises(UnknownSubtask, match="did you mean 'pick up the cup'"):
        draw_start(PROFILE, "pick up the cop", seed=0)
