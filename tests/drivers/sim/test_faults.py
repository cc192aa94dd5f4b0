"""Faults at the far end, as the SDK meets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import serial
from dynamixel_sdk import COMM_SUCCESS

from drivers.sim import control_table as ct
from drivers.sim import protocol
from drivers.sim.faults import BusFaults, Faults
from drivers.sim.line import port_path
from drivers.sim.remote import SimRemote, SimRemoteError
from drivers.sim.statefile import STATE_FILE, CameraFault, FaultKind, StateReader
from tests.support.far_end import FarEnd, Port, eventually, far_end

ARM = "left_follower"
ARM_IDS = list(range(1, 10))


@pytest.fixture
def far(runtime_dir: Path) -> Iterator[FarEnd]:
    with far_end(runtime_dir) as end:
        yield end


@pytest.fixture
def remote(far: FarEnd) -> Iterator[SimRemote]:
    with SimRemote(far.runtime_dir) as client:
        yield client


@pytest.fixture
def arm(far: FarEnd) -> Iterator[Port]:
    with far.port(ARM) as port:
        yield port


def on_arm(**faults: Any) -> Faults:
    return Faults(buses={ARM: BusFaults(**faults)})


def talk(port: Port) -> None:
    for _ in range(100):
        port.ser.write(b"\xff" * 64)
        port.ser.read(1)


def test_a_silent_servo_neither_answers_nor_lets_those_behind_it(remote: SimRemote, arm: Port) -> None:
    remote.set_faults(on_arm(silent_ids=(5,)))
    assert not arm.answers(5)
    assert arm.answers(6)
    for fast in (False, True):
        assert arm.sync_read(ct.PRESENT_POSITION, ARM_IDS, fast=fast) is None
        assert arm.sync_read(ct.PRESENT_POSITION, [1, 2, 3, 4, 6], fast=fast) is not None
    remote.set_faults(Faults())
    assert arm.answers(5)


def test_lost_packets_are_lost_at_about_the_rate_asked_for(remote: SimRemote, arm: Port) -> None:
    arm.timeout_ms = 60.0
    remote.set_faults(on_arm(loss=0.3))
    answered = sum(arm.answers(1) for _ in range(60))
    # Each way loses 30 %: about half of the exchanges succeed.
    assert 10 <= answered <= 50
    remote.set_faults(Faults())
    assert all(arm.answers(1) for _ in range(20))


def test_corrupted_packets_never_pass_for_whole_ones(remote: SimRemote, arm: Port) -> None:
    arm.timeout_ms = 60.0
    arm.put(1, ct.LED, 1)
    remote.set_faults(on_arm(corruption=0.5))
    results = []
    for _ in range(40):
        data, result, error = arm.handler.readTxRx(arm, 1, ct.PRESENT_POSITION.address, 4)
        results.append(result)
        if result == COMM_SUCCESS and error == 0:
            assert int.from_bytes(bytes(data), "little") == 2048
    assert any(result != COMM_SUCCESS for result in results)
    remote.set_faults(Faults())
    assert eventually(lambda: arm.answers(1))


def test_an_overload_strikes_once_and_a_reboot_heals_it(remote: SimRemote, arm: Port) -> None:
    arm.put(7, ct.TORQUE_ENABLE, 1)
    remote.set_faults(on_arm(overload_ids=(7,)))
    assert arm.ping(7)[2] == protocol.ALERT_BIT
    assert arm.ping(6)[2] == 0
    assert arm.get(7, ct.HARDWARE_ERROR) == ct.ERROR_OVERLOAD
    assert arm.get(7, ct.TORQUE_ENABLE) == 0
    assert arm.put(7, ct.TORQUE_ENABLE, 1) == protocol.ALERT_BIT | protocol.RESULT_FAIL
    arm.handler.reboot(arm, 7)
    assert eventually(lambda: arm.ping(7)[1:] == (COMM_SUCCESS, 0))
    remote.set_faults(Faults(buses={ARM: BusFaults(overload_ids=(7,), loss=0.0)}))
    assert arm.ping(7)[2] == 0
    assert arm.put(7, ct.TORQUE_ENABLE, 1) == 0


def test_a_pulled_cable_takes_the_port_away_and_brings_it_back(far: FarEnd, remote: SimRemote) -> None:
    path = port_path(far.runtime_dir, ARM)
    with far.port(ARM) as port:
        assert port.answers(1)
        remote.set_faults(on_arm(cut=True))
        assert not path.exists()
        with pytest.raises((serial.SerialException, OSError)):
            talk(port)
    with far.port("right_follower") as other:
        assert other.answers(1)
    remote.set_faults(Faults())
    assert path.exists()
    with far.port(ARM) as port:
        assert port.answers(1)


def test_voltage_and_temperature_can_be_pretended(remote: SimRemote, arm: Port) -> None:
    remote.set_faults(on_arm(voltage_v={3: 10.4}, temperature_c={4: 71.0}))
    assert arm.get(3, ct.PRESENT_VOLTAGE) == 104
    assert arm.get(4, ct.PRESENT_TEMPERATURE) == 71
    remote.set_faults(Faults())
    assert arm.get(3, ct.PRESENT_VOLTAGE) == 120
    assert eventually(lambda: arm.get(4, ct.PRESENT_TEMPERATURE) < 40)


def test_replies_can_be_delayed_beyond_a_time_out(remote: SimRemote, arm: Port) -> None:
    remote.set_faults(on_arm(reply_delay_ms=600.0))
    assert not arm.answers(1)
    remote.set_faults(on_arm(reply_delay_ms=20.0))
    assert eventually(lambda: arm.answers(1))


def test_camera_faults_reach_the_shared_state(far: FarEnd, remote: SimRemote) -> None:
    reader = StateReader(far.runtime_dir / STATE_FILE)

    def seen() -> dict[str, CameraFault]:
        snapshot = reader.newest()
        return snapshot.faults if snapshot is not None else {}

    frozen, slow = CameraFault(FaultKind.FROZEN), CameraFault(FaultKind.SLOW, 5.0)
    remote.set_faults(Faults(cameras={"front": frozen, "back": slow}))
    assert eventually(lambda: seen() == {"front": frozen, "back": slow})
    remote.set_faults(Faults(cameras={"back": slow}))
    assert eventually(lambda: seen() == {"back": slow})
    remote.set_faults(Faults())
    assert eventually(lambda: seen() == {})
    reader.close()


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        (Faults(buses={"lefty": BusFaults()}), "no simulated bus 'lefty'; there are left_leader"),
        (
            Faults(cameras={"nose": CameraFault(FaultKind.BLACK)}),
            "no simulated camera 'nose'; there are front",
        ),
        (on_arm(silent_ids=(17,)), r"no servo 17 on this bus; there are \[1, 2"),
    ],
)
def test_a_fault_of_something_that_is_not_there_is_refused_by_name(
    remote: SimRemote, faults: Faults, message: str
) -> None:
    with pytest.raises(SimRemoteError, match=message):
        remote.set_faults(faults)
