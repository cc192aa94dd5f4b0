"""Checks that several streams share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recordings.findings import Finding, error, warning

_GAP_IN_PERIODS = 1.5
_SOUND_GAP_S = 0.1
"""Between one block of sound and the next; a sound server's clock wanders by less."""


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


def check_sound(
    where: str, time_ns: NDArray[np.int64], counts: NDArray[np.int64], rate_hz: int
) -> Iterator[Finding]:
    """Pauses between blocks of sound that should follow on one another.

    Args:
        where: Name of the stream.
        time_ns: (B,) capture time of each block's first sample.
        counts: (B,) samples in each block.
        rate_hz: Samples a second.
    """
    pauses_s = np.diff(time_ns) / 1e9 - counts[:-1] / rate_hz
    gaps = pauses_s > _SOUND_GAP_S
    if gaps.any():
        seen = (
            f"{int(gaps.sum())} gaps, {pauses_s[gaps].sum():.1f} s in all; the longest is {pauses_s.max():.1f} s "
            f"before block {int(np.argmax(pauses_s)) + 1}"
        )
        yield warning("gaps in sound", where, seen, "see the episode's events for the microphone")
