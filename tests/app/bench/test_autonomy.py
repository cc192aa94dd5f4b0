"""What the bench says of chunks, on ticks whose steps and gaps are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from app.bench.hand_overs import hand_overs, largest_gap_ms, step_shares
from app.dataplane.layouts import tick_layout
from app.messages import Source
from drivers.safety import SafetyLimits
from tests.support.far_end import sim_kitchen

PROFILE = sim_kitchen()
LIMITS = SafetyLimits.from_profile(PROFILE)
TICK_NS = 20_000_000
WAIST = next(s.start for s in PROFILE.segments if s.kind == "arm")
ALLOWED = float(LIMITS.max_velocity[WAIST]) / PROFILE.control_rate_hz


def ticks(shares: list[float], chunks: list[int]) -> NDArray[np.void]:
    """Ticks in which the first joint steps by such shares of what is allowed, each under a chunk; -1 for a hold."""
    rows = np.zeros(len(chunks), tick_layout(PROFILE.dof))
    rows["tick"] = np.arange(len(chunks))
    rows["action_time_ns"] = 10**12 + TICK_NS * np.arange(len(chunks))
    rows["chunk"] = chunks
    rows["source"] = np.where(np.array(chunks) < 0, Source.HOLD, Source.VERBAL)
    rows["sent"][1:, WAIST] = np.cumsum(shares) * ALLOWED
    return rows


def test_a_step_is_told_as_a_share_of_what_the_profile_allows() -> None:
    assert step_shares(PROFILE, ticks([0.25, 0.5], [0, 0, 0])) == pytest.approx([0.25, 0.5], rel=1e-3)


def test_a_smooth_hand_over_is_no_larger_than_the_steps_around_it() -> None:
    found = hand_overs(PROFILE, ticks([0.3] * 49, [0] * 25 + [1] * 25))
    assert found.count == 1
    assert found.worst == pytest.approx(1.0, rel=1e-2)
    assert found.pooled == pytest.approx(1.0, rel=1e-2)


def test_a_jump_at_a_hand_over_shows_and_one_inside_a_chunk_is_none_of_it() -> None:
    shares = [0.3] * 49
    shares[24] = 0.9  # from the last row of chunk 0 to the first of chunk 1
    assert hand_overs(PROFILE, ticks(shares, [0] * 25 + [1] * 25)).worst == pytest.approx(3.0, rel=1e-2)
    inside = [0.3] * 49
    inside[10] = 0.9
    assert hand_overs(PROFILE, ticks(inside, [0] * 25 + [1] * 25)).worst < 1.0


def test_a_chunk_that_is_cut_off_early_counts_with_the_steps_it_made() -> None:
    """A robot that brakes as hard as it may under the next chunk, from the first tick on, has not jumped."""
    braking = [0.4, 0.28, 0.16, 0.04] + [0.0] * 10
    found = hand_overs(PROFILE, ticks([0.52] * 4 + braking, [0] * 5 + [1] * 14))
    assert found.count == 1
    assert found.worst == pytest.approx(0.4 / 0.52, rel=1e-2)
    jump = hand_overs(PROFILE, ticks([0.2] * 4 + braking, [0] * 5 + [1] * 14))
    assert jump.worst > 1.4


def test_a_chunk_of_one_tick_has_no_step_to_compare_with() -> None:
    assert hand_overs(PROFILE, ticks([0.3, 0.9] + [0.3] * 20, [0, 0, 1] + [2] * 20)).count == 1


def test_chunks_that_stand_and_ticks_that_are_missing_are_not_compared() -> None:
    assert hand_overs(PROFILE, ticks([0.001] * 49, [0] * 25 + [1] * 25)).count == 0
    rows = ticks([0.3] * 49, [0] * 25 + [1] * 25)
    rows["tick"][25:] += 1
    found = hand_overs(PROFILE, rows)
    assert found.count == 0
    assert math.isnan(found.worst)


def test_a_hold_between_two_actions_is_a_gap() -> None:
    rows = ticks([0.3] * 49, [0] * 20 + [-1] * 5 + [1] * 25)
    last_ns = int(rows["action_time_ns"][-1])
    assert largest_gap_ms(rows, end_ns=last_ns) == pytest.approx(120.0)
    assert largest_gap_ms(rows, end_ns=last_ns + 10**9) == pytest.approx(1000.0)
    smooth = ticks([0.3] * 49, [0] * 25 + [1] * 25)
    assert largest_gap_ms(smooth, end_ns=last_ns) == pytest.approx(20.0)
    assert math.isnan(largest_gap_ms(ticks([], [-1]), end_ns=last_ns))
