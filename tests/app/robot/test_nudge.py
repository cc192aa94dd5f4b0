"""Small moves out of hold: how they begin and end, what they may touch, and what ends them."""

from __future__ import annotations

import numpy as np
import pytest

from app.messages import Mode, Source
from app.robot.arbiter import Arbiter, Inputs, ModeRefusedError
from app.robot.nudge import OPENING_PER_S, PRESS_S, RELAX_S, SOFT_S, Nudge
from drivers.base import KiwiBase
from drivers.calibration.directions import TURN_S, wheel_twists
from drivers.safety import SafetyLimits, SafetyState, filter_action
from tests.support.far_end import sim_kitchen

DT_S = 0.02
PROFILE = sim_kitchen()
BASE = next(s.slice for s in PROFILE.segments if s.kind == "base")
GRIPPER = next(s.start for s in PROFILE.segments if s.kind == "gripper")
POSE = np.full(PROFILE.dof, 0.25, np.float32)
POSE[BASE] = 0.0
NOWHERE = np.full(PROFILE.dof, np.nan, np.float32)
UNKNOWN = NOWHERE


def base_nudge(twist: tuple[float, float, float] = (0.1, 0.0, 0.1), for_s: float = 1.0) -> Nudge:
    speeds = np.zeros(PROFILE.dof, np.float32)
    speeds[BASE] = twist
    return Nudge(speeds, for_s, NOWHERE)


def holding() -> Arbiter:
    arbiter = Arbiter(PROFILE)
    arbiter.latch(POSE)
    return arbiter


def test_the_base_starts_softly_ends_softly_and_nothing_else_moves() -> None:
    arbiter = holding()
    arbiter.nudge(base_nudge())
    asked = [arbiter.step(UNKNOWN, Inputs(), DT_S) for _ in range(60)]
    assert all(one.source is Source.HOLD for one in asked)
    speeds = np.array([one.action[BASE] for one in asked])
    others = np.array([np.delete(one.action, np.arange(BASE.start, BASE.stop)) for one in asked])
    assert np.array_equal(others, np.tile(np.delete(POSE, np.arange(BASE.start, BASE.stop)), (60, 1)))
    assert speeds[0, 0] < 0.1 * 2 * DT_S / SOFT_S
    assert speeds[25, 0] == pytest.approx(0.1)
    assert not speeds[50:].any()
    assert not arbiter.nudging


def test_a_twist_that_turns_one_wheel_passes_the_safety_filter_without_turning_another() -> None:
    base = PROFILE.base
    assert base is not None
    kiwi, limits = KiwiBase(base), SafetyLimits.from_profile(PROFILE)
    for wheel, twist in enumerate(wheel_twists(base)):
        arbiter = holding()
        arbiter.nudge(base_nudge(tuple(twist.tolist()), TURN_S))
        state = SafetyState.at_rest(POSE)
        turned = np.zeros(3)
        for _ in range(round(TURN_S / DT_S) + 5):
            filtered = filter_action(
                arbiter.step(UNKNOWN, Inputs(), DT_S).action,
                state=state,
                measured=POSE,
                age_s=0.0,
                dt_s=DT_S,
                limits=limits,
            )
            state = filtered.state
            turned += kiwi.wheel_speeds(filtered.sent[BASE]) * DT_S
        assert turned[wheel] > 1.0
        assert np.abs(np.delete(turned, wheel)).max() < 0.01


def test_a_gripper_goes_to_its_opening_slowly_and_stays_there() -> None:
    arbiter = holding()
    target = NOWHERE.copy()
    target[GRIPPER] = 1.0
    arbiter.nudge(Nudge(np.zeros(PROFILE.dof, np.float32), 0.0, target))
    openings = []
    while arbiter.nudging:
        openings.append(float(arbiter.step(UNKNOWN, Inputs(), DT_S).action[GRIPPER]))
    assert max(np.diff(openings)) < OPENING_PER_S * DT_S * 1.001
    assert openings[-1] == pytest.approx(1.0, abs=1e-3)
    assert len(openings) * DT_S == pytest.approx(0.75 / OPENING_PER_S + PRESS_S + RELAX_S, abs=0.1)
    assert arbiter.step(UNKNOWN, Inputs(), DT_S).action[GRIPPER] == pytest.approx(1.0, abs=1e-3)


def test_a_gripper_that_pressed_is_let_rest_where_it_is() -> None:
    arbiter = holding()
    target = NOWHERE.copy()
    target[GRIPPER] = 0.0
    arbiter.nudge(Nudge(np.zeros(PROFILE.dof, np.float32), 0.0, target))
    stop = 0.1  # it goes no further, whatever is asked for
    measured = POSE.copy()
    relaxed = 0
    while arbiter.nudging:
        if arbiter.relaxing.any():
            assert np.flatnonzero(arbiter.relaxing).tolist() == [GRIPPER]
            arbiter.latch(measured, arbiter.relaxing)
            relaxed += 1
        asked = arbiter.step(UNKNOWN, Inputs(), DT_S).action
        measured[GRIPPER] = max(stop, asked[GRIPPER])
    assert relaxed * DT_S == pytest.approx(RELAX_S, abs=0.1)
    assert arbiter.step(UNKNOWN, Inputs(), DT_S).action[GRIPPER] == pytest.approx(stop)


@pytest.mark.parametrize("end", ["stop", "hold", "teleop"])
def test_a_nudge_ends_with_the_hold_that_it_was_made_from(end: str) -> None:
    arbiter = holding()
    arbiter.nudge(base_nudge(for_s=3.0))
    for _ in range(30):
        arbiter.step(UNKNOWN, Inputs(), DT_S)
    if end == "stop":
        arbiter.stop(POSE)
    else:
        arbiter.change(Mode.HOLD if end == "hold" else Mode.TELEOP, POSE)
    assert not arbiter.nudging
    assert not arbiter.step(UNKNOWN, Inputs(), DT_S).action[BASE].any()


@pytest.mark.parametrize("mode", [Mode.STOPPED, Mode.TELEOP])
def test_a_nudge_is_refused_in_any_mode_but_hold(mode: Mode) -> None:
    arbiter = holding()
    if mode is Mode.STOPPED:
        arbiter.stop(POSE)
    else:
        arbiter.change(mode, POSE)
    with pytest.raises(ModeRefusedError, match="hold it first"):
        arbiter.nudge(base_nudge())
