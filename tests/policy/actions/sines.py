"""Chunks in which every dimension swings by itself: harder than a robot's motion, whose joints move together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sines(count: int, *, seed: int, steps: int = 50, dims: int = 19) -> NDArray[np.float64]:
    """[count, steps, dims] at 50 Hz within [-1, 1]: sums of two sines of 0.1 to 0.8 Hz."""
    rng = np.random.default_rng(seed)
    size = (count, 2, 1, dims)
    turn = 2 * np.pi * rng.uniform(0.1, 0.8, size) * np.arange(steps)[:, None] / 50
    result: NDArray[np.float64] = (
        rng.uniform(0.1, 0.5, size) * np.sin(turn + rng.uniform(0, 2 * np.pi, size))
    ).sum(1)
    return result
