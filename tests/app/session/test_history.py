"""The ring of newest ticks."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.session.history import TickHistory

LAYOUT = np.dtype([("time_ns", "<i8"), ("value", "<f4")])


def tick(time_ns: int) -> np.void:
    return np.array([(time_ns, time_ns / 2)], LAYOUT)[0]


def test_nothing_at_first() -> None:
    history = TickHistory(LAYOUT, 4)
    assert history.newest is None
    assert len(history.since(0)) == 0


@given(length=st.integers(1, 8), count=st.integers(0, 30), since=st.integers(-1, 30))
def test_the_newest_are_kept_in_order(length: int, count: int, since: int) -> None:
    history = TickHistory(LAYOUT, length)
    for time_ns in range(count):
        history.append(tick(time_ns))
    kept = list(range(count))[-length:]
    assert history.since(since)["time_ns"].tolist() == [t for t in kept if t > since]


def test_what_is_handed_out_does_not_change_any_more() -> None:
    history = TickHistory(LAYOUT, 2)
    history.append(tick(1))
    rows, newest = history.since(0), history.newest
    for time_ns in (2, 3, 4):
        history.append(tick(time_ns))
    assert rows["time_ns"].tolist() == [1]
    assert newest is not None
    assert newest["time_ns"] == 1
