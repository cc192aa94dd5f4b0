"""A smooth disturbance of what is sent, so that demonstrations show the way back to the path as well as the path.

What is imitated stays the clean command (the idea is DART's, Laskey et al. 2017). The disturbance fades where a hand is
about to take something, and stops while a gripper moves.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from drivers.profile import RobotProfile
from drivers.sim.kitchen.geometry import COUNTER, COUNTER_TOP_M
from drivers.sim.kitchen.placement import yaw_of
from drivers.sim.operator.body import Body
from drivers.sim.operator.grasps import grasp_of
from drivers.sim.operator.places import SIDE, handle_at, held, holds_handle

Vector = NDArray[np.float64]

ARM_RAD, ARM_MOST_RAD = 0.022, 0.05
BASE_M_S, BASE_RAD_S = 0.03, 0.05
"""Standard deviations; what exceeds twice that, or the most of an arm, is cut."""
SMOOTHING_S: Final = 0.25
FADE_S: Final = 0.12
CALM_M, FREE_M = 0.03, 0.12
"""Nearer than the first to what it takes, a hand is steady; further than the second, it is not."""
LOW_M, HIGH_M = 0.06, 0.12
"""The same of the fingertips' height above the counter."""
HOLDING_SHARE: Final = 0.5
MOVING_RAD_S, MOVING_M_S = 0.25, 0.08
"""At this speed, and above, the disturbance is whole; at rest there is none."""


class Tremor:
    """The disturbance of one episode.

    Args:
        profile: the robot.
        rng: what it is drawn from.
    """

    def __init__(self, profile: RobotProfile, rng: np.random.Generator) -> None:
        self._rng = rng
        self._dt_s = 1.0 / profile.control_rate_hz
        self._keep = math.exp(-self._dt_s / SMOOTHING_S)
        self._arm = next(s.slice for s in profile.segments if s.kind == "arm" and s.name == SIDE)
        self._base = next(s.slice for s in profile.segments if s.kind == "base")
        self._scale, self._most = np.zeros(profile.dof), np.zeros(profile.dof)
        self._scale[self._arm], self._most[self._arm] = ARM_RAD, ARM_MOST_RAD
        self._scale[self._base] = BASE_M_S, BASE_M_S, BASE_RAD_S
        self._most[self._base] = 2.0 * self._scale[self._base]
        self._rough, self._smooth = rng.normal(0.0, 1.0, profile.dof), np.zeros(profile.dof)
        self._hand_share = self._base_share = 0.0
        self._before: tuple[Vector, float] | None = None

    def step(self, body: Body, subtask: str) -> Vector:
        """(D,) what is added in this tick to what the body asks for."""
        keep, fresh = self._keep, math.sqrt(1.0 - self._keep**2)
        self._rough = keep * self._rough + fresh * self._rng.normal(0.0, 1.0, len(self._rough))
        self._smooth = keep * self._smooth + (1.0 - keep) * self._rough
        # Smoothing leaves √(1 + keep²) / (1 + keep) of the rough one's standard deviation, which is 1.
        unit = self._smooth * (1.0 + keep) / math.sqrt(1.0 + keep**2)
        gain = 1.0 - math.exp(-self._dt_s / FADE_S)
        self._hand_share += gain * (self._hand_wanted(body, subtask) - self._hand_share)
        self._base_share += gain * (self._base_wanted(body) - self._base_share)
        noise: Vector = np.clip(unit * self._scale, -self._most, self._most)
        noise[self._arm] *= self._hand_share
        noise[self._base] *= self._base_share
        return noise

    def _hand_wanted(self, body: Body, subtask: str) -> float:
        now = (body.leader_rad[SIDE].copy(), body.opening[SIDE])
        before, self._before = self._before or now, now
        if now[1] != before[1]:
            return 0.0
        speed_rad_s = float(np.abs(now[0] - before[0]).max()) / self._dt_s
        hand_m = body.hand_pose(SIDE).position_m
        share = min(1.0, speed_rad_s / MOVING_RAD_S)
        if held(body.truth):
            share *= HOLDING_SHARE
        if COUNTER.contains(float(hand_m[0]), float(hand_m[1])):
            share *= _ramp(float(hand_m[2]) - COUNTER_TOP_M, LOW_M, HIGH_M)
        target_m = _target(body, subtask)
        if target_m is not None:
            share *= _ramp(float(np.linalg.norm(hand_m - target_m)), CALM_M, FREE_M)
        return share

    def _base_wanted(self, body: Body) -> float:
        if not body.pedalling or holds_handle(body.truth):
            return 0.0
        speed = max(float(np.hypot(*body.twist[:2])), 0.3 * abs(float(body.twist[2])))
        return min(1.0, speed / MOVING_M_S)


def _ramp(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _target(body: Body, subtask: str) -> Vector | None:
    """(3,) what the subtask is about to take, in the world, m."""
    if subtask == "take the handle" or "the drawer" in subtask:
        return handle_at(body.truth)
    if not subtask.startswith("pick up the "):
        return None
    name = subtask.removeprefix("pick up the ")
    pose = body.truth.objects[name]
    return grasp_of(name, pose[:3], yaw_of(pose)).pose.position_m
