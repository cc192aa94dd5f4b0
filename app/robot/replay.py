"""Replaying an episode: a slow approach to its first action, then its actions, one a tick."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.robot.gate import smoothstep

Vector = NDArray[np.float32]

APPROACH_SPEED = 0.5
"""Largest mean speed of the approach, rad/s (and per second for grippers, m/s for a lift)."""

SHORTEST_APPROACH_S = 1.5


class Replay:
    """The actions of an episode as a source of motion.

    Args:
        actions: (T, D) float32, at the control rate.
        start: (D,) the pose now.
        speeds: (D,) which slots are speeds; those are zero during the approach.
        control_rate_hz: ticks per second.
    """

    def __init__(
        self,
        actions: NDArray[np.float32],
        *,
        start: Vector,
        speeds: NDArray[np.bool_],
        control_rate_hz: float,
    ) -> None:
        self._actions = actions
        self._start = start.copy()
        self._speeds = speeds
        distance = float(np.max(np.abs(actions[0] - start)[~speeds], initial=0.0))
        self._approach_ticks = round(max(SHORTEST_APPROACH_S, distance / APPROACH_SPEED) * control_rate_hz)
        self._tick = 0

    @property
    def done(self) -> bool:
        """Whether the last action was given."""
        return self._tick >= self._approach_ticks + len(self._actions)

    @property
    def progress(self) -> float:
        """0 to 1 over the episode's actions."""
        return max(0.0, (self._tick - self._approach_ticks) / len(self._actions))

    def step(self) -> Vector:
        """The action of this tick, (D,)."""
        tick = self._tick
        self._tick += 1
        if tick >= self._approach_ticks:
            row: Vector = self._actions[min(tick - self._approach_ticks, len(self._actions) - 1)]
            return row
        share = np.float32(smoothstep((tick + 1) / self._approach_ticks))
        action = self._start + share * (self._actions[0] - self._start)
        return np.where(self._speeds, np.float32(0), action)
