"""Joins targets that arrive at the control rate into a steady motion at the physics rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Ramp:
    """Setpoints that go to their latest targets in a straight line, one command period long.

    Held between commands instead, a servo would see a staircase: 0.2 rad/s of ripple at 0.6 rad/s, as measured.

    Args:
        size: how many setpoints.
        steps: physics steps in a command period.
        max_step: the most that each may change in one physics step, scalar or (size,).
    """

    def __init__(self, size: int, *, steps: int, max_step: ArrayLike = np.inf) -> None:
        self.setpoint: NDArray[np.float64] = np.zeros(size)
        self.target: NDArray[np.float64] = np.zeros(size)
        self._remaining = np.ones(size)
        self._steps = steps
        self._max_step = np.broadcast_to(np.asarray(max_step, dtype=np.float64), (size,)).copy()
        self._min_step = -self._max_step

    @property
    def is_there(self) -> bool:
        """Whether every setpoint is at its target, to the bit: advancing changes nothing."""
        return bool((self.setpoint == self.target).all())

    def aim(self, index: int, target: float) -> None:
        """Go to a new target; the same one again does not start the line anew."""
        if target != self.target[index]:
            self.target[index] = target
            self._remaining[index] = self._steps

    def jump(self, index: int | slice | NDArray[np.bool_], value: ArrayLike) -> None:
        """Be at a value at once, and stay there."""
        self.setpoint[index] = value
        self.target[index] = value
        self._remaining[index] = 1

    def advance(self) -> NDArray[np.float64]:
        """One physics step further; returns the setpoints (size,), which the next call changes in place."""
        step = (self.target - self.setpoint) / self._remaining
        np.maximum(
            step, self._min_step, out=step
        )  # a third of the cost of `np.clip`, at every step of the physics
        np.minimum(step, self._max_step, out=step)
        self.setpoint += step
        np.maximum(self._remaining - 1, 1, out=self._remaining)
        return self.setpoint
