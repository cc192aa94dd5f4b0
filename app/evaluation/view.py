"""What may be shown of an evaluation: frozen, replaced whole, and silent about what a judge must not know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.evaluation.plan import Plan
from app.evaluation.report import Summary
from app.evaluation.results import Milestone


class State(StrEnum):
    """Where an evaluation stands."""

    RUNNING = "running"
    PAUSING = "pausing"
    """The trial under way is finished first."""
    PAUSED = "paused"
    SCENE = "scene"
    """A person is to put the scene in order, and to say so."""
    JUDGING = "judging"
    """The trial is over; a person is to judge it."""
    STOPPING = "stopping"
    ENDED = "ended"
    """Stopped, or everything is done."""
    FAILED = "failed"
    """It cannot go on; `error` says why."""


@dataclass(frozen=True, slots=True)
class TrialView:
    """The trial under way.

    Attributes:
        number, task, seed, attempt: which one.
        variant: empty while it must not be known.
        step: what is being done, in words.
        elapsed_s: since the policy began; 0 before.
        milestones: parts of the task, and which were reached.
        judgeable: whether a person may judge it now.
    """

    number: int
    task: str
    variant: str
    seed: int
    attempt: int
    step: str
    elapsed_s: float = 0.0
    milestones: tuple[Milestone, ...] = ()
    judgeable: bool = False


@dataclass(frozen=True, slots=True)
class ResultView:
    """A try that has ended; its variant is empty while it must not be known."""

    number: int
    task: str
    variant: str
    seed: int
    attempt: int
    outcome: str
    reason: str
    duration_s: float
    episode_id: str


@dataclass(frozen=True, slots=True)
class EvaluationView:
    """An evaluation at one moment.

    Attributes:
        evaluation_id: its folder's name.
        plan: what is tried.
        state: where it stands.
        done, planned: trials that are over, and all of them.
        trial: the one under way, or None.
        results: every try that has ended, newest last.
        summary: the comparison; None while the variants are hidden.
        hidden: whether they are.
        paused_because: why it paused by itself; empty when a person paused it.
        error: why it cannot go on.
        told: what was found at its opening.
    """

    evaluation_id: str
    plan: Plan
    state: State
    done: int
    planned: int
    trial: TrialView | None = None
    results: tuple[ResultView, ...] = ()
    summary: Summary | None = None
    hidden: bool = False
    paused_because: str = ""
    error: str = ""
    told: tuple[str, ...] = ()
