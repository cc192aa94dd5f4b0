"""The way into teleoperation: agreement must last, the blend is continuous, nothing jumps."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.robot.gate import AGREED_S, Gate, GateMask, GatePhase, smoothstep
from drivers.profile import RobotProfile
from tests.support.far_end import sim_kitchen

DT_S = 0.02
PROFILE = sim_kitchen()
MASK = GateMask.of(PROFILE)


def open_gate(profile: RobotProfile = PROFILE) -> Gate:
    gate = Gate(profile, MASK)
    gate.open()
    return gate


def held_pose() -> np.ndarray:
    return np.linspace(-0.5, 0.5, PROFILE.dof).astype(np.float32)


def step(gate: Gate, leader: np.ndarray, held: np.ndarray, *, seconds: float) -> np.ndarray:
    asked = held
    for _ in range(round(seconds / DT_S)):
        asked = gate.step(leader, held, DT_S)
    return asked


def test_the_mask_compares_arms_and_leads_their_grippers_too() -> None:
    kinds = {segment.kind: segment.slice for segment in PROFILE.segments}
    assert MASK.compared[kinds["arm"]].all()
    assert MASK.led[kinds["gripper"]].all()
    assert not MASK.compared[kinds["gripper"]].any()
    assert not MASK.led[kinds["base"]].any()
    assert not MASK.led[kinds["lift"]].any()


def test_a_closed_gate_asks_for_what_is_held() -> None:
    gate, held = Gate(PROFILE, MASK), held_pose()
    assert np.array_equal(gate.step(held + 1, held, DT_S), held)
    assert gate.phase is GatePhase.CLOSED


def test_powered_leaders_are_driven_and_others_must_be_brought() -> None:
    assert open_gate().phase is GatePhase.DRIVING
    leaders = {
        name: msgspec.structs.replace(leader, drivable=False) for name, leader in PROFILE.leaders.items()
    }
    assert open_gate(msgspec.structs.replace(PROFILE, leaders=leaders)).phase is GatePhase.ALIGNING


def test_agreement_must_last() -> None:
    gate, held = open_gate(), held_pose()
    near, far = held.copy(), held.copy()
    far[0] += PROFILE.teleop.align_rad * 1.01
    step(gate, near, held, seconds=AGREED_S - DT_S)
    step(gate, far, held, seconds=DT_S)
    step(gate, near, held, seconds=AGREED_S - DT_S)
    assert gate.phase is GatePhase.DRIVING
    step(gate, near, held, seconds=2 * DT_S)
    assert gate.phase is GatePhase.RAMPING


def test_one_joint_out_of_range_keeps_the_gate_shut_and_is_shown() -> None:
    gate, held = open_gate(), held_pose()
    leader = held.copy()
    leader[8] += 0.5
    assert np.array_equal(step(gate, leader, held, seconds=5.0), held)
    assert gate.phase is GatePhase.DRIVING
    assert np.flatnonzero(~gate.within).tolist() == [8]
    assert gate.error[8] == pytest.approx(0.5)


def test_a_leader_that_is_not_known_never_agrees() -> None:
    gate, held = open_gate(), held_pose()
    leader = held.copy()
    leader[2] = np.nan
    assert np.array_equal(step(gate, leader, held, seconds=5.0), held)
    assert gate.phase is GatePhase.DRIVING


def test_handles_need_not_match_their_grippers() -> None:
    gate, held = open_gate(), held_pose()
    leader = held.copy()
    leader[6] = 1.0
    step(gate, leader, held, seconds=AGREED_S + 2 * DT_S)
    assert gate.phase is GatePhase.RAMPING


def test_after_the_ramp_the_robot_follows_exactly_and_only_what_is_led() -> None:
    gate, held = open_gate(), held_pose()
    leader = held + np.float32(0.1)
    asked = step(gate, leader, held, seconds=AGREED_S + PROFILE.teleop.ramp_s + 3 * DT_S)
    assert gate.phase is GatePhase.FOLLOWING
    assert np.array_equal(asked[MASK.led], leader[MASK.led])
    assert np.array_equal(asked[~MASK.led], held[~MASK.led])


def test_opening_again_starts_from_the_beginning() -> None:
    gate, held = open_gate(), held_pose()
    step(gate, held, held, seconds=AGREED_S + PROFILE.teleop.ramp_s / 2)
    assert 0.2 < gate.ramp < 0.8
    gate.close()
    gate.open()
    assert (gate.phase, gate.ramp) == (GatePhase.DRIVING, 0.0)


@given(
    offsets=st.lists(st.floats(-1, 1), min_size=18, max_size=18),
    drift=st.floats(-0.5, 0.5),
)
def test_nothing_jumps_on_the_way_in(offsets: list[float], drift: float) -> None:
    gate, held = open_gate(), held_pose()
    offset = np.array(offsets, np.float32)
    offset[MASK.compared] *= np.float32(PROFILE.teleop.align_rad / 2)
    before, ramp = held, 0.0
    for tick in range(round((AGREED_S + PROFILE.teleop.ramp_s + 1.0) / DT_S)):
        # Hands that have agreed may move on while the blend runs.
        moved = np.float32(drift * DT_S * max(0, tick - 12))
        leader = held + offset + moved
        asked = gate.step(leader, held, DT_S)
        blend = 1.5 * DT_S / PROFILE.teleop.ramp_s * (np.abs(offset) + abs(moved))
        assert (np.abs(asked - before)[MASK.led] <= (blend + abs(drift) * DT_S + 1e-5)[MASK.led]).all()
        assert gate.ramp >= ramp
        before, ramp = asked, gate.ramp
    assert ramp == 1.0


@given(x=st.floats(0, 1), y=st.floats(0, 1))
def test_the_blend_rises_from_nothing_to_all(x: float, y: float) -> None:
    assert (smoothstep(0), smoothstep(1)) == (0, 1)
    assert smoothstep(min(x, y)) <= smoothstep(max(x, y)) + 1e-12
