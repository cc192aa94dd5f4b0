"""The far end of the serial lines for the drivers' tests: simulated servos on real pseudo-terminals, on one thread."""

from __future__ import annotations

import queue
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.profile.schema import RobotProfile
from drivers.robot import Robot
from drivers.sim.faults import BusFaults
from drivers.sim.line import Line, port_path
from drivers.sim.rig import build_buses
from drivers.sim.servo import SimServo
from tests.support.plain_world import PlainWorld

TICK_NS = 20_000_000
PATIENCE_S = 10.0


class FarEnd:
    """Serves every simulated line of a profile until closed. Faults are set between two packets."""

    def __init__(self, profile: RobotProfile, runtime_dir: Path, *, fast_sync_read: bool = True) -> None:
        self.world = PlainWorld(profile)
        self.runtime_dir = runtime_dir
        buses = build_buses(profile, self.world, now_ns=time.monotonic_ns(), fast_sync_read=fast_sync_read)
        self.lines = {name: Line(runtime_dir, name, bus, seed=7) for name, bus in buses.items()}
        self._errands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="far end")
        self._thread.start()

    def resolve_port(self, port: str) -> str:
        return str(port_path(self.runtime_dir, port.removeprefix("sim:")))

    def servo(self, bus: str, servo_id: int) -> SimServo:
        return self.lines[bus].bus.servo(servo_id)

    def do(self, errand: Callable[[], None]) -> None:
        """Do something between two packets, and return when it is done."""
        done = threading.Event()
        self._errands.put(lambda: (errand(), done.set()))
        if not done.wait(PATIENCE_S):
            raise TimeoutError("the far end does not serve any more")

    def set_faults(self, bus: str, faults: BusFaults) -> None:
        self.do(lambda: self.lines[bus].set_faults(faults))

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        for line in self.lines.values():
            line.close()

    def _serve(self) -> None:
        next_step_ns = time.monotonic_ns()
        step_ns = int(self.world.step_s * 1e9)
        while not self._stop.is_set():
            fds = {line.fd: line for line in self.lines.values() if line.fd is not None}
            wait_s = max(0.0, (next_step_ns - time.monotonic_ns()) / 1e9)
            readable, _, _ = select.select(list(fds), [], [], wait_s)
            now_ns = time.monotonic_ns()
            for fd in readable:
                fds[fd].serve(now_ns)
            for line in self.lines.values():
                line.send_due(now_ns)
            while not self._errands.empty():
                self._errands.get()()
            if now_ns >= next_step_ns:
                for _ in range(min(50, 1 + (now_ns - next_step_ns) // step_ns)):
                    self.world.step()
                    next_step_ns += step_ns
                for line in self.lines.values():
                    for servo in line.bus.servos:
                        servo.advance(now_ns)


@contextmanager
def far_end(profile: RobotProfile, runtime_dir: Path, *, fast_sync_read: bool = True) -> Iterator[FarEnd]:
    end = FarEnd(profile, runtime_dir, fast_sync_read=fast_sync_read)
    try:
        yield end
    finally:
        end.close()


@contextmanager
def robot_on(end: FarEnd, profile: RobotProfile) -> Iterator[Robot]:
    robot = Robot(profile, resolve_port=end.resolve_port)
    try:
        yield robot
    finally:
        robot.close()
