"""The real-time loop of the simulated robot: physics on time, serial lines answered at once, in one thread."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.profile.schema import RobotProfile
from drivers.sim.faults import HEALTHY_BUS, NO_FAULTS, Faults
from drivers.sim.hands_file import HandsReader
from drivers.sim.interface import Truth
from drivers.sim.line import Line
from drivers.sim.remote import GetTruth, Place, RemoteServer, Reset, SetFaults, Wish
from drivers.sim.rig import build_buses
from drivers.sim.servo import SimServo
from drivers.sim.simulated_world import SimulatedWorld
from drivers.sim.statefile import STATE_FILE, CameraFault, FaultKind, StateWriter
from drivers.sim.world import WorldError

CATCH_UP_S: Final = 0.05
"""A loop that is further behind than this gives the lost time up and counts a slip, instead of racing after it."""

SERVO_PERIOD_S: Final = 0.02
"""How often each servo looks after itself: the unit of its bus watchdog."""

HOUSEKEEPING_S: Final = 0.1
"""How often `stop` and `heartbeat` are called; both may take a while, so not at every step."""


@dataclass(frozen=True, slots=True)
class SimStatus:
    """How the loop fares.

    Attributes:
        time_ns: when this was measured.
        real_time_factor: simulated time over real time since the last status; 1 when all is well.
        slips: how often the loop gave up lost time, since the start.
        steps: physics steps since the start.
        packets: instruction packets taken in on all lines, since the start.
        worst_lateness_s: the latest start of a step since the last status.
    """

    time_ns: int
    real_time_factor: float
    slips: int
    steps: int
    packets: int
    worst_lateness_s: float


class Simulation:
    """A robot's far end: its world, its servos, and the lines to them, from construction to `close`.

    The lines exist, and answer, while `run` runs. The caller chooses the thread's scheduling.

    Args:
        profile: the robot; its buses with a `sim:` port get a line each.
        runtime_dir: the session's directory: ports, the state file, the hands' file and the control socket lie there.
        seed: of the faults' dice.
        world: the physics.
        wire_time: whether replies take as long as on a real line, instead of being there at once. Not by default: the
            SDK spins while it waits, and five buses read one after the other would cost the near end half a core for
            the sake of about 9 ms in each 20.
        fast_sync_read: whether the servos' firmware knows it.
    """

    def __init__(
        self,
        profile: RobotProfile,
        *,
        runtime_dir: Path,
        seed: int,
        world: SimulatedWorld,
        wire_time: bool = False,
        fast_sync_read: bool = True,
    ) -> None:
        self._profile = profile
        self._world = world
        self._faults = NO_FAULTS
        self._slips = 0
        self._steps = 0
        buses = build_buses(profile, world, now_ns=time.monotonic_ns(), fast_sync_read=fast_sync_read)
        self.lines = {
            name: Line(runtime_dir, name, bus, seed=seed, wire_time=wire_time) for name, bus in buses.items()
        }
        self._servos: tuple[SimServo, ...] = tuple(servo for bus in buses.values() for servo in bus.servos)
        self._turns = max(1, round(SERVO_PERIOD_S / world.step_s))
        self._hands = HandsReader(runtime_dir, profile)
        self._state = StateWriter(runtime_dir / STATE_FILE, world.state_size)
        self._remote = RemoteServer(runtime_dir, self._act)

    def run(self, stop: Callable[[], bool], heartbeat: Callable[[SimStatus], None]) -> None:
        """Run until `stop()`; then the ports vanish.

        Args:
            stop: asked every `HOUSEKEEPING_S`.
            heartbeat: told how it goes, as often.
        """
        try:
            self._loop(stop, heartbeat)
        finally:
            self.close()

    def close(self) -> None:
        """Take the ports and the control socket away; the state file stays, for those who look at the last state."""
        for line in self.lines.values():
            line.close()
        self._remote.close()
        self._hands.close()
        self._state.close()

    def _loop(self, stop: Callable[[], bool], heartbeat: Callable[[SimStatus], None]) -> None:
        step_ns = round(self._world.step_s * 1e9)
        catch_up_ns = round(CATCH_UP_S * 1e9)
        deadline_ns = time.monotonic_ns()
        told_ns, told_steps, worst_ns = deadline_ns, 0, 0
        while True:
            now_ns = self._serve_until(deadline_ns)
            late_ns = now_ns - deadline_ns
            worst_ns = max(worst_ns, late_ns)
            if late_ns > catch_up_ns:
                self._slips += 1
                deadline_ns = now_ns
            self._step(now_ns)
            deadline_ns += step_ns
            if now_ns - told_ns >= HOUSEKEEPING_S * 1e9:
                if stop():
                    return
                factor = (self._steps - told_steps) * step_ns / (now_ns - told_ns)
                heartbeat(self._status(now_ns, factor, worst_ns))
                told_ns, told_steps, worst_ns = now_ns, self._steps, 0

    def _serve_until(self, deadline_ns: int) -> int:
        """Answer the lines until it is time for the next step; at least once, however late. Gives the time."""
        by_fd = {line.fd: line for line in self.lines.values() if line.fd is not None}
        while True:
            now_ns = time.monotonic_ns()
            wake_ns = deadline_ns
            for line in self.lines.values():
                due_ns = line.due_ns
                if due_ns is not None:
                    if due_ns <= now_ns:
                        line.send_due(now_ns)
                        due_ns = line.due_ns or deadline_ns
                    wake_ns = min(wake_ns, due_ns)
            # `select` waits to the microsecond, `poll` only to the millisecond.
            readable, _, _ = select.select(list(by_fd), (), (), max(0, wake_ns - now_ns) * 1e-9)
            now_ns = time.monotonic_ns()
            for fd in readable:
                by_fd[fd].serve(now_ns)
            if now_ns >= deadline_ns:
                return now_ns

    def _step(self, now_ns: int) -> None:
        world = self._world
        hands = self._hands.news(now_ns=now_ns)
        if hands is not None:
            world.set_hands(hands)
        world.step()
        # Servos look after themselves in turn, so that no step has to carry them all.
        for servo in self._servos[self._steps % self._turns :: self._turns]:
            servo.advance(now_ns)
        self._steps += 1
        self._write_state()
        self._remote.poll()

    def _write_state(self) -> None:
        state = self._world.integration_state()
        self._state.write(state, time_ns=self._world.time_ns, sim_time_s=float(state[0]))

    def _status(self, now_ns: int, factor: float, worst_ns: int) -> SimStatus:
        return SimStatus(
            time_ns=now_ns,
            real_time_factor=factor,
            slips=self._slips,
            steps=self._steps,
            packets=sum(line.packets for line in self.lines.values()),
            worst_lateness_s=worst_ns * 1e-9,
        )

    # -- what the control channel asks -----------------------------------------------------------------------

    def _act(self, wish: Wish) -> Truth | None:
        try:
            return self._do(wish)
        except WorldError as error:
            raise ValueError(str(error)) from error

    def _do(self, wish: Wish) -> Truth | None:
        match wish:
            case GetTruth():
                return self._world.truth()
            case Reset(seed=seed, robot=robot):
                self._world.reset(seed, robot=robot)
                for servo in self._servos:
                    servo.world_was_reset(hold=robot)
            case Place(name=name, pose=pose):
                self._world.place(name, pose)
            case SetFaults(faults=faults):
                self._set_faults(faults)
        return None

    def _set_faults(self, faults: Faults) -> None:
        for kind, named, there in (
            ("bus", faults.buses, self.lines),
            ("camera", faults.cameras, self._profile.cameras),
        ):
            unknown = sorted(set(named) - set(there))
            if unknown:
                raise KeyError(f"no simulated {kind} {unknown[0]!r}; there are {', '.join(there) or 'none'}")
        for name, line in self.lines.items():
            line.set_faults(faults.buses.get(name, HEALTHY_BUS))
        for name in {*self._faults.cameras, *faults.cameras}:
            self._state.set_fault(name, faults.cameras.get(name, CameraFault(FaultKind.NONE)))
        self._faults = faults
