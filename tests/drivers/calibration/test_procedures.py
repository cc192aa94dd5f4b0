"""Any true number is found from what a wrong profile makes of the servos' counts."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import KiwiBase
from drivers.calibration import CalibrationError, Change, Procedure, Reference, Sample, procedures
from drivers.calibration.directions import wheel_twists
from drivers.calibration.probe import arm_probes, gripper_probe, leader_probes
from drivers.calibration.procedure import MoveStep, PoseStep
from drivers.dynamixel.registers import RAD_PER_TICK
from drivers.profile import RobotProfile, load_profile

SIM = load_profile("sim-kitchen")
replace = msgspec.structs.replace

zeros = st.lists(st.integers(1800, 2300), min_size=6, max_size=6)


def named(profile: RobotProfile, procedure_id: str, reference: Reference = Reference.HOME) -> Procedure:
    found = {procedure.id: procedure for procedure in procedures(profile, reference=reference)}
    return found[procedure_id]


def with_arm_zeros(profile: RobotProfile, zeros_ticks: list[int]) -> RobotProfile:
    arm = profile.arms["left"]
    joints = tuple(replace(j, zero_ticks=z) for j, z in zip(arm.joints, zeros_ticks, strict=True))
    return replace(profile, arms={**profile.arms, "left": replace(arm, joints=joints)})


def new_values(changes: tuple[Change, ...], last: str) -> list[float]:
    return [change.new for change in changes if change.key[-1] == last]


def counts(profile: RobotProfile, angles: tuple[float, ...], zeros_ticks: list[int]) -> tuple[float, ...]:
    """What the left arm's servos read at these angles when these are their zeros."""
    return tuple(
        zero + (-1 if joint.inverted else 1) * angle / RAD_PER_TICK
        for joint, angle, zero in zip(profile.arms["left"].joints, angles, zeros_ticks, strict=True)
    )


@settings(deadline=None, max_examples=50)
@given(true=zeros, wrong=zeros, reference=st.sampled_from(Reference))
def test_any_true_zero_of_a_follower_is_found(
    true: list[int], wrong: list[int], reference: Reference
) -> None:
    profile = with_arm_zeros(SIM, wrong)
    procedure = named(profile, "arm.left", reference)
    pose = reference.angles_rad(profile.arms["left"])
    samples: dict[str, Sample] = {"pose": counts(profile, pose, true)}
    changes = procedure.solve(samples, ())
    assert new_values(changes, "zero_ticks") == true
    for change, old, new in zip([c for c in changes if c.key[-1] == "zero_ticks"], wrong, true, strict=True):
        assert bool(change.doubt) == (abs(old - new) * RAD_PER_TICK > 0.5)


@settings(deadline=None, max_examples=30)
@given(true=zeros, wrong=zeros)
def test_probes_give_the_count_back_that_a_wrong_profile_turned_into_radians(
    true: list[int], wrong: list[int]
) -> None:
    profile = with_arm_zeros(SIM, wrong)
    read = counts(profile, profile.arms["left"].home_rad, true)
    position = np.full(profile.dof, np.nan, np.float32)
    for probe, ticks in zip(arm_probes(profile, "left"), read, strict=True):
        position[probe.axis.slot] = (ticks - probe.axis.zero_ticks) * probe.axis.value_per_tick
    for probe, ticks in zip(arm_probes(profile, "left"), read, strict=True):
        assert probe.ticks(position, np.full(profile.dof, np.nan)) == pytest.approx(ticks, abs=0.01)


def test_an_opening_beyond_the_range_is_not_clipped_on_its_way_back_to_ticks() -> None:
    position = np.full(SIM.dof, np.nan, np.float32)
    probe = gripper_probe(SIM, "left")
    position[probe.axis.slot] = 1.5
    span = (1.4 + 0.6) / RAD_PER_TICK
    assert probe.ticks(position, position) == pytest.approx(2048 - 0.6 / RAD_PER_TICK + 1.5 * span, abs=0.01)
    assert np.isnan(leader_probes(SIM, "left")[0].ticks(position, np.full(SIM.dof, np.nan)))


@settings(deadline=None, max_examples=30)
@given(true=zeros, leader_true=zeros, angles=st.lists(st.floats(-1.2, 1.2), min_size=6, max_size=6))
def test_a_leader_agrees_with_its_followers_new_zeros(
    true: list[int], leader_true: list[int], angles: list[float]
) -> None:
    profile = with_arm_zeros(SIM, [2048] * 6)
    arm_changes = named(profile, "arm.left").solve(
        {"pose": counts(profile, profile.arms["left"].home_rad, true)}, ()
    )
    leader_joints = profile.leaders["left"].joints
    leader_counts = tuple(
        zero + (-1 if joint.inverted else 1) * angle / RAD_PER_TICK
        for joint, angle, zero in zip(leader_joints, angles, leader_true, strict=True)
    )
    follower_counts = counts(profile, tuple(angles), true)
    found = named(profile, "leader.left").solve({"pose": leader_counts + follower_counts}, arm_changes)
    for got, wanted in zip(new_values(found, "zero_ticks"), leader_true, strict=True):
        assert abs(got - wanted) <= 1


def test_limits_give_way_where_the_servos_single_turn_ends() -> None:
    wrist = 5  # ±3.1 rad: 26 ticks of room
    true = [2048] * wrist + [2148]
    samples: dict[str, Sample] = {"pose": counts(SIM, SIM.arms["left"].home_rad, true)}
    limits = [c for c in named(SIM, "arm.left").solve(samples, ()) if c.key[-1] in ("min_rad", "max_rad")]
    assert [(change.key[3], change.key[-1]) for change in limits] == [(wrist, "max_rad")]
    assert limits[0].new == pytest.approx((4095 - 2148) * RAD_PER_TICK, abs=0.002)
    assert "single turn" in limits[0].doubt


@pytest.mark.parametrize("procedure_id", ["gripper.left", "handle.right"])
def test_a_range_is_found_and_a_small_or_swapped_one_is_questioned(procedure_id: str) -> None:
    procedure = named(SIM, procedure_id)

    def solve(closed_rad: float, open_rad: float) -> tuple[Change, ...]:
        ends = {"closed": closed_rad, "open": open_rad}
        return procedure.solve({step: (2048 + rad / RAD_PER_TICK,) for step, rad in ends.items()}, ())

    good = solve(-0.55, 0.33)
    assert [change.new for change in good] == [-0.55, 0.33]
    assert not any(change.doubt for change in good)
    assert "moved all the way" in solve(0.1, 0.3)[0].doubt
    assert "mixed up" in solve(0.33, -0.55)[0].doubt


def test_a_wheels_own_twist_turns_it_alone_whatever_its_sign() -> None:
    base = SIM.base
    assert base is not None
    for signs in [(False, False, False), (True, False, True), (False, True, True)]:
        kiwi = KiwiBase(replace(base, inverted=signs))
        for wheel, twist in enumerate(wheel_twists(replace(base, inverted=signs))):
            speeds = kiwi.wheel_speeds(twist)
            assert speeds[wheel] == pytest.approx(0.10 / base.wheel_radius_m)
            assert np.abs(np.delete(speeds, wheel)).max() < 1e-9


@pytest.mark.parametrize("true", [(False, False, False), (True, False, True), (False, True, False)])
@pytest.mark.parametrize("wrong", [(False, False, False), (True, True, False)])
def test_wheel_signs_are_found_from_the_way_that_the_robot_turned(
    true: tuple[bool, bool, bool], wrong: tuple[bool, bool, bool]
) -> None:
    base = SIM.base
    assert base is not None
    profile = replace(SIM, base=replace(base, inverted=wrong))
    procedure = named(profile, "wheels")
    world = KiwiBase(replace(base, inverted=true))
    samples: dict[str, Sample] = {}
    for step in procedure.steps:
        assert isinstance(step, MoveStep)
        # The near end turns the twist into servo speeds with its wrong signs, the far end has the true ones.
        speeds = KiwiBase(replace(base, inverted=wrong)).wheel_speeds(np.array(step.twist))
        turned_rad_s = world.twist(speeds)[2]
        samples[step.id] = "left" if turned_rad_s > 0 else "right"
    assert tuple(change.new for change in procedure.solve(samples, ())) == true


@pytest.mark.parametrize("inverted", [False, True])
def test_a_lift_that_went_down_is_inverted(inverted: bool) -> None:
    lifts = {"main": replace(SIM.lifts["main"], inverted=inverted)}
    procedure = named(replace(SIM, lifts=lifts), "lift.main")
    assert [c.new for c in procedure.solve({"up": "up", "home": "homed"}, ())] == [inverted]
    assert [c.new for c in procedure.solve({"up": "down"}, ())] == [not inverted]


@pytest.mark.parametrize(
    "procedure_id", [procedure.id for procedure in procedures(load_profile("aloha-kiwi"))]
)
def test_nothing_follows_from_nothing(procedure_id: str) -> None:
    procedure = named(load_profile("aloha-kiwi"), procedure_id)
    with pytest.raises(CalibrationError, match="again"):
        procedure.solve({}, ())


@pytest.mark.parametrize("name", ["sim-kitchen", "aloha-kiwi", "bimanual", "single-arm"])
def test_every_step_of_every_shipped_robot_is_told_and_has_what_it_needs(name: str) -> None:
    profile = load_profile(name)
    listed = procedures(profile)
    assert len({procedure.id for procedure in listed}) == len(listed)
    for procedure in listed:
        assert procedure.title[0].isupper()
        assert procedure.summary.endswith(".")
        for step in procedure.steps:
            assert step.title
            assert step.instruction.endswith(".")
            if isinstance(step, PoseStep):
                assert step.probes
