"""A hand comes to what it takes as down a funnel, from wherever it is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from drivers.kinematics import Pose, rotation_about
from drivers.profile import RobotProfile, load_profile
from drivers.sim.direct import DirectRobot
from drivers.sim.operator.approach import Offset, approach
from drivers.sim.operator.body import Body
from drivers.sim.operator.grasps import UP, grasp_of, pointing_down
from drivers.sim.operator.motions import GaveUpError
from drivers.sim.operator.places import COUNTER_LIFT_M, COUNTER_X_M, SIDE
from drivers.sim.world import KitchenWorld

PROFILE: RobotProfile = load_profile("sim-kitchen")
OPEN, FROM_M = 0.9, 0.12
HIGH_M = 1.25
"""Above anything on the counter."""

Path = list[tuple[float, float]]


class Reacher:
    """A robot whose hand is led through free space above the counter."""

    def __init__(self) -> None:
        self.world = KitchenWorld(PROFILE, seed=0)
        self.world.arrange(base_pose=(COUNTER_X_M, 0.0, 0.0), lift_m=COUNTER_LIFT_M)
        self.robot = DirectRobot(self.world)
        self.body = Body(PROFILE, np.random.default_rng(0), self.world.truth())
        hand = self.body.hand_pose(SIDE).position_m
        self.goal = Pose(np.array([hand[0], hand[1], HIGH_M]), pointing_down(0.0))

    def put_hand(
        self, away_m: NDArray[np.float64], *, turned_rad: float = 0.0, opening: float = OPEN
    ) -> None:
        pose = Pose(
            self.goal.position_m + away_m, rotation_about([0.0, 0.0, turned_rad]) @ self.goal.rotation
        )
        self.world.arrange(arm_rad={SIDE: self._joints_of(pose)}, opening={SIDE: opening})
        self.robot = DirectRobot(self.world)
        self.body = Body(PROFILE, np.random.default_rng(0), self.world.truth())
        for _ in range(50):  # until the servos carry the arm's weight
            self.body.truth = self.robot.tick(self.body.hands())

    def _joints_of(self, pose: Pose) -> NDArray[np.float64]:
        search = self.body.find_reach(SIDE, pose)
        while True:
            try:
                next(search)
            except StopIteration as end:
                joints_rad: NDArray[np.float64] = end.value.joints_rad
                return joints_rad

    def offset(self) -> Offset:
        return Offset.of(self.body.hand_pose(SIDE), self.goal, UP)

    def run(self, *, goal: Pose | None = None, ticks: int = 1000) -> Path:
        """How far aside and how far back the hand was, tick by tick."""
        path = []
        motion = approach(self.body, SIDE, goal or self.goal, UP, opening=OPEN, from_m=FROM_M)
        for _, _ in zip(range(ticks), motion, strict=False):
            self.body.truth = self.robot.tick(self.body.hands())
            offset = self.offset()
            path.append((float(np.linalg.norm(offset.aside_m)), offset.back_m))
        return path


@pytest.fixture
def reacher() -> Reacher:
    return Reacher()


@pytest.mark.parametrize("turned_rad", [0.0, 0.8])
def test_it_comes_down_on_the_line_and_not_beside_it(reacher: Reacher, turned_rad: float) -> None:
    reacher.put_hand(np.array([0.03, -0.10, 0.15]), turned_rad=turned_rad)
    path = reacher.run()
    assert reacher.offset().is_there
    assert all(aside_m < 0.02 for aside_m, back_m in path if back_m < 0.03)


def test_a_low_hand_beside_it_rises_before_it_moves_over(reacher: Reacher) -> None:
    reacher.put_hand(np.array([0.0, -0.08, 0.005]))
    path = reacher.run()
    assert reacher.offset().is_there
    assert max(back_m for _, back_m in path) > 0.08
    first_over = next(back_m for aside_m, back_m in path if aside_m < 0.06)
    assert first_over > 0.05


def test_a_closed_hand_opens_before_it_goes_down(reacher: Reacher) -> None:
    reacher.put_hand(np.array([0.0, 0.0, 0.02]), opening=0.0)
    heights = []
    for _ in approach(reacher.body, SIDE, reacher.goal, UP, opening=OPEN, from_m=FROM_M):
        reacher.body.truth = reacher.robot.tick(reacher.body.hands())
        if reacher.body.truth.gripper_opening[SIDE] < OPEN - 0.15:
            heights.append(reacher.offset().back_m)
    assert min(heights) > 0.015
    assert heights[-1] > heights[0] + 0.01
    assert reacher.offset().is_there


def test_begun_again_in_the_middle_it_goes_on_as_before(reacher: Reacher) -> None:
    away_m = np.array([0.03, -0.10, 0.15])
    reacher.put_hand(away_m)
    whole = reacher.run()
    reacher.put_hand(away_m)
    reacher.run(ticks=len(whole) // 2)
    rest = reacher.run()
    assert reacher.offset().is_there
    # Only the speed that it had is lost.
    assert len(rest) < len(whole) // 2 + 40
    assert max(back_m for _, back_m in rest) < whole[len(whole) // 2][1] + 0.01


def test_a_place_out_of_reach_is_given_up(reacher: Reacher) -> None:
    reacher.put_hand(np.array([0.0, 0.0, 0.1]))
    far = Pose(reacher.goal.position_m + np.array([0.6, 0.0, 0.0]), reacher.goal.rotation)
    with pytest.raises(GaveUpError, match="cannot reach"):
        reacher.run(goal=far, ticks=2000)


@pytest.mark.parametrize("name", ["cup", "sponge"])
def test_a_hand_turns_no_further_than_the_object_needs(name: str) -> None:
    turns = []
    for yaw_rad in np.linspace(-math.pi, math.pi, 73):
        rotation = grasp_of(name, np.zeros(3), float(yaw_rad)).pose.rotation
        turn_rad = math.atan2(-rotation[0, 1], rotation[1, 1])
        # Whichever way round it is, fingers take it as far from across it as is allowed, and no further.
        off_rad = abs(math.remainder(turn_rad - float(yaw_rad), math.pi))
        assert off_rad <= math.radians(60 if name == "cup" else 15) + 1e-9
        turns.append(abs(math.remainder(turn_rad, math.pi)))
    assert max(turns) <= math.radians(30 if name == "cup" else 75) + 1e-9
