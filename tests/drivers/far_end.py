"""The far end of a simulated robot's serial lines without physics: real pseudo-terminals, servos on still joints."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.profile import RobotProfile
from drivers.sim.bus import SimBus
from drivers.sim.interface import Drive
from drivers.sim.line import Line
from drivers.sim.protocol import Packet
from drivers.sim.rig import build_buses


class StillJoint:
    """A joint that stands where it is put and obeys nobody; it remembers what it was asked."""

    def __init__(self, position_rad: float = 0.0) -> None:
        self.position_rad = position_rad
        self.velocity_rad_s = 0.0
        self.effort_nm = 0.0
        self.drives: list[Drive] = []

    def drive(self, drive: Drive) -> None:
        self.drives.append(drive)


class StillWorld:
    """Joints by bus and name, made as they are asked for."""

    step_s = 0.002

    def __init__(self) -> None:
        self.joints: dict[tuple[str, str], StillJoint] = {}

    def joint(self, bus: str, name: str) -> StillJoint:
        return self.joints.setdefault((bus, name), StillJoint())

    def step(self) -> None:
        """Nothing moves."""


class FarEnd:
    """The lines of a profile, served by a thread. `heard` holds the instruction of every packet, by bus."""

    def __init__(self, profile: RobotProfile, runtime_dir: Path, *, fast_sync_read: bool = True) -> None:
        self.world = StillWorld()
        self.buses = build_buses(
            profile, self.world, now_ns=time.monotonic_ns(), fast_sync_read=fast_sync_read
        )
        self.heard: dict[str, list[int]] = {name: [] for name in self.buses}
        for name, bus in self.buses.items():
            self._listen(bus, self.heard[name])
        self.lines = {name: Line(runtime_dir, name, bus, seed=0) for name, bus in self.buses.items()}

    def resolve_port(self, port: str) -> str:
        """The path of the pseudo-terminal behind `sim:NAME`; any other port as it is."""
        return str(self.lines[port.removeprefix("sim:")].path) if port.startswith("sim:") else port

    def serve(self, ending: threading.Event) -> None:
        while not ending.is_set():
            lines = {line.fd: line for line in self.lines.values() if line.fd is not None}
            for fd in select.select(list(lines), [], [], 0.01)[0]:
                lines[fd].serve(time.monotonic_ns())

    @staticmethod
    def _listen(bus: SimBus, heard: list[int]) -> None:
        answer = bus.answer

        def listening(packet: Packet, *, baud: int, now_ns: int) -> list[bytes]:
            heard.append(packet.instruction)
            return answer(packet, baud=baud, now_ns=now_ns)

        bus.answer = listening  # type: ignore[method-assign]  # an ear on the line, not another behaviour


@contextmanager
def far_end(profile: RobotProfile, runtime_dir: Path, *, fast_sync_read: bool = True) -> Iterator[FarEnd]:
    """The lines of a profile, answering until the end of the block."""
    end = FarEnd(profile, runtime_dir, fast_sync_read=fast_sync_read)
    ending = threading.Event()
    thread = threading.Thread(target=end.serve, args=(ending,), name="far end")
    thread.start()
    try:
        yield end
    finally:
        ending.set()
        thread.join()
        for line in end.lines.values():
            line.close()
