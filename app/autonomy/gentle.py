"""A policy of random weights, its motions made so small that they break nothing.

Random actions at full size drive the base into the counter within seconds. What such a policy is good for, timing and
trying the way from pictures to servos, a small share of them shows as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.profile import RobotProfile
from policy.types import ActionChunk, Committed, Observation, Policy, Subtask

SHARE = 0.05
"""Of the way from where the robot is to what is asked for."""
SPEED_SHARE = 0.005
"""Of the speeds that are asked for: they add up, and 5 % of 1 m/s come to the counter in ten seconds."""


class GentlePolicy:
    """Another policy with a small share of its motion. It is a `policy.types.Policy`.

    Args:
        policy: the one that is asked.
        profile: the robot, which says which numbers are speeds.
    """

    def __init__(self, policy: Policy, profile: RobotProfile) -> None:
        self._policy = policy
        self._speeds = np.zeros(profile.dof, bool)
        for segment in profile.segments:
            self._speeds[segment.slice] = segment.kind == "base"
        self._share = np.where(self._speeds, SPEED_SHARE, SHARE)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The other's. It goes on from no chunk in progress, for it would not know its own in it."""
        return {**self._policy.metadata, "real_time_chunking": "none"}

    def warm_up(self) -> None:
        """Do once what makes the first call slow."""
        self._policy.warm_up()

    def subtask(self, observation: Observation, task: str, *, allowed: Sequence[str] = ()) -> Subtask:
        """What the other names."""
        return self._policy.subtask(observation, task, allowed=allowed)

    def actions(
        self,
        observation: Observation,
        subtask: str,
        *,
        committed: Committed | None = None,
        noise: NDArray[np.float32] | None = None,
    ) -> ActionChunk:
        """The other's chunk, drawn in towards where the robot is; `committed` is not passed on."""
        chunk = self._policy.actions(observation, subtask, noise=noise)
        still = np.where(self._speeds, 0.0, observation.state)
        return replace(chunk, actions=still + self._share * (chunk.actions - still))
