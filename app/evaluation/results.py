"""How a try of a trial went: what is written down, once and for good."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from app.evaluation.plan import VariantName

TRIES = 3
"""A trial that the rig spoiled is repeated at most twice."""


class Outcome(StrEnum):
    """What a try came to."""

    SUCCESS = "success"
    FAILURE = "failure"
    SPOILED = "spoiled"
    """The rig failed, not the policy: it says nothing about the variant, and is repeated while there are tries left."""
    SKIPPED = "skipped"
    """A person could not judge it."""


COUNTED = frozenset({Outcome.SUCCESS, Outcome.FAILURE})
"""What enters the statistics."""


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a task, and whether it was reached at any time of the trial."""

    name: str
    reached: bool


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the results.

    Attributes:
        number, task, variant, seed: the trial, see `app.evaluation.plan.Trial`.
        attempt: which try of it, from 1.
        outcome: what it came to.
        reason: why, in words.
        duration_s: from the policy's start to the end of the trial.
        milestones: parts of the task, where the world tells them.
        judged_by: `world` or `person`.
        episode_id: its recording; empty where there is none.
        subtasks: how many subtasks were in force.
        late_chunks, refused_chunks: of the policy, in this trial.
        ended_at: when, by the clock on the wall, ISO 8601.
    """

    number: int
    task: str
    variant: VariantName
    seed: int
    attempt: int
    outcome: Outcome
    reason: str
    duration_s: float
    milestones: tuple[Milestone, ...] = ()
    judged_by: str = "world"
    episode_id: str = ""
    subtasks: int = 0
    late_chunks: int = 0
    refused_chunks: int = 0
    ended_at: str = ""

    @property
    def counted(self) -> bool:
        """Whether it enters the statistics."""
        return self.outcome in COUNTED

    @property
    def final(self) -> bool:
        """Whether its trial is over: not when the rig spoiled it and may try again."""
        return self.outcome is not Outcome.SPOILED or self.attempt >= TRIES

    @property
    def progress(self) -> float | None:
        """The share of milestones reached; all of them for a success. None where the world tells none."""
        if self.outcome is Outcome.SUCCESS and self.milestones:
            return 1.0
        if not self.milestones:
            return None
        return sum(milestone.reached for milestone in self.milestones) / len(self.milestones)
