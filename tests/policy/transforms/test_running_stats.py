from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.transforms.norm_stats import NormStatsError
from policy.transforms.running_stats import BINS, RunningStats
from tests.policy.transforms.golden import vectors


def test_openpis_numbers() -> None:
    golden = vectors("preproc_norm")
    running = RunningStats()
    for batch in golden["running.batches"]:
        running.update(batch)
    stats = running.statistics()
    np.testing.assert_array_equal(stats.q01, golden["running.q01"])
    np.testing.assert_array_equal(stats.q99, golden["running.q99"])
    np.testing.assert_allclose(stats.mean, golden["running.mean"], rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(stats.std, golden["running.std"], rtol=1e-13)
    assert running.count == golden["running.batches"][..., 0].size


def stream(seed: int, batches: int = 20) -> list[np.ndarray]:
    """Batches whose extremes keep growing, one dimension of a large offset and one constant."""
    random = np.random.default_rng(seed)
    return [
        random.normal(size=(random.integers(1, 400), 4)) * [1, 1e-3, 1, 0] * (1 + index / 10)
        + [0, 1e4, -5, 2.5]
        for index in range(batches)
    ]


def test_quantiles_are_within_the_bins_of_the_true_ones() -> None:
    running = RunningStats()
    batches = stream(1)
    for batch in batches:
        running.update(batch)
    rows = np.concatenate(batches)
    np.testing.assert_array_equal(running.min, rows.min(axis=0))
    np.testing.assert_array_equal(running.max, rows.max(axis=0))
    bin_width = (rows.max(axis=0) - rows.min(axis=0)) / BINS
    for fraction in (0.01, 0.5, 0.99):
        true = np.quantile(rows, fraction, axis=0, method="inverted_cdf")
        assert (np.abs(running.quantile(fraction) - true) <= 20 * bin_width + 1e-9).all()
    stats = running.statistics()
    np.testing.assert_allclose(stats.mean, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(stats.std, rows.std(axis=0), rtol=1e-9, atol=1e-12)
    assert stats.std[3] == 0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), cut=st.integers(0, 20))
def test_two_workers_find_what_one_finds(seed: int, cut: int) -> None:
    batches = stream(seed)
    alone, first, second = RunningStats(), RunningStats(), RunningStats()
    for index, batch in enumerate(batches):
        alone.update(batch)
        (first if index < cut else second).update(batch)
    first.merge(second)
    assert first.count == alone.count
    one, two = alone.statistics(), first.statistics()
    np.testing.assert_allclose(two.mean, one.mean, rtol=1e-12)
    np.testing.assert_allclose(two.std, one.std, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(first.min, alone.min)
    bins = (alone.max - alone.min) / BINS
    for name in ("q01", "q99"):
        assert (np.abs(getattr(two, name) - getattr(one, name)) <= 20 * bins + 1e-9).all()


def test_counts_are_those_of_numpy_and_none_is_lost() -> None:
    random = np.random.default_rng(3)
    running = RunningStats()
    for scale in (1.0, 0.5, 3.0, 2.0):
        running.update(random.normal(size=(500, 2)) * scale)
    assert running._counts.sum(axis=1).tolist() == [2000, 2000]
    last = RunningStats()
    rows = random.integers(-40, 40, size=(5000, 2)) / 16.0  # many values lie on edges
    last.update(rows)
    for dimension in range(2):
        expected, _ = np.histogram(rows[:, dimension], bins=last._edges[dimension])
        np.testing.assert_array_equal(last._counts[dimension], expected)


def test_memory_does_not_grow_with_what_is_given() -> None:
    running = RunningStats()
    for _ in range(50):
        running.update(np.random.default_rng(0).normal(size=(1000, 3)))
    assert running._counts.nbytes + running._edges.nbytes < 3 * 8 * (2 * BINS + 2)


@pytest.mark.parametrize("value", [0.0, 1.0, -1e6, 1e99, 1e-300])
def test_a_constant_dimension_has_its_value_as_quantiles(value: float) -> None:
    running = RunningStats()
    running.update(np.full((10, 1), value))
    running.update(np.full((10, 1), value))
    stats = running.statistics()
    for quantile in (stats.mean, *stats.quantiles("state")):
        np.testing.assert_allclose(quantile, [value], rtol=1e-12, atol=2e-10)
    assert stats.std[0] == 0


def test_values_far_apart_do_not_break_the_bins() -> None:
    running = RunningStats()
    running.update(np.array([[-9.9e99], [9.9e99], [0.0]]))
    running.update(np.array([[1e-320], [1.0]]))
    assert np.isfinite(running.quantile(0.5)).all()


def test_widening_is_off_unless_asked_for() -> None:
    running = RunningStats()
    running.update(np.full((10, 1), 3.0))
    assert np.ptp(running.statistics().quantiles("state")) < 1e-9
    np.testing.assert_allclose(
        running.statistics(min_range=0.5).quantiles("state"), [[2.75], [3.25]], atol=1e-9
    )


def test_any_number_of_batch_axes_and_single_precision() -> None:
    rows = np.random.default_rng(0).normal(size=(4, 5, 6, 3)).astype(np.float32)
    first, second = RunningStats(), RunningStats()
    first.update(rows)
    second.update(rows.reshape(-1, 3).astype(np.float64))
    np.testing.assert_array_equal(first.statistics().std, second.statistics().std)
    second.update(np.empty((0, 3)))
    second.merge(RunningStats())
    assert second.count == 120


def test_bad_batches_are_refused_and_change_nothing() -> None:
    running = RunningStats()
    with pytest.raises(NormStatsError, match="there were 0"):
        running.statistics()
    running.update(np.zeros((1, 2)))
    with pytest.raises(NormStatsError, match="two vectors or more, and there were 1"):
        running.statistics()
    for bad, message in (
        (np.array([[0.0, np.nan]]), "dimension 1 holds NaN"),
        (np.array([[np.inf, 0.0]]), "dimension 0 holds NaN, infinity or a number past 1e[+]100; leave"),
        (np.array([[0.0, 1e101]]), "dimension 1 holds"),
        (np.zeros((4, 3)), "vectors of 3 numbers after vectors of 2"),
        (np.float64(1.0), "not of a single number"),
    ):
        with pytest.raises(NormStatsError, match=message):
            running.update(np.asarray(bad))
    other = RunningStats()
    other.update(np.zeros((4, 3)))
    with pytest.raises(NormStatsError, match="vectors of 3 numbers after vectors of 2"):
        running.merge(other)
    assert running.count == 1
    with pytest.raises(NormStatsError, match="fraction from 0 to 1, not 2"):
        running.quantile(2)
