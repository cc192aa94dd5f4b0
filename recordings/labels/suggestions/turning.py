"""Where a noisy curve turns, and where it rests."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Leg:
    """A way from one turning point to the next; `start` and `end` are rows."""

    start: int
    end: int
    travel: float


def legs(values: Values, *, least_travel: float) -> tuple[Leg, ...]:
    """The ways of a curve between its turning points, each of at least a travel, up and down by turns.

    What comes back by less than that is taken for noise and belongs to the way that it lies in (hysteresis).

    Args:
        values: (T,) finite.
        least_travel: In the units of the values, above 0.
    """
    if len(values) == 0:
        return ()
    turns: list[int] = []
    low = high = 0
    rising: bool | None = None
    points: list[float] = values.tolist()  # single numbers of an array take four times as long
    for row, value in enumerate(points):
        if rising is not False and value > points[high]:
            high = row
        if rising is not True and value < points[low]:
            low = row
        if rising is not False and points[high] - value >= least_travel:
            turns.append(high)
            rising, low = False, row
        elif rising is not True and value - points[low] >= least_travel:
            turns.append(low)
            rising, high = True, row
    if rising is None:
        return ()
    turns.append(high if rising else low)
    return tuple(Leg(start, end, float(values[end] - values[start])) for start, end in pairwise(turns))


def without_gaps(columns: NDArray[np.float32]) -> Values:
    """(T, D) columns with their NaN filled in straight lines; a column without any number is all zeros."""
    filled = np.zeros(columns.shape, np.float64)
    rows = np.arange(len(columns))
    for column in range(columns.shape[1]):
        known = np.isfinite(columns[:, column])
        if known.any():
            filled[:, column] = np.interp(rows, rows[known], columns[known, column])
    return filled


def smoothed(values: Values, rows: int) -> Values:
    """(T,) the mean over a number of rows around each; at the ends over those that are there."""
    rows = min(rows, len(values))
    if rows < 2:
        return values
    kernel = np.ones(rows)
    total = np.convolve(values, kernel, mode="same")
    count = np.convolve(np.ones(len(values)), kernel, mode="same")
    return np.asarray(total / count, np.float64)
