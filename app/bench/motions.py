"""Made-up chunks of what a mobile robot with two arms does: smooth, and several things at once.

19 dimensions: two arms of six joints and a gripper, the base's three speeds, the torso's height and tilt. Arms reach
with minimum jerk (Flash and Hogan, 1985: the smooth step 10u³ - 15u⁴ + 6u⁵), one reach beginning now and then before
the last has ended, each joint a little later than the one before; grippers open and close; speeds ramp up, hold and
ramp down. All of it at random times: a chunk is a second cut out of an episode anywhere, so most hold parts of several
motions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEPS, RATE_HZ, DIMS = 50, 50.0, 19
EPISODE_S = 30.0
CHUNKS_OF_EPISODE = 20
JOINTS = 6
JOINT_REACH_RAD = 1.0
GRIPPER_OPEN_M = 0.08
BASE_SPEED = (0.5, 0.5, 1.0)
"""m/s forward and to the left, rad/s about the vertical: the greatest."""
TORSO_TRAVEL = (0.3, 0.4)
"""m of height, rad of tilt."""


@dataclass(frozen=True)
class Range:
    """The 1 % and 99 % quantiles of each dimension, [A], which normalisation brings to -1 and 1."""

    q01: NDArray[np.float64]
    q99: NDArray[np.float64]

    @classmethod
    def of(cls, chunks: NDArray[np.float64]) -> Range:
        """That of chunks."""
        q01, q99 = np.quantile(chunks.reshape(-1, chunks.shape[-1]), [0.01, 0.99], axis=0)
        return cls(q01, q99)

    def normalized(self, chunks: NDArray[np.float64]) -> NDArray[np.float64]:
        """Chunks in this range as -1 to 1; what lies outside stays outside."""
        return 2 * (chunks - self.q01) / (self.q99 - self.q01) - 1


def motion_chunks(count: int, *, seed: int, noise: float = 0.0) -> NDArray[np.float64]:
    """[count, 50, 19]: chunks in rad, m, m/s and rad/s.

    Args:
        count: How many; 20 of each episode.
        seed: Others give other episodes.
        noise: Standard deviation of what is added to each value, as a fraction of the dimension's range.
    """
    rng = np.random.default_rng(seed)
    rows = round(EPISODE_S * RATE_HZ)
    chunks: list[NDArray[np.float64]] = []
    while len(chunks) < count:
        episode = _episode(rng, rows)
        starts = rng.integers(0, rows - STEPS + 1, CHUNKS_OF_EPISODE)
        chunks += [episode[start : start + STEPS] for start in starts]
    result = np.array(chunks[:count])
    if noise:
        scale = Range.of(result)
        result += noise * (scale.q99 - scale.q01) * rng.standard_normal(result.shape)
    return result


def _episode(rng: np.random.Generator, rows: int) -> NDArray[np.float64]:
    time_s = np.arange(rows) / RATE_HZ
    columns: list[NDArray[np.float64]] = []
    for _arm in range(2):
        columns += _arm_joints(rng, time_s)
        columns.append(_gripper(rng, time_s))
    columns += [_speed(rng, time_s, limit) for limit in BASE_SPEED]
    columns += [_held(rng, time_s, travel) for travel in TORSO_TRAVEL]
    return np.stack(columns, axis=1)


def _smooth_step(time_s: NDArray[np.float64], begin_s: float, length_s: float) -> NDArray[np.float64]:
    """0 before it begins, 1 after it, minimum jerk between."""
    u = np.clip((time_s - begin_s) / length_s, 0, 1)
    result: NDArray[np.float64] = u**3 * (10 - 15 * u + 6 * u * u)
    return result


def _arm_joints(rng: np.random.Generator, time_s: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    pose = rng.uniform(-JOINT_REACH_RAD, JOINT_REACH_RAD, JOINTS)
    joints = [np.full_like(time_s, angle) for angle in pose]
    begin_s = rng.uniform(0, 1)
    while begin_s < time_s[-1]:
        length_s = rng.uniform(0.6, 2.5)
        moves = rng.random(JOINTS) < 0.85
        goal = np.where(moves, pose + rng.uniform(0.2, 1) * rng.uniform(-1, 1, JOINTS), pose)
        goal = np.clip(goal, -JOINT_REACH_RAD, JOINT_REACH_RAD)
        lag_s = np.cumsum(rng.uniform(0, 0.03, JOINTS))
        for joint in range(JOINTS):
            step = _smooth_step(time_s, begin_s + lag_s[joint], length_s)
            joints[joint] = joints[joint] + (goal[joint] - pose[joint]) * step
        pose = goal
        begin_s += length_s + rng.uniform(-0.2, 0.6)
    return joints


def _gripper(rng: np.random.Generator, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    width = GRIPPER_OPEN_M
    opening = np.full_like(time_s, width)
    begin_s = rng.uniform(0, 3)
    while begin_s < time_s[-1]:
        length_s = rng.uniform(0.25, 0.6)
        grasped = 0.0 if rng.random() < 0.5 else rng.uniform(0.0, 0.06)
        goal = grasped if width == GRIPPER_OPEN_M else GRIPPER_OPEN_M
        opening += (goal - width) * _smooth_step(time_s, begin_s, length_s)
        width = goal
        begin_s += length_s + rng.uniform(0.5, 4)
    return opening


def _speed(rng: np.random.Generator, time_s: NDArray[np.float64], limit: float) -> NDArray[np.float64]:
    speed, now = np.zeros_like(time_s), 0.0
    begin_s = rng.uniform(0, 2)
    while begin_s < time_s[-1]:
        length_s = rng.uniform(0.3, 0.8)
        goal = 0.0 if now and rng.random() < 0.6 else rng.uniform(-limit, limit)
        speed += (goal - now) * _smooth_step(time_s, begin_s, length_s)
        now = goal
        begin_s += length_s + rng.uniform(0.3, 2.5)
    return speed


def _held(rng: np.random.Generator, time_s: NDArray[np.float64], travel: float) -> NDArray[np.float64]:
    now = rng.uniform(0, travel)
    place = np.full_like(time_s, now)
    begin_s = rng.uniform(0, 4)
    while begin_s < time_s[-1]:
        length_s = rng.uniform(1.0, 3.0)
        goal = rng.uniform(0, travel)
        place += (goal - now) * _smooth_step(time_s, begin_s, length_s)
        now = goal
        begin_s += length_s + rng.uniform(1, 5)
    return place
