"""A pose is taken when it has stood still for a second, and what keeps it from that is said."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.calibration.stillness import SPREAD_TICKS, Stillness

PERIOD_NS = 20_000_000


def fed(counts: list[list[float]]) -> Stillness:
    watch = Stillness(["left waist", "left elbow"])
    for number, ticks in enumerate(counts):
        watch.add(np.array(ticks), time_ns=(number + 1) * PERIOD_NS)
    return watch


def test_still_for_a_second_is_still_and_the_mean_is_the_sample() -> None:
    watch = fed([[100.0 + n % 2, 200.0] for n in range(49)])
    assert not watch.still
    assert 0.9 < watch.share < 1.0
    assert watch.why == "hold still for 1 s"
    watch = fed([[100.0 + n % 2, 200.0] for n in range(60)])
    assert watch.still
    assert watch.why == ""
    assert np.allclose(watch.mean_ticks, (100.5, 200.0), atol=0.05)


def test_what_moved_is_named_with_how_far_and_the_wait_begins_anew() -> None:
    watch = fed([[100.0, 200.0]] * 55 + [[100.0, 260.0]])
    assert not watch.still
    assert watch.share == 0.0
    assert watch.why == "left elbow moved by 5.3°"


def test_a_silent_servo_is_named_and_old_readings_count_for_nothing() -> None:
    watch = fed([[100.0, 200.0]] * 55 + [[np.nan, 200.0]])
    assert not watch.still
    assert watch.why.startswith("left waist does not answer")
    watch = fed([[100.0, 200.0]] * 55)
    watch.add(np.array([100.0, 200.0]), time_ns=57 * PERIOD_NS + 600_000_000)
    assert watch.share == 0.0


def test_a_reading_seen_twice_counts_once() -> None:
    watch = fed([[100.0, 200.0]] * 10)
    for _ in range(100):
        watch.add(np.array([100.0, 200.0]), time_ns=10 * PERIOD_NS)
    assert watch.share < 0.3


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.lists(st.floats(0, 60), min_size=2, max_size=2), min_size=70, max_size=90),
)
def test_whatever_is_read_what_counts_as_still_never_spread_further_than_allowed(
    counts: list[list[float]],
) -> None:
    watch = Stillness(["a", "b"])
    for number, ticks in enumerate(counts):
        watch.add(np.array(ticks), time_ns=(number + 1) * PERIOD_NS)
        if watch.still:
            recent = np.array(counts[max(0, number - 49) : number + 1])
            assert (np.ptp(recent, axis=0) <= SPREAD_TICKS).all()
