"""One task of the scripted operator through everything that a robot in use goes through, faster than real time.

Hands move the leaders; their servos are read over pseudo-terminals by the drivers; gate, ramp and safety filter decide;
the followers' servos obey, over pseudo-terminals again; physics does the rest. Only the clock is another.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from app.bench.lock_step import FarEnd
from app.bench.stepped_clock import SteppedClock
from app.messages import Mode
from app.robot.arbiter import Inputs
from app.robot.gate import GatePhase
from app.robot.loop import RobotLoop
from app.runtime import resolve_port
from drivers.profile import RobotProfile
from drivers.robot import Robot
from drivers.sim.interface import Hands, Truth
from drivers.sim.operator import ScriptedOperator
from drivers.sim.operator.evaluate import SETTLE_S, Trial, kitchen_for
from drivers.sim.world import KitchenWorld

HOMED_S = 60.0
FINISHED_S = 180.0
"""Simulated seconds that homing and a task may take."""


def run_trial(profile: RobotProfile, script: str, *, seed: int) -> Trial:
    """Let the operator do a script once, from the robot's start, in a kitchen of its own.

    Args:
        profile: a simulated robot.
        script: one of `drivers.sim.operator.scripts()`.
        seed: of the objects' places and the operator's eye.

    Raises:
        RuntimeError: when the robot does not answer.
    """
    started = time.perf_counter()
    clock = SteppedClock(period_ns=round(1e9 / profile.control_rate_hz))
    world = kitchen_for(profile, script, seed=seed)
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as folder:
        runtime_dir = Path(folder)
        with FarEnd(world, runtime_dir=runtime_dir, seed=seed, clock=clock) as far_end:
            robot = Robot(profile, resolve_port=lambda port: resolve_port(runtime_dir, port))
            try:
                report = robot.connect()
                if not report.ok:
                    raise RuntimeError(f"the simulated robot does not answer: {report}")
                with clock:
                    drive = _Drive(profile, world, far_end, robot, clock)
                    operator = ScriptedOperator(profile, script, seed=seed)
                    return drive.do(operator, seed=seed, started=started)
            finally:
                robot.close()


class _Drive:
    """A robot that is driven in lock step with its world."""

    def __init__(
        self, profile: RobotProfile, world: KitchenWorld, far_end: FarEnd, robot: Robot, clock: SteppedClock
    ) -> None:
        self._rate_hz = profile.control_rate_hz
        self._world = world
        self._far_end = far_end
        self._robot = robot
        self._clock = clock
        self._wrong = ""
        self._loop = RobotLoop(profile, robot, self._hear)

    def do(self, operator: ScriptedOperator, *, seed: int, started: float) -> Trial:
        """Home, follow, do the script, let things settle, and judge."""
        self._home()
        self._loop.change(Mode.TELEOP)
        truth, phase = self._world.truth(), ""
        began_s = truth.sim_time_s
        while not (operator.done or self._stopped) and truth.sim_time_s - began_s < FINISHED_S:
            truth = self._lead(operator, truth)
            phase = operator.phase if not operator.done else phase
        finished_s = truth.sim_time_s
        for _ in range(round(SETTLE_S * self._rate_hz)):
            truth = self._lead(operator, truth)
        return Trial(
            script=operator.script,
            seed=seed,
            succeeded=operator.done and not operator.gave_up and operator.succeeded(truth),
            simulated_s=round(finished_s - began_s, 2),
            computed_s=round(time.perf_counter() - started, 2),
            phase=phase,
            gave_up=operator.gave_up or self._wrong,
        )

    @property
    def _stopped(self) -> bool:
        """Whether the robot ceased to follow, which nobody is there to mend."""
        return self._loop.arbiter.mode is not Mode.TELEOP

    def _home(self) -> None:
        for _ in range(round(HOMED_S * self._rate_hz)):
            self._tick(Inputs())
            if self._robot.lifts_homed:
                return
        raise RuntimeError(f"the lift did not find its zero in {HOMED_S:g} s: {self._robot.homing}")

    def _lead(self, operator: ScriptedOperator, truth: Truth) -> Truth:
        """One tick with the operator's hands on the leaders; the world afterwards."""
        hands = operator.step(truth, following=self._loop.gate_phase is GatePhase.FOLLOWING)
        self._world.set_hands(hands)
        self._tick(_inputs(hands))
        return self._world.truth()

    def _tick(self, inputs: Inputs) -> None:
        self._clock.step()
        self._loop.tick(inputs, owner_alive=True)
        self._far_end.advance()

    def _hear(self, kind: str, message: str, *, level: str = "info", **_: object) -> None:
        """Keep the first complaint."""
        if level != "info" and not self._wrong:
            self._wrong = message


def _inputs(hands: Hands) -> Inputs:
    return Inputs(twist=hands.base_twist, lift_m_s=hands.lift_m_s) if hands.moving_base else Inputs()
