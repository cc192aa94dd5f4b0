"""A small slow move out of hold, for a calibration: the base for a moment, or a gripper to an opening."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

SOFT_S = 0.4
"""How long the base takes to reach its speed, and to lose it. So slow a start is within the safety filter's limits on
every entry of the twist, which therefore keeps its direction: a twist that turns one wheel turns only that one."""

OPENING_PER_S = 0.6
"""How fast a gripper is moved: as slowly as a hand would."""

PRESS_S = 0.4
"""How long a gripper is left at its target: where that is beyond its stop, it presses against it by then."""

RELAX_S = 0.6
"""Then its target follows where it is for so long, until it rests on its stop instead of pressing into it."""

GRIPPER_S = 1.0 / OPENING_PER_S + PRESS_S + RELAX_S
"""The longest that a gripper's move takes."""


class Nudge:
    """One such move, stepped once a tick.

    Args:
        twist: (D,) speeds of the base's entries, zero elsewhere.
        for_s: how long it moves at all.
        target: (D,) opening of the gripper's entry, NaN elsewhere.
    """

    def __init__(self, twist: Vector, for_s: float, target: Vector) -> None:
        self._twist = twist
        self._for_s = max(for_s, 0.0)
        self._target = target
        self._elapsed_s = 0.0
        self._reached_s = 0.0
        self.done = False

    @property
    def relaxing(self) -> NDArray[np.bool_]:
        """(D,) the entries whose target is to be where they are now."""
        moved: NDArray[np.bool_] = np.isfinite(self._target)
        return moved & (self._reached_s > PRESS_S)

    def step(self, held: Vector, dt_s: float) -> tuple[Vector, Vector]:
        """The action of this tick, and what is held from now on.

        Args:
            held: (D,) what was held until now.
            dt_s: length of the tick.
        """
        self._elapsed_s += dt_s
        left_s = self._for_s - self._elapsed_s
        share = np.clip(min(self._elapsed_s, left_s) / SOFT_S, 0.0, 1.0)
        reach = np.float32(OPENING_PER_S * dt_s)
        pulled = np.isfinite(self._target) & ~self.relaxing
        wanted = np.where(pulled, self._target, held)
        held = (held + np.clip(wanted - held, -reach, reach)).astype(np.float32)
        if np.allclose(held, wanted, atol=1e-4):
            self._reached_s += dt_s
        waits_s = PRESS_S + RELAX_S if np.isfinite(self._target).any() else 0.0
        self.done = left_s <= 0.0 and self._reached_s >= waits_s
        return (held + self._twist * np.float32(share)).astype(np.float32), held
