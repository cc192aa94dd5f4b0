"""What the simulated world can tell of a task: whether it is done, and which of its parts were reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.evaluation.plan import PlanError
from app.evaluation.results import Milestone
from drivers.profile import RobotProfile
from drivers.sim.evaluate import drawer_closed, drawer_open, in_sink
from drivers.sim.interface import Truth
from drivers.sim.kitchen.geometry import OBJECTS, SINK
from drivers.sim.operator import ScriptedOperator, scripts

ENDLESS = "warm up"
"""The one script that is never done."""

LIFTED_M = 0.08
"""An object that is this much higher than at the start has been picked up."""
MOVED_DRAWER_M = 0.05
OPEN_FIRST = {"close the drawer": "open the drawer"}
"""Tasks that have nothing to do in a kitchen as it is reset, and the script that the operator does before."""

Reached = Callable[[Truth, Truth], bool]
"""Whether a part is reached: of the world at the start and now."""


@dataclass(frozen=True, slots=True)
class TaskCheck:
    """How the world judges a task.

    Attributes:
        task: in words.
        succeeded: the world's own check, the one that the scripted operator is held to.
        parts: names of its parts, and when each is reached; counted once reached, whatever happens after.
        prepare: the script that the operator does before; empty for none.
    """

    task: str
    succeeded: Callable[[Truth], bool]
    parts: tuple[tuple[str, Reached], ...]
    prepare: str = ""


def judged_tasks() -> tuple[str, ...]:
    """The tasks that the simulated world can judge."""
    return tuple(name for name in scripts() if name != ENDLESS)


def check_of(profile: RobotProfile, task: str) -> TaskCheck:
    """How a task is judged.

    Raises:
        PlanError: when the world has no check for it; says for which it has.
    """
    if task not in judged_tasks():
        raise PlanError(
            f"the simulated world cannot judge {task!r}; judge it by hand, or choose one of: "
            f"{', '.join(judged_tasks())}"
        )
    judge = ScriptedOperator(profile, task, seed=0)
    return TaskCheck(
        task=task, succeeded=judge.succeeded, parts=_PARTS.get(task, ()), prepare=OPEN_FIRST.get(task, "")
    )


class Tracker:
    """Follows the parts of one trial.

    Args:
        check: how the task is judged.
        start: the world as the policy finds it.
    """

    def __init__(self, check: TaskCheck, start: Truth) -> None:
        self._check = check
        self._start = start
        self._reached = {name: False for name, _ in check.parts}

    def take(self, now: Truth) -> bool:
        """Look at the world; says whether it looks done."""
        for name, reached in self._check.parts:
            self._reached[name] = self._reached[name] or reached(self._start, now)
        return self._check.succeeded(now)

    @property
    def milestones(self) -> tuple[Milestone, ...]:
        """The parts, and which were reached so far."""
        return tuple(Milestone(name=name, reached=reached) for name, reached in self._reached.items())


def _lifted(name: str) -> Reached:
    return lambda start, now: float(now.objects[name][2] - start.objects[name][2]) > LIFTED_M


def _over_sink(name: str) -> Reached:
    return lambda start, now: SINK.contains(float(now.objects[name][0]), float(now.objects[name][1]))


def _in_sink(name: str) -> Reached:
    return lambda start, now: in_sink(now, name)


def _drawer_moved(start: Truth, now: Truth) -> bool:
    return abs(now.drawer_m - start.drawer_m) > MOVED_DRAWER_M


_PARTS: Mapping[str, tuple[tuple[str, Reached], ...]] = {
    **{
        f"put the {name} in the sink": (
            (f"pick up the {name}", _lifted(name)),
            (f"carry the {name} to the sink", _over_sink(name)),
            (f"put the {name} in the sink", _in_sink(name)),
        )
        for name in OBJECTS
    },
    "open the drawer": (
        ("move the drawer", _drawer_moved),
        ("open the drawer", lambda start, now: drawer_open(now)),
    ),
    "close the drawer": (
        ("move the drawer", _drawer_moved),
        ("close the drawer", lambda start, now: drawer_closed(now)),
    ),
    "tidy up": (
        *((f"put the {name} in the sink", _in_sink(name)) for name in OBJECTS),
        ("open the drawer", lambda start, now: drawer_open(now)),
    ),
}
"""Parts of the tasks that have some; of the others only their success counts."""
