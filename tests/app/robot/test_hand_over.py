"""What is sent at a hand-over between chunks: the player, the arbiter and the safety filter together, tick by tick."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from app.bench.hand_overs import hand_overs
from app.dataplane.layouts import tick_layout
from app.messages import Mode
from app.robot.arbiter import Arbiter, Inputs
from drivers.safety import SafetyLimits, SafetyState, filter_action
from tests.app.robot.chunk_cases import STEP_NS, chunk
from tests.support.far_end import sim_kitchen

PROFILE = sim_kitchen()
LIMITS = SafetyLimits.from_profile(PROFILE)
DOF = PROFILE.dof
DT_S = 1.0 / PROFILE.control_rate_hz
START = np.array([0.0, -1.5, 2.3, 0.0, 0.77, 0.0, 0.5] * 2 + [0.0, 0.0, 0.0, 0.3])
UNKNOWN = np.full(DOF, np.nan, np.float32)
BEGAN_NS = 10**12
CHUNKS = 12


def waves(rng: np.random.Generator, pose: NDArray[np.float64], quick: float) -> NDArray[np.float64]:
    """A chunk in which some entries swing, already when it begins, at up to `quick` times their greatest speed."""
    swings = rng.random(DOF) < rng.choice([0.06, 0.15, 0.4])
    peak = quick * LIMITS.max_velocity * rng.uniform(0.2, 1.0, DOF)
    turn = 2.0 * np.pi * rng.uniform(0.1, 1.5, DOF)
    phase = rng.uniform(0.0, 2.0 * np.pi, DOF)
    angle = turn * DT_S * np.arange(50)[:, None] + phase
    speeds = peak * np.sin(angle)
    positions = pose + rng.normal(0.0, 0.02, DOF) + peak / turn * (np.sin(angle) - np.sin(phase))
    moving = np.where(LIMITS.velocity_like, speeds, positions)
    return np.where(swings, moving, np.where(LIMITS.velocity_like, 0.0, pose))


def ticks(seed: int, quick: float, *, told: bool = True) -> NDArray[np.void]:
    """Ticks in which chunks that know nothing of each other cut each other off.

    Args:
        seed: of chunks and moments.
        quick: how fast chunks are.
        told: whether the filter hears of the hand-overs.
    """
    rng = np.random.default_rng(seed)
    arbiter, safety, now_ns = Arbiter(PROFILE), SafetyState.at_rest(START), BEGAN_NS
    arbiter.policy_trouble = ""
    arbiter.change(Mode.VERBAL, START.astype(np.float32), now_ns=0)
    rows = []
    for number in range(CHUNKS):
        late_ns = int(rng.integers(0, 6)) * STEP_NS
        made = waves(rng, np.asarray(safety.sent), quick)
        arbiter.offer(chunk(made, number=number, now_ns=now_ns, late_ns=late_ns), now_ns=now_ns)
        for _ in range(int(rng.integers(1, 40))):
            asked = arbiter.step(UNKNOWN, Inputs(), DT_S)
            filtered = filter_action(
                asked.action,
                state=safety,
                measured=safety.sent,
                age_s=0.0,
                dt_s=DT_S,
                limits=LIMITS,
                hand_over=asked.hand_over and told,
            )
            safety = filtered.state
            row = np.zeros(1, tick_layout(DOF))
            row["tick"], row["source"], row["sent"] = len(rows), asked.source, filtered.sent
            row["chunk"] = number
            rows.append(row)
            now_ns += STEP_NS
    return np.concatenate(rows)


@pytest.mark.parametrize("quick", [0.3, 0.6, 1.0, 1.5, 3.0])
def test_what_is_sent_at_a_hand_over_steps_no_further_than_within_the_chunks(quick: float) -> None:
    found = [hand_overs(PROFILE, ticks(seed, quick)) for seed in range(20)]
    assert sum(one.count for one in found) > 50
    assert np.nanmax([one.worst for one in found]) <= 1.0


def test_a_filter_that_is_not_told_of_hand_overs_would_step_further() -> None:
    """These chunks are quick enough that what is sent lags behind them; or else the test above would show nothing."""
    assert np.nanmax([hand_overs(PROFILE, ticks(seed, 1.5, told=False)).worst for seed in range(20)]) > 1.01
