"""Hands on the simulated leaders, moved by keys, a gamepad or on-screen handles through inverse kinematics."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from app.messages import Jog, MoveHand
from drivers.kinematics import Pose, forward, joint_limits, rotation_about, solve_ik
from drivers.profile import RobotProfile
from drivers.profile.schema import Chain
from drivers.sim.interface import Hands

Vector = NDArray[np.float32]

JOG_LIVES_S = 0.2
"""A jog older than this is over: the key was let go, or whoever held it is gone."""

HANDLE_SPEED_M_S = 0.4
"""How fast a hand follows an on-screen handle."""

CLOSE_ENOUGH_M = 0.02
"""A target pose that inverse kinematics misses by more is out of reach, and the hand stays where it is."""


class ManualHands:
    """The wanted pose of each leader, moved a little each tick.

    Args:
        profile: a robot whose arms have a kinematic chain.
    """

    def __init__(self, profile: RobotProfile) -> None:
        self._profile = profile
        self._slots = {segment.name: segment.slice for segment in profile.segments if segment.kind == "arm"}
        self._grips = {
            segment.name: segment.start for segment in profile.segments if segment.kind == "gripper"
        }
        self._jog: Jog | None = None
        self._goals: dict[str, MoveHand] = {}
        self._targets: dict[str, Pose] = {}
        self._wanted_rad: dict[str, NDArray[np.float64]] = {}
        self._speeds_rad_s = {
            name: np.array([joint.max_velocity_rad_s for joint in leader.joints])
            for name, leader in profile.leaders.items()
        }
        self.leader_rad: dict[str, NDArray[np.float64]] = {}
        self.leader_opening: dict[str, float] = {}

    @property
    def jog(self) -> Jog | None:
        """What keys or sticks want now; None when nobody holds one."""
        if self._jog is None or time.monotonic_ns() - self._jog.time_ns > JOG_LIVES_S * 1e9:
            return None
        return self._jog

    def take_jog(self, jog: Jog) -> None:
        """Learn what is wanted until the next one, or until it is too old."""
        self._jog = jog

    def take_goal(self, goal: MoveHand) -> None:
        """Learn where an on-screen handle was put.

        Raises:
            ValueError: when there is no such hand, or its arm has no chain.
        """
        self._chain(goal.hand)
        self._goals[goal.hand] = goal

    def rest_on(self, pose: Vector) -> None:
        """Put each leader where its follower is: hands that are not moving anything.

        Args:
            pose: (D,) of the followers.
        """
        self._goals.clear()
        self._targets.clear()
        self._wanted_rad.clear()
        for name, leader in self._profile.leaders.items():
            self.leader_rad[name] = np.asarray(pose[self._slots[leader.follows]], np.float64)
            self.leader_opening[name] = float(pose[self._grips[leader.follows]])

    def take_over(self, hands: Hands) -> None:
        """Learn where somebody else, the scripted operator, has put the leaders, and go on from there."""
        self.leader_rad.update(hands.leader_rad)
        self.leader_opening.update(hands.leader_opening)
        self._goals.clear()
        self._targets.clear()
        self._wanted_rad.clear()

    def step(self, dt_s: float) -> None:
        """Move the hands for one tick."""
        jog = self.jog
        in_motion = set(self._goals)
        if jog is not None and jog.hand in self._profile.leaders:
            self._goals.pop(jog.hand, None)
            in_motion.add(jog.hand)
            self._move(jog.hand, np.asarray(jog.linear_m_s) * dt_s, np.asarray(jog.angular_rad_s) * dt_s)
            opening = self.leader_opening.get(jog.hand, 1.0) + jog.opening_rate * dt_s
            self.leader_opening[jog.hand] = min(1.0, max(0.0, opening))
        for hand, goal in self._goals.items():
            target = self._target(hand)
            way = np.asarray(goal.position_m) - target.position_m
            distance = float(np.sqrt(way @ way))
            reach = min(distance, HANDLE_SPEED_M_S * dt_s)
            if distance > 1e-4:
                self._move(hand, way * (reach / distance), np.zeros(3))
            if goal.opening is not None:
                self.leader_opening[hand] = min(1.0, max(0.0, goal.opening))
        for hand in self.leader_rad:
            self._approach(hand, dt_s, wanted=hand in in_motion)

    def _approach(self, hand: str, dt_s: float, *, wanted: bool) -> None:
        """Bring the joints to what is wanted no faster than they may turn; once nobody wants it, stay right there.

        Near a singularity, a wrist that is stretched, a small step of the hand is a large one of its joints.
        """
        if not wanted:
            self._targets.pop(hand, None)
            self._wanted_rad.pop(hand, None)
        elif hand in self._wanted_rad:
            step = self._speeds_rad_s[hand] * dt_s
            way = self._wanted_rad[hand] - self.leader_rad[hand]
            self.leader_rad[hand] = self.leader_rad[hand] + np.clip(way, -step, step)

    def _move(self, hand: str, by_m: NDArray[np.float64], by_rad: NDArray[np.float64]) -> None:
        if hand not in self.leader_rad or not (by_m.any() or by_rad.any()):
            return
        target = self._target(hand)
        moved = Pose(target.position_m + by_m, rotation_about(by_rad) @ target.rotation)
        limits = joint_limits(self._profile.arms[self._profile.leaders[hand].follows])
        start = self._wanted_rad.get(hand, self.leader_rad[hand])
        solution = solve_ik(self._chain(hand), limits, moved, start)
        if solution.position_error_m < CLOSE_ENOUGH_M:
            self._targets[hand] = moved
            self._wanted_rad[hand] = solution.joints_rad

    def _target(self, hand: str) -> Pose:
        if hand not in self._targets:
            self._targets[hand] = forward(self._chain(hand), self.leader_rad[hand])
        return self._targets[hand]

    def _chain(self, hand: str) -> Chain:
        leader = self._profile.leaders.get(hand)
        if leader is None:
            raise ValueError(f"no hand {hand!r}; this robot has {', '.join(self._profile.leaders)}")
        chain = self._profile.arms[leader.follows].chain
        if chain is None:
            raise ValueError(
                f"the profile gives no chain for the arm {leader.follows}; add [arms.{leader.follows}.chain]"
            )
        return chain
