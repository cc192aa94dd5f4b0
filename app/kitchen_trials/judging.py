"""Whether a trial came off, read off the true state of the kitchen."""

from __future__ import annotations

import math
from collections.abc import Callable

from drivers.profile import RobotProfile
from drivers.sim.interface import Truth
from drivers.sim.kitchen.geometry import COUNTER_TOP_M, OBJECTS
from drivers.sim.operator.places import SIDE, holds
from drivers.sim.operator.subtasks import SUBTASKS

HELD_S = 0.5
"""For so long the world must look done, without a break."""
REACH_M = 0.6
"""From the shoulder to what the hand can take with its fingers down."""


class CannotBeJudged(ValueError):
    """Nothing in the world tells whether a subtask is done."""


def check_of(subtask: str) -> Callable[[Truth], bool]:
    """The subtask's own check.

    Raises:
        CannotBeJudged: when there is no such subtask, or it has none.
    """
    known = SUBTASKS.get(subtask)
    if known is None or known.succeeded is None:
        judged = ", ".join(words for words, one in SUBTASKS.items() if one.succeeded is not None)
        raise CannotBeJudged(f"the kitchen cannot tell whether {subtask!r} is done; it can of: {judged}")
    return known.succeeded


class Lasting:
    """A check that must hold for a while.

    Args:
        check: of the world.
        ticks: how long.
    """

    def __init__(self, check: Callable[[Truth], bool], *, ticks: int) -> None:
        self._check = check
        self._needed = ticks
        self._in_a_row = 0

    def see(self, truth: Truth) -> bool:
        """Look at the world of a tick; whether the check has held for long enough."""
        self._in_a_row = self._in_a_row + 1 if self._check(truth) else 0
        return self._in_a_row >= self._needed


class Lifted:
    """Which object is lifted first of those that were not in a hand at the start.

    Args:
        truth: the world at the start.

    Attributes:
        first: its name; empty while there is none.
    """

    def __init__(self, truth: Truth) -> None:
        self._lying = [name for name in OBJECTS if not holds(truth, name)]
        self.first = ""

    def see(self, truth: Truth) -> None:
        """Look at the world of a tick."""
        if not self.first:
            self.first = next((name for name in self._lying if holds(truth, name)), "")


def in_reach(profile: RobotProfile, truth: Truth) -> tuple[str, ...]:
    """The objects on the counter that the hand that works can take without the base moving."""
    chain = profile.arms[SIDE].chain
    if chain is None:
        return ()
    x, y, yaw = truth.base_pose
    ahead, aside = float(chain.mount_m[0]), float(chain.mount_m[1])
    shoulder_x = x + math.cos(yaw) * ahead - math.sin(yaw) * aside
    shoulder_y = y + math.sin(yaw) * ahead + math.cos(yaw) * aside
    return tuple(
        name
        for name, pose in truth.objects.items()
        if pose[2] > COUNTER_TOP_M - 0.01
        and math.hypot(float(pose[0]) - shoulder_x, float(pose[1]) - shoulder_y) < REACH_M
    )
