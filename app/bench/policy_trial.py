"""One task by the scripted policy's chunks, through everything that a robot in use goes through, faster than real time.

As `app.bench.trial`, but nobody holds the leaders: orders and pacing decide as in the policy process, chunks take the
time that is given for them, and the robot's loop runs them. Only the clock is another. By itself it shows how often
tasks, or single subtasks in their course, succeed: `python -m app.bench.policy_trial --seeds 20`.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from app.autonomy.choice import HighLevel
from app.autonomy.chunk_wire import checked_actions, packed, trimmed
from app.autonomy.last_known import LastKnown
from app.autonomy.orders import InForce, Named, Orders
from app.autonomy.pacing import Due, Pacing, Running, Sent
from app.autonomy.scripted import EXECUTE, FinalChunk, ScriptedPolicy
from app.bench.lock_step import FarEnd
from app.bench.stepped_clock import SteppedClock
from app.messages import Mode
from app.robot.arbiter import Asked, Inputs
from app.robot.loop import RobotLoop
from app.runtime import resolve_port
from drivers.measurement import Measurement
from drivers.profile import RobotProfile, load_profile
from drivers.robot import Robot
from drivers.sim.interface import Truth
from drivers.sim.operator.evaluate import JUDGED, kitchen_for
from drivers.sim.operator.operator import ScriptedOperator
from drivers.sim.operator.subtasks import SUBTASKS
from drivers.sim.world import KitchenWorld
from policy.types import ActionChunk, Committed, Observation

HOMED_S, SETTLE_S = 60.0, 1.0
SLOWNESS = 20
"""Of time within a tick: nothing here is about how fast the lines are."""
CONNECT_TRIES, BUSY_TRIES = 20, 4
BUSY = ("no answer from", "is lost", "no reply")
FINISHED_S = 180.0
"""Simulated seconds that a task may take."""
MAKING_TICKS, NAMING_TICKS = 3, 5
"""How long a chunk and a subtask take, in ticks, by default."""


class MachineBusy(RuntimeError):
    """The robot could not be made ready; its lines are answered in real time, even here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTrial:
    """How one seed went.

    Attributes:
        task: what was tried.
        seed: of the placement and of the policy's eye.
        succeeded: whether the world ended up as wanted.
        simulated_s, computed_s: how long it took the robot, and the computer.
        subtasks: those that were in force, in order, with whether each succeeded by its own check.
        late: how often the robot stood because a chunk was late.
        wrong: every complaint, and why a subtask was given up.
    """

    task: str
    seed: int
    succeeded: bool
    simulated_s: float
    computed_s: float
    subtasks: tuple[tuple[str, bool], ...]
    late: int
    wrong: str

    @property
    def machine_was_busy(self) -> bool:
        """Whether the lines, which are answered in real time even here, were silent in the middle of it."""
        return not self.succeeded and any(words in self.wrong for words in BUSY)


def run_policy_trial(
    profile: RobotProfile,
    task: str,
    *,
    seed: int,
    variant: HighLevel = HighLevel.MODEL,
    making_ticks: int = MAKING_TICKS,
    speed: float = 1.0,
) -> PolicyTrial:
    """Let the scripted policy do a task once, from the robot's start, in a kitchen of its own.

    Args:
        profile: a simulated robot.
        task: one of the scripts that end.
        seed: of the objects' places and the policy's eye.
        variant: who names the subtasks: the policy, or nobody (implicit).
        making_ticks: how long a chunk takes.
        speed: the robot's factor, in (0, 1].

    Raises:
        MachineBusy: when the robot does not answer, or does not find its lift's zero.
    """
    clock = SteppedClock(period_ns=round(1e9 / profile.control_rate_hz), slowness=SLOWNESS)
    world = kitchen_for(profile, task, seed=seed)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as folder:
        runtime_dir = Path(folder)
        with FarEnd(world, runtime_dir=runtime_dir, seed=seed, clock=clock) as far_end:
            robot = _connected(profile, runtime_dir)
            try:
                with clock:
                    alone = _Alone(profile, world, far_end, robot, clock, seed=seed)
                    alone.making_ticks, alone.loop.arbiter.speed = making_ticks, speed
                    trial = alone.do(task, variant, seed=seed)
            finally:
                robot.close()
    return dataclasses.replace(trial, computed_s=round(time.perf_counter() - started, 2))


def _connected(profile: RobotProfile, runtime_dir: Path) -> Robot:
    """The robot's near end; on a busy machine, which answers in its own time, not at the first try."""
    report = None
    for _ in range(CONNECT_TRIES):
        robot = Robot(profile, resolve_port=lambda port: resolve_port(runtime_dir, port))
        report = robot.connect()
        if report.ok:
            return robot
        robot.close()
    raise MachineBusy(f"the simulated robot does not answer: {report}")


@dataclass(eq=False)
class _Making:
    """A chunk that is being made."""

    ready_at: int
    chunk: ActionChunk
    subtask: InForce
    due: Due
    observed_ns: int


@dataclass(eq=False)
class _Alone:
    """A robot that a policy moves, in lock step with its world."""

    profile: RobotProfile
    world: KitchenWorld
    far_end: FarEnd
    robot: Robot
    clock: SteppedClock
    seed: int
    making_ticks: int = MAKING_TICKS
    wrong: str = ""
    subtasks: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.loop = RobotLoop(self.profile, self.robot, self._hear)
        self.loop.arbiter.policy_trouble = ""
        self._orders = Orders(self._hear, clock_ns=lambda: time.monotonic_ns())
        self._pacing = Pacing()
        self._policy = ScriptedPolicy(self.profile, self.world.truth, seed=self.seed)
        self._known = LastKnown(self.profile.dof)
        self._making: _Making | None = None
        self._naming: tuple[int, Any, Named] | None = None
        self._number = 0
        self._ticks = 0

    def do(self, task: str, variant: HighLevel, *, seed: int) -> PolicyTrial:
        """Home, go alone until the task is done or given up, let things settle, and judge."""
        self._home()
        self._orders.choose(variant, ())
        self._orders.go_alone(task)
        self.loop.change(Mode.AUTONOMOUS)
        began_s = self.world.truth().sim_time_s
        while not self._over and self.world.truth().sim_time_s - began_s < FINISHED_S:
            self._step()
        finished_s = self.world.truth().sim_time_s
        player = self.loop.arbiter.player
        late = player.late if player is not None else 0
        for _ in range(round(SETTLE_S * self.profile.control_rate_hz)):
            self._tick()
        judge = ScriptedOperator(self.profile, task, seed=seed)
        return PolicyTrial(
            task=task,
            seed=seed,
            succeeded=judge.succeeded(self.world.truth()),
            simulated_s=round(finished_s - began_s, 2),
            computed_s=0.0,
            subtasks=tuple(self.subtasks),
            late=late,
            wrong=self.wrong,
        )

    @property
    def _over(self) -> bool:
        """Whether the task is done, or the robot was held, which nobody is there to mend."""
        in_force = self._orders.in_force
        alone = self.loop.arbiter.mode is Mode.AUTONOMOUS
        implicit_done = in_force is not None and in_force.origin == "task" and in_force.done
        return not alone or self._done or implicit_done

    _done = False

    def _step(self) -> None:
        """One tick of the robot and what the policy process does in it."""
        measured, asked = self._tick()
        now_ns = time.monotonic_ns()
        chunk = asked.chunk
        running = Running(
            measured.time_ns,
            chunk.number if chunk is not None else -1,
            asked.chunk_step,
            self.loop.arbiter.speed,
        )
        self._orders.see(self.loop.arbiter.mode)
        self._pacing.see(running)
        finished = self._pacing.finished(running, now_ns)
        if finished is not None:
            self._orders.finished(finished.applied_ns, gave_up=finished.gave_up)
        self._name(measured)
        self._deliver(now_ns)
        wanted = self._orders.current
        if wanted is None or self._making is not None:
            return
        lead_s = (self.making_ticks + 1) / self.profile.control_rate_hz
        due = self._pacing.due(running, now_ns, applied_ns=wanted.applied_ns, execute=EXECUTE, lead_s=lead_s)
        if due is not None:
            committed = None if due.plan is None else Committed(due.plan, due.frozen, EXECUTE)
            made = self._policy.actions(self._observed(measured.time_ns), wanted.text, committed=committed)
            ready_at = self._ticks + self.making_ticks
            self._making = _Making(ready_at, made, wanted, due, measured.time_ns)

    def _name(self, measured: Measurement) -> None:
        if self._naming is not None:
            ready_at, asking, named = self._naming
            if self._ticks >= ready_at:
                self._naming = None
                self._orders.answer(asking, named)
            return
        asking = self._orders.ask()
        if asking is not None:
            answer = self._policy.subtask(
                self._observed(measured.time_ns), asking.task, allowed=asking.allowed
            )
            self._naming = (self._ticks + NAMING_TICKS, asking, Named(answer.text, answer.probability))

    def _deliver(self, now_ns: int) -> None:
        making, current = self._making, self._orders.current
        if making is None or self._ticks < making.ready_at:
            return
        self._making = None
        if current is None or current.applied_ns != making.subtask.applied_ns:
            return
        chunk, final = making.chunk, isinstance(making.chunk, FinalChunk)
        actions, step_ns = checked_actions(chunk, width=self.profile.dof)
        actions = trimmed(actions, passed=making.due.frozen) if final else actions
        self._number += 1
        parts = packed(
            actions,
            chunk=self._number,
            observed_ns=making.observed_ns,
            first_ns=now_ns if making.due.first_ns is None else making.due.first_ns,
            step_ns=step_ns,
            applied_ns=current.applied_ns,
            mode=Mode.AUTONOMOUS,
            final=final,
            subtask=current.text,
        )
        self.loop.take_chunk(np.concatenate(parts))
        if self.loop.refusal and self.loop.refusal not in self.wrong:
            self.wrong += f"; refused: {self.loop.refusal}"
        gave_up = chunk.gave_up if isinstance(chunk, FinalChunk) else ""
        self._pacing.send(Sent(self._number, actions, current.applied_ns, step_ns, final, gave_up, now_ns))

    def _home(self) -> None:
        for _ in range(round(HOMED_S * self.profile.control_rate_hz)):
            self._tick()
            if self.robot.lifts_homed:
                return
        raise MachineBusy(f"the lift did not find its zero in {HOMED_S:g} s: {self.robot.homing}")

    def _tick(self) -> tuple[Measurement, Asked]:
        self.clock.step()
        self._ticks += 1
        measured, asked, _, _ = self.loop.tick(Inputs(), owner_alive=True)
        self._known.see(measured.position, measured.time_ns)
        self.far_end.advance()
        return measured, asked

    def _observed(self, time_ns: int) -> Observation:
        return Observation({}, self._known.at(time_ns), time_ns)

    def _hear(self, kind: str, message: str, *, level: str = "info", **data: Any) -> None:
        """Keep complaints, and how each subtask went."""
        if level != "info" and message not in self.wrong:
            self.wrong += f"; {message}" if self.wrong else message
        if kind == "subtask" and data.get("state") in ("done", "ended"):
            self._judge(data["text"])
        if kind == "task":
            self._done = True

    def _judge(self, text: str) -> None:
        subtask = SUBTASKS[text]
        truth: Truth = self.world.truth()
        if not self.subtasks or self.subtasks[-1][0] != text:
            self.subtasks.append((text, subtask.succeeded is None or subtask.succeeded(truth)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Try tasks over seeds; 0 when each succeeded on at least four fifths."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--profile", default="sim-kitchen", help="profile of a simulated robot")
    parser.add_argument("--task", action="append", choices=JUDGED, help="only this one; may be repeated")
    parser.add_argument("--seeds", type=int, default=10, help="how many (default 10)")
    parser.add_argument("--first-seed", type=int, default=0, help="the first (default 0)")
    parser.add_argument("--implicit", action="store_true", help="the task straight to the low level")
    parser.add_argument("--ticks", type=int, default=MAKING_TICKS, help="that a chunk takes (default 3)")
    parser.add_argument("--speed", type=float, default=1.0, help="the robot's factor (default 1)")
    options = parser.parse_args(arguments)
    profile = load_profile(options.profile)
    variant = HighLevel.IMPLICIT if options.implicit else HighLevel.MODEL
    worst = 1.0
    for task in options.task or JUDGED:
        trials = []
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for _ in range(BUSY_TRIES):
                trial = _tried(
                    profile,
                    task,
                    seed=seed,
                    variant=variant,
                    making_ticks=options.ticks,
                    speed=options.speed,
                )
                if trial is not None and not trial.machine_was_busy:
                    break
                print(f"  seed {seed}: once more, the machine was too busy to answer the lines", flush=True)
            if trial is None:
                raise MachineBusy("the machine is too busy for the lines to be answered; try again later")
            trials.append(trial)
            if not trial.succeeded or trial.wrong:
                print(f"  seed {seed}: {trial}", flush=True)
        print(_summary(task, trials), flush=True)
        worst = min(worst, sum(trial.succeeded for trial in trials) / len(trials))
    return 0 if worst >= 0.8 else 1


def _tried(profile: RobotProfile, task: str, **how: Any) -> PolicyTrial | None:
    """A trial; None where the robot could not even be made ready."""
    try:
        return run_policy_trial(profile, task, **how)
    except MachineBusy:
        return None


def _summary(task: str, trials: Sequence[PolicyTrial]) -> str:
    good = sum(trial.succeeded for trial in trials)
    parts = [done for trial in trials for _, done in trial.subtasks]
    simulated_s = sum(trial.simulated_s for trial in trials) / len(trials)
    computed_s = sum(trial.computed_s for trial in trials) / len(trials)
    return (
        f"{task:26s} {good:3d}/{len(trials)}   subtasks {sum(parts)}/{len(parts)}   {simulated_s:5.1f} s each,"
        f" {computed_s:5.1f} s to compute"
    )


if __name__ == "__main__":
    sys.exit(main())
