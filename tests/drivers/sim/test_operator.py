"""The operator does the kitchen's tasks through leaders and safety filter, and is calm, patient and honest."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from drivers.profile import RobotProfile, load_profile
from drivers.safety import SafetyLimits
from drivers.sim.direct import DirectRobot
from drivers.sim.interface import Hands, Truth
from drivers.sim.kitchen.geometry import COUNTER_TOP_M
from drivers.sim.operator import ScriptedOperator, UnknownScriptError, scripts
from drivers.sim.operator.body import CARRIAGE_M, Body
from drivers.sim.operator.evaluate import run_trial
from drivers.sim.operator.motions import GaveUpError, move_hand
from drivers.sim.operator.places import HANDLE_M
from drivers.sim.world import KitchenWorld

PROFILE: RobotProfile = load_profile("sim-kitchen")
LEADER_LIMIT_RAD_S = 1.2


@pytest.fixture
def world() -> KitchenWorld:
    return KitchenWorld(PROFILE, seed=3)


def perform(robot: DirectRobot, operator: ScriptedOperator, *, ticks: int) -> Iterator[tuple[Hands, Truth]]:
    truth = robot.world.truth()
    for _ in range(ticks):
        hands = operator.step(truth, following=True)
        truth = robot.tick(hands)
        yield hands, truth
        if operator.done:
            return


@pytest.mark.parametrize("name", ["plate", "spoon"])
def test_an_object_goes_into_the_sink(name: str) -> None:
    trial = run_trial(PROFILE, f"put the {name} in the sink", seed=11)
    assert trial.succeeded, trial


@pytest.mark.parametrize("script", ["open the drawer", "close the drawer"])
def test_the_drawer_is_moved(script: str) -> None:
    trial = run_trial(PROFILE, script, seed=102)
    assert trial.succeeded, trial


@pytest.mark.parametrize("script", ["raise the lift", "drive to the counter"])
def test_base_and_lift_are_driven(script: str) -> None:
    trial = run_trial(PROFILE, script, seed=0)
    assert trial.succeeded, trial


def test_the_phases_of_a_pick_tell_what_is_done(world: KitchenWorld) -> None:
    robot = DirectRobot(world)
    operator = ScriptedOperator(PROFILE, "put the sponge in the sink", seed=0)
    phases: list[str] = []
    for _ in perform(robot, operator, ticks=3000):
        if not phases or phases[-1] != operator.phase:
            phases.append(operator.phase)
    assert phases == [
        "go to the sponge",
        "pick up the sponge",
        "carry the sponge to the sink",
        "put the sponge in the sink",
        "done",
    ]
    assert operator.succeeded(world.truth())


def test_the_hands_are_calm_and_the_base_is_within_its_limits(world: KitchenWorld) -> None:
    robot = DirectRobot(world)
    operator = ScriptedOperator(PROFILE, "put the cup in the sink", seed=0)
    limits = SafetyLimits.from_profile(PROFILE)
    held, twist = np.array(PROFILE.arms["right"].home_rad), np.zeros(3)
    for hands, _ in perform(robot, operator, ticks=3000):
        moved = np.abs(hands.leader_rad["right"] - held).max()
        assert moved <= LEADER_LIMIT_RAD_S * 0.02
        assert 0.0 <= hands.leader_opening["right"] <= 1.0
        change = np.abs(np.array(hands.base_twist) - twist)
        if hands.moving_base:
            assert (change <= limits.max_acceleration[14:17] * 0.02 + 1e-9).all()
        assert (np.abs(hands.base_twist) <= limits.max_velocity[14:17]).all()
        held, twist = hands.leader_rad["right"], np.array(hands.base_twist)
    assert operator.succeeded(world.truth())


def test_until_the_robot_follows_the_leaders_are_brought_to_it(world: KitchenWorld) -> None:
    truth = world.truth()
    operator = ScriptedOperator(PROFILE, "raise the lift", seed=0)
    operator.step(truth, following=False)
    moved = truth.arm_rad["left"] + 0.5
    for tick in range(60):
        shifted = Truth(
            time_ns=tick,
            sim_time_s=tick * 0.02,
            objects=truth.objects,
            drawer_m=0.0,
            base_pose=truth.base_pose,
            lift_m=truth.lift_m,
            arm_rad={"left": moved, "right": truth.arm_rad["right"]},
            gripper_opening=truth.gripper_opening,
        )
        hands = operator.step(shifted, following=False)
        assert not hands.moving_base
        assert hands.lift_m_s == 0.0
    np.testing.assert_allclose(hands.leader_rad["left"], moved, atol=1e-9)
    assert operator.step(shifted, following=True).leader_rad["left"] == pytest.approx(moved)


def test_a_robot_that_stops_following_is_waited_for(world: KitchenWorld) -> None:
    robot = DirectRobot(world)
    operator = ScriptedOperator(PROFILE, "raise the lift", seed=0)
    for _ in perform(robot, operator, ticks=50):
        pass
    assert operator.phase == "raise the lift"
    for _ in range(50):
        truth = robot.tick(operator.step(world.truth(), following=False))
    height_m = truth.lift_m
    assert not operator.done
    for _ in perform(robot, operator, ticks=1000):
        pass
    assert operator.done
    assert operator.succeeded(world.truth())
    assert world.truth().lift_m > height_m + 0.1


@pytest.mark.parametrize(
    ("interrupted", "phase", "after_ticks"),
    [("put the cup in the sink", "pick up the cup", 140), ("open the drawer", "open the drawer", 40)],
)
def test_a_new_task_starts_from_where_another_was_interrupted(
    world: KitchenWorld, interrupted: str, phase: str, after_ticks: int
) -> None:
    robot = DirectRobot(world)
    first = ScriptedOperator(PROFILE, interrupted, seed=0)
    ticks_in_phase = 0
    for _ in perform(robot, first, ticks=2000):
        ticks_in_phase += first.phase == phase
        if ticks_in_phase == after_ticks:
            break
    assert not first.done
    left = world.truth()
    second = ScriptedOperator(PROFILE, "put the sponge in the sink", seed=0)
    for _ in perform(robot, second, ticks=4000):
        pass
    assert second.gave_up == ""
    end = world.truth()
    assert second.succeeded(end)
    # What the hands held was let go of, not dragged along.
    assert end.drawer_m == pytest.approx(left.drawer_m, abs=0.08)
    np.testing.assert_allclose(end.objects["cup"][:2], left.objects["cup"][:2], atol=0.03)
    assert end.objects["cup"][2] == pytest.approx(COUNTER_TOP_M, abs=0.005)


def test_an_operator_that_cannot_go_on_says_why(world: KitchenWorld) -> None:
    away = world.truth().objects["cup"].copy()
    away[:3] = [0.95, -0.9, 1.6]
    operator = ScriptedOperator(PROFILE, "put the cup in the sink", seed=0)
    robot = DirectRobot(world)
    for _ in perform(robot, operator, ticks=4000):
        world.place("cup", away)
    assert operator.done
    assert operator.phase == "gave up"
    assert "cannot reach" in operator.gave_up
    assert not operator.succeeded(world.truth())


def test_a_hand_out_of_reach_is_given_up(world: KitchenWorld) -> None:
    body = Body(PROFILE, np.random.default_rng(0), world.truth())
    far = body.led_pose("right")
    far.position_m[0] += 3.0
    with pytest.raises(GaveUpError, match=r"right hand cannot reach .* misses it by \d+ mm"):
        for _ in move_hand(body, "right", far):
            pass


def test_warming_up_moves_everything_and_stays_near(world: KitchenWorld) -> None:
    robot = DirectRobot(world)
    operator = ScriptedOperator(PROFILE, "warm up", seed=0)
    start = world.truth()
    angles, places, heights = [], [], []
    for hands, truth in perform(robot, operator, ticks=1000):
        assert np.abs(hands.leader_rad["left"] - truth.arm_rad["left"]).max() < 0.2
        angles.append(truth.arm_rad["left"])
        places.append(truth.base_pose)
        heights.append(truth.lift_m)
    assert not operator.done
    assert (np.ptp(np.array(angles), axis=0) > 0.2).all()
    assert (np.ptp(np.array(places), axis=0)[:2] > 0.05).all()
    assert np.abs(np.array(places)[:, :2] - np.array(start.base_pose[:2])).max() < 0.25
    assert max(heights) - min(heights) > 0.04


def test_the_same_seed_leads_to_the_same_end() -> None:
    ends = []
    for _ in range(2):
        robot = DirectRobot(KitchenWorld(PROFILE, seed=5))
        operator = ScriptedOperator(PROFILE, "drive to the counter", seed=5)
        ends.append([truth for _, truth in perform(robot, operator, ticks=200)][-1])
    assert ends[0].base_pose == ends[1].base_pose
    assert ends[0].lift_m == ends[1].lift_m


def test_the_operator_knows_where_carriage_and_handle_are(world: KitchenWorld) -> None:
    carriage = world.data.body("lift").xpos[2] - world.truth().lift_m
    assert carriage == pytest.approx(CARRIAGE_M, abs=1e-6)
    np.testing.assert_allclose(world.data.site("drawer_handle").xpos, HANDLE_M, atol=1e-6)
    body = Body(PROFILE, np.random.default_rng(0), world.truth())
    site = world.data.site("right_grasp")
    np.testing.assert_allclose(body.hand_pose("right").position_m, site.xpos, atol=1e-6)
    assert math.isclose(body.hand_pose("right").rotation[2, 0], site.xmat[6], abs_tol=1e-6)


def test_an_unknown_script_lists_those_there_are() -> None:
    with pytest.raises(UnknownScriptError, match="did you mean 'open the drawer'") as caught:
        ScriptedOperator(PROFILE, "open the drawers", seed=0)
    assert all(script in str(caught.value) for script in scripts())
