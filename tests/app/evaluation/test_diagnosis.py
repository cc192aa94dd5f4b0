"""Whose fault a hold is: by the words in which the robot gives its reason."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.evaluation.diagnosis import RIG_HOLDS, new_lines, reasons_to_hold, turn_ended
from app.messages import Mode
from app.robot.watch import DISABLING, PATIENCE_TICKS, Watch
from app.session.view import Snapshot
from drivers.measurement import Fault, Measurement
from drivers.profile import load_profile

PROFILE = load_profile("sim-kitchen")
POLICYS = frozenset({"overload", "shock"})
"""Faults of a servo that a policy brings about by what it makes the robot do."""


def measured(*, fresh: bool) -> Measurement:
    zeros = np.zeros(PROFILE.dof, np.float32)
    return Measurement(
        time_ns=0,
        position=zeros,
        velocity=zeros,
        effort=zeros,
        fresh=np.full(PROFILE.dof, fresh),
        leader=zeros,
        leader_fresh=np.full(PROFILE.dof, fresh),
        lost=(),
    )


def ended(reason: str) -> bool:
    trouble = turn_ended(Snapshot(0, "sim-kitchen", mode=Mode.HOLD), Mode.AUTONOMOUS, (reason,))
    assert trouble is not None
    return trouble.rig


def test_silent_lines_and_a_window_that_hung_are_the_rigs_as_the_robot_itself_words_it() -> None:
    watch = Watch(PROFILE, lambda *_, **__: None)
    assert ended(watch.reason_to_hold(measured(fresh=True), owner_alive=False))
    for _ in range(PATIENCE_TICKS + 1):
        reason = watch.reason_to_hold(measured(fresh=False), owner_alive=True)
    assert reason
    assert ended(reason)


@pytest.mark.parametrize("code", sorted(DISABLING))
def test_a_fault_of_a_servo_is_the_policys_where_it_strained_it(code: str) -> None:
    watch = Watch(PROFILE, lambda *_, **__: None)
    fault = Fault(
        bus="left_follower",
        servo_id=3,
        label="left elbow",
        code=code,
        message=code,
        remedy="",
        needs_reboot=False,
    )
    watch.take_faults((fault,))
    assert ended(watch.reason_to_hold(measured(fresh=True), owner_alive=True)) == (code not in POLICYS)


def test_a_policy_that_falls_silent_is_at_fault_and_one_whose_process_is_lost_is_not() -> None:
    assert not ended("the policy sends no more actions; the last was refused: 3 numbers are not finite")
    assert ended("the policy process is lost; it is started again by itself")


def test_the_first_reason_counts() -> None:
    snapshot = Snapshot(0, "sim-kitchen", mode=Mode.HOLD)
    reasons = reasons_to_hold(
        ("robot: Holding: overload on left elbow", "x", "robot: Holding: no answer from body")
    )
    trouble = turn_ended(snapshot, Mode.AUTONOMOUS, reasons)
    assert trouble is not None
    assert (trouble.rig, trouble.reason) == (False, "the robot holds: overload on left elbow")
    assert RIG_HOLDS


@given(
    lines=st.lists(st.sampled_from("abc"), max_size=30),
    added=st.lists(st.sampled_from("xyz"), max_size=10),
    kept=st.integers(1, 20),
)
def test_what_is_new_in_a_log_that_forgets_is_found(lines: list[str], added: list[str], kept: int) -> None:
    before = tuple(lines[-kept:])
    now = tuple([*lines, *added][-kept:])
    assert new_lines(before, now) == tuple(added)[-kept:]
