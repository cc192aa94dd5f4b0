"""Told: one subtask by its words, until it is done or its time is over."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from app.kitchen_trials.cameras import Cameras
from app.kitchen_trials.judging import HELD_S, Lasting, Lifted, check_of, in_reach
from app.kitchen_trials.rollout import LIVE, Pace, Rollout
from app.kitchen_trials.starts import told_start
from app.kitchen_trials.subject import Subject
from app.messages import Mode
from drivers.profile import RobotProfile
from drivers.sim.world import WorldError

JUDGED: Final = (
    "pick up the cup",
    "pick up the sponge",
    "pick up the plate",
    "put the cup in the sink",
    "put the sponge in the sink",
    "put the plate in the sink",
    "open the drawer",
    "close the drawer",
    "drive to the counter",
    "raise the lift",
)
"""The subtasks that a policy is held to."""

OPERATOR_S: Final[Mapping[str, float]] = MappingProxyType(
    {
        "pick up the cup": 2.8,
        "pick up the sponge": 3.0,
        "pick up the plate": 3.7,
        "put the cup in the sink": 6.5,
        "put the sponge in the sink": 5.6,
        "put the plate in the sink": 5.7,
        "open the drawer": 6.1,
        "close the drawer": 6.5,
        "drive to the counter": 5.6,
        "raise the lift": 2.8,
    }
)
"""How long the scripted operator takes on average, from the starts of `app.kitchen_trials.starts`."""
OTHERS_S: Final = 10.0
NOT_UNDERSTOOD: Final = "what was said was not understood"


class ToldTrial(msgspec.Struct, frozen=True, kw_only=True):
    """How one trial went.

    Attributes:
        subtask: what was said.
        seed: of the start.
        succeeded: whether the world looked done for half a second, by the subtask's own check; where an object is to be
            picked up, also whether none was lifted before it.
        simulated_s, computed_s: how long it took the robot, and the computer.
        chunks: that were made.
        in_reach: how many objects the hand could have taken at the start.
        lifted: the object that was lifted first; empty for none.
        trouble: why it was cut short; empty where it was not.
        heard: what was understood of it, where it was spoken; None where it was told by text.
    """

    subtask: str
    seed: int
    succeeded: bool
    simulated_s: float
    computed_s: float
    chunks: int
    in_reach: int
    lifted: str
    trouble: str = ""
    heard: str | None = None


def limit_s(subtask: str) -> float:
    """How long a policy may take: twice the operator's time and five seconds more."""
    return 2.0 * OPERATOR_S.get(subtask, OTHERS_S) + 5.0


def run_told(
    profile: RobotProfile,
    subject: Subject,
    cameras: Cameras | None,
    subtask: str,
    *,
    seed: int,
    heard: str | None = None,
    pace: Pace = LIVE,
) -> ToldTrial:
    """Tell the policy a subtask once.

    Args:
        profile: a simulated robot.
        subject: the policy.
        cameras: of the robot.
        subtask: one of the operator's that can be judged.
        seed: of the start.
        heard: what was understood of it, where it was spoken, and is told in its place; of which nothing was understood
            is not told, and not done. None where it is told by text.
        pace: how long things take.

    Raises:
        CannotBeJudged: when nothing tells whether it is done.
        NoStart: when no kitchen could be found for it.
        ChoiceError: when the policy was not made for this robot.
    """
    done = Lasting(check_of(subtask), ticks=round(HELD_S * profile.control_rate_hz))
    told = subtask if heard is None else heard
    began = time.perf_counter()
    robot = told_start(profile, subtask, seed=seed)
    rollout = Rollout(robot, subject, cameras, mode=Mode.VERBAL, seed=seed, pace=pace)
    lifted, reachable = Lifted(rollout.truth), in_reach(profile, rollout.truth)
    began_s = rollout.truth.sim_time_s
    succeeded, trouble, limit = False, NOT_UNDERSTOOD, 0.0
    if told:
        rollout.tell(told)
        trouble, limit = "", limit_s(subtask)
    try:
        while not succeeded and not rollout.trouble and _since(rollout, began_s) < limit:
            truth = rollout.tick()
            lifted.see(truth)
            succeeded = done.see(truth)
    except WorldError as error:
        trouble = str(error)
    return ToldTrial(
        subtask=subtask,
        seed=seed,
        succeeded=succeeded and _took_the_right_one(subtask, lifted),
        simulated_s=round(_since(rollout, began_s), 2),
        computed_s=round(time.perf_counter() - began, 3),
        chunks=rollout.chunks,
        in_reach=len(reachable),
        lifted=lifted.first,
        trouble=trouble or rollout.trouble,
        heard=heard,
    )


def names_object(trial: ToldTrial) -> bool | None:
    """Whether the named object was lifted first; None where the trial tells nothing of that.

    It does where an object was to be picked up, at least two were in reach, and one was lifted.
    """
    if not trial.subtask.startswith("pick up ") or trial.in_reach < 2 or not trial.lifted:
        return None
    return trial.subtask == f"pick up the {trial.lifted}"


def _took_the_right_one(subtask: str, lifted: Lifted) -> bool:
    return not subtask.startswith("pick up ") or subtask == f"pick up the {lifted.first}"


def _since(rollout: Rollout, began_s: float) -> float:
    return rollout.truth.sim_time_s - began_s
