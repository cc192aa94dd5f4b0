"""A servo's registers against its joint, without a line between."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from drivers.sim import control_table as ct
from drivers.sim import protocol
from drivers.sim.servo import BOOT_NS, ServoSpec, SimServo
from drivers.sim.shared_joint import SharedJoint
from tests.support.plain_world import PlainJoint

STEP_NS = 2_000_000
TURN_RAD = 2 * math.pi


class Bench:
    """Servos on one joint, stepped by hand; the host talks to them all the time unless it is told to be quiet."""

    def __init__(self, joint: PlainJoint, *specs: ServoSpec) -> None:
        self.joint = joint
        self.now_ns = 1_000_000_000
        shared = SharedJoint(joint)
        ports = [shared.port() for _ in specs]
        self.servos = [
            SimServo(spec, port, now_ns=self.now_ns) for spec, port in zip(specs, ports, strict=True)
        ]

    @property
    def servo(self) -> SimServo:
        return self.servos[0]

    def put(self, register: ct.Register, value: int, *, servo: int = 0) -> int:
        data = value.to_bytes(register.size, "little", signed=value < 0)
        return self.servos[servo].write(register.address, data, now_ns=self.now_ns)

    def get(self, register: ct.Register, *, servo: int = 0) -> int:
        return self.servos[servo].register(register)

    def run(self, seconds: float, *, quiet: bool = False) -> None:
        for _ in range(round(seconds * 1e9 / STEP_NS)):
            self.now_ns += STEP_NS
            self.joint.step(STEP_NS * 1e-9)
            for servo in self.servos:
                if not quiet:
                    servo.fed(self.now_ns)
                servo.advance(self.now_ns)


@pytest.fixture
def bench() -> Callable[..., Bench]:
    def build(joint: PlainJoint | None = None, **spec: Any) -> Bench:
        return Bench(joint or PlainJoint(), ServoSpec(id=1, model="XM540-W270", **spec))

    return build


def test_reads_its_zero_at_the_joints_zero_and_counts_as_mounted(bench: Callable[..., Bench]) -> None:
    quarter = PlainJoint(start_rad=math.pi / 2)
    assert bench(quarter).get(ct.PRESENT_POSITION) == 3072
    assert bench(quarter, direction=-1).get(ct.PRESENT_POSITION) == 1024
    assert bench(quarter, zero_ticks=2000).get(ct.PRESENT_POSITION) == 3024


def test_the_joint_goes_where_the_goal_says(bench: Callable[..., Bench]) -> None:
    for direction in (1, -1):
        rig = bench(direction=direction)
        assert rig.put(ct.TORQUE_ENABLE, 1) == 0
        assert rig.put(ct.GOAL_POSITION, 2048 + 512) == 0
        rig.run(0.5)
        assert rig.joint.position_rad == pytest.approx(direction * math.pi / 4)
        assert rig.get(ct.PRESENT_POSITION) == 2560


def test_homing_offset_and_reversed_drive_mode_change_both_ways(bench: Callable[..., Bench]) -> None:
    rig = bench(PlainJoint(start_rad=0.5))
    rig.put(ct.DRIVE_MODE, ct.DRIVE_MODE_REVERSE)
    rig.put(ct.HOMING_OFFSET, 100)
    assert rig.get(ct.PRESENT_POSITION) == 2048 - round(0.5 * ct.TICKS_PER_RAD) + 100
    rig.put(ct.TORQUE_ENABLE, 1)
    rig.put(ct.GOAL_POSITION, 2048 + 100)
    rig.run(0.5)
    assert rig.joint.position_rad == pytest.approx(0.0, abs=1e-9)


def test_eeprom_is_closed_while_the_torque_is_on(bench: Callable[..., Bench]) -> None:
    rig = bench()
    rig.put(ct.TORQUE_ENABLE, 1)
    assert rig.put(ct.CURRENT_LIMIT, 500) == protocol.ACCESS_ERROR
    rig.put(ct.TORQUE_ENABLE, 0)
    assert rig.put(ct.CURRENT_LIMIT, 500) == 0


@pytest.mark.parametrize(
    ("register", "value", "error"),
    [
        (ct.PRESENT_POSITION, 0, protocol.ACCESS_ERROR),
        (ct.OPERATING_MODE, 16, protocol.DATA_RANGE_ERROR),
        (ct.OPERATING_MODE, 2, protocol.DATA_RANGE_ERROR),
        (ct.CURRENT_LIMIT, 2048, protocol.DATA_RANGE_ERROR),
        (ct.ID, 253, protocol.DATA_RANGE_ERROR),
        (ct.BUS_WATCHDOG, 128, protocol.DATA_RANGE_ERROR),
        (ct.GOAL_POSITION, 4096, protocol.DATA_LIMIT_ERROR),
        (ct.GOAL_POSITION, -1, protocol.DATA_LIMIT_ERROR),
    ],
)
def test_refuses_what_a_register_does_not_take(
    bench: Callable[..., Bench], register: ct.Register, value: int, error: int
) -> None:
    rig = bench()
    before = rig.get(register)
    assert rig.put(register, value) == error
    assert rig.get(register) == before


def test_limits_that_the_user_set_bound_the_goals(bench: Callable[..., Bench]) -> None:
    rig = bench()
    rig.put(ct.MIN_POSITION_LIMIT, 1000)
    rig.put(ct.MAX_POSITION_LIMIT, 3000)
    rig.put(ct.VELOCITY_LIMIT, 200)
    rig.put(ct.CURRENT_LIMIT, 300)
    assert rig.put(ct.GOAL_POSITION, 999) == protocol.DATA_LIMIT_ERROR
    assert rig.put(ct.GOAL_POSITION, 3000) == 0
    assert rig.put(ct.GOAL_VELOCITY, -201) == protocol.DATA_LIMIT_ERROR
    assert rig.put(ct.GOAL_CURRENT, 301) == protocol.DATA_LIMIT_ERROR


def test_a_write_is_taken_whole_or_not_at_all(bench: Callable[..., Bench]) -> None:
    rig = bench()
    gains = ct.POSITION_D_GAIN.address
    whole = b"\x01\x00\x02\x00\x03\x00"
    assert rig.servo.write(gains, whole, now_ns=0) == 0
    assert [rig.get(r) for r in (ct.POSITION_D_GAIN, ct.POSITION_I_GAIN, ct.POSITION_P_GAIN)] == [1, 2, 3]
    assert rig.servo.write(gains, b"\x09\x00\xff\xff", now_ns=0) == protocol.DATA_RANGE_ERROR
    assert rig.servo.write(gains, b"\x09\x00\x09", now_ns=0) == protocol.DATA_LENGTH_ERROR
    assert rig.servo.write(gains + 1, b"\x09", now_ns=0) == protocol.ACCESS_ERROR
    assert rig.get(ct.POSITION_D_GAIN) == 1


def test_reading_beyond_the_table_is_an_error(bench: Callable[..., Bench]) -> None:
    assert bench().servo.read(ct.TABLE_SIZE - 1, 2) == (protocol.ACCESS_ERROR, b"")
    assert bench().servo.read(0, 0) == (protocol.ACCESS_ERROR, b"")


def test_taking_power_holds_the_present_place(bench: Callable[..., Bench]) -> None:
    rig = bench(PlainJoint(start_rad=0.3))
    rig.put(ct.GOAL_POSITION, 100)
    rig.put(ct.TORQUE_ENABLE, 1)
    rig.run(0.5)
    assert rig.joint.position_rad == pytest.approx(0.3, abs=1 / ct.TICKS_PER_RAD)


def test_velocity_mode_turns_without_end_at_the_speed_asked_for(bench: Callable[..., Bench]) -> None:
    rig = bench(mode=ct.MODE_VELOCITY, direction=-1)
    rig.put(ct.TORQUE_ENABLE, 1)
    assert rig.put(ct.GOAL_VELOCITY, 300) == 0
    rig.run(2.0)
    assert rig.joint.velocity_rad_s == pytest.approx(-300 * ct.VELOCITY_UNIT_RAD_S)
    assert rig.get(ct.PRESENT_VELOCITY) == 300
    assert rig.get(ct.MOVING) == 1
    assert rig.get(ct.PRESENT_POSITION) > ct.TICKS_PER_TURN


def test_extended_position_goes_over_several_turns_and_forgets_them_without_power(
    bench: Callable[..., Bench],
) -> None:
    rig = bench(PlainJoint(start_rad=2.25 * TURN_RAD), mode=ct.MODE_EXTENDED_POSITION)
    assert rig.get(ct.PRESENT_POSITION) == 3072
    rig.put(ct.TORQUE_ENABLE, 1)
    rig.put(ct.GOAL_POSITION, 3072 + 5 * ct.TICKS_PER_TURN)
    rig.run(4.0)
    assert rig.joint.position_rad == pytest.approx(7.25 * TURN_RAD)
    assert rig.get(ct.PRESENT_POSITION) == 3072 + 5 * ct.TICKS_PER_TURN
    rig.servo.reboot(rig.now_ns)
    assert rig.get(ct.PRESENT_POSITION) == 3072


def test_a_stop_in_the_way_shows_as_current_up_to_the_limit(bench: Callable[..., Bench]) -> None:
    rig = bench(PlainJoint(low_rad=-0.1), effort_per_ampere_nm=10.0)
    rig.put(ct.CURRENT_LIMIT, 400)
    rig.put(ct.TORQUE_ENABLE, 1)
    rig.put(ct.GOAL_POSITION, 2048 - 300)
    rig.run(0.2)
    assert rig.joint.position_rad == -0.1
    assert rig.get(ct.PRESENT_CURRENT) == -400


def test_current_based_position_presses_no_harder_than_the_goal_current(bench: Callable[..., Bench]) -> None:
    rig = bench(PlainJoint(high_rad=0.1), mode=ct.MODE_CURRENT_BASED_POSITION)
    rig.put(ct.TORQUE_ENABLE, 1)
    rig.put(ct.GOAL_CURRENT, 250)
    rig.put(ct.GOAL_POSITION, 3000)
    rig.run(0.2)
    assert rig.get(ct.PRESENT_CURRENT) == 250


def test_profile_velocity_slows_the_way_to_the_goal(bench: Callable[..., Bench]) -> None:
    rig = bench()
    rig.put(ct.TORQUE_ENABLE, 1)
    rig.put(ct.PROFILE_VELOCITY, 50)
    rig.put(ct.GOAL_POSITION, 3072)
    rig.run(0.5)
    assert rig.joint.position_rad == pytest.approx(0.5 * 50 * ct.VELOCITY_UNIT_RAD_S, rel=0.05)
    rig.run(1.5)
    assert rig.get(ct.PRESENT_POSITION) == 3072


def test_without_torque_it_moves_freely_and_shows_no_current(bench: Callable[..., Bench]) -> None:
    rig = bench(PlainJoint(high_rad=0.1))
    rig.put(ct.TORQUE_ENABLE, 1)
    rig.put(ct.GOAL_POSITION, 3000)
    rig.run(0.2)
    rig.put(ct.TORQUE_ENABLE, 0)
    rig.joint.position_rad = -0.2
    rig.run(0.1)
    assert rig.get(ct.PRESENT_CURRENT) == 0
    assert rig.get(ct.PRESENT_POSITION) == 2048 - round(0.2 * ct.TICKS_PER_RAD)


def test_watchdog_stops_a_servo_whose_bus_went_quiet(bench: Callable[..., Bench]) -> None:
    rig = bench(mode=ct.MODE_VELOCITY)
    rig.put(ct.TORQUE_ENABLE, 1)
    rig.put(ct.BUS_WATCHDOG, 5)
    rig.put(ct.GOAL_VELOCITY, 200)
    rig.run(0.5)
    assert rig.get(ct.BUS_WATCHDOG) == 5
    rig.run(0.09, quiet=True)
    assert rig.get(ct.GOAL_VELOCITY) == 200
    rig.run(0.03, quiet=True)
    assert rig.get(ct.BUS_WATCHDOG) == -1
    assert rig.get(ct.GOAL_VELOCITY) == 0
    rig.run(0.1)
    assert rig.joint.velocity_rad_s == 0


def test_a_tripped_watchdog_keeps_the_goals_closed_until_zero_is_written(bench: Callable[..., Bench]) -> None:
    rig = bench()
    rig.put(ct.TORQUE_ENABLE, 1)
    rig.put(ct.BUS_WATCHDOG, 1)
    rig.put(ct.GOAL_POSITION, 3000)
    rig.run(0.03, quiet=True)
    held_rad = rig.joint.position_rad
    rig.run(0.5)
    assert rig.joint.position_rad == pytest.approx(held_rad, abs=0.03)
    assert rig.put(ct.GOAL_POSITION, 2100) == protocol.ACCESS_ERROR
    assert rig.put(ct.BUS_WATCHDOG, 5) == protocol.ACCESS_ERROR
    assert rig.put(ct.BUS_WATCHDOG, 0) == 0
    assert rig.put(ct.GOAL_POSITION, 2100) == 0


def test_a_lasting_overload_takes_the_torque_and_a_reboot_brings_it_back(bench: Callable[..., Bench]) -> None:
    rig = bench(PlainJoint(high_rad=0.1))
    rig.put(ct.TORQUE_ENABLE, 1)
    rig.put(ct.POSITION_P_GAIN, 640)
    rig.put(ct.GOAL_POSITION, 4000)
    rig.run(0.5)
    assert rig.servo.alert == 0
    rig.run(1.0)
    assert rig.servo.alert == protocol.ALERT_BIT
    assert rig.get(ct.HARDWARE_ERROR) == ct.ERROR_OVERLOAD
    assert rig.get(ct.TORQUE_ENABLE) == 0
    assert rig.put(ct.TORQUE_ENABLE, 1) == protocol.RESULT_FAIL
    rig.servo.reboot(rig.now_ns)
    assert rig.servo.boot_until_ns == rig.now_ns + BOOT_NS
    assert (rig.servo.alert, rig.get(ct.HARDWARE_ERROR), rig.get(ct.POSITION_P_GAIN)) == (0, 0, 800)
    assert rig.put(ct.TORQUE_ENABLE, 1) == 0


def test_an_error_outside_the_shutdown_mask_keeps_the_torque(bench: Callable[..., Bench]) -> None:
    rig = bench()
    rig.put(ct.SHUTDOWN, 0)
    rig.put(ct.TORQUE_ENABLE, 1)
    rig.servo.overload()
    assert rig.servo.alert == protocol.ALERT_BIT
    assert rig.servo.torque_on


def test_low_voltage_and_heat_are_reported_as_such(bench: Callable[..., Bench]) -> None:
    rig = bench()
    rig.put(ct.TORQUE_ENABLE, 1)
    rig.servo.override_voltage(9.0)
    rig.run(0.1)
    assert rig.get(ct.PRESENT_VOLTAGE) == 90
    assert rig.get(ct.HARDWARE_ERROR) == ct.ERROR_VOLTAGE
    rig.servo.override_temperature(85.0)
    rig.run(0.1)
    assert rig.get(ct.HARDWARE_ERROR) == ct.ERROR_VOLTAGE | ct.ERROR_OVERHEATING
    assert not rig.servo.torque_on


def test_load_warms_the_servo_slowly(bench: Callable[..., Bench]) -> None:
    rig = bench(PlainJoint(high_rad=0.1))
    rig.put(ct.CURRENT_LIMIT, 1000)
    rig.put(ct.TORQUE_ENABLE, 1)
    cold = rig.get(ct.PRESENT_TEMPERATURE)
    rig.put(ct.GOAL_POSITION, 4000)
    rig.run(20.0)
    assert cold + 1 <= rig.get(ct.PRESENT_TEMPERATURE) <= cold + 10


def shadowed(joint: PlainJoint, *, direction: int = -1) -> Bench:
    mounting = {"direction": direction, "zero_ticks": 2100}
    return Bench(
        joint,
        ServoSpec(id=2, model="XM540-W270", **mounting),
        ServoSpec(id=3, model="XM540-W270", shadow_of=2, **mounting),
    )


def test_a_shadow_reads_as_its_master_does(bench: Callable[..., Bench]) -> None:
    rig = shadowed(PlainJoint(start_rad=0.7))
    assert rig.servos[1].secondary_id == 2
    assert rig.get(ct.DRIVE_MODE, servo=1) == ct.DRIVE_MODE_REVERSE
    assert (
        rig.get(ct.PRESENT_POSITION, servo=1)
        == rig.get(ct.PRESENT_POSITION)
        == 2100 - round(0.7 * ct.TICKS_PER_RAD)
    )


def test_master_and_shadow_share_the_load_and_fight_when_their_goals_differ() -> None:
    rig = shadowed(PlainJoint())
    for servo in (0, 1):
        rig.put(ct.TORQUE_ENABLE, 1, servo=servo)
        rig.put(ct.GOAL_POSITION, 2300, servo=servo)
    rig.run(0.5)
    assert rig.get(ct.PRESENT_POSITION, servo=1) == 2300
    assert abs(rig.get(ct.PRESENT_CURRENT)) < 5
    rig.put(ct.GOAL_POSITION, 2400, servo=1)
    rig.run(0.5)
    assert rig.get(ct.PRESENT_POSITION) == 2350
    assert rig.get(ct.PRESENT_CURRENT) < -500
    assert rig.get(ct.PRESENT_CURRENT, servo=1) > 500


def test_one_of_two_servos_alone_carries_what_the_other_does_not() -> None:
    rig = shadowed(PlainJoint(high_rad=0.1), direction=1)
    rig.put(ct.CURRENT_LIMIT, 300)
    rig.put(ct.TORQUE_ENABLE, 1)
    rig.put(ct.GOAL_POSITION, 3000)
    rig.run(0.3)
    assert rig.get(ct.PRESENT_CURRENT) == 300
    assert rig.get(ct.PRESENT_CURRENT, servo=1) == 0
