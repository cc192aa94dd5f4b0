"""What a policy's chunks did to the robot, from its ticks: steps at the hand-over, and gaps between actions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages import Source
from drivers.profile import RobotProfile
from drivers.safety import SafetyLimits

POLICY_SOURCES = (Source.VERBAL, Source.POLICY)
STANDING = 0.01
"""Chunks whose steps stay below this share of what the profile allows move nothing worth comparing."""


@dataclass(frozen=True, slots=True)
class HandOvers:
    """The hand-overs from one chunk to the next.

    Attributes:
        count: that were compared.
        worst: largest step at one, over the 99th percentile of the steps inside the chunks that it joins.
        pooled: 99th percentile of the steps at all of them, over that of the steps inside all chunks.
    """

    count: int
    worst: float
    pooled: float


def hand_overs(profile: RobotProfile, rows: NDArray[np.void]) -> HandOvers:
    """Compare the step of `sent` at each hand-over with the steps inside the two chunks.

    A step is the largest change of any entry from one tick to the next, as a share of what the profile lets it change.
    A chunk that is cut off early counts with the few steps it made, for one that moved is no standstill: compared with
    the next chunk alone, a robot that brakes as hard as it may would seem to jump. One of a single tick has no step to
    compare with, and nor has the hand-over from it.

    Args:
        profile: the robot.
        rows: ticks, oldest first.
    """
    steps = step_shares(profile, rows)
    chunk = rows["chunk"].astype(np.int64)
    policy = np.isin(rows["source"], POLICY_SOURCES)
    joined = policy[1:] & policy[:-1] & (np.diff(rows["tick"]) == 1)
    inside = joined & (chunk[1:] == chunk[:-1])
    at = np.flatnonzero(joined & (chunk[1:] != chunk[:-1]))
    p99 = {
        number: float(np.percentile(own, 99))
        for number in np.unique(chunk[policy]).tolist()
        if len(own := steps[inside & (chunk[1:] == number)])
    }
    ratios, compared = [], []
    for index in at.tolist():
        before = p99.get(int(chunk[index]))
        if before is None:
            continue
        around = max(before, p99.get(int(chunk[index + 1]), 0.0))
        if around > STANDING:
            ratios.append(float(steps[index]) / around)
            compared.append(float(steps[index]))
    if not ratios:
        return HandOvers(0, float("nan"), float("nan"))
    moving = steps[inside & np.isin(chunk[1:], [number for number, step in p99.items() if step > STANDING])]
    # To four places: below, float32 rounds what the safety filter has cut to the same limit on both sides.
    return HandOvers(
        len(ratios),
        round(max(ratios), 4),
        float(np.percentile(compared, 99)) / float(np.percentile(moving, 99)),
    )


def step_shares(profile: RobotProfile, rows: NDArray[np.void]) -> NDArray[np.float64]:
    """(T-1,) the largest change of `sent` in each tick, as a share of the most that the profile allows an entry."""
    limits = SafetyLimits.from_profile(profile)
    allowed = np.where(limits.velocity_like, limits.max_deceleration, limits.max_velocity)
    steps = np.abs(np.diff(rows["sent"].astype(np.float64), axis=0))
    shares: NDArray[np.float64] = (steps / (allowed / profile.control_rate_hz)).max(axis=1)
    return shares


def largest_gap_ms(rows: NDArray[np.void], *, end_ns: int) -> float:
    """The longest time without an action of a policy, from its first to the end; NaN where there was none.

    Args:
        rows: ticks, oldest first.
        end_ns: until when it was to move the robot. A policy that fell silent before shows by that.
    """
    times_ns = rows["action_time_ns"][
        np.isin(rows["source"], POLICY_SOURCES) & (rows["action_time_ns"] <= end_ns)
    ]
    if not len(times_ns):
        return float("nan")
    return float(np.diff(np.append(times_ns, end_ns)).max()) / 1e6
