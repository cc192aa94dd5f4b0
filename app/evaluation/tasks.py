"""What the simulated world can tell of a task: whether it is done, and which of its parts were reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

from app.evaluation.plan import PlanError
from app.evaluation.results import Milestone
from drivers.profile import RobotProfile
from drivers.sim.interface import Truth
from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.operator import ScriptedOperator, scripts
from drivers.sim.operator.operator import LONG
from drivers.sim.operator.places import in_reach_of_sink
from drivers.sim.operator.subtasks import SUBTASKS

ENDLESS: Final = "warm up"
"""The one script that is never done."""

OPEN_FIRST: Final = {"close the drawer": "open the drawer"}
"""Tasks that have nothing to do in a kitchen as it is reset, and the script that the operator does before."""

Reached = Callable[[Truth], bool]
"""Whether a part is reached, as the world is now."""


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
    """

    def __init__(self, check: TaskCheck) -> None:
        self._check = check
        self._reached = {name: False for name, _ in check.parts}

    def take(self, now: Truth) -> bool:
        """Look at the world; says whether it looks done."""
        for name, reached in self._check.parts:
            self._reached[name] = self._reached[name] or reached(now)
        return self._check.succeeded(now)

    @property
    def milestones(self) -> tuple[Milestone, ...]:
        """The parts, and which were reached so far."""
        return tuple(Milestone(name=name, reached=reached) for name, reached in self._reached.items())


def _done(subtask: str) -> Reached:
    """The subtask's own check, as the scripted operator and its policy go by."""
    succeeded = SUBTASKS[subtask].succeeded
    if succeeded is None:
        raise PlanError(f"the simulated world cannot tell whether {subtask!r} is done")
    return succeeded


def _part(subtask: str) -> tuple[str, Reached]:
    return subtask, _done(subtask)


def _with_object(name: str) -> tuple[tuple[str, Reached], ...]:
    return (
        _part(f"go to the {name}"),
        _part(f"pick up the {name}"),
        (f"carry the {name} to the sink", partial(in_reach_of_sink, name=name)),
        _part(f"put the {name} in the sink"),
    )


_PARTS: Final[Mapping[str, tuple[tuple[str, Reached], ...]]] = MappingProxyType(
    {f"put the {name} in the sink": _with_object(name) for name in OBJECTS}
    | {
        "open the drawer": tuple(map(_part, ("go to the drawer", "take the handle", "open the drawer"))),
        "close the drawer": tuple(map(_part, ("take the handle", "close the drawer"))),
        "drive to the counter": tuple(map(_part, ("raise the lift", "drive to the counter"))),
    }
    | {
        task: tuple(
            _part(words.format(name))
            for name in OBJECTS
            for words in ("pick up the {}", "put the {} in the sink")
        )
        for task in LONG
    }
)
"""Parts of the tasks that have some, as the paper scores them: subtasks done. Of the others only success counts."""
