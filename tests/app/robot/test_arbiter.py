"""Who moves the robot: every change of mode, and what each mode asks for."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messages import Mode, Source
from app.robot.arbiter import LIFT_LEAD_M, Arbiter, Inputs, ModeRefusedError
from recordings import ActionSource
from tests.support.far_end import sim_kitchen

DT_S = 0.02
PROFILE = sim_kitchen()
BASE = next(s.slice for s in PROFILE.segments if s.kind == "base")
LIFT = next(s.slice for s in PROFILE.segments if s.kind == "lift")
POSE = np.full(PROFILE.dof, 0.25, np.float32)
UNKNOWN = np.full(PROFILE.dof, np.nan, np.float32)
MOVING = Inputs(twist=(0.2, -0.1, 0.5), lift_m_s=0.1)


def arbiter_in(mode: Mode) -> Arbiter:
    arbiter = Arbiter(PROFILE)
    arbiter.latch(POSE)
    if mode is Mode.STOPPED:
        arbiter.stop(POSE)
    elif mode is Mode.REPLAY:
        arbiter.load(np.tile(POSE, (50, 1)))
        arbiter.change(mode, POSE)
    else:
        arbiter.change(mode, POSE)
    return arbiter


def following() -> Arbiter:
    arbiter = arbiter_in(Mode.TELEOP)
    for _ in range(100):
        arbiter.step(POSE, Inputs(), DT_S)
    assert arbiter.following
    return arbiter


MODES = (Mode.HOLD, Mode.TELEOP, Mode.REPLAY, Mode.STOPPED)


@pytest.mark.parametrize("before", MODES)
@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (Mode.HOLD, ""),
        (Mode.TELEOP, ""),
        (Mode.REPLAY, ""),
        (Mode.STOPPED, "command of its own"),
        (Mode.VERBAL, "no policy is loaded"),
        (Mode.AUTONOMOUS, "no policy is loaded"),
    ],
)
def test_every_change_of_mode(before: Mode, wanted: Mode, refusal: str) -> None:
    arbiter = arbiter_in(before)
    arbiter.load(np.tile(POSE, (50, 1)))
    if before is Mode.STOPPED:
        refusal = "release the emergency stop first"
    if refusal:
        with pytest.raises(ModeRefusedError, match=refusal):
            arbiter.change(wanted, POSE)
        assert arbiter.mode is before
    else:
        arbiter.change(wanted, POSE)
        assert arbiter.mode is wanted


def test_replay_needs_an_episode() -> None:
    with pytest.raises(ModeRefusedError, match="no episode is loaded"):
        Arbiter(PROFILE).change(Mode.REPLAY, POSE)


def test_teleoperation_needs_leaders() -> None:
    arbiter = Arbiter(msgspec.structs.replace(PROFILE, leaders={}))
    with pytest.raises(ModeRefusedError, match=r"has no leader arms; add \[leaders\]"):
        arbiter.change(Mode.TELEOP, POSE)


@pytest.mark.parametrize("mode", MODES)
def test_a_stop_from_every_mode_holds_and_is_deaf(mode: Mode) -> None:
    arbiter = following() if mode is Mode.TELEOP else arbiter_in(mode)
    place = POSE + np.float32(0.1)
    arbiter.stop(place)
    assert arbiter.mode is Mode.STOPPED
    for _ in range(5):
        asked = arbiter.step(POSE - 1, MOVING, DT_S)
        assert asked.source is Source.HOLD
        assert not asked.action[BASE].any()
        assert np.array_equal(np.delete(asked.action, BASE), np.delete(place, BASE))


def test_release_leads_from_stopped_to_hold_and_from_nowhere_else() -> None:
    arbiter = arbiter_in(Mode.STOPPED)
    arbiter.release()
    assert arbiter.mode is Mode.HOLD
    with pytest.raises(ModeRefusedError, match="not stopped but in hold; nothing to release"):
        arbiter.release()


@pytest.mark.parametrize(
    ("actions", "refusal"),
    [
        (np.zeros((0, 18), np.float32), "do not fit this robot"),
        (np.zeros((5, 17), np.float32), r"\(5, 17\) do not fit this robot, which takes \(T, 18\)"),
        (np.zeros(18, np.float32), "do not fit this robot"),
        (np.full((5, 18), np.nan, np.float32), "not finite; run `understudy data verify`"),
    ],
)
def test_actions_that_cannot_be_replayed_are_refused(actions: np.ndarray, refusal: str) -> None:
    with pytest.raises(ModeRefusedError, match=refusal):
        Arbiter(PROFILE).load(actions)


def test_a_replay_ends_in_hold_at_its_last_pose_with_the_wheels_still() -> None:
    arbiter = Arbiter(PROFILE)
    actions = np.tile(POSE, (20, 1)) + np.linspace(0, 0.1, 20, dtype=np.float32)[:, None]
    arbiter.load(actions)
    arbiter.change(Mode.REPLAY, POSE)
    asked = []
    while arbiter.mode is Mode.REPLAY:
        step = arbiter.step(UNKNOWN, MOVING, DT_S)
        assert step.source is Source.REPLAY
        asked.append(step.action)
        assert len(asked) < 1000
    assert np.array_equal(np.array(asked[-20:]), actions)
    held = arbiter.step(UNKNOWN, MOVING, DT_S)
    assert held.source is Source.HOLD
    assert not held.action[BASE].any()
    assert np.array_equal(np.delete(held.action, BASE), np.delete(actions[-1], BASE))


def test_base_and_lift_move_only_while_following() -> None:
    arbiter = arbiter_in(Mode.TELEOP)
    before = arbiter.step(POSE, MOVING, DT_S).action
    assert not before[BASE].any()
    assert before[LIFT] == POSE[LIFT]
    arbiter = following()
    arbiter.speed = 0.5
    asked = arbiter.step(POSE, MOVING, DT_S)
    assert asked.source is Source.TELEOP
    assert asked.action[BASE] == pytest.approx([0.1, -0.05, 0.25])
    assert asked.action[LIFT] == pytest.approx(POSE[LIFT] + 0.1 * 0.5 * DT_S)
    assert not arbiter.step(POSE, Inputs(), DT_S).action[BASE].any()


def test_the_lift_target_stops_soon_after_the_wish_does() -> None:
    arbiter = following()
    stuck = POSE.copy()
    for _ in range(200):
        asked = arbiter.step(POSE, MOVING, DT_S).action
        arbiter.bound_lift(stuck)
    assert asked[LIFT] <= stuck[LIFT] + LIFT_LEAD_M + MOVING.lift_m_s * DT_S + 1e-6


def test_a_failed_reading_asks_for_the_tick_before_again() -> None:
    arbiter = following()
    there = arbiter.step(POSE + np.float32(0.02), Inputs(), DT_S).action
    leader = POSE + np.float32(0.04)
    leader[3] = np.nan
    asked = arbiter.step(leader, Inputs(), DT_S).action
    assert asked[3] == there[3]
    assert asked[2] == leader[2]
    assert np.isfinite(asked).all()


def test_a_leader_is_lost_after_the_profiles_patience_and_not_before() -> None:
    arbiter = following()
    patience = round(PROFILE.teleop.leader_timeout_ms / 1e3 / DT_S)
    for _ in range(patience - 1):
        arbiter.step(UNKNOWN, Inputs(), DT_S)
        assert not arbiter.leader_lost()
    arbiter.step(POSE, Inputs(), DT_S)
    for _ in range(patience + 1):
        assert not arbiter.leader_lost()
        arbiter.step(UNKNOWN, Inputs(), DT_S)
    assert arbiter.leader_lost()


def test_hold_does_not_wait_for_leaders() -> None:
    arbiter = arbiter_in(Mode.HOLD)
    for _ in range(100):
        arbiter.step(UNKNOWN, Inputs(), DT_S)
    assert not arbiter.leader_lost()


entries = st.lists(
    st.floats(-3, 3, width=32) | st.just(float("nan")), min_size=PROFILE.dof, max_size=PROFILE.dof
)


@given(first=entries, second=entries, where=st.lists(st.booleans(), min_size=18, max_size=18))
def test_what_is_latched_is_the_last_known_and_stands(
    first: list[float], second: list[float], where: list[bool]
) -> None:
    arbiter = Arbiter(PROFILE)
    arbiter.latch(np.array(first, np.float32))
    arbiter.latch(np.array(second, np.float32), np.array(where))
    held = arbiter.step(UNKNOWN, MOVING, DT_S).action
    for slot, value in enumerate(held):
        takes_second = where[slot] and np.isfinite(second[slot])
        known = second[slot] if takes_second else first[slot] if np.isfinite(first[slot]) else 0.0
        assert value == (0.0 if BASE.start <= slot < BASE.stop else np.float32(known))


def test_the_codes_of_who_asked_are_those_of_the_recordings() -> None:
    assert {s.name: int(s) for s in Source} == {s.name: int(s) for s in ActionSource}


def test_teleoperation_out_of_a_replay_is_an_intervention_until_it_is_left() -> None:
    arbiter = Arbiter(PROFILE)
    arbiter.load(np.zeros((500, PROFILE.dof), np.float32))
    arbiter.change(Mode.REPLAY, POSE)
    arbiter.change(Mode.TELEOP, POSE)
    assert arbiter.taken_over_from is Mode.REPLAY
    assert arbiter.step(POSE, Inputs(), 0.02).source is Source.INTERVENTION
    arbiter.change(Mode.TELEOP, POSE)
    assert arbiter.taken_over_from is Mode.REPLAY
    arbiter.change(Mode.HOLD, POSE)
    assert not arbiter.intervening
    arbiter.change(Mode.TELEOP, POSE)
    assert arbiter.step(POSE, Inputs(), 0.02).source is Source.TELEOP
