"""The simulated robot's far end in lock step with its near end: real lines, physics only when it is told to move.

`drivers.sim.simulation` runs world and lines in real time. Here a thread answers the same lines at once, and the world
moves one tick when `advance` says so, however fast or slow that comes.
"""

from __future__ import annotations

import select
import threading
from pathlib import Path
from types import TracebackType
from typing import Final

from app.bench.stepped_clock import SteppedClock
from drivers.profile import RobotProfile
from drivers.sim.line import Line
from drivers.sim.rig import build_buses
from drivers.sim.simulation import SERVO_PERIOD_S
from drivers.sim.world import KitchenWorld

QUIET_S: Final = 0.0005
"""Lines on which nothing came for so long carry nothing any more: the kernel passes bytes on within microseconds."""

ENDS_WITHIN_S: Final = 0.1


class FarEnd:
    """The servos of a world on their lines, from `with` to its end.

    Args:
        world: the kitchen with the robot in it.
        runtime_dir: where the ports lie.
        seed: of the lines' dice.
        clock: what the servos take for the time.
    """

    def __init__(self, world: KitchenWorld, *, runtime_dir: Path, seed: int, clock: SteppedClock) -> None:
        profile: RobotProfile = world.profile
        self._world = world
        self._clock = clock
        buses = build_buses(profile, world, now_ns=clock.tick_ns)
        self._servos = [servo for bus in buses.values() for servo in bus.servos]
        self._lines = [Line(runtime_dir, name, bus, seed=seed) for name, bus in buses.items()]
        self._by_fd = {line.fd: line for line in self._lines if line.fd is not None}
        self._steps = max(1, round(1.0 / profile.control_rate_hz / world.step_s))
        self._turns = max(1, round(SERVO_PERIOD_S / world.step_s))
        self._stepped = 0
        # Servos read and drive the world's joints, so either they answer or the world moves.
        self._turn = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._answer, name="far end")

    def advance(self) -> None:
        """Move the world by one tick, after everything that is on the lines has reached the servos.

        Raises:
            WorldError: when the physics came apart.
        """
        while self._serve(within_s=QUIET_S):
            pass
        with self._turn:
            for _ in range(self._steps):
                self._world.step()
                for servo in self._servos[self._stepped % self._turns :: self._turns]:
                    servo.advance(self._clock.tick_ns)
                self._stepped += 1

    def _answer(self) -> None:
        while not self._ended.is_set():
            self._serve(within_s=ENDS_WITHIN_S)

    def _serve(self, *, within_s: float) -> bool:
        """Answer what comes; whether anything came."""
        readable, _, _ = select.select(list(self._by_fd), (), (), within_s)
        with self._turn:
            for fd in readable:
                self._by_fd[fd].serve(self._clock.tick_ns)
        return bool(readable)

    def __enter__(self) -> FarEnd:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        for line in self._lines:
            line.close()
