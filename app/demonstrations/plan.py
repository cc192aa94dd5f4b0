"""What a seed's demonstration is of: a whole task or one subtask, from where, how fast, disturbed or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec
import numpy as np

from app.demonstrations.starts import Kind
from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.operator.subtasks import SUBTASKS
from recordings import DISTURBED_TAG

FIRST_TRIAL_SEED: Final = 1_000_000
"""From here on seeds are for trials: no demonstration begins like one."""

WHOLE_TAG: Final = "whole"
"""Of an episode that is a whole task; others are one subtask."""

WHOLE_SHARE: Final = 0.10
"""How often a demonstration is a whole task; one takes as long as five subtasks."""
RECOVERY_SHARE: Final = 0.5
DART_SHARE: Final = 0.5
DART_RECOVERY_SHARE: Final = 0.25
PACE: Final = (0.8, 1.2)
PLAIN_LOOK_SHARE: Final = 0.3
"""How often light and colours are those of the kitchen as it is."""

TASKS: Final[Mapping[str, float]] = MappingProxyType(
    {f"put the {name} in the sink": 1.0 for name in OBJECTS}
    | {"open the drawer": 1.0, "close the drawer": 1.0, "put everything in the sink": 0.8}
)
"""Whole tasks, and how often each."""

_OF_OBJECT: Final = {
    "go to the {}": 1.2,
    "pick up the {}": 4.0,
    "carry the {} to the sink": 1.0,
    "put the {} in the sink": 1.2,
}
WEIGHTS: Final[Mapping[str, float]] = MappingProxyType(
    {words.format(name): weight for name in OBJECTS for words, weight in _OF_OBJECT.items()}
    | {
        "go to the drawer": 1.5,
        "take the handle": 3.0,
        "open the drawer": 3.0,
        "close the drawer": 3.0,
        "let go of the handle": 1.2,
        "drive to the counter": 1.5,
        "raise the lift": 1.0,
        "lower the lift": 0.7,
        "open the gripper": 0.4,
        "close the gripper": 0.4,
        "bring the arms home": 0.7,
        "back away from the counter": 0.5,
    }
)
"""Subtasks, and how often each: the more there is to learn, the more often."""


class Demonstration(msgspec.Struct, frozen=True, kw_only=True):
    """What one episode is to show.

    Attributes:
        seed: of everything in it.
        task: what is to be done, in words.
        subtask: the one subtask that it is, empty for a whole task.
        kind: in which way it begins.
        dart: whether what is sent is disturbed.
        pace: how fast the operator moves, as a share of the usual.
        plain_look: whether light and colours are as they are, not drawn.
    """

    seed: int
    task: str
    subtask: str
    kind: Kind
    dart: bool
    pace: float
    plain_look: bool

    @property
    def tags(self) -> tuple[str, ...]:
        """What to find the episode by."""
        tags = ["demonstration", f"seed:{self.seed}", "subtask" if self.subtask else WHOLE_TAG]
        if self.kind is not Kind.PLAIN:
            tags.append(self.kind.value.replace(" ", "-"))
        if self.dart:
            tags.append(DISTURBED_TAG)
        return tuple(tags)


class NothingToShow(ValueError):
    """The operator cannot show what was asked for; the message says what it can."""


def demonstration(seed: int, *, tasks: Sequence[str] = (), subtasks: Sequence[str] = ()) -> Demonstration:
    """What the seed shows; the same seed always shows the same.

    Args:
        seed: below `FIRST_TRIAL_SEED`.
        tasks: only these whole tasks; with neither these nor subtasks, everything by its weight.
        subtasks: only these subtasks.

    Raises:
        NothingToShow: the operator knows no such task or subtask, or the seed is kept for trials.
    """
    _refuse_unknown(seed, tasks, subtasks)
    rng = np.random.default_rng([seed, 7])
    wholes = {task: TASKS[task] for task in tasks or (() if subtasks else TASKS)}
    singles = {words: WEIGHTS[words] for words in subtasks or (() if tasks else WEIGHTS)}
    is_whole = bool(wholes) and (not singles or rng.random() < WHOLE_SHARE)
    text = _draw(wholes if is_whole else singles, rng)
    recovers = rng.random() < RECOVERY_SHARE
    kind = Kind.RECOVERY if recovers else (Kind.PLAIN, Kind.UNDER_WAY)[int(rng.random() < 0.4)]
    if is_whole and kind is Kind.UNDER_WAY:
        kind = Kind.PLAIN
    return Demonstration(
        seed=seed,
        task=text,
        subtask="" if is_whole else text,
        kind=kind,
        dart=bool(rng.random() < (DART_RECOVERY_SHARE if recovers else DART_SHARE)),
        pace=float(rng.uniform(*PACE)),
        plain_look=bool(rng.random() < PLAIN_LOOK_SHARE),
    )


def _draw(weights: Mapping[str, float], rng: np.random.Generator) -> str:
    names, shares = list(weights), np.array(list(weights.values()))
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]


def _refuse_unknown(seed: int, tasks: Sequence[str], subtasks: Sequence[str]) -> None:
    if not 0 <= seed < FIRST_TRIAL_SEED:
        raise NothingToShow(f"seed {seed}: those of demonstrations are from 0 to {FIRST_TRIAL_SEED - 1:,}")
    for given, known, what in ((tasks, TASKS, "task"), (subtasks, SUBTASKS, "subtask")):
        unknown = next((words for words in given if words not in known), None)
        if unknown is not None:
            raise NothingToShow(f"no {what} {unknown!r} to show; there are: {', '.join(known)}")
