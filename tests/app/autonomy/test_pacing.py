"""A chunk is asked for so that it comes in time, and goes on from what the robot really runs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.autonomy.pacing import PICKED_UP_NS, UNMEASURED_S, Due, Pacing, Running, Sent

STEP_NS = 20_000_000
APPLIED = 5


def chunk(number: int = 1, *, applied_ns: int = APPLIED, final: bool = False, sent_ns: int = 0) -> Sent:
    actions = np.arange(50.0)[:, None] + 100 * number
    return Sent(number, actions, applied_ns, STEP_NS, final, "", sent_ns)


def due(
    pacing: Pacing,
    running: Running,
    *,
    now_ns: int = 10 * PICKED_UP_NS,
    applied_ns: int = APPLIED,
    lead_s: float = 0.1,
) -> Due | None:
    pacing.see(running)
    return pacing.due(running, now_ns, applied_ns=applied_ns, execute=25, lead_s=lead_s)


def at(step: float, number: int = 1, speed: float = 1.0) -> Running:
    return Running(time_ns=1_000_000_000, chunk=number, step=step, speed=speed)


@pytest.fixture
def pacing() -> Pacing:
    made = Pacing()
    made.send(chunk())
    return made


def test_the_first_is_asked_for_at_once() -> None:
    first = due(Pacing(), Running(0))
    assert first is not None
    assert first.plan is None
    assert first.first_ns is None


def test_the_next_is_asked_for_as_much_earlier_as_chunks_take(pacing: Pacing) -> None:
    due(pacing, at(4.0))  # begun at its fourth step: 25 more are to be run
    assert due(pacing, at(23.9)) is None
    asked = due(pacing, at(24.25))
    assert asked is not None
    assert asked.plan is not None
    np.testing.assert_array_equal(asked.plan[:, 0], np.arange(124.0, 150.0))
    assert asked.frozen == 6
    assert asked.first_ns == 1_000_000_000 - STEP_NS // 4


def test_at_half_speed_a_step_lasts_twice_as_long(pacing: Pacing) -> None:
    due(pacing, at(2.0, speed=0.5))
    assert due(pacing, at(24.4, speed=0.5)) is None
    asked = due(pacing, at(24.5, speed=0.5))
    assert asked is not None
    assert asked.frozen == 4
    assert asked.first_ns == 1_000_000_000 - STEP_NS


def test_before_any_was_measured_it_is_asked_for_with_room(pacing: Pacing) -> None:
    due(pacing, at(0.0))
    steps = UNMEASURED_S * 1e9 / STEP_NS
    assert due(pacing, at(25 - steps - 0.1), lead_s=math.nan) is None
    assert due(pacing, at(25 - steps + 0.1), lead_s=math.nan) is not None


def test_a_policy_that_is_slower_than_its_chunks_is_asked_all_the_time(pacing: Pacing) -> None:
    asked = due(pacing, at(0.0), lead_s=3.0)
    assert asked is not None
    assert asked.frozen == 50


def test_a_chunk_that_the_robot_did_not_take_is_made_anew(pacing: Pacing) -> None:
    assert due(pacing, Running(0), now_ns=PICKED_UP_NS - 1) is None
    again = due(pacing, Running(0), now_ns=PICKED_UP_NS)
    assert again is not None
    assert again.plan is None


def test_one_that_ran_out_is_followed_from_rest(pacing: Pacing) -> None:
    due(pacing, at(3.0))
    late = due(pacing, Running(0))
    assert late is not None
    assert late.plan is None


def test_another_subtask_keeps_only_what_will_have_run(pacing: Pacing) -> None:
    asked = due(pacing, at(10.5), applied_ns=APPLIED + 1)
    assert asked is not None
    assert asked.plan is not None
    assert len(asked.plan) == asked.frozen == 6
    np.testing.assert_array_equal(asked.plan[:, 0], np.arange(110.0, 116.0))


def test_another_subtask_goes_on_from_the_chunk_before_while_the_newest_is_on_its_way(pacing: Pacing) -> None:
    due(pacing, at(10.0))
    pacing.send(chunk(2))
    asked = due(pacing, at(12.0), applied_ns=APPLIED + 1)
    assert asked is not None
    assert asked.plan is not None
    assert asked.plan[0, 0] == 112.0


def test_after_the_final_chunk_nothing_is_asked_for_and_its_end_is_told_once() -> None:
    pacing = Pacing()
    pacing.send(chunk(3, final=True))
    assert due(pacing, at(49.0, 3)) is None
    assert pacing.finished(at(49.0, 3), 10**12) is None
    ended = pacing.finished(Running(0), 10**12)
    assert ended is not None
    assert ended.number == 3
    assert pacing.finished(Running(0), 10**12) is None


def test_a_final_chunk_that_the_robot_did_not_take_is_not_done() -> None:
    pacing = Pacing()
    pacing.send(chunk(3, final=True))
    assert pacing.finished(Running(0), 10 * PICKED_UP_NS) is None
    assert due(pacing, Running(0), now_ns=10 * PICKED_UP_NS) is not None


@given(
    step=st.floats(0.0, 49.0),
    speed=st.floats(0.05, 1.0),
    lead_s=st.floats(0.0, 2.0),
    begun=st.floats(0.0, 20.0),
)
def test_what_is_frozen_is_there_and_covers_the_time_it_takes(
    step: float, speed: float, lead_s: float, begun: float
) -> None:
    pacing = Pacing()
    pacing.send(chunk())
    pacing.see(at(begun))
    asked = due(pacing, at(max(step, begun), speed=speed), lead_s=lead_s)
    if asked is None:
        return
    assert asked.plan is not None
    assert asked.first_ns is not None
    assert 1 <= asked.frozen <= len(asked.plan)
    needed = lead_s * 1e9 * speed / STEP_NS
    assert asked.frozen == len(asked.plan) or asked.frozen >= needed
    # The robot's own reckoning of where in the new chunk it is, is where it is in the old one.
    cursor = speed * (1_000_000_000 - asked.first_ns) / STEP_NS
    assert int(max(step, begun)) + cursor == pytest.approx(max(step, begun), abs=1e-3)
