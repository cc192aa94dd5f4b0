"""A curve of any number of rows as the least and the greatest value in each column of a screen; free of Qt."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RUN = 8
"""Rows of one level that are one row of the next."""
_FEWEST = 2048
"""A level of no more rows needs no coarser one."""
_ROWS_A_COLUMN = 4


@dataclass(frozen=True)
class Level:
    """Runs of rows, each by the time of its first (R,) and its least and greatest value (R,); NaN where it has none."""

    time_ns: NDArray[np.int64]
    low: NDArray[Any]
    high: NDArray[Any]


@dataclass(frozen=True)
class Pyramid:
    """The same curve at several levels, so that a view costs what it shows, not what there is.

    Attributes:
        levels: the rows themselves, then ever longer runs of them.
    """

    levels: tuple[Level, ...]

    @classmethod
    def of(cls, time_ns: NDArray[np.int64], values: NDArray[Any]) -> Self:
        """Of a curve: (T,) increasing times, and (T,) values, NaN where there is none."""
        return cls.over(Level(time_ns, values, values))

    @classmethod
    def over(cls, finest: Level) -> Self:
        """Of what is made of runs already."""
        levels = [finest]
        while len(levels[-1].time_ns) > _FEWEST:
            levels.append(_coarser(levels[-1]))
        return cls(tuple(levels))

    def band(self, from_ns: int, to_ns: int, columns: int) -> tuple[Floats, Floats]:
        """Between what values the line runs in each column of pixels: no peak is lost, however far out one looks.

        Args:
            from_ns: the left edge.
            to_ns: the right edge.
            columns: pixels between them.

        Returns:
            Least and greatest (columns,); NaN where there is no line.
        """
        level = self.levels[0]
        for coarser in self.levels[1:]:
            if _count(coarser, from_ns, to_ns) < _ROWS_A_COLUMN * columns:
                break
            level = coarser
        first = max(bisect_right(level.time_ns, from_ns) - 1, 0)
        last = min(bisect_left(level.time_ns, to_ns) + 1, len(level.time_ns))
        x = (level.time_ns[first:last] - from_ns).astype(np.float64) * (columns / (to_ns - from_ns))
        low, high = (part[first:last].astype(np.float64) for part in (level.low, level.high))
        return band_of(x, low, high, columns)


def band_of(x: Floats, low: Floats, high: Floats, columns: int) -> tuple[Floats, Floats]:
    """The same of points or runs (R,) at increasing positions x, in columns."""
    least, greatest = np.full(columns, np.nan), np.full(columns, np.nan)
    if not len(x):
        return least, greatest
    column = np.floor(x)
    starts = np.concatenate(([0], np.flatnonzero(np.diff(column)) + 1))
    inside = (column[starts] >= 0) & (column[starts] < columns)
    places = column[starts][inside].astype(np.int64)
    least[places] = np.fmin.reduceat(low, starts)[inside]
    greatest[places] = np.fmax.reduceat(high, starts)[inside]
    # The line also runs from each point to the next: through the edges between columns.
    at_edges = np.interp(np.arange(columns + 1), x, (low + high) / 2, left=np.nan, right=np.nan)
    for edge in (at_edges[:-1], at_edges[1:]):
        least, greatest = np.fmin(least, edge), np.fmax(greatest, edge)
    return least, greatest


def _count(level: Level, from_ns: int, to_ns: int) -> int:
    return bisect_left(level.time_ns, to_ns) - bisect_left(level.time_ns, from_ns)


def _coarser(level: Level) -> Level:
    starts = np.arange(0, len(level.time_ns), RUN)
    return Level(
        level.time_ns[starts], np.fmin.reduceat(level.low, starts), np.fmax.reduceat(level.high, starts)
    )
