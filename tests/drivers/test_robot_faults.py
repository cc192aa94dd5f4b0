"""The robot over real pseudo-terminals and simulated servos, when something is wrong at the far end."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from drivers.measurement import HomingState, Measurement
from drivers.profile import RobotProfile, load_profile
from drivers.sim import control_table as ct
from drivers.sim.faults import HEALTHY_BUS, BusFaults
from drivers.sim.protocol import FAST_SYNC_READ, SYNC_READ, SYNC_WRITE, WRITE, Packet
from tests.drivers.robot_lines import FarEnd, eventually, far_end, robot_on

LEFT, RIGHT, BODY = slice(0, 7), slice(7, 14), slice(14, 18)
ELBOW = 2
READS_OF_ALL = (SYNC_READ, FAST_SYNC_READ)
BUSES = ("left_leader", "right_leader", "left_follower", "right_follower", "body")


@pytest.fixture(scope="module")
def profile() -> RobotProfile:
    return load_profile("sim-kitchen")


def spread(end: FarEnd, profile: RobotProfile) -> np.ndarray:
    """Put every follower joint at an angle of its own; returns them in their slots, (18,), NaN elsewhere."""
    truth = np.full(18, np.nan, np.float32)
    for start, name in ((0, "left"), (7, "right")):
        arm = profile.arms[name]
        for place, joint in enumerate(arm.joints):
            angle = 0.1 * (place + 1) + 0.01 * start
            end.world.joint(arm.bus, joint.name).position_rad = angle
            truth[start + place] = angle
    return truth


def shift_leaders(end: FarEnd, profile: RobotProfile, truth: np.ndarray, shift: float) -> None:
    """Move every leader joint to its follower's angle plus a shift."""
    for start, name in ((0, "left"), (7, "right")):
        for place, joint in enumerate(profile.leaders[name].joints):
            bus = profile.leaders[name].bus
            end.world.joint(bus, joint.name).position_rad = float(truth[start + place]) + shift


def wrong(measured: Measurement, truth: np.ndarray, *, shift: float) -> list[int]:
    """Slots with a value that is not the true one, or with a value although not read."""
    known = np.isfinite(truth)
    off = known & measured.fresh & ~(np.abs(measured.position - truth) < 0.003)
    off |= known & measured.leader_fresh & ~(np.abs(measured.leader - truth - shift) < 0.003)
    off |= ~measured.fresh & np.isfinite(measured.position)
    off |= ~measured.leader_fresh & np.isfinite(measured.leader)
    return np.flatnonzero(off).tolist()


@pytest.mark.parametrize("fast", [True, False], ids=["fast sync read", "plain sync read"])
def test_lost_and_corrupted_packets_never_become_values(
    profile: RobotProfile, runtime_dir: Path, fast: bool
) -> None:
    with far_end(profile, runtime_dir, fast_sync_read=fast) as end, robot_on(end, profile) as loop:
        truth = spread(end, profile)
        for bus in BUSES:
            end.set_faults(bus, BusFaults(loss=0.01, corruption=0.01))
        loop.robot.connect()
        loop.hold()
        loop.sent[:14] = np.where(np.isfinite(truth[:14]), truth[:14], loop.sent[:14])
        missing = 0
        for number in range(200):
            # The leaders are somewhere else in every tick, so that a value from an earlier one is a wrong one.
            shift = 0.02 * (number % 30)
            shift_leaders(end, profile, truth, shift)
            measured = loop.tick()
            assert wrong(measured, truth, shift=shift) == []
            missing += int((~measured.fresh[:14]).sum())
            assert measured.lost == (), loop.faults
        health = loop.robot.health()
        assert sum(bus.retries for bus in health.values()) > 0
        assert sum(bus.corrupted for bus in health.values()) > 0
        # A retry in the same tick mends nearly all of them.
        assert missing < 0.03 * 200 * 14


@pytest.mark.parametrize("fast", [True, False], ids=["fast sync read", "plain sync read"])
@pytest.mark.parametrize("delay_ms", [23.0, 43.0, 63.0])
def test_a_reply_to_an_earlier_read_never_becomes_a_value(
    profile: RobotProfile, runtime_dir: Path, fast: bool, delay_ms: float
) -> None:
    with far_end(profile, runtime_dir, fast_sync_read=fast) as end, robot_on(end, profile) as loop:
        truth = spread(end, profile)
        loop.robot.connect()
        loop.hold()
        late = 0
        for number in range(40):
            # An adapter that hangs for a moment now and then; it drops nothing.
            hung = number % 10 >= 6
            for bus in ("left_leader", "right_leader"):
                end.set_faults(bus, BusFaults(reply_delay_ms=delay_ms if hung else 0.0))
            shift = 0.02 * (number % 30)
            shift_leaders(end, profile, truth, shift)
            measured = loop.tick()
            assert wrong(measured, truth, shift=shift) == []
            late += int((~measured.leader_fresh[:6]).sum())
        assert late > 0
        for bus in ("left_leader", "right_leader"):
            end.set_faults(bus, HEALTHY_BUS)
        loop.until(lambda m: bool(m.leader_fresh[:14].all()), what="the leaders")


def test_connecting_over_a_bad_line_fails_no_servo(profile: RobotProfile, runtime_dir: Path) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        for bus in BUSES:
            end.set_faults(bus, BusFaults(loss=0.02, corruption=0.02))
        report = loop.robot.connect()
        assert report.ok, str(report)


def test_a_drive_mode_that_was_misread_once_is_not_written_and_no_arm_let_fall_for_it(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        with robot_on(end, profile) as earlier:
            assert earlier.robot.connect().ok
        let_go: list[Packet] = []

        def note_torque_off(packet: Packet) -> bool:
            if packet.instruction == WRITE and packet.parameters == bytes((ct.TORQUE_ENABLE.address, 0, 0)):
                let_go.append(packet)
            return True

        end.overhear("left_follower", note_torque_off)
        pair = [end.servo("left_follower", i) for i in (4, 5)]
        before = [servo.register(ct.DRIVE_MODE) for servo in pair]
        misread = threading.Event()
        honest = pair[0].read

        def misread_once(address: int, length: int) -> tuple[int, bytes]:
            error, data = honest(address, length)
            place = ct.DRIVE_MODE.address - address
            if misread.is_set() or not 0 <= place < length:
                return error, data
            misread.set()
            return error, data[:place] + bytes((data[place] ^ ct.DRIVE_MODE_REVERSE,)) + data[place + 1 :]

        pair[0].read = misread_once  # type: ignore[method-assign]  # noise that the checksum lets pass
        report = loop.robot.connect()
        assert misread.is_set()
        assert report.ok, str(report)
        assert [servo.register(ct.DRIVE_MODE) for servo in pair] == before
        assert let_go == []


def test_what_a_very_bad_line_left_undone_at_connection_is_made_good_when_it_heals(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        for bus in ("left_follower", "left_leader"):
            end.set_faults(bus, BusFaults(loss=0.25))
        assert not loop.robot.connect().ok
        for bus in ("left_follower", "left_leader"):
            end.set_faults(bus, HEALTHY_BUS)
        followers, leaders = (end.lines[f"left_{kind}"].bus.servos for kind in ("follower", "leader"))
        loop.until(lambda m: loop.faults == () and m.lost == (), what="the end of all faults")
        assert all(servo.torque_on for servo in followers)
        # What makes a leader gentle when it is driven.
        assert {servo.register(ct.OPERATING_MODE) for servo in leaders} == {ct.MODE_CURRENT_BASED_POSITION}


def test_a_silent_servo_is_named_and_left_out_and_taken_up_again(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        end.set_faults("left_follower", BusFaults(silent_ids=(6,)))
        measured = loop.until(lambda _: loop.has_fault("silent"), what="the fault")
        fault = loop.fault("silent")
        assert (fault.bus, fault.servo_id, fault.label) == ("left_follower", 6, "left forearm roll")
        assert "no reply from servo 6 (left forearm roll)" in fault.message
        assert "check its cable and power" in fault.remedy
        measured = loop.until(lambda m: m.fresh[:17].sum() == 16, what="the other servos")
        assert not measured.fresh[3]
        assert np.isnan(measured.position[3])
        assert measured.lost == ()
        assert loop.robot.health()["left_follower"].silent_servos == (6,)
        end.set_faults("left_follower", HEALTHY_BUS)
        loop.until(lambda m: bool(m.fresh[:17].all()) and loop.faults == (), what="its return")


def test_a_servo_that_is_missing_at_connection_is_reported_alone(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        end.set_faults("right_follower", BusFaults(silent_ids=(4,)))
        report = loop.robot.connect()
        assert "servo 4 (right elbow): no reply from servo 4 (right elbow) on" in str(report)
        assert [bus.name for bus in report.buses if not bus.ok] == ["right_follower"]
        measured = loop.tick()
        assert measured.fresh[LEFT].all()
        assert measured.fresh[RIGHT].sum() == 6
        end.set_faults("right_follower", HEALTHY_BUS)
        loop.until(lambda m: bool(m.fresh[RIGHT].all()), what="the elbow")
        assert end.servo("right_follower", 4).torque_on


def test_an_overload_is_named_and_a_reboot_recovers_it_where_it_stands(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        end.set_faults("left_follower", BusFaults(overload_ids=(9,)))
        loop.until(lambda _: loop.has_fault("overload"), what="the fault")
        fault = loop.fault("overload")
        assert fault.needs_reboot
        assert fault.message.startswith("overload on servo 9 (left gripper): 12.0 V")
        assert not end.servo("left_follower", 9).torque_on
        end.world.joint("left_follower", "gripper").position_rad = 0.4
        end.set_faults("left_follower", HEALTHY_BUS)
        loop.sent[6] = np.nan
        loop.robot.reboot("left_follower", 9)
        others = loop.until(lambda m: not m.fresh[6], what="the reboot")
        assert others.fresh[:6].all()
        loop.until(lambda m: bool(m.fresh[6]) and loop.faults == (), what="the recovery")
        servo = end.servo("left_follower", 9)
        assert servo.torque_on
        assert end.world.joint("left_follower", "gripper").position_rad == pytest.approx(0.4, abs=0.01)
        loop.sent[6] = 0.9
        loop.until(lambda m: abs(m.position[6] - 0.9) < 0.01, what="the next goal")


def test_rebooting_what_is_not_there_is_an_error(profile: RobotProfile, runtime_dir: Path) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        with pytest.raises(KeyError):
            loop.robot.reboot("left_follower", 77)


def test_a_pulled_cable_is_noticed_and_the_line_comes_back_with_torque_where_it_stands(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        spread(end, profile)
        loop.robot.connect()
        loop.hold()
        end.set_faults("left_follower", BusFaults(cut=True))
        measured = loop.until(lambda m: m.lost == ("left_follower",), what="the loss")
        assert not measured.fresh[LEFT].any()
        assert np.isnan(measured.position[LEFT]).all()
        assert measured.fresh[RIGHT].all()
        assert measured.fresh[14:17].all()
        fault = loop.fault("lost")
        assert fault.message.startswith("lost ")
        assert "plug the cable back in" in fault.remedy
        time.sleep(0.5)
        health = loop.robot.health()["left_follower"]
        assert not health.connected
        assert health.lost_since_ns is not None
        assert health.reconnect_attempts >= 1
        end.set_faults("left_follower", HEALTHY_BUS)
        measured = loop.until(lambda m: m.lost == (), what="the return")
        assert measured.fresh[LEFT].all()
        assert measured.position[ELBOW] == pytest.approx(0.3, abs=0.003)
        assert loop.robot.health()["left_follower"].reconnects == 1
        assert all(servo.torque_on for servo in end.lines["left_follower"].bus.servos)
        loop.until(lambda _: loop.faults == (), what="the end of the fault")
        loop.sent[ELBOW] = 0.5
        loop.until(lambda m: abs(m.position[ELBOW] - 0.5) < 0.003, what="the next goal")


def test_a_cable_pulled_for_a_moment_leaves_the_lift_its_zero_and_a_power_cut_does_not(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir, lift_start_m=0.01) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        loop.until(lambda _: loop.robot.lifts_homed, what="homing")
        for power_cut, state in ((False, HomingState.HOMED), (True, HomingState.NOT_HOMED)):
            end.set_faults("body", BusFaults(cut=True))
            loop.until(lambda m: m.lost == ("body",), what="the loss")
            if power_cut:
                end.do(lambda: end.servo("body", 4).reboot(time.monotonic_ns()))
            end.set_faults("body", HEALTHY_BUS)
            loop.until(lambda m: m.lost == (), what="the return")
            assert loop.robot.homing == {"main": state}


def test_a_lift_set_up_by_an_attempt_that_failed_is_not_taken_for_one_that_kept_its_power(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir, lift_start_m=0.01) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        loop.until(lambda _: loop.robot.lifts_homed, what="homing")
        end.set_faults("body", BusFaults(cut=True))
        loop.until(lambda m: m.lost == ("body",), what="the loss")
        lift = end.servo("body", 4)
        end.do(lambda: lift.reboot(time.monotonic_ns()))
        # The next attempt sets every servo up, and the cable goes when it reads them all.
        cut = threading.Event()

        def pull_the_cable(packet: Packet) -> bool:
            if packet.instruction in READS_OF_ALL and lift.torque_on and not cut.is_set():
                end.lines["body"].set_faults(BusFaults(cut=True))
                cut.set()
            return True

        end.overhear("body", pull_the_cable)
        end.set_faults("body", HEALTHY_BUS)
        loop.until(lambda _: cut.is_set(), what="the second cut")
        end.set_faults("body", HEALTHY_BUS)
        loop.until(lambda m: m.lost == (), what="the return")
        assert loop.robot.homing == {"main": HomingState.NOT_HOMED}


def test_a_line_that_falls_silent_as_a_whole_is_lost_and_found(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        end.set_faults("body", BusFaults(silent_ids=(1, 2, 3, 4)))
        measured = loop.until(lambda m: m.lost == ("body",), what="the loss")
        assert not measured.fresh[BODY].any()
        assert "has answered for" in loop.fault("lost").message
        end.set_faults("body", HEALTHY_BUS)
        loop.until(lambda m: m.lost == () and bool(m.fresh[14:17].all()), what="the return")


def test_the_way_made_while_a_wheel_is_silent_is_not_guessed_from_where_it_returns(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        loop.sent[14] = 0.2
        loop.until(lambda m: m.position[14] > 0.19, what="the speed")
        end.set_faults("body", BusFaults(silent_ids=(1,)))
        loop.until(lambda m: not m.fresh[14], what="the silence")
        for _ in range(40):
            loop.tick()
        before_m = loop.robot.odometry.x_m
        end.set_faults("body", HEALTHY_BUS)
        loop.until(lambda m: bool(m.fresh[14]), what="the return")
        assert loop.robot.odometry.x_m == pytest.approx(before_m, abs=0.02)


def test_a_robot_that_is_not_there_is_reported_and_found_when_it_comes(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        end.set_faults("right_leader", BusFaults(cut=True))
        report = loop.robot.connect()
        assert [bus.name for bus in report.buses if not bus.ok] == ["right_leader"]
        assert "there is no " in str(report)
        assert "plug the adapter in" in str(report)
        assert loop.tick().lost == ("right_leader",)
        end.set_faults("right_leader", HEALTHY_BUS)
        measured = loop.until(lambda m: m.lost == (), what="the leader")
        assert measured.leader_fresh[RIGHT].all()


def test_a_loop_that_stalls_trips_the_watchdog_and_the_pose_is_held_before_goals_count_again(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        loop.sent[14] = 0.2
        for _ in range(5):
            loop.tick()
        assert end.servo("body", 1).register(ct.GOAL_VELOCITY) != 0
        time.sleep(0.5)
        tripped = [end.servo(bus, 1).register(ct.BUS_WATCHDOG) for bus in ("body", "left_follower")]
        assert tripped == [ct.WATCHDOG_TRIPPED] * 2
        assert end.servo("body", 1).register(ct.GOAL_VELOCITY) == 0
        loop.sent[ELBOW] = 1.0
        loop.tick()
        assert {fault.bus for fault in loop.faults if fault.code == "watchdog"} >= {"body", "left_follower"}
        eventually(lambda: end.servo("left_follower", 1).register(ct.BUS_WATCHDOG) > 0)
        # The goals of the tick after the stall were from before it, so the pose was sent in their place.
        elbow = end.world.joint("left_follower", "elbow")
        assert elbow.position_rad < 0.1
        for _ in range(5):
            before = elbow.position_rad
            loop.tick()
            assert elbow.position_rad < before + 0.1
        loop.until(lambda m: abs(m.position[ELBOW] - 1.0) < 0.01, what="the goal")
        assert abs(end.servo("body", 1).register(ct.GOAL_VELOCITY)) > 0


def test_a_servo_that_missed_the_arming_of_its_watchdog_is_armed_again(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        wheel = end.servo("body", 2)
        eventually(lambda: wheel.register(ct.BUS_WATCHDOG) > 0)
        end.do(lambda: wheel.write(ct.BUS_WATCHDOG.address, b"\0", now_ns=time.monotonic_ns()))
        loop.until(lambda _: wheel.register(ct.BUS_WATCHDOG) > 0, what="its watchdog")


def test_torque_is_not_switched_on_against_the_operators_word_by_a_reconnection(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        end.set_faults("left_follower", BusFaults(cut=True))
        loop.until(lambda m: m.lost == ("left_follower",), what="the loss")
        loop.robot.torque(False)
        end.set_faults("left_follower", HEALTHY_BUS)
        loop.until(lambda m: m.lost == (), what="the return")
        servos = end.lines["left_follower"].bus.servos
        loop.until(lambda _: not any(servo.torque_on for servo in servos), what="torque off")


def test_a_leader_that_was_driven_comes_back_limp(profile: RobotProfile, runtime_dir: Path) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        servos = end.lines["left_leader"].bus.servos
        for _ in range(3):
            loop.robot.drive_leader("left", np.zeros(6), 0.5)
            loop.tick()
        assert all(servo.torque_on for servo in servos)
        end.set_faults("left_leader", BusFaults(cut=True))
        loop.until(lambda m: m.lost == ("left_leader",), what="the loss")
        end.set_faults("left_leader", HEALTHY_BUS)
        loop.until(lambda m: m.lost == (), what="the return")
        for _ in range(60):
            loop.tick()
            assert not any(servo.torque_on for servo in servos)


def test_a_servo_that_lost_its_power_for_a_moment_holds_again(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        servo = end.servo("right_follower", 7)
        end.do(lambda: servo.reboot(time.monotonic_ns()))
        assert not servo.torque_on
        loop.until(lambda m: servo.torque_on and bool(m.fresh[RIGHT].all()), what="torque")


def test_a_joint_that_fell_without_power_walks_back_to_its_command(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        servo, joint = end.servo("left_follower", 7), end.world.joint("left_follower", "wrist_angle")
        end.do(lambda: servo.reboot(time.monotonic_ns()))
        joint.position_rad = 0.8
        loop.until(lambda _: servo.torque_on, what="torque")
        steps = []
        while joint.position_rad > 0.01 and len(steps) < 200:
            before = joint.position_rad
            loop.tick()
            steps.append(before - joint.position_rad)
        assert len(steps) > 15
        assert max(steps) < 0.1


def test_a_lift_that_lost_its_turns_stays_where_it_is(profile: RobotProfile, runtime_dir: Path) -> None:
    with far_end(profile, runtime_dir, lift_start_m=0.01) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        loop.until(lambda _: loop.robot.lifts_homed, what="homing")
        loop.sent[17] = 0.4
        loop.until(lambda m: m.position[17] > 0.39, what="the height")
        servo, joint = end.servo("body", 4), end.world.joint("body", "lift")
        stood_rad = joint.position_rad
        end.do(lambda: servo.reboot(time.monotonic_ns()))
        loop.until(lambda _: servo.torque_on, what="torque")
        for _ in range(25):
            loop.tick()
        assert loop.robot.homing == {"main": HomingState.NOT_HOMED}
        assert joint.position_rad == pytest.approx(stood_rad, abs=0.05)


def test_an_axis_whose_shadow_is_missing_is_read_without_torque_until_it_comes(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        end.set_faults("left_follower", BusFaults(silent_ids=(5,)))
        loop.robot.connect()
        loop.hold()
        for _ in range(60):
            measured = loop.tick()
            assert measured.fresh[LEFT].all()
        assert not end.servo("left_follower", 4).torque_on
        assert {fault.servo_id for fault in loop.faults} == {5}
        end.set_faults("left_follower", HEALTHY_BUS)
        loop.until(lambda _: end.servo("left_follower", 4).torque_on and loop.faults == (), what="torque")
        assert end.servo("left_follower", 5).torque_on


def test_a_shadow_found_misaligned_with_torque_on_keeps_it_and_gets_no_goals(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end:
        with robot_on(end, profile) as earlier:
            earlier.robot.connect()
            earlier.hold()
        servos = [end.servo("left_follower", servo_id) for servo_id in (4, 5)]

        def misalign() -> None:
            now_ns = time.monotonic_ns()
            servos[1].write(ct.TORQUE_ENABLE.address, b"\0", now_ns=now_ns)
            servos[1].write(ct.HOMING_OFFSET.address, (300).to_bytes(4, "little"), now_ns=now_ns)
            servos[1].write(ct.TORQUE_ENABLE.address, b"\1", now_ns=now_ns)

        end.do(misalign)
        goals = [servo.register(ct.GOAL_POSITION) for servo in servos]
        with robot_on(end, profile) as loop:
            loop.robot.connect()
            loop.hold()
            fault = loop.fault("shadow")
            assert (fault.servo_id, fault.label) == (4, "left elbow")
            assert "keeps the torque it was found with" in fault.remedy
            loop.sent[:6] = 0.5
            loop.until(lambda m: abs(m.position[0] - 0.5) < 0.01, what="the waist's goal")
            loop.robot.torque(True)
            for _ in range(5):
                loop.tick()
        assert all(servo.torque_on for servo in servos)
        assert [servo.register(ct.GOAL_POSITION) for servo in servos] == goals


def test_a_joint_that_takes_hold_again_walks_to_its_command(profile: RobotProfile, runtime_dir: Path) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        elbow = end.world.joint("left_follower", "elbow")
        end.set_faults("left_follower", BusFaults(cut=True))
        loop.until(lambda m: m.lost == ("left_follower",), what="the loss")
        loop.sent[ELBOW] = 0.5
        end.set_faults("left_follower", HEALTHY_BUS)
        loop.until(lambda m: bool(m.fresh[ELBOW]), what="the return")
        steps = []
        while elbow.position_rad < 0.49:
            before = elbow.position_rad
            loop.tick()
            steps.append(elbow.position_rad - before)
        assert len(steps) > 10
        assert max(steps) < 0.1


@pytest.mark.parametrize("lost", [2, 3])
def test_a_joint_that_missed_the_word_to_stay_does_not_leap_to_an_old_goal(
    profile: RobotProfile, runtime_dir: Path, lost: int
) -> None:
    with far_end(profile, runtime_dir, keeps_goals=True) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        servo, elbow = end.servo("left_follower", 4), end.world.joint("left_follower", "elbow")
        loop.robot.torque(False)
        eventually(lambda: not servo.torque_on)
        elbow.position_rad = 0.8
        loop.tick()
        dropped: list[Packet] = []

        def lose_the_first_goals(packet: Packet) -> bool:
            if packet.instruction != SYNC_WRITE or packet.parameters[0] != ct.GOAL_POSITION.address:
                return True
            dropped.append(packet)
            return len(dropped) > lost

        end.overhear("left_follower", lose_the_first_goals)
        stood = [elbow.position_rad]
        loop.robot.torque(True)
        while stood[-1] > 0.4 and len(stood) < 500:
            loop.tick()
            stood.append(elbow.position_rad)
        assert servo.torque_on
        assert max(-np.diff(stood)) < 0.1


def test_torque_switched_off_during_a_reboot_stays_off(profile: RobotProfile, runtime_dir: Path) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        loop.robot.reboot("left_follower", 7)
        loop.until(lambda m: not m.fresh[4], what="the reboot")
        loop.robot.torque(False)
        loop.until(lambda m: bool(m.fresh[4]), what="its return")
        for _ in range(50):
            loop.tick()
            assert not end.servo("left_follower", 7).torque_on
        loop.robot.torque(True)
        loop.until(lambda _: end.servo("left_follower", 7).torque_on and loop.faults == (), what="torque")
