"""The robot over real pseudo-terminals and simulated servos, when all is well."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from drivers.errors import NotDrivableError
from drivers.measurement import HomingState
from drivers.profile import RobotProfile, load_profile
from drivers.sim import control_table as ct
from tests.drivers.robot_lines import eventually, far_end, robot_on

ARM = slice(0, 6)
GRIPPER, BASE, LIFT = 6, slice(14, 17), 17


@pytest.fixture(scope="module")
def profile() -> RobotProfile:
    return load_profile("sim-kitchen")


@pytest.mark.parametrize("fast", [True, False], ids=["fast sync read", "plain sync read"])
def test_goals_reach_the_joints_and_come_back_as_measurements(
    profile: RobotProfile, runtime_dir: Path, fast: bool
) -> None:
    with far_end(profile, runtime_dir, fast_sync_read=fast) as end, robot_on(end, profile) as loop:
        report = loop.robot.connect()
        assert report.ok, str(report)
        assert {bus.fast_sync_read for bus in report.buses} == {fast}
        loop.hold()
        goal = np.array([0.3, -0.5, 0.7, -0.2, 0.4, 1.0], np.float32)
        loop.sent[ARM], loop.sent[GRIPPER], loop.sent[BASE] = goal, 0.8, (0.1, -0.05, 0.3)
        for _ in range(25):
            measured = loop.tick()
        assert measured.fresh[:17].all()
        assert measured.position[ARM] == pytest.approx(goal, abs=0.002)
        assert measured.position[GRIPPER] == pytest.approx(0.8, abs=0.002)
        assert measured.position[BASE] == pytest.approx((0.1, -0.05, 0.3), abs=0.01)
        assert end.world.joint("left_follower", "elbow").position_rad == pytest.approx(0.7, abs=0.002)
        assert loop.robot.odometry.yaw_rad > 0.05
        assert loop.faults == ()
        health = loop.robot.health()["left_follower"]
        assert (health.connected, health.silent_servos) == (True, ())
        # A busy machine may now and then keep the far end from answering within a tick; that is no fault of the line.
        assert health.failures * 10 < health.reads
        assert health.reads >= 25
        assert health.latency_p50_ms <= health.latency_p99_ms <= health.latency_max_ms


def test_leaders_are_read_with_torque_off_in_their_followers_slots(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        for place, joint in enumerate(profile.leaders["right"].joints):
            end.world.joint("right_leader", joint.name).position_rad = 0.1 * place
        loop.robot.connect()
        measured = loop.tick()
        assert measured.leader_fresh[7:13].all()
        assert measured.leader[7:13] == pytest.approx(0.1 * np.arange(6), abs=0.002)
        assert not measured.leader_fresh[14:].any()
        assert np.isnan(measured.leader[14:]).all()
        assert not any(servo.torque_on for servo in end.lines["right_leader"].bus.servos)


def test_a_leader_is_driven_gently_and_released(profile: RobotProfile, runtime_dir: Path) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        goal = np.array([0.2, -0.1, 0.3, 0.0, 0.1, -0.2])

        def drive() -> float:
            loop.robot.drive_leader("left", goal, 0.5)
            measured = loop.tick()
            return float(np.nanmax(np.abs(measured.leader[ARM] - goal)))

        assert any(drive() < 0.01 for _ in range(100))
        servos = end.lines["left_leader"].bus.servos
        assert all(servo.torque_on for servo in servos)
        limit = profile.leaders["left"].drive_current_a / ct.CURRENT_UNIT_A
        assert all(servo.register(ct.CURRENT_LIMIT) <= limit + 1 for servo in servos)
        loop.robot.release_leader("left")
        loop.tick()
        assert not any(servo.torque_on for servo in servos)


def test_a_leader_that_must_not_be_driven_is_not(profile: RobotProfile, runtime_dir: Path) -> None:
    fixed = msgspec.structs.replace(profile.leaders["left"], drivable=False)
    stiff = msgspec.structs.replace(profile, leaders={**profile.leaders, "left": fixed})
    with (
        far_end(stiff, runtime_dir) as end,
        robot_on(end, stiff) as loop,
        pytest.raises(NotDrivableError, match="leader left cannot be driven; move it by hand"),
    ):
        loop.robot.drive_leader("left", np.zeros(6), 0.0)


def test_connecting_moves_nothing_and_a_robot_that_holds_itself_is_not_let_go(
    profile: RobotProfile, runtime_dir: Path
) -> None:
    with far_end(profile, runtime_dir) as end:
        for joint in profile.arms["left"].joints:
            end.world.joint("left_follower", joint.name).position_rad = 0.4
        with robot_on(end, profile) as loop:
            loop.robot.connect()
            loop.hold()
            assert loop.tick().position[ARM] == pytest.approx(0.4, abs=0.002)
        servos = end.lines["left_follower"].bus.servos
        assert all(servo.torque_on for servo in servos)
        let_go = []
        for servo in servos:
            apply = servo._apply
            servo._apply = lambda register, value, now_ns, apply=apply: (  # type: ignore[method-assign]
                let_go.append(value) if register is ct.TORQUE_ENABLE and not value else None,
                apply(register, value, now_ns),
            )
        with robot_on(end, profile) as loop:
            assert loop.robot.connect().ok
            loop.hold()
            assert loop.tick().position[ARM] == pytest.approx(0.4, abs=0.002)
        assert let_go == []


def test_a_shadow_follows_its_master(profile: RobotProfile, runtime_dir: Path) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        loop.sent[1] = 0.6
        loop.until(lambda measured: abs(measured.position[1] - 0.6) < 0.003, what="the shoulder's goal")
        master, shadow = end.servo("left_follower", 2), end.servo("left_follower", 3)
        assert shadow.register(ct.GOAL_POSITION) == master.register(ct.GOAL_POSITION)
        assert shadow.register(ct.SECONDARY_ID) == 2
        assert shadow.register(ct.DRIVE_MODE) != master.register(ct.DRIVE_MODE)
        # Two servos that pull together need no current to hold a joint that nothing pulls at.
        assert abs(shadow.register(ct.PRESENT_CURRENT)) < 10


def test_a_misaligned_shadow_gets_no_torque(profile: RobotProfile, runtime_dir: Path) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        end.do(lambda: end.servo("left_follower", 5).write(20, (300).to_bytes(4, "little"), now_ns=0))
        report = loop.robot.connect()
        assert not report.ok
        assert "servos 4 and 5 (left elbow)" in str(report)
        assert "calibrate the homing offset of servo 5" in str(report)
        loop.tick()
        assert loop.fault("shadow").servo_id == 4
        assert not end.servo("left_follower", 4).torque_on
        assert end.servo("left_follower", 1).torque_on


def test_torque_goes_off_and_on_where_the_arm_stands(profile: RobotProfile, runtime_dir: Path) -> None:
    with far_end(profile, runtime_dir) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        loop.tick()
        loop.robot.torque(False)
        loop.tick()
        assert not any(servo.torque_on for servo in end.lines["left_follower"].bus.servos)
        end.world.joint("left_follower", "elbow").position_rad = 0.5
        loop.tick()
        loop.robot.torque(True)
        measured = loop.tick(write=False)
        assert all(servo.torque_on for servo in end.lines["left_follower"].bus.servos)
        assert measured.position[2] == pytest.approx(0.5, abs=0.002)
        # The command is still the pose from before; the arm walks there, and does not leap.
        before = measured.position[2]
        for _ in range(5):
            after = loop.tick().position[2]
            assert before - 0.1 < after <= before
            before = after
        assert after < 0.49


def test_a_lift_is_homed_before_it_takes_targets(profile: RobotProfile, runtime_dir: Path) -> None:
    with far_end(profile, runtime_dir, lift_start_m=0.03) as end, robot_on(end, profile) as loop:
        loop.robot.connect()
        loop.hold()
        assert loop.robot.homing == {"main": HomingState.SEARCHING}
        loop.sent[LIFT] = 0.3
        measured = loop.tick()
        assert np.isnan(measured.position[LIFT])
        assert not measured.fresh[LIFT]
        lowest = 1.0
        joint = end.world.joint("body", "lift")
        m_per_rad = profile.lifts["main"].m_per_rev / (2 * np.pi)

        def homed(_: object) -> bool:
            nonlocal lowest
            lowest = min(lowest, joint.position_rad * m_per_rad)
            return loop.robot.lifts_homed

        measured = loop.until(homed, what="homing")
        assert lowest == pytest.approx(0.0, abs=0.001)
        assert measured.position[LIFT] == pytest.approx(0.005, abs=0.003)
        measured = loop.until(lambda m: abs(m.position[LIFT] - 0.3) < 0.002, what="the target")
        assert joint.position_rad * m_per_rad == pytest.approx(0.3, abs=0.005)
        loop.sent[LIFT] = 0.0
        loop.until(lambda m: abs(m.position[LIFT] - 0.005) < 0.001, what="the lowest height")
        for _ in range(5):
            loop.tick()
        assert joint.position_rad * m_per_rad > 0.003


def test_closing_holds_the_pose_and_stops_the_wheels(profile: RobotProfile, runtime_dir: Path) -> None:
    with far_end(profile, runtime_dir) as end:
        with robot_on(end, profile) as loop:
            loop.robot.connect()
            loop.hold()
            loop.sent[BASE] = (0.2, 0.0, 0.0)
            for _ in range(5):
                loop.tick()
            assert end.servo("body", 1).register(ct.GOAL_VELOCITY) != 0
        eventually(lambda: [end.servo("body", i).register(ct.GOAL_VELOCITY) for i in (1, 2, 3)] == [0, 0, 0])
        # Told to stop, and not merely stopped by the watchdog that is left to them.
        assert end.servo("body", 1).register(ct.BUS_WATCHDOG) > 0
        assert all(servo.torque_on for servo in end.lines["left_follower"].bus.servos)
        eventually(lambda: end.servo("left_follower", 1).register(ct.BUS_WATCHDOG) == 0)


def test_a_command_of_the_wrong_length_is_refused(profile: RobotProfile, runtime_dir: Path) -> None:
    with (
        far_end(profile, runtime_dir) as end,
        robot_on(end, profile) as loop,
        pytest.raises(ValueError, match=r"shape \(17,\); this robot takes \(18,\)"),
    ):
        loop.robot.write(np.zeros(17, np.float32))
