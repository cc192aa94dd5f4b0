"""Stamps of blocks that come late, in bursts, after a loss, or with a sound server's nonsense."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.microphone.sample_clock import BLOCKS_SEEN, SampleClock

BLOCK_NS = 30_000_000
START_NS = 5_000_000_000
COUNT = 400


def stamped(arrived_ns: np.ndarray, ages_s: np.ndarray | None = None) -> np.ndarray:
    clock = SampleClock(0.03)
    ages = np.zeros(len(arrived_ns)) if ages_s is None else ages_s
    return np.array(
        [clock.stamp(int(at), age_s=float(age)) for at, age in zip(arrived_ns, ages, strict=True)]
    )


def true_ns(count: int = COUNT) -> np.ndarray:
    return START_NS + np.arange(1, count + 1) * BLOCK_NS


def test_a_block_that_is_handed_over_late_is_stamped_when_it_was_captured() -> None:
    late_ns = np.random.default_rng(0).exponential(4e6, COUNT)
    late_ns[::BLOCKS_SEEN] = 0
    late_ns[100:106] = np.array([180, 150, 120, 90, 60, 30]) * 1e6  # a stall, then a burst
    assert np.array_equal(stamped(true_ns() + late_ns.astype(np.int64)), true_ns())


def test_a_delay_that_a_sound_server_tells_is_believed_only_where_it_can_be_true() -> None:
    ages_s = np.full(COUNT, 0.02)
    ages_s[:60] = np.linspace(0.55, 0.02, 60)  # as PulseAudio's plug-in tells at first
    ages_s[200] = -3.0
    stamps = stamped(true_ns() + 20_000_000, ages_s)
    assert np.array_equal(stamps[100:], true_ns()[100:])
    assert np.array_equal(stamps[:60], true_ns()[:60] + 20_000_000)


def test_sound_that_was_lost_leaves_a_gap_and_times_never_go_back() -> None:
    gap_ns = 700_000_000
    after = true_ns() + np.where(np.arange(COUNT) >= 200, gap_ns, 0)
    told = SampleClock(0.03)
    stamps = [told.stamp(int(at), interrupted=index == 200) for index, at in enumerate(after)]
    assert np.array_equal(stamps, after)
    # Where nobody tells of the loss, it is seen half a second later.
    unnoticed = stamped(after)
    assert np.array_equal(unnoticed[:200], after[:200])
    assert np.array_equal(unnoticed[200 + BLOCKS_SEEN :], after[200 + BLOCKS_SEEN :])


@pytest.mark.parametrize("seed", range(5))
def test_times_always_increase(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wild_ns = np.sort(START_NS + rng.integers(0, 3_000_000_000, COUNT))
    assert (np.diff(stamped(wild_ns, rng.uniform(-1, 1, COUNT))) > 0).all()


def test_a_clock_that_runs_slow_or_fast_is_followed() -> None:
    for factor in (0.9998, 1.0002):
        arrived = START_NS + (np.arange(1, 20_001) * BLOCK_NS * factor).astype(np.int64)
        assert np.abs(stamped(arrived) - arrived).max() < 1_000_000
