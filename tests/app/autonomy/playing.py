"""Plays a policy's chunks on a robot in simulated time, as the robot process plays them in real time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from app.autonomy.scripted import FinalChunk, ScriptedPolicy
from drivers.profile import RobotProfile
from drivers.sim.direct import DirectRobot
from drivers.sim.interface import Truth
from drivers.sim.world import KitchenWorld
from policy.types import ActionChunk, Committed, Observation

EXECUTE = 25
STEP_NS = 20_000_000


@dataclass
class Player:
    """A robot in a kitchen that runs a policy's chunks, each of which arrives so many ticks after it was asked for."""

    profile: RobotProfile
    world: KitchenWorld
    seed: int = 0
    latency: int = 4
    rows: list[NDArray[np.float64]] = field(default_factory=list)
    subtasks: list[str] = field(default_factory=list)
    gave_up: str = ""

    def __post_init__(self) -> None:
        self.robot = DirectRobot(self.world)
        self.truth = self.world.truth()
        self.ticks = 0
        self.policy = ScriptedPolicy(self.profile, self.see, seed=self.seed)
        self.counts: Counter[str] = Counter()

    def see(self) -> Truth:
        return replace(self.truth, time_ns=self.ticks * STEP_NS)

    def observe(self) -> Observation:
        state = self.robot.measured()
        return Observation({}, state, captured_ns=self.ticks * STEP_NS)

    def do(self, subtask: str, *, most_s: float = 60.0) -> FinalChunk | None:
        """Carry a subtask out; its final chunk, or None where it took too long."""
        self.subtasks.append(subtask)
        chunk: ActionChunk | None = None
        step, until = 0, self.ticks + round(most_s * 50)
        held = self.robot.requested.copy()
        while self.ticks < until:
            plan = None if chunk is None else chunk.actions[step:]
            if chunk is not None and isinstance(chunk, FinalChunk):
                for row in plan if plan is not None else ():
                    self.tick(row)
                return chunk
            committed = None if plan is None else Committed(plan, frozen=self.latency, execute=EXECUTE)
            new = self.policy.actions(self.observe(), subtask, committed=committed)
            for index in range(self.latency):
                self.tick(held if plan is None else plan[index])
            chunk, step = new, self.latency if plan is not None else 0
            if isinstance(chunk, FinalChunk):
                continue
            while step < EXECUTE:
                self.tick(chunk.actions[step])
                step += 1
            # Asked for again at once: what is left of this chunk is committed, and some of it runs meanwhile.
        return None

    def tick(self, row: NDArray[np.float64]) -> None:
        self.rows.append(np.array(row))
        self.truth = self.robot.follow(np.array(row))
        self.ticks += 1
