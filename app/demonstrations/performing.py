"""Performs a demonstration: what the operator asks for, tick by tick, under which subtask, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.demonstrations.leading import Lead
from app.demonstrations.plan import Demonstration
from app.demonstrations.starts import Kind, Start, draw_start
from app.demonstrations.tremor import Tremor
from drivers.profile import RobotProfile
from drivers.sim.direct import DirectRobot
from drivers.sim.interface import Truth
from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.operator import ScriptedOperator
from drivers.sim.operator.motions import GaveUpError
from drivers.sim.operator.places import holds
from drivers.sim.operator.subtasks import SUBTASKS
from drivers.sim.operator.whats_next import next_subtask

Vector = NDArray[np.float64]

STILL_S: Final = 0.6
"""An episode goes on for so long after its end, with the robot standing still."""
LONGEST_S: Final = 60.0
LONGEST_EVERYTHING_S: Final = 240.0
_DRAWER_M: Final = {"open the drawer": (0.0, 0.0), "close the drawer": (0.20, 0.34)}
"""How far the drawer is open, from and to, as a whole task begins that is about it."""
AGAIN: Final = 3
"""A subtask that ended without being done is begun again so often, one after the other."""


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """What one tick asks for.

    Attributes:
        subtask: under which.
        action: (D,) what the operator asks for.
        disturbance: (D,) added to it on the way; None for nothing.
    """

    subtask: str
    action: Vector
    disturbance: Vector | None


class Performance:
    """One demonstration under way.

    Args:
        profile: of the simulated robot.
        shown: what is to be shown.
        start: where it begins; None for where its seed says.

    Attributes:
        robot: in the kitchen, where the demonstration begins.
        gave_up: why the operator gave up; empty while it has not.

    Raises:
        NoStart: no kitchen was found in which it can begin.
    """

    def __init__(self, profile: RobotProfile, shown: Demonstration, *, start: Start | None = None) -> None:
        self._profile = profile
        self._shown = shown
        drawer_m = None if shown.subtask else _DRAWER_M.get(shown.task)
        if start is None:
            start = draw_start(profile, _first(shown), seed=shown.seed, kind=shown.kind, drawer_m=drawer_m)
        self.robot: DirectRobot = start.robot(profile)
        rng = np.random.default_rng([shown.seed, 11])
        self._lead = Lead(self.robot, rng, pace=shown.pace)
        self._tremor = Tremor(profile, np.random.default_rng([shown.seed, 13])) if shown.dart else None
        self._began_s = self._truth.sim_time_s
        self.gave_up = ""

    def turns(self) -> Iterator[Turn]:
        """Tick by tick what is asked for; each is done before the next is asked of the operator."""
        one, words = self._shown.subtask, ""
        for words in [one] if one else self._subtasks():
            yield from self._under(words)
            if self.gave_up:
                break
        for _ in range(round(STILL_S * self._profile.control_rate_hz)):
            yield self._turn(words, self._lead.rest())

    def follow(self, turn: Turn) -> None:
        """Let the robot do it.

        Raises:
            WorldError: when the physics came apart.
        """
        self._lead.follow(turn.action, disturbance=turn.disturbance)

    @property
    def succeeded(self) -> bool:
        """Whether the world is now as the demonstration was to leave it."""
        if self.gave_up:
            return False
        if not self._shown.subtask:
            judge = ScriptedOperator(self._profile, self._shown.task, seed=0)
            return judge.succeeded(self._truth)
        done: Callable[[Truth], bool] | None = SUBTASKS[self._shown.subtask].succeeded
        return done is None or done(self._truth)

    @property
    def _truth(self) -> Truth:
        return self._lead.body.truth

    def _subtasks(self) -> Iterator[str]:
        """What the task needs next, as long as it needs anything."""
        before, again = "", 0
        while words := next_subtask(self._truth, self._shown.task):
            again = again + 1 if words == before else 0
            if again == AGAIN:
                self.gave_up = f"{words!r} is not done after {AGAIN} tries"
                return
            before = words
            yield words

    def _under(self, words: str) -> Iterator[Turn]:
        """One subtask until it ends, or until what is carried is lost."""
        motion = SUBTASKS[words].motion(self._lead.body)
        carried = words.removeprefix("carry the ").removesuffix(" to the sink") if "carry" in words else ""
        longest_s = LONGEST_EVERYTHING_S if "everything" in self._shown.task else LONGEST_S
        while True:
            if self._truth.sim_time_s - self._began_s > longest_s:
                self.gave_up = f"not done after {longest_s:.0f} s"
                return
            try:
                action = self._lead.ask(motion)
            except GaveUpError as error:
                self.gave_up = str(error)
                return
            if action is None or (carried and not holds(self._truth, carried)):
                return
            yield self._turn(words, action)

    def _turn(self, words: str, action: Vector) -> Turn:
        disturbance = None if self._tremor is None else self._tremor.step(self._lead.body, words)
        return Turn(words, action, disturbance)


def _first(shown: Demonstration) -> str:
    """The subtask from whose beginning a demonstration begins."""
    if shown.subtask:
        return shown.subtask
    if "the drawer" in shown.task:
        return shown.task if shown.kind is Kind.RECOVERY else "go to the drawer"
    name = shown.task.removeprefix("put the ").removesuffix(" in the sink")
    if name not in OBJECTS:
        return "drive to the counter"
    return f"{'pick up' if shown.kind is Kind.RECOVERY else 'go to'} the {name}"
