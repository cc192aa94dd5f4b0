"""What the operator holds and sees: leaders in both hands, pedals under the feet, eyes on the world."""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from drivers.kinematics import IkResult, Pose, forward, joint_limits, solve_ik
from drivers.profile.schema import Chain, RobotProfile
from drivers.sim.interface import Hands, Truth
from drivers.sim.kitchen.placement import yaw_of

Array = NDArray[np.float64]

CARRIAGE_M = 0.72
"""Height of the lift's carriage above the floor when the lift is at zero; a test holds it against the model."""

SIGHT_M = 0.0025
SIGHT_RAD = 0.03
"""How far off the operator sees an object lie, standard deviation."""

NEAR_ITERATIONS = 6
FAR_ITERATIONS = 40
WRIST_SEEDS_RAD = (0.0, math.pi / 2, -math.pi / 2)
"""Inverse kinematics from home alone may end in a dead end when the hand must turn far; one of these does not."""
_HALF_TURN = np.diag([1.0, -1.0, -1.0])
"""About the fingers."""
_WRIST_ROTATE = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0])


class Body:
    """The operator's hands and feet between ticks, and what was last seen.

    Motions write the attributes; `hands` turns them into what the simulated leaders and pedals are told.

    Args:
        profile: the robot that is led; every arm needs a leader and a chain.
        rng: where the errors of sight are drawn from.

    Attributes:
        dt_s: length of a tick.
        truth: the world as seen in this tick.
        leader_rad: for each follower arm, the joint angles at which its leader is held.
        opening: for each follower arm, the opening at which its leader's handle is held.
        twist: base speed on the pedals: vx, vy in m/s, wz in rad/s.
        lift_m_s: lift speed on the pedals.
        pedalling: whether the dead man for base and lift is held.
        pace: how fast this person moves, as a share of the usual.
        thinking: whether the tick just resumed went by in thought. In real time a tick of thought has to pass like any
            other; who leads the body without a clock can spare it.
    """

    def __init__(self, profile: RobotProfile, rng: np.random.Generator, truth: Truth) -> None:
        self.profile = profile
        self.dt_s = 1.0 / profile.control_rate_hz
        self.truth = truth
        self.leader_rad = {name: np.array(truth.arm_rad[name]) for name in profile.arms}
        self.opening = dict(truth.gripper_opening)
        self.twist = np.zeros(3)
        self.lift_m_s = 0.0
        self.pedalling = False
        self.pace = 1.0
        self.thinking = False
        self._rng = rng
        self._limits = {name: joint_limits(arm) for name, arm in profile.arms.items()}

    def hands(self) -> Hands:
        """What the leaders and pedals are told now."""
        leaders = {name: leader.follows for name, leader in self.profile.leaders.items()}
        return Hands(
            leader_rad={name: self.leader_rad[arm].copy() for name, arm in leaders.items()},
            leader_opening={name: self.opening[arm] for name, arm in leaders.items()},
            base_twist=(float(self.twist[0]), float(self.twist[1]), float(self.twist[2])),
            lift_m_s=self.lift_m_s,
            moving_base=self.pedalling,
        )

    def release_pedals(self) -> None:
        """Take the feet off."""
        self.twist = np.zeros(3)
        self.lift_m_s = 0.0
        self.pedalling = False

    def home_rad(self, side: str) -> Array:
        """Home pose of an arm."""
        return np.array(self.profile.arms[side].home_rad)

    def led_pose(self, side: str) -> Pose:
        """Where the leader asks the follower's grasp frame to be, in the world."""
        return self._to_world(forward(self._chain(side), self.leader_rad[side]))

    def hand_pose(self, side: str) -> Pose:
        """Where the follower's grasp frame is, in the world."""
        return self._to_world(forward(self._chain(side), self.truth.arm_rad[side]))

    def reach(self, side: str, target: Pose) -> IkResult:
        """Joint angles that bring the follower's grasp frame to a pose in the world near where it is led now."""
        return self._solve(side, target, self.leader_rad[side], iterations=NEAR_ITERATIONS)

    def find_reach(self, side: str, target: Pose) -> Generator[None, None, IkResult]:
        """The same for a pose anywhere; takes a tick for each try, because they are long for one."""
        found: list[IkResult] = []
        for turn in WRIST_SEEDS_RAD:
            seed = self.home_rad(side) + turn * _WRIST_ROTATE
            found.append(self._solve(side, target, seed, iterations=FAR_ITERATIONS))
            self.thinking = True
            yield
            self.thinking = False
            if not _misses(found[-1]):
                break
        return min(found, key=lambda result: result.position_error_m)

    def reachable_turn(self, side: str, target: Pose) -> Generator[None, None, Pose]:
        """Of the two ways to turn a parallel gripper that grasp alike that asked for, or the other if that is too far.

        Whichever is the shorter way would do as well, but where both are as long it would be either, for no reason
        that can be seen, and who learns from it would try both at once. Whether the other can be reached is not asked.
        """
        result = yield from self.find_reach(side, target)
        return Pose(target.position_m, target.rotation @ _HALF_TURN) if _misses(result) else target

    def look_at(self, name: str) -> tuple[Array, float]:
        """Where an object seems to be: position (3,) in the world, m, and yaw, rad."""
        pose = self.truth.objects[name]
        error_x, error_y = self._rng.normal(0.0, SIGHT_M, 2)
        seen_m = pose[:3] + np.array([error_x, error_y, 0.0])
        return seen_m, yaw_of(pose) + self._rng.normal(0.0, SIGHT_RAD)

    def judge(self, position_m: Array) -> Array:
        """A point (3,) of the furniture as the operator judges it to be."""
        return position_m + self._rng.normal(0.0, SIGHT_M, 3)

    def _solve(self, side: str, target: Pose, seed_rad: Array, *, iterations: int) -> IkResult:
        target = self._to_carriage(target)
        return solve_ik(self._chain(side), self._limits[side], target, seed_rad, iterations=iterations)

    def _chain(self, side: str) -> Chain:
        chain = self.profile.arms[side].chain
        if chain is None:
            raise ValueError(
                f"arm {side} of profile {self.profile.name} has no chain; add [arms.{side}.chain]"
            )
        return chain

    def _carriage(self) -> Pose:
        x, y, yaw = self.truth.base_pose
        cos, sin = math.cos(yaw), math.sin(yaw)
        rotation = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
        return Pose(np.array([x, y, CARRIAGE_M + self.truth.lift_m]), rotation)

    def _to_world(self, pose: Pose) -> Pose:
        carriage = self._carriage()
        position = carriage.position_m + carriage.rotation @ pose.position_m
        return Pose(position, carriage.rotation @ pose.rotation)

    def _to_carriage(self, pose: Pose) -> Pose:
        carriage = self._carriage()
        back = carriage.rotation.T
        return Pose(back @ (pose.position_m - carriage.position_m), back @ pose.rotation)


def _misses(result: IkResult) -> bool:
    return result.position_error_m > 0.002 or result.rotation_error_rad > 0.02
