"""Every servo's state as it is shown: without another question on the line, and true after a reboot."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from drivers.dynamixel.bus import Reading
from drivers.dynamixel.health import ServoLimits, ServoState
from drivers.dynamixel.overview import overview
from drivers.dynamixel.registers import STATE_DTYPE
from drivers.dynamixel.setup import ServoPlan
from drivers.measurement import ServoState as SentState
from drivers.profile import RobotProfile, load_profile
from drivers.robot import Robot
from drivers.sim import control_table as ct
from drivers.sim.faults import HEALTHY_BUS, BusFaults
from tests.drivers.robot_lines import far_end, robot_on

PLANS = {
    1: ServoPlan(id=1, label="waist", model="XM540-W270", mode=None, powered=True, current_limit_a=4.0),
    2: ServoPlan(id=2, label="wheel", model="XM430-W350", mode=None, powered=True),
    3: ServoPlan(id=3, label="handle", model="XL430-W250", mode=None, powered=False),
}
POLLED = tuple(ServoState(bus="arm", id=plan.id, label=plan.label) for plan in PLANS.values())


@pytest.fixture(scope="module")
def profile() -> RobotProfile:
    return load_profile("sim-kitchen")


def reading(*rows: tuple[int, int, int], fresh: tuple[bool, ...]) -> Reading:
    return Reading(np.array(list(rows), STATE_DTYPE), np.array(fresh), 1)


def test_load_is_a_share_of_the_limit_or_as_the_model_counts_it() -> None:
    limits = {2: ServoLimits(max_temperature_c=72, min_voltage_v=9.5, max_voltage_v=16, current_units=1000)}
    read = reading((-743, 0, 2000), (100, 0, 5000), (-250, 0, 1), fresh=(True, True, True))
    states = overview(POLLED, read, plans=PLANS, limits=limits, silent=set(), in_hand=(), wanted={1, 2})
    assert [state.load for state in states] == [pytest.approx(-0.5, abs=0.001), 0.1, -0.25]
    assert states[0].current_a == pytest.approx(-2.0, abs=0.001)
    assert math.isnan(states[2].current_a)
    assert states[1].current_limit_a == pytest.approx(
        2.69
    )  # as its own setting says, since the profile says nothing
    assert math.isnan(states[2].current_limit_a)
    assert (states[1].max_temperature_c, math.isnan(states[0].max_temperature_c)) == (72, True)
    assert [state.position_ticks for state in states] == [2000, 5000, 1]
    assert [state.wanted for state in states] == [True, True, False]


def test_what_was_not_read_just_now_is_not_made_up() -> None:
    read = reading((5, 0, 7), (5, 0, 7), (5, 0, 7), fresh=(True, False, False))
    states = overview(POLLED, read, plans=PLANS, limits={}, silent={2}, in_hand=(3,), wanted=set())
    assert [state.position_ticks for state in states] == [7, None, None]
    assert [math.isnan(state.load) for state in states] == [False, True, True]
    assert [(state.answers, state.in_hand) for state in states] == [
        (True, False),
        (False, False),
        (True, True),
    ]


def state_of(robot: Robot, bus: str, servo_id: int) -> SentState:
    return next(state for state in robot.servos() if (state.bus, state.id) == (bus, servo_id))


def test_a_reboot_restores_what_the_servo_forgot_and_its_state_says_so(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        loop.until(lambda _: state_of(loop.robot, "left_follower", 9).polled_ns > 0, what="its condition")
        well = state_of(loop.robot, "left_follower", 9)
        assert (well.answers, well.wanted, well.torque_on, well.max_temperature_c) == (True, True, True, 80)
        assert (well.min_voltage_v, well.max_voltage_v, well.voltage_v) == (9.5, 16.0, 12.0)
        servo = end.servo("left_follower", 9)
        assert well.position_ticks == pytest.approx(servo.register(ct.PRESENT_POSITION), abs=2)
        assert well.current_limit_a == profile.grippers["left"].current_limit_a
        goal_current = servo.register(ct.GOAL_CURRENT)

        end.set_faults("left_follower", BusFaults(overload_ids=(9,)))
        loop.until(lambda _: loop.has_fault("overload"), what="the fault")
        ill = state_of(loop.robot, "left_follower", 9)
        assert (ill.torque_on, ill.wanted, ill.hardware_error) == (False, True, 0x20)

        end.set_faults("left_follower", HEALTHY_BUS)
        end.do(lambda: servo.write(ct.CURRENT_LIMIT.address, (700).to_bytes(2, "little"), now_ns=0))
        loop.robot.reboot("left_follower", 9)
        loop.until(lambda _: state_of(loop.robot, "left_follower", 9).in_hand, what="its being set up")
        loop.until(
            lambda m: (
                loop.faults == ()
                and bool(m.fresh[6])
                and state_of(loop.robot, "left_follower", 9).torque_on
                and servo.register(ct.BUS_WATCHDOG) > 0
            ),
            what="the recovery",
        )
        assert servo.register(ct.GOAL_CURRENT) == goal_current
        assert servo.register(ct.CURRENT_LIMIT) == goal_current
        assert servo.register(ct.PROFILE_VELOCITY) == 0
        assert state_of(loop.robot, "left_follower", 9).hardware_error == 0


def test_the_servos_of_a_lost_line_do_not_answer(profile: RobotProfile, runtime_dir: Path) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        end.set_faults("right_follower", BusFaults(cut=True))
        loop.until(lambda m: "right_follower" in m.lost, what="the loss")
        states = [state for state in loop.robot.servos() if state.bus == "right_follower"]
        assert len(states) == 9
        assert not any(state.answers for state in states)
        assert {state.position_ticks for state in states} == {None}
        assert all(state.answers for state in loop.robot.servos() if state.bus == "left_follower")
