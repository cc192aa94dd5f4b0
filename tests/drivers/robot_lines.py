"""The far end of the serial lines for the drivers' tests: simulated servos on real pseudo-terminals, on one thread."""

from __future__ import annotations

import queue
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from drivers.measurement import Fault, Measurement
from drivers.profile.schema import RobotProfile
from drivers.robot import Robot
from drivers.sim.faults import BusFaults
from drivers.sim.line import Line, port_path
from drivers.sim.protocol import Packet
from drivers.sim.rig import build_buses
from drivers.sim.servo import SimServo
from tests.support.plain_world import PlainWorld

TICK_NS = 20_000_000
PATIENCE_S = 10.0


class FarEnd:
    """Serves every simulated line of a profile until closed. Faults are set between two packets."""

    def __init__(
        self,
        profile: RobotProfile,
        runtime_dir: Path,
        *,
        fast_sync_read: bool = True,
        keeps_goals: bool = False,
        lift_start_m: float = 0.2,
    ) -> None:
        self.world = PlainWorld(profile, lift_start_m=lift_start_m)
        self.runtime_dir = runtime_dir
        buses = build_buses(
            profile,
            self.world,
            now_ns=time.monotonic_ns(),
            fast_sync_read=fast_sync_read,
            keeps_goals=keeps_goals,
        )
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

    def overhear(self, bus: str, passes: Callable[[Packet], bool]) -> None:
        """Let a test see every packet before the servos of a bus do, and say whether it reaches them."""
        servos = self.lines[bus].bus
        answer = servos.answer

        def listening(packet: Packet, *, baud: int, now_ns: int) -> list[bytes]:
            return answer(packet, baud=baud, now_ns=now_ns) if passes(packet) else []

        servos.answer = listening  # type: ignore[method-assign]  # an ear on the line, not another behaviour

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
def far_end(
    profile: RobotProfile,
    runtime_dir: Path,
    *,
    fast_sync_read: bool = True,
    keeps_goals: bool = False,
    lift_start_m: float = 0.2,
) -> Iterator[FarEnd]:
    end = FarEnd(
        profile,
        runtime_dir,
        fast_sync_read=fast_sync_read,
        keeps_goals=keeps_goals,
        lift_start_m=lift_start_m,
    )
    try:
        yield end
    finally:
        end.close()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the far end has done what was sent to it."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline_s:
            raise TimeoutError("it did not come about")
        time.sleep(0.005)


class Loop:
    """A robot in a control loop that a test turns by hand."""

    def __init__(self, robot: Robot) -> None:
        self.robot = robot
        self.sent = np.full(robot.profile.dof, np.nan, np.float32)
        self.measured: Measurement | None = None
        self.faults: tuple[Fault, ...] = ()

    def tick(self, *, write: bool = True) -> Measurement:
        """One tick: read, write what is in `sent`, poll; then wait for the tick's end."""
        start_ns = time.monotonic_ns()
        self.robot.request()
        self.measured = self.robot.collect(start_ns + 15_000_000)
        if write:
            self.robot.write(self.sent)
        self.faults = self.robot.poll(start_ns + 30_000_000)
        time.sleep(max(0.0, (start_ns + TICK_NS - time.monotonic_ns()) / 1e9))
        return self.measured

    def hold(self) -> None:
        """Send from now on the pose measured now, base at rest."""
        measured = self.tick(write=False)
        self.sent = np.where(measured.fresh, measured.position, np.nan).astype(np.float32)
        self.tick()

    def until(self, condition: Callable[[Measurement], bool], *, what: str) -> Measurement:
        """Tick until a condition holds."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            measured = self.tick()
            if condition(measured):
                return measured
        raise TimeoutError(f"{what} did not come about; faults: {self.faults}, lost: {measured.lost}")

    def has_fault(self, code: str) -> bool:
        return any(fault.code == code for fault in self.faults)

    def fault(self, code: str) -> Fault:
        return next(fault for fault in self.faults if fault.code == code)


@contextmanager
def robot_on(end: FarEnd, profile: RobotProfile) -> Iterator[Loop]:
    """A robot on the far end's lines, not connected yet, in a loop."""
    robot = Robot(profile, resolve_port=end.resolve_port)
    try:
        yield Loop(robot)
    finally:
        robot.close()
