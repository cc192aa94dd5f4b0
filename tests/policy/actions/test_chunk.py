"""Chunks in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.actions import chunk as chunks
from policy.types import ActionChunk

LATE_NS = 1_700_000_000_000_000_001  # beyond what float64 tells apart to the nanosecond


def ramp(*, horizon: int = 50, rate_hz: float = 50.0, captured_ns: int = LATE_NS) -> ActionChunk:
    """Step i is (i, -i)."""
    steps = np.arange(horizon, dtype=np.float64)
    times = chunks.target_times(captured_ns, horizon=horizon, rate_hz=rate_hz)
    return ActionChunk(
        actions=np.stack([steps, -steps], axis=1), target_ns=times, subtask="wipe", inference_ms=3.0
    )


def test_steps_are_a_period_apart_from_the_observation_on() -> None:
    times = chunks.target_times(LATE_NS, horizon=3, rate_hz=50)
    assert times.tolist() == [LATE_NS, LATE_NS + 20_000_000, LATE_NS + 40_000_000]
    assert times.dtype == np.int64


def test_a_rate_without_whole_nanoseconds_does_not_drift() -> None:
    assert chunks.target_times(0, horizon=3001, rate_hz=30)[-1] == 100_000_000_000


@pytest.mark.parametrize(
    ("offset_ms", "step"),
    [(-5, 0), (0, 0), (19.9, 0), (20, 1), (399, 19), (990, 49), (999.9, 49), (1000, None), (5000, None)],
)
def test_the_step_that_is_due(offset_ms: float, step: int | None) -> None:
    assert chunks.due(ramp(), LATE_NS + round(offset_ms * 1e6)) == step


def test_a_single_step_is_due_at_its_moment_only() -> None:
    single = ramp(horizon=1)
    assert chunks.due(single, LATE_NS) == 0
    assert chunks.due(single, LATE_NS + 1) is None


def test_a_late_chunk_starts_at_the_step_that_is_due_by_then() -> None:
    late = ramp()
    first = chunks.due(late, LATE_NS + 137_000_000)
    assert first == 6
    assert late.actions[first].tolist() == [6, -6]


def test_between_two_steps_lies_the_straight_line() -> None:
    assert chunks.interpolated(ramp(), LATE_NS + 25_000_000).tolist() == [1.25, -1.25]


@pytest.mark.parametrize(("offset_ns", "value"), [(-1, 0.0), (0, 0.0), (980_000_000, 49.0), (10**12, 49.0)])
def test_beyond_the_ends_the_ends_hold(offset_ns: int, value: float) -> None:
    assert chunks.interpolated(ramp(), LATE_NS + offset_ns)[0] == value
    assert chunks.interpolated(ramp(horizon=1), LATE_NS + offset_ns)[0] == 0.0


@settings(deadline=None, max_examples=100)
@given(
    offset_ns=st.integers(-(10**9), 2 * 10**9),
    horizon=st.integers(1, 60),
    rate_hz=st.sampled_from([7.0, 20.0, 30.0, 50.0]),
)
def test_interpolation_stays_between_the_steps_around(offset_ns: int, horizon: int, rate_hz: float) -> None:
    chunk = ramp(horizon=horizon, rate_hz=rate_hz)
    value = chunks.interpolated(chunk, LATE_NS + offset_ns)[0]
    assert value == pytest.approx(np.clip(offset_ns / 1e9 * rate_hz, 0, horizon - 1), abs=1e-6)


@pytest.mark.parametrize("rate_hz", [10.0, 20.0, 30.0, 50.0, 100.0])
def test_retiming_keeps_the_motion(rate_hz: float) -> None:
    chunk = ramp(horizon=16, rate_hz=rate_hz)
    again = chunks.retimed(chunk)
    assert np.all(np.diff(again.target_ns) == 20_000_000)
    assert again.target_ns[0] == chunk.target_ns[0]
    assert chunk.target_ns[-1] - 20_000_000 < again.target_ns[-1] <= chunk.target_ns[-1] + 1
    expected = (again.target_ns - LATE_NS) / 1e9 * rate_hz
    np.testing.assert_allclose(again.actions[:, 0], expected, atol=1e-6)
    assert (again.subtask, again.inference_ms) == ("wipe", 3.0)


def test_retiming_to_its_own_rate_changes_nothing() -> None:
    for rate_hz in (20.0, 30.0, 50.0):
        chunk = ramp(rate_hz=rate_hz)
        again = chunks.retimed(chunk, rate_hz)
        np.testing.assert_array_equal(again.target_ns, chunk.target_ns)
        np.testing.assert_allclose(again.actions, chunk.actions, atol=1e-12)


@pytest.mark.parametrize(
    ("rate_hz", "horizon", "steps"), [(50, 50, 25), (20, 50, 16), (20, 10, 10), (30, 50, 15)]
)
def test_steps_run_before_replanning(rate_hz: float, horizon: int, steps: int) -> None:
    assert chunks.default_execute(rate_hz, horizon=horizon) == steps


def test_what_a_new_chunk_goes_on_from() -> None:
    observed_ns = LATE_NS + 500_000_000
    left = chunks.committed(ramp(), observed_ns, ready_ns=observed_ns + 90_000_000, execute=25)
    assert left is not None
    assert left.actions[0].tolist() == [25, -25]
    assert (len(left.actions), left.frozen, left.execute) == (25, 5, 25)


def test_a_chunk_that_has_run_out_commits_to_nothing() -> None:
    assert chunks.committed(ramp(), LATE_NS + 10**9, ready_ns=LATE_NS + 2 * 10**9, execute=25) is None


@pytest.mark.parametrize(
    ("actions", "times", "said"),
    [
        (np.zeros((2, 3)), np.array([0, 1, 2]), r"as many times.*\(2, 3\) and \(3,\)"),
        (np.zeros((0, 3)), np.zeros(0, np.int64), "at least one"),
        (np.zeros(3), np.arange(3), r"\[T, D\]"),
        (np.zeros((3, 1)), np.array([0, 20, 20]), "step 2 is meant for 20 ns, after 20 ns"),
        (np.zeros((3, 1)), np.array([40, 20, 60], np.uint64), "step 1 is meant for 20 ns, after 40 ns"),
        (np.zeros((2, 1)), np.array([0.0, 1.0]), "whole nanoseconds, not float64"),
    ],
)
def test_a_chunk_that_does_not_fit_together_is_refused(
    actions: np.ndarray, times: np.ndarray, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        chunks.due(ActionChunk(actions=actions, target_ns=times, subtask=""), 0)


@pytest.mark.parametrize("rate_hz", [0.0, -20.0, float("nan"), float("inf")])
def test_a_rate_is_above_zero(rate_hz: float) -> None:
    for asked in (
        lambda: chunks.target_times(0, horizon=1, rate_hz=rate_hz),
        lambda: chunks.retimed(ramp(), rate_hz),
        lambda: chunks.default_execute(rate_hz, horizon=50),
    ):
        with pytest.raises(ValueError, match="a rate must be above 0 Hz"):
            asked()
