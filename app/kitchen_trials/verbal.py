"""Verbal instruction: an expert who sees the kitchen tells the policy what to do next, and all of it is recorded.

The rows say which subtask was told, and that the policy acted under somebody's words; the outcome says whether the task
came off. Of what succeeded a policy can learn how it is led, and what it can be led to do.
"""

from __future__ import annotations

from typing import Final

import msgspec

from app.demonstrations.pictures import Pictures
from app.demonstrations.recording import RunWriter
from app.kitchen_trials.alone import limit_of
from app.kitchen_trials.cameras import Cameras
from app.kitchen_trials.judging import HELD_S, Lasting
from app.kitchen_trials.person import Person
from app.kitchen_trials.rollout import LIVE, Pace, Rollout
from app.kitchen_trials.starts import alone_start
from app.kitchen_trials.subject import Subject
from app.messages import Mode
from drivers.profile import RobotProfile
from drivers.sim.operator import ScriptedOperator
from drivers.sim.world import WorldError
from recordings import ActionSource, Dataset, Outcome

TAG: Final = "verbal"
EXPERT: Final = "scripted expert"
ROUNDS: Final = (
    "put the cup in the sink",
    "put the sponge in the sink",
    "put the plate in the sink",
    "open the drawer",
    "close the drawer",
    "put everything in the sink",
)
"""The tasks that a policy is led through where none is named."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one round.

    Attributes:
        task: what it was all for.
        seed: of the start.
        episode_id: where it was written.
        succeeded: whether the task came off.
        subtasks: what was told, in order.
        simulated_s: how long it lasts.
    """

    task: str
    seed: int
    episode_id: str
    succeeded: bool
    subtasks: tuple[str, ...]
    simulated_s: float


def tell_through(
    profile: RobotProfile,
    subject: Subject,
    cameras: Cameras | None,
    dataset: Dataset,
    pictures: Pictures,
    task: str,
    *,
    seed: int,
    pace: Pace = LIVE,
) -> Told:
    """Lead a policy through a task by words, and record it.

    Args:
        profile: a simulated robot.
        subject: the policy.
        cameras: that the policy sees through.
        dataset: where it is written.
        pictures: those that are recorded.
        task: one of the operator's scripts that end.
        seed: of the start.
        pace: how long things take.

    Raises:
        UnknownScriptError: there is no such task.
        DiskFull: there is no room for it.
    """
    judge = ScriptedOperator(profile, task, seed=seed)
    done = Lasting(judge.succeeded, ticks=round(HELD_S * profile.control_rate_hz))
    robot = alone_start(profile, task, seed=seed)
    rollout = Rollout(robot, subject, cameras, mode=Mode.VERBAL, seed=seed, pace=pace)
    expert = Person(task, rate_hz=profile.control_rate_hz)
    writer = RunWriter(
        dataset,
        robot,
        pictures,
        task=task,
        operator=EXPERT,
        tags=(TAG, f"from:{seed}"),
        phase_ticks=max(1, pace.picture_age_ticks),
    )
    succeeded = False
    try:
        while not succeeded and not rollout.trouble and writer.duration_s < limit_of(task):
            expert.look(rollout)
            writer.see()
            succeeded = done.see(rollout.tick())
            current = rollout.orders.current
            writer.keep(
                "" if current is None else current.text, source=ActionSource.VERBAL, chunk=rollout.running
            )
    except WorldError as error:
        writer.note("trouble", str(error))
    if rollout.trouble:
        writer.note("trouble", rollout.trouble)
    writer.close(Outcome.SUCCESS if succeeded else Outcome.FAILURE)
    return Told(
        task=task,
        seed=seed,
        episode_id=writer.episode_id,
        succeeded=succeeded,
        subtasks=tuple(expert.said),
        simulated_s=writer.duration_s,
    )
