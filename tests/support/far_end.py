"""The far end of the simulated robot's lines in a thread, and the real SDK as the near end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dynamixel_sdk import COMM_SUCCESS, GroupSyncRead, PacketHandler, PortHandler

from drivers.profile.parse import load_profile
from drivers.profile.schema import RobotProfile
from drivers.sim.control_table import Register
from drivers.sim.line import port_path
from drivers.sim.simulation import SimStatus, Simulation
from tests.support.plain_world import PlainWorld


class Port(PortHandler):  # type: ignore[misc]  # the SDK ships no types
    """The SDK's port, patient, and yielding the interpreter while it waits."""

    def __init__(self, path: Path, *, baud: int = 1_000_000) -> None:
        super().__init__(str(path))
        self.setBaudRate(baud)
        self.ser.timeout = 0.005
        self.timeout_ms = 250.0  # far longer than a reply takes, so that a busy machine fails no test
        self.handler = PacketHandler(2.0)

    def setPacketTimeout(self, packet_length: int) -> None:
        self.setPacketTimeoutMillis(self.timeout_ms)

    def ping(self, servo_id: int) -> tuple[int, int, int]:
        """Model number, result of the exchange, error number."""
        answer: tuple[int, int, int] = self.handler.ping(self, servo_id)
        return answer

    def answers(self, servo_id: int) -> bool:
        return bool(self.ping(servo_id)[1] == COMM_SUCCESS)

    def get(self, servo_id: int, register: Register) -> int:
        data, result, error = self.handler.readTxRx(self, servo_id, register.address, register.size)
        assert (result, error & 0x7F) == (COMM_SUCCESS, 0), (
            f"servo {servo_id}: result {result}, error {error}"
        )
        return int.from_bytes(bytes(data), "little", signed=register.signed)

    def put(self, servo_id: int, register: Register, value: int) -> int:
        """Write a register; gives the error number of the status packet."""
        data = list(value.to_bytes(register.size, "little", signed=value < 0))
        result, error = self.handler.writeTxRx(self, servo_id, register.address, register.size, data)
        assert result == COMM_SUCCESS, f"servo {servo_id} gave no answer: {result}"
        return int(error)

    def sync_read(self, register: Register, ids: list[int], *, fast: bool) -> dict[int, int] | None:
        """A register of several servos in one exchange; None when it failed."""
        group = GroupSyncRead(self, self.handler, register.address, register.size)
        for servo_id in ids:
            group.addParam(servo_id)
        result = group.fastSyncRead() if fast else group.txRxPacket()
        if result != COMM_SUCCESS:
            return None
        raw = {servo_id: bytes(group.data_dict[servo_id]) for servo_id in ids}
        return {k: int.from_bytes(data, "little", signed=register.signed) for k, data in raw.items()}


class FarEnd:
    """A simulation that runs, with its world at hand."""

    def __init__(self, simulation: Simulation, world: PlainWorld, runtime_dir: Path) -> None:
        self.simulation = simulation
        self.world = world
        self.runtime_dir = runtime_dir
        self.statuses: list[SimStatus] = []

    @contextmanager
    def port(self, bus: str, *, baud: int = 1_000_000) -> Iterator[Port]:
        port = Port(port_path(self.runtime_dir, bus), baud=baud)
        try:
            yield port
        finally:
            port.closePort()


def sim_kitchen() -> RobotProfile:
    return load_profile("sim-kitchen")


@contextmanager
def far_end(
    runtime_dir: Path, *, wire_time: bool = False, fast_sync_read: bool = True, seed: int = 0
) -> Iterator[FarEnd]:
    """Run the sim-kitchen robot's servos on a plain world until the block ends."""
    profile = sim_kitchen()
    world = PlainWorld(profile)
    simulation = Simulation(
        profile,
        runtime_dir=runtime_dir,
        seed=seed,
        world=world,
        wire_time=wire_time,
        fast_sync_read=fast_sync_read,
    )
    end = FarEnd(simulation, world, runtime_dir)
    ended = threading.Event()
    thread = threading.Thread(target=simulation.run, args=(ended.is_set, end.statuses.append), name="far end")
    thread.start()
    try:
        yield end
    finally:
        ended.set()
        thread.join()


def eventually(true: Callable[[], bool], *, within_s: float = 5.0) -> bool:
    """Whether a condition comes true in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.01)
    return true()
