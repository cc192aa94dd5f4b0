"""Simulated servos on pseudo-terminals, spoken to by the real SDK."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dynamixel_sdk import COMM_RX_TIMEOUT, COMM_SUCCESS, GroupSyncWrite

from drivers.sim import control_table as ct
from drivers.sim import protocol
from drivers.sim.line import port_path
from tests.support.far_end import FarEnd, Port, eventually, far_end

ARM_IDS = list(range(1, 10))
ALERT = protocol.ALERT_BIT


@pytest.fixture
def far(runtime_dir: Path) -> Iterator[FarEnd]:
    with far_end(runtime_dir) as end:
        yield end


@pytest.fixture
def arm(far: FarEnd) -> Iterator[Port]:
    with far.port("left_follower") as port:
        yield port


@pytest.fixture
def body(far: FarEnd) -> Iterator[Port]:
    with far.port("body") as port:
        yield port


def test_every_line_of_the_profile_has_a_port_and_its_servos_answer(far: FarEnd) -> None:
    for bus in ("left_leader", "right_leader", "left_follower", "right_follower"):
        with far.port(bus) as port:
            assert all(port.answers(servo_id) for servo_id in ARM_IDS), bus


def test_broadcast_ping_finds_all_servos_of_a_line(body: Port) -> None:
    found, result = body.handler.broadcastPing(body)
    assert result == COMM_SUCCESS
    assert sorted(found) == [1, 2, 3, 4]


def test_ping_tells_the_model(arm: Port) -> None:
    assert arm.ping(1) == (1120, COMM_SUCCESS, 0)
    assert arm.ping(9) == (1020, COMM_SUCCESS, 0)
    assert arm.ping(10)[1] == COMM_RX_TIMEOUT


def test_registers_are_read_and_written(arm: Port) -> None:
    assert arm.get(1, ct.RETURN_DELAY) == 250
    assert arm.put(1, ct.RETURN_DELAY, 0) == 0
    assert arm.get(1, ct.RETURN_DELAY) == 0
    assert arm.get(2, ct.RETURN_DELAY) == 250


def test_errors_come_back_by_number(arm: Port) -> None:
    assert arm.put(1, ct.PRESENT_POSITION, 5) == protocol.ACCESS_ERROR
    assert arm.put(1, ct.GOAL_POSITION, 5000) == protocol.DATA_LIMIT_ERROR
    assert arm.put(1, ct.OPERATING_MODE, 16) == protocol.DATA_RANGE_ERROR
    arm.put(1, ct.TORQUE_ENABLE, 1)
    assert arm.put(1, ct.HOMING_OFFSET, 5) == protocol.ACCESS_ERROR
    result, error = arm.handler.writeTxRx(arm, 1, ct.GOAL_POSITION.address, 2, [0, 8])
    assert (result, error) == (COMM_SUCCESS, protocol.DATA_LENGTH_ERROR)


def test_values_that_look_like_a_header_survive_the_line(arm: Port) -> None:
    # FF FF FD 00 as the bytes of one register, which the protocol must stuff both ways.
    arm.put(4, ct.OPERATING_MODE, ct.MODE_EXTENDED_POSITION)
    value = int.from_bytes(b"\xff\xff\xfd\xff", "little", signed=True)
    assert arm.put(4, ct.HOMING_OFFSET, value) == 0
    assert arm.get(4, ct.HOMING_OFFSET) == value


@pytest.mark.parametrize("fast", [False, True])
def test_sync_read_gives_every_servo_and_a_shadow_agrees_with_its_master(
    far: FarEnd, arm: Port, fast: bool
) -> None:
    far.world.joint("left_follower", "shoulder").position_rad = 0.5
    far.world.joint("left_follower", "waist").position_rad = 0.5
    turned = round(0.5 * ct.TICKS_PER_RAD)
    got = arm.sync_read(ct.PRESENT_POSITION, ARM_IDS, fast=fast)
    assert got is not None
    # The profile mounts the shoulder the other way round; its joint reads +0.5 rad all the same.
    assert (got[1], got[2], got[3]) == (2048 + turned, 2048 - turned, 2048 - turned)
    assert set(got) == set(ARM_IDS)


def test_older_firmware_does_not_know_the_fast_sync_read(runtime_dir: Path) -> None:
    with far_end(runtime_dir, fast_sync_read=False) as far, far.port("left_follower") as port:
        assert port.sync_read(ct.PRESENT_POSITION, ARM_IDS, fast=True) is None
        assert port.sync_read(ct.PRESENT_POSITION, ARM_IDS, fast=False) is not None


def test_sync_write_moves_the_arm_and_shadows_obey_their_masters_id(far: FarEnd, arm: Port) -> None:
    for servo_id in ARM_IDS:
        arm.put(servo_id, ct.TORQUE_ENABLE, 1)
    goals = {1: 2300, 2: 2400, 4: 1900, 6: 2100}
    group = GroupSyncWrite(arm, arm.handler, ct.GOAL_POSITION.address, 4)
    for servo_id, goal in goals.items():
        group.addParam(servo_id, list(goal.to_bytes(4, "little")))
    assert group.txPacket() == COMM_SUCCESS

    def arrived() -> bool:
        got = arm.sync_read(ct.PRESENT_POSITION, ARM_IDS, fast=True)
        return got is not None and {k: got[k] for k in (*goals, 3, 5)} == {**goals, 3: 2400, 5: 1900}

    assert eventually(arrived)
    assert arm.get(3, ct.GOAL_POSITION) == 2400
    shoulder = far.world.joint("left_follower", "shoulder").position_rad
    assert shoulder == pytest.approx(-(2400 - 2048) / ct.TICKS_PER_RAD, abs=1e-3)


def test_wheels_turn_and_the_watchdog_stops_them_when_the_line_goes_quiet(far: FarEnd, body: Port) -> None:
    wheel = far.world.joint("body", "wheel_1")
    body.put(1, ct.TORQUE_ENABLE, 1)
    body.put(1, ct.BUS_WATCHDOG, 10)
    body.put(1, ct.GOAL_VELOCITY, 100)
    assert eventually(lambda: wheel.velocity_rad_s > 1.0)
    assert eventually(lambda: wheel.velocity_rad_s == 0.0)
    assert body.get(1, ct.BUS_WATCHDOG) == -1
    assert body.put(1, ct.GOAL_VELOCITY, 100) == protocol.ACCESS_ERROR
    assert body.put(1, ct.BUS_WATCHDOG, 0) == 0
    assert body.put(1, ct.GOAL_VELOCITY, 100) == 0


def test_the_lift_finds_its_stop_by_current(far: FarEnd, body: Port) -> None:
    start = body.get(4, ct.PRESENT_POSITION)
    assert 0 <= start < ct.TICKS_PER_TURN  # though the lift stands more than one turn above its stop
    body.put(4, ct.TORQUE_ENABLE, 1)
    goal = start

    def stalled() -> bool:
        nonlocal goal
        goal -= 100
        body.put(4, ct.GOAL_POSITION, goal)
        return body.get(4, ct.PRESENT_CURRENT) * ct.CURRENT_UNIT_A < -0.9

    assert eventually(stalled, within_s=20.0)
    assert far.world.joint("body", "lift").position_rad == 0.0


def test_a_reboot_resets_ram_and_takes_a_moment(arm: Port) -> None:
    arm.put(1, ct.POSITION_P_GAIN, 500)
    arm.put(1, ct.RETURN_DELAY, 0)
    assert arm.handler.reboot(arm, 1) == (COMM_SUCCESS, 0)
    assert not arm.answers(1)
    assert arm.answers(2)
    assert eventually(lambda: arm.answers(1))
    assert arm.get(1, ct.POSITION_P_GAIN) == 800
    assert arm.get(1, ct.RETURN_DELAY) == 0


def test_a_servo_given_another_id_answers_to_that_one(arm: Port) -> None:
    arm.put(9, ct.ID, 20)
    assert arm.answers(20)
    assert not arm.answers(9)


def test_a_driver_may_close_and_open_the_port(far: FarEnd) -> None:
    for _ in range(3):
        with far.port("body") as port:
            assert port.answers(4)


def test_the_wrong_rate_gets_no_answer_until_the_servo_is_set_to_it(far: FarEnd) -> None:
    with far.port("body", baud=115_200) as slow:
        assert not slow.answers(1)
    with far.port("body") as port:
        assert port.put(1, ct.BAUD_RATE, ct.CODE_BY_BAUD[115_200]) == 0
        assert not port.answers(1)
        assert port.answers(2)
    with far.port("body", baud=115_200) as slow:
        assert slow.answers(1)
        assert not slow.answers(2)


def test_with_wire_time_replies_take_as_long_as_on_a_real_line(runtime_dir: Path) -> None:
    with far_end(runtime_dir, wire_time=True) as far, far.port("left_follower") as port:
        for servo_id in ARM_IDS:
            port.put(servo_id, ct.RETURN_DELAY, 254)
        started = time.monotonic()
        assert port.sync_read(ct.PRESENT_POSITION, ARM_IDS, fast=False) is not None
        # Nine return delays of 508 µs, and 157 bytes at 10 µs.
        assert time.monotonic() - started >= 0.006


def test_ports_vanish_with_the_world(runtime_dir: Path) -> None:
    with far_end(runtime_dir):
        assert port_path(runtime_dir, "body").is_symlink()
    assert not port_path(runtime_dir, "body").is_symlink()


def test_a_world_that_takes_over_from_a_killed_one_replaces_its_ports(runtime_dir: Path) -> None:
    path = port_path(runtime_dir, "body")
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/pts/of-a-world-that-was-killed")
    with far_end(runtime_dir) as far, far.port("body") as port:
        assert port.answers(1)
