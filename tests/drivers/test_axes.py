"""Ticks to radians, openings, metres a second and back."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.arm import joint_axis, joint_limits_ticks
from drivers.axis import AxisGroup
from drivers.base import KiwiBase, Odometry
from drivers.dynamixel.bus import Reading
from drivers.dynamixel.registers import RAD_PER_TICK, RAD_S_PER_UNIT, STATE_DTYPE
from drivers.gripper import m_to_opening, opening_axis, opening_to_m
from drivers.profile.schema import Base, Gripper, Joint

GRIPPER = Gripper(bus="b", id=9, closed_rad=-0.6, open_rad=1.4, opening_m=0.1)
BASE = Base(bus="b", ids=(1, 2, 3), wheel_radius_m=0.063, base_radius_m=0.195, max_wheel_rad_s=5.0)
SPEED = st.floats(-2.0, 2.0)


def reading(ticks: int, *, velocity: int = 0, current: int = 0, fresh: bool = True) -> Reading:
    state = np.array([(current, velocity, ticks)], STATE_DTYPE)
    return Reading(state, np.array([fresh]), 0)


def joint(*, inverted: bool, zero_ticks: int = 2048) -> Joint:
    return Joint(name="elbow", ids=(4,), inverted=inverted, zero_ticks=zero_ticks, min_rad=-1.0, max_rad=2.0)


@given(st.floats(-1.0, 2.0), st.booleans(), st.integers(1200, 2400))
def test_a_joint_angle_survives_the_way_to_ticks_and_back(angle: float, inverted: bool, zero: int) -> None:
    group = AxisGroup([joint_axis(joint(inverted=inverted, zero_ticks=zero), slot=0)], [4])
    goals = group.goals(np.array([angle]))
    assert group.positions(reading(goals[4]))[0] == pytest.approx(angle, abs=RAD_PER_TICK)


def test_an_inverted_joint_turns_position_velocity_and_current_around() -> None:
    straight, turned = (AxisGroup([joint_axis(joint(inverted=i), slot=0)], [4]) for i in (False, True))
    seen = reading(2048 + 512, velocity=100, current=200)
    assert straight.positions(seen)[0] == pytest.approx(math.pi / 4)
    assert straight.velocities(seen)[0] == pytest.approx(100 * 0.229 * 2 * math.pi / 60)
    assert straight.currents(seen)[0] == pytest.approx(200 * 0.00269)
    for quantity in (AxisGroup.positions, AxisGroup.velocities, AxisGroup.currents):
        assert quantity(turned, seen)[0] == pytest.approx(-quantity(straight, seen)[0])


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_no_goal_leaves_the_limits_and_what_is_not_finite_is_not_sent(angle: float) -> None:
    elbow = joint(inverted=True)
    least, greatest = joint_limits_ticks(elbow)
    goals = AxisGroup([joint_axis(elbow, slot=0)], [4]).goals(np.array([angle]))
    if math.isnan(angle):
        assert goals == {}
    else:
        assert least <= goals[4] <= greatest


def test_a_model_that_measures_load_has_no_current() -> None:
    weak = Joint(name="wrist", ids=(4,), model="XL430-W250", min_rad=-1.0, max_rad=1.0)
    assert math.isnan(AxisGroup([joint_axis(weak, slot=0)], [4]).currents(reading(0, current=100))[0])


@given(st.floats(0.0, 1.0))
def test_a_gripper_opening_survives_the_way_to_ticks_and_to_metres(opening: float) -> None:
    group = AxisGroup([opening_axis(GRIPPER, slot=0)], [9])
    ticks = group.goals(np.array([opening]))[9]
    assert group.positions(reading(ticks))[0] == pytest.approx(opening, abs=1e-3)
    assert m_to_opening(GRIPPER, opening_to_m(GRIPPER, opening)) == pytest.approx(opening)


def test_a_gripper_is_closed_and_open_where_the_profile_says() -> None:
    group = AxisGroup([opening_axis(GRIPPER, slot=0)], [9])
    assert group.goals(np.array([-3.0]))[9] == round(2048 - 0.6 / RAD_PER_TICK)
    assert group.goals(np.array([7.0]))[9] == round(2048 + 1.4 / RAD_PER_TICK)
    assert opening_to_m(GRIPPER, 0.5) == pytest.approx(0.05)
    assert m_to_opening(GRIPPER, 0.2) == 1.0


@given(SPEED, SPEED, SPEED)
def test_the_base_keeps_its_way_when_a_wheel_is_at_its_limit(vx: float, vy: float, wz: float) -> None:
    base, twist = KiwiBase(BASE), np.array([vx, vy, wz])
    wheels = base.wheel_speeds(twist)
    assert np.max(np.abs(wheels)) <= BASE.max_wheel_rad_s * (1 + 1e-12)
    # Reference: the same base without a limit, scaled as a whole.
    free = KiwiBase(msgspec.structs.replace(BASE, max_wheel_rad_s=1e9)).wheel_speeds(twist)
    scale = min(1.0, BASE.max_wheel_rad_s / max(1e-9, float(np.max(np.abs(free)))))
    assert base.twist(wheels) == pytest.approx(scale * twist, abs=1e-9)


def test_the_wheels_roll_as_the_geometry_says() -> None:
    wheels = KiwiBase(BASE).wheel_speeds(np.array([0.0, 0.0, 1.0]))
    assert wheels == pytest.approx(np.full(3, 0.195 / 0.063))
    # The wheel at -90° does not roll when the base drives straight on; the two others turn against each other.
    left, back, right = KiwiBase(BASE).wheel_speeds(np.array([0.1, 0.0, 0.0]))
    assert back == pytest.approx(0.0, abs=1e-9)
    assert (left, right) == pytest.approx((-0.1 * math.sqrt(0.75) / 0.063, 0.1 * math.sqrt(0.75) / 0.063))
    # Sideways to the left, the one at -90° rolls backwards alone and the others help with half of it.
    sideways = KiwiBase(BASE).wheel_speeds(np.array([0.0, 0.1, 0.0]))
    assert sideways == pytest.approx(np.array([0.05, -0.1, 0.05]) / 0.063)


def test_a_wheel_mounted_the_other_way_turns_the_other_way_for_the_same_motion() -> None:
    mixed = KiwiBase(msgspec.structs.replace(BASE, inverted=(True, False, True)))
    twist = np.array([0.1, -0.05, 0.3])
    wheels = mixed.wheel_speeds(twist)
    assert wheels == pytest.approx(KiwiBase(BASE).wheel_speeds(twist) * (-1, 1, -1))
    assert mixed.twist(wheels) == pytest.approx(twist)


def test_a_twist_that_is_not_finite_stops_the_wheels() -> None:
    assert KiwiBase(BASE).goals(np.array([math.nan, 0.1, 0.0])) == {1: 0, 2: 0, 3: 0}


@given(SPEED, SPEED, st.floats(-1.5, 1.5))
def test_odometry_does_not_depend_on_how_finely_it_is_summed(vx: float, vy: float, wz: float) -> None:
    coarse, fine = Odometry(), Odometry()
    coarse.advance(np.array([vx, vy, wz]), 1.0)
    for _ in range(50):
        fine.advance(np.array([vx, vy, wz]), 0.02)
    places = [(o.x_m, o.y_m, o.yaw_rad) for o in (coarse, fine)]
    assert places[0] == pytest.approx(places[1], abs=1e-6)


def test_odometry_of_a_full_circle_comes_back() -> None:
    odometry = Odometry()
    for _ in range(100):
        odometry.advance(np.array([0.3, 0.0, 2 * math.pi]), 0.01)
    assert (odometry.x_m, odometry.y_m) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert odometry.yaw_rad == pytest.approx(2 * math.pi)


def test_wheel_goals_are_velocities_in_the_servos_unit() -> None:
    goals = KiwiBase(BASE).goals(np.array([0.0, 0.0, 0.5]))
    assert goals == {i: int(0.5 * 0.195 / 0.063 / RAD_S_PER_UNIT) for i in (1, 2, 3)}
