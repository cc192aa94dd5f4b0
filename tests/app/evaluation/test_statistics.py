"""Intervals: against published values, and what must hold for any counts."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.evaluation.statistics import (
    Paired,
    mcnemar_exact,
    mean,
    mean_of_rates,
    paired_difference,
    wilson,
)

counts = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
tables = st.builds(Paired, *[st.integers(0, 40)] * 4).filter(lambda table: table.pairs > 0)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_is_as_published(successes: int, trials: int, low: float, high: float) -> None:
    """Newcombe (1998), Two-sided confidence intervals for the single proportion, Table I, method 3."""
    interval = wilson(successes, trials)
    assert interval.low == pytest.approx(low, abs=6e-5)
    assert interval.high == pytest.approx(high, abs=6e-5)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        (Paired(36, 12, 2, 0), 0.0569, 0.3404),
        (Paired(20, 12, 2, 16), 0.0562, 0.3292),
        # Bentur et al. (2009), as computed in Fagerland, Lydersen and Laake (2014), Table VI.
        (Paired(1, 1, 7, 12), -0.507, -0.026),
    ],
)
def test_paired_differences_are_as_published(table: Paired, low: float, high: float) -> None:
    """Newcombe (1998), Improved confidence intervals ... based on paired data, method 10."""
    interval = paired_difference(table)
    assert interval.low == pytest.approx(low, abs=6e-4 if table.pairs == 21 else 6e-5)
    assert interval.high == pytest.approx(high, abs=6e-4 if table.pairs == 21 else 6e-5)


def test_mcnemar_is_as_published() -> None:
    """The same example of Bentur et al.: p = 0.070."""
    assert mcnemar_exact(1, 7) == pytest.approx(0.0703, abs=5e-5)
    assert mcnemar_exact(0, 0) == 1.0
    assert mcnemar_exact(0, 5) == pytest.approx(2 / 32)


@given(count=counts)
def test_a_rate_lies_within_its_interval_and_this_within_0_and_1(count: tuple[int, int]) -> None:
    interval = wilson(*count)
    assert 0.0 <= interval.low <= interval.estimate <= interval.high <= 1.0
    assert interval.low < interval.high


@given(count=counts)
def test_failures_mirror_successes(count: tuple[int, int]) -> None:
    successes, trials = count
    one, other = wilson(successes, trials), wilson(trials - successes, trials)
    assert one.low == pytest.approx(1 - other.high, abs=1e-12)


@given(count=counts)
def test_more_of_the_same_is_known_better(count: tuple[int, int]) -> None:
    successes, trials = count
    few, many = wilson(successes, trials), wilson(4 * successes, 4 * trials)
    assert many.high - many.low < few.high - few.low


@given(count=counts)
def test_the_mean_of_one_rate_is_that_rate(count: tuple[int, int]) -> None:
    interval, one = mean_of_rates([count]), wilson(*count)
    assert (interval.low, interval.high) == pytest.approx((one.low, one.high), abs=1e-12)


@given(rates=st.lists(counts, min_size=2, max_size=6))
def test_a_mean_of_rates_lies_within_its_interval(rates: list[tuple[int, int]]) -> None:
    interval = mean_of_rates(rates)
    assert 0.0 <= interval.low <= interval.estimate <= interval.high <= 1.0


@given(count=counts, tasks=st.integers(1, 9))
def test_the_mean_of_equal_rates_is_known_better_by_the_root_of_their_number(
    count: tuple[int, int], tasks: int
) -> None:
    interval, one = mean_of_rates([count] * tasks), wilson(*count)
    assert interval.high - interval.low == pytest.approx((one.high - one.low) / math.sqrt(tasks))


@given(table=tables)
def test_a_difference_lies_within_its_interval_and_turns_with_the_variants(table: Paired) -> None:
    interval = paired_difference(table)
    turned = paired_difference(Paired(table.both, table.second_only, table.first_only, table.neither))
    assert -1.0 <= interval.low <= interval.estimate <= interval.high <= 1.0
    assert (turned.low, turned.high) == pytest.approx((-interval.high, -interval.low), abs=1e-12)


@given(first=st.integers(0, 60), second=st.integers(0, 60))
def test_p_is_a_probability_that_does_not_mind_who_is_first(first: int, second: int) -> None:
    p = mcnemar_exact(first, second)
    assert 0.0 < p <= 1.0
    assert p == mcnemar_exact(second, first)


def test_a_mean_has_students_interval() -> None:
    """Student's t with 4 degrees of freedom is 2.776 at 97.5 %."""
    interval = mean([1.0, 2.0, 3.0, 4.0, 5.0])
    half = 2.7764451 * math.sqrt(2.5 / 5)
    assert (interval.estimate, interval.low, interval.high) == pytest.approx((3.0, 3.0 - half, 3.0 + half))
    assert math.isnan(mean([2.0]).low)


def test_nothing_tried_is_refused() -> None:
    for tried in (lambda: wilson(0, 0), lambda: wilson(3, 2), lambda: mean([]), lambda: mean_of_rates([])):
        with pytest.raises(ValueError, match="at least one"):
            tried()
