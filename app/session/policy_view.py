"""What the window shows of a policy: frozen views, part of the snapshot."""

from __future__ import annotations

from dataclasses import dataclass

from app.autonomy.choice import PolicyChoice


@dataclass(frozen=True, slots=True)
class SubtaskView:
    """A subtask that was in force, or is.

    Attributes:
        applied_ns: when it came into force, monotonic; names it, for `Autonomy.thumb`.
        text: in words.
        origin: `voice`, `key`, `typed`, `model`, `remote` or `task` (the implicit variant).
        confidence: of the transcript or of the model, 0 to 1.
        first_action_ns: when the first action under it was sent; 0 before.
        ended_ns: 0 while it is in force.
        done: whether the policy says that it has nothing more to do under it.
        gave_up: why it could not be carried out; empty where it was, or is being.
        thumb: 1 for up, -1 for down, 0 for none.
    """

    applied_ns: int
    text: str
    origin: str
    confidence: float = 1.0
    first_action_ns: int = 0
    ended_ns: int = 0
    done: bool = False
    gave_up: str = ""
    thumb: int = 0


@dataclass(frozen=True, slots=True)
class ProposalView:
    """What the high level proposed.

    Attributes:
        asked_ns: when the pictures it looked at were taken, monotonic.
        text: the subtask.
        probability: 0 to 1.
        took_ms: how long it thought.
        verdict: `applied`, `same`, `stale` (a newer one was asked for), `vetoed`, `overridden` (a person's stands) or
            `failed`.
    """

    asked_ns: int
    text: str
    probability: float
    took_ms: float
    verdict: str


@dataclass(frozen=True, slots=True)
class FinishedTask:
    """A task that was done in autonomous mode.

    Attributes:
        task: in words.
        subtasks: how many were in force on the way.
        took_ns: from its beginning until it was said to be done.
    """

    task: str
    subtasks: int
    took_ns: int


@dataclass(frozen=True, slots=True)
class PolicyView:
    """The policy process, while one is wanted.

    Attributes:
        choice: what was asked for.
        state: `starting`, `loading`, `ready`, `failed` or `lost`.
        detail: what is loading, or why it failed and what to do.
        name: the policy's, once it is loaded.
        horizon, rate_hz, execute_steps: of its chunks.
        task: in autonomous mode.
        finished: the task that was done last, until something else is begun; None for none.
        subtask: in force now, or None.
        past: the subtasks before, newest last, at most fifty.
        proposals: of the high level, newest last, at most twenty.
        pinned: the subtask that stands until it is unpinned; empty for none.
        vetoed: subtasks that are not done for now.
        thinking: whether the high level is being asked just now.
        chunk_ms_p50, chunk_ms_p95: from observation to chunk, lately.
        subtask_ms_p50: of the high level, lately.
        chunk, chunk_step: which chunk the robot runs, and how far into it; -1 and NaN for none.
        late_chunks: how often one came after the one before had run out.
        refused_chunks: how many the robot would not run, and `refusal`, the last reason.
        boxes: what the high level named before the subtask: (label, y_min, x_min, y_max, x_max), fractions.
        known: the subtasks it can be told, best known first.
    """

    choice: PolicyChoice
    state: str = "starting"
    detail: str = ""
    name: str = ""
    horizon: int = 0
    rate_hz: float = 0.0
    execute_steps: int = 0
    task: str = ""
    finished: FinishedTask | None = None
    subtask: SubtaskView | None = None
    past: tuple[SubtaskView, ...] = ()
    proposals: tuple[ProposalView, ...] = ()
    pinned: str = ""
    vetoed: tuple[str, ...] = ()
    thinking: bool = False
    chunk_ms_p50: float = float("nan")
    chunk_ms_p95: float = float("nan")
    subtask_ms_p50: float = float("nan")
    chunk: int = -1
    chunk_step: float = float("nan")
    late_chunks: int = 0
    refused_chunks: int = 0
    refusal: str = ""
    boxes: tuple[tuple[str, float, float, float, float], ...] = ()
    known: tuple[str, ...] = ()
