"""Spans that follow one another, found by a moment and laid out in columns of pixels; free of Qt."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

_PARTED_FROM_PX = 3
"""Spans of so many pixels leave their last one free, so that one is told from the next."""


class Bars:
    """Any number of spans; what is asked of a view costs what it shows.

    Args:
        starts_ns: (N,) in order.
        ends_ns: (N,) each not after the next one's start.
    """

    def __init__(self, starts_ns: Sequence[int], ends_ns: Sequence[int]) -> None:
        self._starts = np.asarray(starts_ns, np.int64)
        self._ends = np.asarray(ends_ns, np.int64)

    def at(self, time_ns: int) -> int:
        """The span that a moment is in; -1 for none."""
        index = bisect_right(self._starts, time_ns) - 1
        return index if index >= 0 and time_ns < self._ends[index] else -1

    def near(self, time_ns: int, slack_ns: int) -> range:
        """The spans that come that near to a moment."""
        return range(*self._visible(time_ns - slack_ns, time_ns + slack_ns + 1))

    def columns(self, from_ns: int, to_ns: int, columns: int) -> NDArray[np.int64]:
        """Which span each column of pixels shows, (columns,); -1 for none.

        A span that is narrower than a pixel still has one, unless another has it.
        """
        first, last = self._visible(from_ns, to_ns)
        row = np.full(columns, -1, np.int64)
        if first >= last:
            return row
        starts, ends = self._starts[first:last], self._ends[first:last]
        scale = columns / (to_ns - from_ns)
        middles = from_ns + (np.arange(columns) + 0.5) / scale
        index = np.searchsorted(starts, middles, side="right") - 1
        within = (index >= 0) & (middles < ends[index])
        row[within] = first + index[within]
        left, right = ((edges - from_ns) * scale for edges in (starts, ends))
        narrow = np.flatnonzero((right - left < 1) & (left >= 0) & (left < columns))
        places = left[narrow].astype(np.int64)
        free = row[places] < 0
        row[places[free]] = first + narrow[free]
        wide = np.flatnonzero((right - left >= _PARTED_FROM_PX) & (right <= columns))
        row[np.maximum(np.ceil(right[wide] - 0.5).astype(np.int64) - 1, 0)] = -1
        return row

    def wide(
        self, from_ns: int, to_ns: int, columns: int, *, least_px: float
    ) -> Iterator[tuple[int, float, float]]:
        """The spans with room for words: index, left and right edge in columns, within what is shown."""
        first, last = self._visible(from_ns, to_ns)
        scale = columns / (to_ns - from_ns)
        left = np.maximum((self._starts[first:last] - from_ns) * scale, 0.0)
        right = np.minimum((self._ends[first:last] - from_ns) * scale, columns)
        for place in np.flatnonzero(right - left >= least_px).tolist():
            yield first + place, float(left[place]), float(right[place])

    def _visible(self, from_ns: int, to_ns: int) -> tuple[int, int]:
        first = bisect_right(self._ends, from_ns)
        return first, max(first, bisect_left(self._starts, to_ns))
