"""Bringing streams of different rates together on reading: nothing is resampled while recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Times = NDArray[np.int64]


@dataclass(frozen=True)
class Nearest:
    """The nearest item of a stream at each requested time.

    Attributes:
        index: (N,) position in the stream; of two equally near items, the earlier.
        gap_ns: (N,) item's time minus requested time; negative where the item is older.
    """

    index: NDArray[np.int64]
    gap_ns: Times


@dataclass(frozen=True)
class Interpolated:
    """A stream's values at requested times.

    Attributes:
        values: (N, D) float64; before the first and after the last item, that item's values.
        gap_ns: (N,) distance to the nearer of the two items used, >= 0.
        span_ns: (N,) distance between the two items used; 0 where one item is on time or the only one near.
    """

    values: NDArray[np.float64]
    gap_ns: Times
    span_ns: Times


def nearest(stream_ns: ArrayLike, at_ns: ArrayLike) -> Nearest:
    """Find the item nearest to each requested time.

    Args:
        stream_ns: (F,) increasing times of the stream, at least one.
        at_ns: (N,) requested times, in any order.

    Raises:
        ValueError: The stream is empty or its times do not increase.
    """
    stream, at = _times(stream_ns), np.asarray(at_ns, dtype=np.int64)
    before, after = _neighbours(stream, at)
    index = np.where(stream[after] - at < at - stream[before], after, before)
    return Nearest(index=index, gap_ns=stream[index] - at)


def interpolate(stream_ns: ArrayLike, values: ArrayLike, at_ns: ArrayLike) -> Interpolated:
    """Interpolate linearly between the two items around each requested time.

    NaN in either item gives NaN, since nothing is known of that number there.

    Args:
        stream_ns: (F,) increasing times of the stream, at least one.
        values: (F, D) its values.
        at_ns: (N,) requested times, in any order.

    Raises:
        ValueError: The stream is empty, its times do not increase, or values and times differ in number.
    """
    stream, at = _times(stream_ns), np.asarray(at_ns, dtype=np.int64)
    known = np.asarray(values, dtype=np.float64)
    if len(known) != len(stream):
        raise ValueError(f"a stream needs one time a row; got {len(stream)} times for {len(known)} rows")
    before, after = _neighbours(stream, at)
    span = stream[after] - stream[before]
    share = (at - stream[before]) / np.where(span > 0, span, 1)
    weight = np.where(span > 0, share, 0.0).reshape(-1, *[1] * (known.ndim - 1))
    low, high = known[before], known[after]
    # A row that lies exactly on the requested time counts alone, whatever its neighbour holds.
    between = np.where(weight == 0, low, np.where(weight == 1, high, low + weight * (high - low)))
    on_time = (stream[before] == at) | (stream[after] == at)
    gap = np.minimum(np.abs(stream[before] - at), np.abs(stream[after] - at))
    return Interpolated(values=between, gap_ns=gap, span_ns=np.where(on_time, 0, span))


def _times(stream_ns: ArrayLike) -> Times:
    stream = np.asarray(stream_ns, dtype=np.int64)
    if not len(stream):
        raise ValueError("cannot align with an empty stream")
    if np.any(np.diff(stream) <= 0):
        first = int(np.argmax(np.diff(stream) <= 0))
        raise ValueError(
            f"times must increase; item {first + 1} is at {stream[first + 1]} ns after {stream[first]} ns"
        )
    return stream


def _neighbours(stream: Times, at: Times) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Items at or before and at or after each time; both the same one outside the stream."""
    after = np.searchsorted(stream, at, side="left")
    before = np.searchsorted(stream, at, side="right") - 1
    last = len(stream) - 1
    after_safe, before_safe = np.minimum(after, last), np.maximum(before, 0)
    return np.where(before < 0, after_safe, before_safe), np.where(after > last, before_safe, after_safe)
