"""Checks that several streams share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recordings.findings import Finding, error, warning

_GAP_IN_PERIODS = 1.5


def first_where(condition: NDArray[np.bool_]) -> int | None:
    """Index of the first true entry, None where there is none."""
    return int(np.argmax(condition)) if condition.any() else None


def check_times(where: str, time_ns: NDArray[np.int64], rate_hz: float | None) -> Iterator[Finding]:
    """Times increase; intervals past one and a half nominal periods are gaps and are counted.

    Args:
        where: Name of the stream.
        time_ns: (N,) capture times.
        rate_hz: Nominal rate, or None for a stream that has none.
    """
    intervals = np.diff(time_ns)
    if (row := first_where(intervals <= 0)) is not None:
        seen = f"row {row + 1} is at {time_ns[row + 1]} ns after {time_ns[row]} ns"
        yield error("times do not increase", where, seen)
    if rate_hz is None or not len(intervals):
        return
    period_ns = 1e9 / rate_hz
    gaps = intervals > _GAP_IN_PERIODS * period_ns
    if gaps.any():
        lost = int(np.round(intervals[gaps] / period_ns - 1).sum())
        seen = (
            f"{int(gaps.sum())} gaps, about {lost} items at {rate_hz:g} Hz; the longest is "
            f"{intervals.max() / 1e6:.1f} ms before row {int(np.argmax(intervals)) + 1}"
        )
        yield warning("gaps in time", where, seen)
