"""Alone: a whole task, with one of the variants of who names its subtasks, until it is done or its time is over."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from app.autonomy.choice import HighLevel
from app.kitchen_policy import KNOWN
from app.kitchen_trials.cameras import Cameras
from app.kitchen_trials.judging import HELD_S, Lasting
from app.kitchen_trials.person import Person
from app.kitchen_trials.rollout import LIVE, Pace, Rollout
from app.kitchen_trials.starts import alone_start
from app.kitchen_trials.subject import Subject
from app.messages import Mode
from drivers.profile import RobotProfile
from drivers.sim.evaluate import in_sink
from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.operator import ScriptedOperator
from drivers.sim.operator.operator import LONG
from drivers.sim.world import WorldError

EVERYTHING: Final = "put everything in the sink"
VARIANTS: Final[Mapping[str, HighLevel]] = MappingProxyType(
    {
        "hierarchical": HighLevel.MODEL,
        "implicit": HighLevel.IMPLICIT,
        "human": HighLevel.HUMAN,
        "none": HighLevel.IMPLICIT,
    }
)
"""Who names subtasks, by the names of the π0.5 paper. `none` is for a policy that learned from no high-level example:
as in the paper the task goes straight to it, as in `implicit`."""

LONG_LIMIT_S: Final = 240.0
OTHER_LIMIT_S: Final = 90.0
"""How long a task may take that is several others one after the other, and any other one."""


class AloneTrial(msgspec.Struct, frozen=True, kw_only=True):
    """How one trial went.

    Attributes:
        task: what was to be done.
        variant: who named the subtasks, a name of `VARIANTS`.
        seed: of the start.
        succeeded: whether the world looked done for half a second, by the task's own check.
        simulated_s, computed_s: how long it took the robot, and the computer.
        subtasks: those that came into force, in order.
        in_sink: objects that ended up in the sink.
        trouble: why it was cut short; empty where it was not.
    """

    task: str
    variant: str
    seed: int
    succeeded: bool
    simulated_s: float
    computed_s: float
    subtasks: tuple[str, ...]
    in_sink: tuple[str, ...]
    trouble: str = ""


def limit_of(task: str) -> float:
    """How long a task may take, in s."""
    return LONG_LIMIT_S if task in LONG else OTHER_LIMIT_S


def run_alone(
    profile: RobotProfile,
    subject: Subject,
    cameras: Cameras | None,
    task: str = EVERYTHING,
    *,
    seed: int,
    variant: str = "hierarchical",
    pace: Pace = LIVE,
) -> AloneTrial:
    """Let the policy do a task once.

    Args:
        profile: a simulated robot.
        subject: the policy.
        cameras: of the robot.
        task: one of the operator's scripts that end.
        seed: of the start.
        variant: a name of `VARIANTS`.
        pace: how long things take.

    Raises:
        KeyError: there is no such variant.
        UnknownScriptError: there is no such task.
        ChoiceError: when the policy was not made for this robot.
    """
    who = VARIANTS[variant]
    judge = ScriptedOperator(profile, task, seed=seed)
    done = Lasting(judge.succeeded, ticks=round(HELD_S * profile.control_rate_hz))
    began = time.perf_counter()
    rollout = Rollout(
        alone_start(profile, task, seed=seed), subject, cameras, mode=Mode.AUTONOMOUS, seed=seed, pace=pace
    )
    rollout.orders.choose(who, KNOWN)
    rollout.orders.go_alone(task)
    person = Person(task, rate_hz=profile.control_rate_hz)
    named: list[str] = []
    began_s, succeeded, trouble = rollout.truth.sim_time_s, False, ""
    try:
        while not succeeded and not rollout.trouble and rollout.truth.sim_time_s - began_s < limit_of(task):
            if who is HighLevel.HUMAN:
                person.look(rollout)
            succeeded = done.see(rollout.tick())
            current = rollout.orders.current
            if current is not None and (not named or named[-1] != current.text):
                named.append(current.text)
    except WorldError as error:
        trouble = str(error)
    truth = rollout.truth
    return AloneTrial(
        task=task,
        variant=variant,
        seed=seed,
        succeeded=succeeded,
        simulated_s=round(truth.sim_time_s - began_s, 2),
        computed_s=round(time.perf_counter() - began, 3),
        subtasks=tuple(named),
        in_sink=tuple(name for name in OBJECTS if in_sink(truth, name)),
        trouble=trouble or rollout.trouble,
    )
