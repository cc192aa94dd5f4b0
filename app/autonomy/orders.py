"""What the policy is to do now: told by a person, named by the high level, or nothing.

One state machine for verbal and autonomous mode. It knows neither processes nor models: commands, modes and answers go
in, what is in force and what is to be asked come out, and everything that happens is said as an event.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from app.autonomy.choice import HighLevel
from app.dataplane.layouts import SUBTASK_BYTES
from app.messages import POLICY_MODES, Follow, Mode, Veto

ASK_EVERY_NS = 1_000_000_000
OVERRIDE_NS = 10_000_000_000
"""How long a person's word stands against the model's in autonomous mode."""
ENTERING_NS = 2_000_000_000
"""How long after the policy was told of a mode the robot may take to be in it."""
LONGEST_VETO_S = 3600.0
RECENT = 8
DONE = "done"
"""What a high level says when there is nothing left to do; no words at all are no answer."""


class OrderRefused(ValueError):
    """A command that cannot be obeyed now: what, the value seen, what to do."""


class Say(Protocol):
    """How it is said that something happened; `ProcessContext.event` is one."""

    def __call__(
        self, kind: str, message: str, *, key: str = "", level: str = "info", remedy: str = "", **data: Any
    ) -> None:
        """Say it."""
        ...


@dataclass(frozen=True, slots=True)
class InForce:
    """A subtask that is being carried out.

    Attributes:
        applied_ns: when it came into force, monotonic; its number.
        text: in words.
        origin: `voice`, `key`, `typed`, `model`, `remote` or `task`.
        done: whether there is nothing more to do under it.
    """

    applied_ns: int
    text: str
    origin: str
    done: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """A question for the high level.

    Attributes:
        asked_ns: when it was asked, monotonic.
        task: what it is all for.
        allowed: the subtasks to choose from; none for whatever it says.
        recent: subtasks before, newest last.
        round: which state of affairs it was asked in; an answer from an earlier one is stale.
    """

    asked_ns: int
    task: str
    allowed: tuple[str, ...]
    recent: tuple[str, ...]
    round: int


@dataclass(frozen=True, slots=True)
class Named:
    """The high level's answer.

    Attributes:
        text: the subtask, or `done`.
        probability: 0 to 1.
        took_ms: how long it thought.
        error: why there is no answer; empty where there is one.
    """

    text: str = ""
    probability: float = 0.0
    took_ms: float = 0.0
    error: str = ""


class Orders:
    """See the module.

    Args:
        say: where events go.
        clock_ns: the time, monotonic.
    """

    def __init__(self, say: Say, *, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._say = say
        self._clock_ns = clock_ns
        self._mode = Mode.HOLD
        self._variant = HighLevel.MODEL
        self._known: tuple[str, ...] = ()
        self._vetoes: dict[str, int] = {}
        self._recent: deque[str] = deque(maxlen=RECENT)
        self._round = 0
        self._pinned = False
        self._override_until_ns = 0
        self._entering_until_ns = 0
        self._ask_at_ns = 0
        self._task_done = False
        self.task = ""
        self.in_force: InForce | None = None

    # -- what is known of it -------------------------------------------------------------------------------------------

    @property
    def mode(self) -> Mode:
        """The robot's."""
        return self._mode

    @property
    def pinned(self) -> str:
        """The subtask that stands until it is unpinned; empty for none."""
        return self.in_force.text if self._pinned and self.in_force is not None else ""

    @property
    def vetoed(self) -> tuple[str, ...]:
        """Subtasks that are not done for now."""
        return tuple(self._vetoes)

    @property
    def current(self) -> InForce | None:
        """The subtask to make chunks for now; None for none."""
        wanted = self.in_force
        return wanted if wanted is not None and not wanted.done and self._mode in POLICY_MODES else None

    # -- what it is told -----------------------------------------------------------------------------------------------

    def choose(self, variant: HighLevel, known: tuple[str, ...]) -> None:
        """Take another high level, and the subtasks it may name; none for whatever it says."""
        self._variant, self._known = variant, known
        self._turn()

    def see(self, mode: Mode) -> None:
        """The robot is in this mode. Call it at each look."""
        now = self._clock_ns()
        before, self._mode = self._mode, mode
        if before is not mode:
            if before in POLICY_MODES:
                self._end()
                self._pinned, self._override_until_ns = False, 0
            if before is Mode.AUTONOMOUS:
                self.task = ""
            if mode is Mode.AUTONOMOUS:
                self._set_out()
            self._turn()
        if mode not in POLICY_MODES and self.in_force is not None and now > self._entering_until_ns:
            self._end()
        for text in [text for text, until_ns in self._vetoes.items() if now >= until_ns]:
            del self._vetoes[text]
        if self._override_until_ns and now >= self._override_until_ns:
            self._override_until_ns = 0
            self._turn()

    def follow(self, order: Follow) -> InForce:
        """Do what a person says.

        Raises:
            OrderRefused: when the robot is not the policy's, or the words cannot be a subtask.
        """
        text = _checked(order.subtask)
        now = self._clock_ns()
        if self._mode not in POLICY_MODES and now > self._entering_until_ns:
            raise OrderRefused(
                f"the robot is in {self._mode.name.lower()}, not the policy's; switch to verbal mode, then say {text!r}"
            )
        alone = self._mode is Mode.AUTONOMOUS
        self._vetoes.pop(text, None)  # whoever names it wants it
        self._pinned = order.pinned and alone
        self._override_until_ns = now + OVERRIDE_NS if alone and not order.pinned else 0
        self._turn()
        return self._apply(text, origin=order.origin, confidence=order.confidence, utterance=order.utterance)

    def go_alone(self, task: str) -> None:
        """Do this in autonomous mode, at once where the robot is in it.

        Raises:
            OrderRefused: without a task, or with one that is too long to be handed on.
        """
        task = _checked(task)
        self.rest()
        self.task = task
        self._recent.clear()  # what was done for another task says nothing of this one
        if self._mode is Mode.AUTONOMOUS:
            self._set_out()

    def rest(self) -> None:
        """Do nothing until told what."""
        self._end()
        self.task, self._task_done = "", False
        self._pinned, self._override_until_ns = False, 0
        self._entering_until_ns = self._clock_ns() + ENTERING_NS
        self._turn()

    def veto(self, order: Veto) -> None:
        """Do not do this for a while; an empty one lifts every veto.

        Raises:
            OrderRefused: when the time makes no sense.
        """
        text = " ".join(order.subtask.split())
        if not text:
            self._vetoes.clear()
        elif not 0.0 < order.for_s <= LONGEST_VETO_S:
            raise OrderRefused(f"a veto for {order.for_s:g} s; it may be up to {LONGEST_VETO_S:g}")
        else:
            self._vetoes[text] = self._clock_ns() + int(order.for_s * 1e9)
            if self.in_force is not None and self.in_force.text == text:
                self._pinned, self._override_until_ns = False, 0
                self._end()
        self._turn()

    def unpin(self) -> None:
        """Let the model name subtasks again."""
        self._pinned, self._override_until_ns = False, 0
        self._turn()

    def finished(self, applied_ns: int, *, gave_up: str = "") -> None:
        """The policy has nothing more to do under a subtask.

        Args:
            applied_ns: its number.
            gave_up: why it cannot be carried out; empty where it was.
        """
        now = self.in_force
        if now is None or now.applied_ns != applied_ns or now.done:
            return
        self.in_force = InForce(now.applied_ns, now.text, now.origin, done=True)
        self._override_until_ns = 0
        self._say(
            "subtask",
            f"{now.text}: given up, {gave_up}" if gave_up else f"{now.text}: done",
            key="subtask",
            level="warning" if gave_up else "info",
            state="done",
            applied_ns=applied_ns,
            text=now.text,
            origin=now.origin,
            gave_up=gave_up,
        )
        self._turn()

    # -- the high level ------------------------------------------------------------------------------------------------

    def ask(self) -> Asking | None:
        """The question to ask the high level now, if any; it counts as asked."""
        now = self._clock_ns()
        if self._mode is not Mode.AUTONOMOUS or not self.task or now < self._ask_at_ns:
            return None
        if self._variant not in (HighLevel.MODEL, HighLevel.REMOTE):
            return None
        allowed = tuple(text for text in self._known if text not in self._vetoes)
        if self._known and not allowed:
            return None
        self._ask_at_ns = now + ASK_EVERY_NS
        return Asking(now, self.task, allowed, tuple(self._recent), self._round)

    def answer(self, asking: Asking, named: Named) -> str:
        """Take what the high level answered; gives the verdict, see docs/voice.md."""
        text = " ".join(named.text.split())
        text = DONE if text.lower() == DONE else text
        error = named.error or _unusable(text)
        verdict = self._verdict(asking, text, failed=bool(error))
        # While a person's word stands, nobody waits for the high level's.
        missed = verdict == "failed" and not self._person_stands
        self._say(
            "proposal",
            f"The high level names no subtask: {error}" if verdict == "failed" else f"{text}: {verdict}",
            key="proposal",
            level="warning" if missed else "info",
            remedy=self._way_on() if missed else "",
            asked_ns=asking.asked_ns,
            text=text,
            probability=round(named.probability, 4),
            took_ms=round(named.took_ms, 1),
            verdict=verdict,
            task=asking.task,
            error=error,
            vetoed=self.vetoed if missed else (),
        )
        if verdict == "vetoed":
            self._ask_at_ns = self._clock_ns()
        elif verdict == "applied" and text == DONE:
            self._finish_task()
        elif verdict == "applied":
            self._task_done = False
            origin = "remote" if self._variant is HighLevel.REMOTE else "model"
            self._apply(text, origin=origin, confidence=named.probability)
        return verdict

    def _verdict(self, asking: Asking, text: str, *, failed: bool) -> str:
        if asking.round != self._round:
            return "stale"
        if failed:
            return "failed"
        if text in self._vetoes:
            return "vetoed"
        now = self.in_force
        if self._person_stands:
            return "same" if now is not None and now.text == text else "overridden"
        if text == DONE:
            return "same" if self._task_done else "applied"
        return "same" if now is not None and now.text == text and not now.done else "applied"

    # -- inside --------------------------------------------------------------------------------------------------------

    @property
    def _person_stands(self) -> bool:
        """Whether a person's word goes before the high level's."""
        return self._pinned or bool(self._override_until_ns)

    def _way_on(self) -> str:
        """What to do when the high level names nothing; the robot stands in its mode and can be told a subtask."""
        yourself = "name a subtask yourself, by voice, typing or its number"
        if self._vetoes:
            return f"{yourself}, or lift the veto on {', '.join(self._vetoes)}"
        return f"{yourself}, or choose another high level"

    def _turn(self) -> None:
        """The state of affairs is another: what was asked before is stale, and it is asked at once."""
        self._round += 1
        self._ask_at_ns = 0

    def _set_out(self) -> None:
        """Begin the task where nobody is to be asked."""
        if self.task and self._variant is HighLevel.IMPLICIT:
            self._apply(self.task, origin="task")

    def _apply(self, text: str, *, origin: str, confidence: float = 1.0, utterance: int = 0) -> InForce:
        before = self.in_force
        self._end(replaced=True)
        applied_ns = max(self._clock_ns(), before.applied_ns + 1 if before is not None else 0)
        self.in_force = InForce(applied_ns, text, origin)
        self._recent.append(text)
        self._say(
            "subtask",
            f"Subtask: {text}",
            key="subtask",
            state="applied",
            applied_ns=applied_ns,
            text=text,
            origin=origin,
            confidence=round(confidence, 4),
            utterance=utterance,
            task=self.task,
        )
        return self.in_force

    def _end(self, *, replaced: bool = False) -> None:
        now, self.in_force = self.in_force, None
        if now is not None:
            self._say(
                "subtask",
                f"{now.text}: ended",
                key="" if replaced else "subtask",
                state="ended",
                applied_ns=now.applied_ns,
                text=now.text,
                origin=now.origin,
            )

    def _finish_task(self) -> None:
        self._end()
        self._task_done = True
        self._say("task", f"Task done: {self.task}", key="task", state="done", task=self.task)


def _unusable(text: str) -> str:
    """Why words of the high level cannot be a subtask; empty when they can."""
    if not text:
        return "it said no words"
    if len(text.encode()) > SUBTASK_BYTES:
        return f"it said {len(text.encode())} bytes, {text[:40]!r}…; at most {SUBTASK_BYTES} are a subtask"
    return ""


def _checked(words: str) -> str:
    text = " ".join(words.split())
    if not text:
        raise OrderRefused("there are no words to follow; say or type what to do")
    if len(text.encode()) > SUBTASK_BYTES:
        raise OrderRefused(
            f"{text[:40]!r}… has {len(text.encode())} bytes; at most {SUBTASK_BYTES} are allowed"
        )
    return text
