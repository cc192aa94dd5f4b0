"""Starts are the same for the same seed, differ between seeds, and are what their subtask and kind say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.demonstrations.starts import Kind, UnknownSubtask, begin, draw_start
from drivers.kinematics import rotation_vector
from drivers.profile import RobotProfile, load_profile
from drivers.sim.kitchen.placement import yaw_of
from drivers.sim.operator.body import Body
from drivers.sim.operator.grasps import grasp_of
from drivers.sim.operator.places import (
    COUNTER_LIFT_M,
    COUNTER_X_M,
    HAND_Y_M,
    SIDE,
    handle_at,
    holds,
    holds_handle,
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


def test_a_lost_hand_is_low_far_from_the_object_and_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.demonstrations.settings.ASTRAY", {"lost": 1.0})
    away_m, turned_rad = [], []
    for seed in range(8):
        truth = (
            draw_start(PROFILE, "pick up the sponge", seed=seed, kind=Kind.RECOVERY)
            .robot(PROFILE)
            .world.truth()
        )
        sponge = truth.objects["sponge"]
        hand = Body(PROFILE, np.random.default_rng(0), truth).hand_pose(SIDE)
        grasp = grasp_of("sponge", sponge[:3], yaw_of(sponge)).pose
        assert hand.position_m[2] - grasp.position_m[2] < 0.07
        away_m.append(math.hypot(*(hand.position_m - grasp.position_m)[:2]))
        off_rad = float(np.linalg.norm(rotation_vector(grasp.rotation @ hand.rotation.T)))
        turned_rad.append(min(off_rad, math.pi - off_rad))
    assert 0.12 < max(away_m) < 0.26
    assert max(turned_rad) > math.radians(45)


def test_a_hand_off_the_handle_is_near_it_or_far_from_it() -> None:
    away_m = []
    for seed in range(8):
        start = draw_start(PROFILE, "take the handle", seed=seed, kind=Kind.RECOVERY)
        truth = start.robot(PROFILE).world.truth()
        assert not holds_handle(truth)
        hand = Body(PROFILE, np.random.default_rng(0), truth).hand_pose(SIDE)
        away_m.append(float(np.linalg.norm(hand.position_m - handle_at(truth))))
    assert min(away_m) < 0.17
    assert max(away_m) > 0.19


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
