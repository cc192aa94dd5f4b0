from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.check import Finding, Level, run_check
from drivers.check.disk import disk_findings
from drivers.check.port import latency_warnings, port_failure, serial_ports
from drivers.errors import PortPermissionError
from drivers.profile import RobotProfile, load_profile
from drivers.sim import control_table as ct
from drivers.sim import protocol
from drivers.sim.faults import BusFaults
from tests.drivers.far_end import FarEnd, far_end

ONE_ARM = """
name = "one-arm"
vector = ["arm.left", "gripper.left", "base", "lift.main"]
[simulation]
[buses]
leader = { port = "sim:leader" }
follower = { port = "sim:follower" }
body = { port = "sim:body" }
[arms.left]
bus = "follower"
home_rad = [0.0, 0.0]
rest_rad = [0.0, 0.0]
joints = [
  { name = "waist", ids = [1], min_rad = -1.0, max_rad = 1.0 },
  { name = "elbow", ids = [4, 5], min_rad = -1.0, max_rad = 1.0, inverted = true },
]
[grippers.left]
bus = "follower"
id = 9
closed_rad = -0.5
open_rad = 0.5
opening_m = 0.1
[leaders.left]
bus = "leader"
follows = "left"
joints = [
  { name = "waist", ids = [1], min_rad = -1.0, max_rad = 1.0 },
  { name = "elbow", ids = [4, 5], min_rad = -1.0, max_rad = 1.0 },
]
handle = { id = 9, closed_rad = -0.5, open_rad = 0.5 }
[base]
bus = "body"
ids = [1, 2, 3]
wheel_radius_m = 0.06
base_radius_m = 0.2
[lifts.main]
bus = "body"
id = 4
m_per_rev = 0.1
max_m = 0.5
"""


@pytest.fixture
def profile(tmp_path: Path) -> RobotProfile:
    path = tmp_path / "one-arm.toml"
    path.write_text(ONE_ARM)
    return load_profile(path)


@pytest.fixture
def end(profile: RobotProfile, tmp_path: Path) -> Iterator[FarEnd]:
    with far_end(profile, tmp_path) as running:
        yield running


def check(profile: RobotProfile, end: FarEnd) -> list[Finding]:
    return list(run_check(profile, resolve_port=end.resolve_port))


def troubles(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level is not Level.OK]


def only_trouble(profile: RobotProfile, end: FarEnd) -> Finding:
    found = troubles(check(profile, end))
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


def with_port(profile: RobotProfile, bus: str, port: str) -> RobotProfile:
    """The profile with a bus on a real port (past the parser, which would ask for no [simulation])."""
    import msgspec

    changed = msgspec.structs.replace(profile.buses[bus], port=port)
    return msgspec.structs.replace(profile, buses={**profile.buses, bus: changed})


def test_a_healthy_robot_has_no_trouble_and_every_servo_is_told(profile: RobotProfile, end: FarEnd) -> None:
    findings = check(profile, end)
    assert not troubles(findings), "\n".join(map(str, troubles(findings)))
    devices = [finding.device for finding in findings if finding.what == "is well"]
    assert devices == [
        "leader / servo 1 (left leader waist)",
        "leader / servo 4 (left leader elbow)",
        "leader / servo 5 (left leader elbow shadow)",
        "leader / servo 9 (left leader handle)",
        "follower / servo 1 (left waist)",
        "follower / servo 4 (left elbow)",
        "follower / servo 5 (left elbow shadow)",
        "follower / servo 9 (left gripper)",
        "body / servo 1 (wheel 1)",
        "body / servo 2 (wheel 2)",
        "body / servo 3 (wheel 3)",
        "body / servo 4 (lift main)",
    ]
    summary = next(
        finding.value for finding in findings if finding.device == "follower / servo 1 (left waist)"
    )
    assert "XM540-W270" in summary
    assert "12.0 V" in summary
    assert "torque off" in summary
    assert "at 0.00 rad" in summary


def test_findings_come_one_by_one(profile: RobotProfile, end: FarEnd) -> None:
    first = next(run_check(profile, resolve_port=end.resolve_port))
    assert first.device == "bus leader"
    assert not end.heard["follower"]


def test_the_whole_simulated_kitchen_is_well(tmp_path: Path) -> None:
    profile = load_profile("sim-kitchen")
    with far_end(profile, tmp_path) as end:
        for arm in ("left", "right"):
            for joint, angle in zip(profile.arms[arm].joints, profile.arms[arm].home_rad, strict=True):
                for side in ("leader", "follower"):
                    end.world.joint(f"{arm}_{side}", joint.name).position_rad = angle
        findings = check(profile, end)
    assert not troubles(findings), "\n".join(map(str, troubles(findings)))
    assert sum(finding.what == "is well" for finding in findings) == 4 * 9 + 4
    assert sum(finding.what == "is simulated" for finding in findings) == 4


@pytest.mark.parametrize("with_faults", [False, True])
def test_nothing_is_written_and_nothing_moves(profile: RobotProfile, end: FarEnd, with_faults: bool) -> None:
    servos = [servo for bus in end.buses.values() for servo in bus.servos]
    powered = end.buses["follower"].servo(1)
    powered.write(ct.TORQUE_ENABLE.address, b"\x01", now_ns=0)
    if with_faults:
        end.lines["follower"].set_faults(BusFaults(silent_ids=(4,)))
        end.lines["body"].set_faults(BusFaults(silent_ids=(1, 2, 3, 4)))
    settable = [register for register in ct.REGISTERS if register.writable]
    before = [[servo.register(register) for register in settable] for servo in servos]
    driven = {key: list(joint.drives) for key, joint in end.world.joints.items()}
    check(profile, end)
    assert [[servo.register(register) for register in settable] for servo in servos] == before
    assert {key: joint.drives for key, joint in end.world.joints.items()} == driven
    assert powered.torque_on
    heard = {instruction for instructions in end.heard.values() for instruction in instructions}
    assert heard <= {protocol.PING, protocol.READ, protocol.SYNC_READ, protocol.FAST_SYNC_READ}


def test_a_silent_servo(profile: RobotProfile, end: FarEnd) -> None:
    end.lines["follower"].set_faults(BusFaults(silent_ids=(5,)))
    finding = only_trouble(profile, end)
    assert finding.level is Level.FAIL
    assert finding.device == "follower / servo 5 (left elbow shadow)"
    assert finding.what == "does not answer"
    assert "cable" in finding.remedy


def test_a_silent_bus_is_told_once(profile: RobotProfile, end: FarEnd) -> None:
    end.lines["follower"].set_faults(BusFaults(silent_ids=(1, 4, 5, 9)))
    finding = only_trouble(profile, end)
    assert finding.device == "bus follower"
    assert finding.what == "has no servo that answers"
    assert "power" in finding.remedy


def test_a_servo_at_another_baud_rate(profile: RobotProfile, end: FarEnd) -> None:
    end.buses["follower"].servo(9).write(ct.BAUD_RATE.address, bytes([ct.CODE_BY_BAUD[57_600]]), now_ns=0)
    finding = only_trouble(profile, end)
    assert finding.device == "follower / servo 9 (left gripper)"
    assert finding.what == "answers at another baud rate"
    assert "57600" in finding.value
    assert "1000000" in finding.remedy


def test_a_servo_with_another_id(profile: RobotProfile, end: FarEnd) -> None:
    bus = end.buses["follower"]
    bus.servo(9).write(ct.ID.address, bytes([12]), now_ns=0)
    bus._index()
    missing, stranger = troubles(check(profile, end))
    assert missing.device == "follower / servo 9 (left gripper)"
    assert missing.what == "does not answer"
    assert "servo 12" in missing.remedy
    assert stranger.device == "follower / servo 12"
    assert stranger.what == "is not in the profile"
    assert "XM430-W350" in stranger.value


def test_another_model(profile: RobotProfile, end: FarEnd) -> None:
    end.buses["follower"].servo(9)._table.put(ct.MODEL_NUMBER, 1060)
    finding = only_trouble(profile, end)
    assert finding.level is Level.FAIL
    assert finding.what == "is another model"
    assert "XL430-W250" in finding.value
    assert "XM430-W350" in finding.value


def test_an_overload(profile: RobotProfile, end: FarEnd) -> None:
    end.lines["follower"].set_faults(BusFaults(overload_ids=(4,)))
    finding = only_trouble(profile, end)
    assert finding.device == "follower / servo 4 (left elbow)"
    assert finding.value == "overload"
    assert "reboot" in finding.remedy


@pytest.mark.parametrize(
    ("voltage_v", "level", "what"),
    [(9.0, Level.FAIL, "has a wrong supply"), (10.4, Level.WARN, "has an unusual supply"), (12.4, None, "")],
)
def test_voltage(
    profile: RobotProfile, end: FarEnd, voltage_v: float, level: Level | None, what: str
) -> None:
    end.lines["follower"].set_faults(BusFaults(voltage_v={1: voltage_v}))
    if level is None:
        assert not troubles(check(profile, end))
        return
    finding = only_trouble(profile, end)
    assert (finding.level, finding.what) == (level, what)
    assert f"{voltage_v:.1f} V" in finding.value


@pytest.mark.parametrize(
    ("temperature_c", "level", "what"), [(85.0, Level.FAIL, "is too hot"), (70.0, Level.WARN, "is hot")]
)
def test_temperature(
    profile: RobotProfile, end: FarEnd, temperature_c: float, level: Level, what: str
) -> None:
    end.lines["follower"].set_faults(BusFaults(temperature_c={9: temperature_c}))
    finding = only_trouble(profile, end)
    assert (finding.level, finding.what) == (level, what)
    assert "80 °C" in finding.value


def test_a_leader_with_torque_on(profile: RobotProfile, end: FarEnd) -> None:
    end.buses["leader"].servo(1).write(ct.TORQUE_ENABLE.address, b"\x01", now_ns=0)
    finding = only_trouble(profile, end)
    assert finding.device == "leader / servo 1 (left leader waist)"
    assert finding.what == "has its torque on"


def test_a_joint_outside_its_limits(profile: RobotProfile, end: FarEnd) -> None:
    end.world.joint("follower", "elbow").position_rad = 1.5
    finding = only_trouble(profile, end)
    assert finding.device == "follower / servo 4 (left elbow)"
    assert finding.what == "stands outside its limits"
    assert "1.50" in finding.value


def test_a_shadow_that_disagrees_is_given_its_offset(profile: RobotProfile, end: FarEnd) -> None:
    shadow = end.buses["follower"].servo(5)
    shadow.write(ct.HOMING_OFFSET.address, (-300).to_bytes(4, "little", signed=True), now_ns=0)
    finding = only_trouble(profile, end)
    assert finding.what == "has two servos that disagree"
    assert "0.46 rad apart" in finding.value
    assert "to 0 " in finding.remedy


def test_settings_that_connecting_will_write_are_told_once_a_bus(profile: RobotProfile, end: FarEnd) -> None:
    told = [f for f in check(profile, end) if f.what == "is set up further when the robot is connected"]
    assert [finding.device for finding in told] == ["bus leader", "bus follower", "bus body"]
    assert told[1].value == "return delay 250 → 0 on 4 servos, operating mode 3 → 5 on 1 servo"


def test_old_firmware_is_told(profile: RobotProfile, tmp_path: Path) -> None:
    with far_end(profile, tmp_path, fast_sync_read=False) as end:
        found = troubles(check(profile, end))
    assert {finding.what for finding in found} == {"answers plain sync reads only"}
    assert all("44" in finding.value for finding in found)


def test_a_port_that_is_not_there(profile: RobotProfile, end: FarEnd) -> None:
    broken = with_port(profile, "follower", "/dev/serial/by-id/usb-none")
    finding = only_trouble(broken, end)
    assert finding.device == "bus follower"
    assert "/dev/serial/by-id/usb-none" in finding.what
    assert "ports here" in finding.value


def test_a_port_that_another_process_holds(profile: RobotProfile, end: FarEnd) -> None:
    path = end.resolve_port("sim:follower")
    hold = f"line = serial.Serial({path!r}, exclusive=True); print('held', flush=True); sys.stdin.read()"
    code = f"import serial, sys; {hold}"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        finding = only_trouble(profile, end)
        assert process.stdin is not None
        process.stdin.close()
    assert finding.device == "bus follower"
    assert str(process.pid) in finding.value
    assert "close that program" in finding.remedy


def test_a_port_that_this_user_may_not_open_names_the_group(tmp_path: Path) -> None:
    port = tmp_path / "ttyUSB0"
    port.touch()
    finding = port_failure("bus left", str(port), PortPermissionError("no", remedy="none"))
    assert finding.level is Level.FAIL
    assert f"usermod -aG {port.group()} $USER" in finding.remedy


def test_a_cable_pulled_under_way(profile: RobotProfile, end: FarEnd) -> None:
    findings = []
    for finding in run_check(profile, resolve_port=end.resolve_port):
        findings.append(finding)
        if finding.device == "follower / servo 1 (left waist)":
            end.lines["follower"].set_faults(BusFaults(cut=True))
    (lost,) = troubles(findings)
    assert lost.device == "bus follower"
    assert "lost" in lost.what
    assert any(finding.device == "body / servo 4 (lift main)" for finding in findings)


def test_a_slow_latency_timer_names_its_file_and_the_rule(tmp_path: Path) -> None:
    timer = tmp_path / "ttyUSB7" / "latency_timer"
    timer.parent.mkdir()
    timer.write_text("16\n")
    (finding,) = latency_warnings("bus left", "/dev/ttyUSB7", devices=tmp_path)
    assert finding.level is Level.WARN
    assert "16 ms" in finding.value
    assert str(timer) in finding.remedy
    assert "udev" in finding.remedy
    timer.write_text("1\n")
    assert not list(latency_warnings("bus left", "/dev/ttyUSB7", devices=tmp_path))
    assert not list(latency_warnings("bus left", "/dev/ttyACM0", devices=tmp_path))


def test_stable_port_names_are_listed_before_plain_ones(tmp_path: Path) -> None:
    links = tmp_path / "by-id"
    (tmp_path / "ttyUSB0").touch()
    assert serial_ports(links=links, devices=tmp_path) == [str(tmp_path / "ttyUSB0")]
    links.mkdir()
    (links / "usb-FTDI-port0").touch()
    assert serial_ports(links=links, devices=tmp_path) == [str(links / "usb-FTDI-port0")]


def test_cameras_and_disk(profile: RobotProfile, end: FarEnd, tmp_path: Path) -> None:
    import msgspec

    from drivers.profile.schema import Camera
    from tests.drivers.cameras.mjpeg_server import as_jpeg, mjpeg_server, numbered_picture

    with mjpeg_server() as server, mjpeg_server() as dark:
        dark.pictures = [as_jpeg(numbered_picture(0) * 0)]
        cameras = {
            "front": Camera(source=server.address, width_px=64, height_px=48, rate_hz=20.0),
            "slow": Camera(source=server.address, width_px=64, height_px=48, rate_hz=200.0),
            "dark": Camera(source=dark.address, width_px=64, height_px=48, rate_hz=20.0),
            "large": Camera(source=server.address, width_px=640, height_px=480),
            "gone": Camera(source="/dev/video97", width_px=64, height_px=48),
        }
        profile = msgspec.structs.replace(profile, cameras=cameras)
        found = {
            finding.device: finding
            for finding in run_check(
                profile, resolve_port=end.resolve_port, data_dir=tmp_path / "new" / "data"
            )
        }
    assert found["camera front"].level is Level.OK
    assert "its own JPEG" in found["camera front"].value
    assert found["camera slow"].what == "is slow"
    assert found["camera dark"].what == "sees nothing"
    assert "64×48" in found["camera large"].what
    assert found["camera gone"].level is Level.FAIL
    assert "/dev/video97 does not exist" in found["camera gone"].what
    assert str(tmp_path) in found["disk"].value


def test_a_disk_that_cannot_be_written(tmp_path: Path) -> None:
    a_file = tmp_path / "file"
    a_file.touch()
    (finding,) = disk_findings(a_file / "data")
    assert finding.level is Level.FAIL
    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        (finding,) = disk_findings(tmp_path / "data")
        tmp_path.chmod(0o700)
        assert finding.level is Level.FAIL
