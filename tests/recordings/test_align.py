"""Alignment against the plainest way to say the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.align import interpolate, nearest

increasing = st.lists(st.integers(0, 10**6), min_size=1, max_size=40, unique=True).map(sorted)
requested = st.lists(st.integers(-1000, 10**6 + 1000), max_size=40)


@given(stream=increasing, at=requested)
def test_nearest_is_the_nearest(stream: list[int], at: list[int]) -> None:
    found = nearest(stream, at)
    for wanted, index, gap in zip(at, found.index, found.gap_ns, strict=True):
        assert abs(gap) == min(abs(time - wanted) for time in stream)
        assert stream[index] - wanted == gap


def test_of_two_equally_near_the_earlier() -> None:
    assert nearest([10, 20], [15]).index.tolist() == [0]


@given(stream=increasing, at=requested)
def test_interpolation_is_numpys_and_says_its_gaps(stream: list[int], at: list[int]) -> None:
    values = np.sin(np.arange(len(stream) * 2, dtype=float)).reshape(-1, 2)
    found = interpolate(stream, values, at)
    for column in range(2):
        assert np.allclose(found.values[:, column], np.interp(at, stream, values[:, column]))
    for wanted, gap, span in zip(at, found.gap_ns, found.span_ns, strict=True):
        assert gap == min(abs(time - wanted) for time in stream)
        inside = stream[0] < wanted < stream[-1] and wanted not in stream
        assert (span > 0) == inside


def test_nothing_is_invented_beside_a_gap() -> None:
    found = interpolate([0, 10, 20, 30], np.array([[0.0], [np.nan], [2.0], [3.0]]), [0, 5, 10, 15, 20, 25])
    assert np.array_equal(found.values[:, 0], [0, np.nan, np.nan, np.nan, 2, 2.5], equal_nan=True)


@pytest.mark.parametrize("stream", [[], [1, 1], [2, 1]])
def test_times_must_increase(stream: list[int]) -> None:
    with pytest.raises(ValueError, match=r"empty|increase"):
        nearest(stream, [0])


def test_one_time_a_row() -> None:
    with pytest.raises(ValueError, match="2 times for 3 rows"):
        interpolate([1, 2], np.zeros((3, 1)), [1])
