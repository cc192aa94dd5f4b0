"""A make-believe policy: it takes subtasks, proposes some of its own, and counts its chunks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.autonomy.choice import HighLevel, PolicyChoice
from app.messages import Mode
from app.session.policy_view import FinishedTask, PolicyView, ProposalView, SubtaskView

KNOWN = (
    "pick up the plate",
    "put the plate in the sink",
    "pick up the cup",
    "put the cup in the sink",
    "pick up the sponge",
    "put the sponge in the sink",
    "pick up the spoon",
    "put the spoon in the drawer",
    "open the drawer",
    "close the drawer",
    "drive to the counter",
    "raise the lift",
)
HORIZON, RATE_HZ, EXECUTE_STEPS = 50, 50.0, 25


class FakeAutonomy:
    """Answers like a session's policy; tests read `calls`.

    Args:
        calls: where everything asked is noted.
        enter: has the robot change its mode.
        mode: the robot's.
        loads_s: how long loading takes; 0 for at once.
        lively: whether the high level proposes something each second by itself.
    """

    def __init__(
        self,
        calls: list[tuple[Any, ...]],
        enter: Callable[[Mode], None],
        mode: Callable[[], Mode],
        *,
        loads_s: float = 0.0,
        lively: bool = False,
    ) -> None:
        self._calls = calls
        self._enter = enter
        self._mode = mode
        self.loads_s = loads_s
        self.lively = lively
        self.choice: PolicyChoice | None = None
        self.state = ""
        """In place of what it would be by the clock, whatever is loaded."""
        self.detail = ""
        self.task = ""
        self.finished: FinishedTask | None = None
        self.subtasks: list[SubtaskView] = []
        self.proposals: list[ProposalView] = []
        self.pinned = ""
        self.vetoed: tuple[str, ...] = ()
        self.thinking = False
        self.late_chunks = self.refused_chunks = 0
        self.refusal = ""
        self.known = KNOWN
        self._loaded_ns = self._began_ns = self._proposed_ns = 0

    # -- what is asked --------------------------------------------------------------------------------------------

    def load(self, choice: PolicyChoice | None) -> None:
        self._calls.append(("load", choice))
        self.choice = choice
        self._loaded_ns = time.monotonic_ns() + int(self.loads_s * 1e9)
        if choice is None:
            self.subtasks.clear()
            self.proposals.clear()

    def listen(self, *, dead_man: bool = False) -> None:
        self._calls.append(("autonomy.listen", dead_man))
        self._begin(Mode.VERBAL)

    def go_alone(self, task: str, *, dead_man: bool = False) -> None:
        self._calls.append(("go_alone", task, dead_man))
        self.task = task
        self._begin(Mode.AUTONOMOUS)
        if self.choice is not None and self.choice.high_level is HighLevel.IMPLICIT:
            self.apply(task, "task")

    def tell(self, subtask: str, *, origin: str, pinned: bool = False) -> None:
        self._calls.append(("tell", subtask, origin, pinned))
        self.apply(subtask, origin)
        if pinned:
            self.pinned = subtask

    def unpin(self) -> None:
        self._calls.append(("unpin",))
        self.pinned = ""

    def veto(self, subtask: str) -> None:
        self._calls.append(("veto", subtask))
        self.vetoed = (*self.vetoed, subtask) if subtask else ()
        current = self.current
        if subtask and current is not None and current.text == subtask:
            others = [text for text in self.known if text not in self.vetoed]
            self.propose(others[0], 0.58, "applied")

    def thumb(self, applied_ns: int, up: int) -> None:
        self._calls.append(("thumb", applied_ns, up))
        self.subtasks = [
            replace(one, thumb=up) if one.applied_ns == applied_ns else one for one in self.subtasks
        ]

    # -- what comes of it -----------------------------------------------------------------------------------------

    @property
    def current(self) -> SubtaskView | None:
        """The subtask in force."""
        return self.subtasks[-1] if self.subtasks and not self.subtasks[-1].ended_ns else None

    def apply(self, text: str, origin: str, confidence: float = 1.0, *, ago_s: float = 0.0) -> None:
        """Put a subtask into force, in place of the one before."""
        now_ns = time.monotonic_ns() - int(ago_s * 1e9)
        if self.current is not None:
            self.subtasks[-1] = replace(self.subtasks[-1], ended_ns=now_ns)
        self.subtasks.append(
            SubtaskView(now_ns, text, origin, confidence=confidence, first_action_ns=now_ns + 90_000_000)
        )

    def propose(self, text: str, probability: float, verdict: str, *, ago_s: float = 0.0) -> None:
        """Have the high level say something."""
        now_ns = time.monotonic_ns() - int(ago_s * 1e9)
        self.proposals.append(ProposalView(now_ns - 310_000_000, text, probability, 310.0, verdict))
        self.proposals = self.proposals[-20:]
        if verdict == "applied":
            self.apply(text, "model", probability, ago_s=ago_s)

    def finish(self, took_s: float) -> None:
        """Have the high level say that the task is done."""
        now_ns = time.monotonic_ns()
        self.subtasks[-1] = replace(self.subtasks[-1], ended_ns=now_ns)
        self.finished = FinishedTask(self.task, len(self.subtasks), int(took_s * 1e9))

    def told(self, text: str, origin: str, confidence: float) -> None:
        """A subtask that was spoken; it counts in the policy's modes."""
        if self._mode() in (Mode.VERBAL, Mode.AUTONOMOUS):
            self.apply(text, origin, confidence)

    # -- what is shown --------------------------------------------------------------------------------------------

    def view(self) -> PolicyView | None:
        if self.choice is None:
            return None
        now_ns = time.monotonic_ns()
        state = self.state or ("loading" if now_ns < self._loaded_ns else "ready")
        runs = state == "ready" and self._mode() in (Mode.VERBAL, Mode.AUTONOMOUS) and bool(self.subtasks)
        steps = (now_ns - self._began_ns) / 1e9 * RATE_HZ
        if self.lively and self._mode() is Mode.AUTONOMOUS and now_ns - self._proposed_ns > 1e9:
            self._proposed_ns = now_ns
            text = self.known[int(now_ns / 6e9) % len(self.known)]
            same = self.current is not None and self.current.text == text
            self.propose(text, 0.71, "same" if same else "applied")
        return PolicyView(
            choice=self.choice,
            state=state,
            detail=self.detail or ("the scripted operator's motions" if state == "loading" else ""),
            name=str(self.choice.kind),
            horizon=HORIZON,
            rate_hz=RATE_HZ,
            execute_steps=self.choice.execute_steps or EXECUTE_STEPS,
            task=self.task,
            finished=self.finished,
            subtask=self.current,
            past=tuple(one for one in self.subtasks if one.ended_ns)[-50:],
            proposals=tuple(self.proposals),
            pinned=self.pinned,
            vetoed=self.vetoed,
            thinking=self.thinking,
            chunk_ms_p50=84.0,
            chunk_ms_p95=121.0,
            subtask_ms_p50=310.0,
            chunk=int(steps / EXECUTE_STEPS) if runs else -1,
            chunk_step=steps % EXECUTE_STEPS if runs else float("nan"),
            late_chunks=self.late_chunks,
            refused_chunks=self.refused_chunks,
            refusal=self.refusal,
            known=self.known if state == "ready" else (),
        )

    # -- inside ---------------------------------------------------------------------------------------------------

    def _begin(self, mode: Mode) -> None:
        if self.current is not None:
            self.subtasks[-1] = replace(self.subtasks[-1], ended_ns=time.monotonic_ns())
        self._began_ns = time.monotonic_ns()
        self._enter(mode)
