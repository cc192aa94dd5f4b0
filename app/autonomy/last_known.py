"""The robot's state where a servo did not answer in the newest tick: what it said last, while that is young."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

YOUNG_NS = 300_000_000
"""A servo that was silent for longer may be anywhere."""


class LastKnown:
    """The newest value of each number of the state.

    Args:
        dof: D.
    """

    def __init__(self, dof: int) -> None:
        self._values = np.full(dof, np.nan)
        self._seen_ns = np.zeros(dof, np.int64)

    def see(self, position: NDArray[np.floating], time_ns: int) -> None:
        """Take a tick's reading, (D,), NaN where there was none."""
        known = np.isfinite(position)
        self._values[known] = position[known]
        self._seen_ns[known] = time_ns

    def at(self, time_ns: int) -> NDArray[np.float64]:
        """(D,) the state; NaN where nothing young is known."""
        return np.where(time_ns - self._seen_ns < YOUNG_NS, self._values, np.nan)
