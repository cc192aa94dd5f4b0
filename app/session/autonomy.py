"""The session's side of a policy: which one, what it is told, and what it did."""

from __future__ import annotations

import dataclasses
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from app.autonomy.choice import PolicyChoice, write_choice
from app.messages import (
    POLICY_MODES,
    Event,
    Follow,
    GoAlone,
    LoadPolicy,
    Mode,
    Reply,
    Rest,
    SetMode,
    Status,
    Unpin,
    Veto,
)
from app.session.policy_view import FinishedTask, PolicyView, ProposalView, SubtaskView
from app.session.pump import Pump

POLICY = "policy"
PAST, PROPOSALS = 50, 20
"""Subtasks and proposals kept for the screen."""


class Autonomy:
    """What a person wants of a policy. Its methods return at once and may be called from any thread.

    Args:
        pump: of the session.
        runtime_dir: the session's directory.
        want: has something done on the session's thread.
    """

    def __init__(self, pump: Pump, runtime_dir: Path, want: Callable[[Callable[[], None]], None]) -> None:
        self._pump = pump
        self._runtime_dir = runtime_dir
        self._want = want
        self._choice: PolicyChoice | None = None
        self._task = ""
        self._fresh_after_ns = 0.0
        self._entries = 0
        self._set_out_ns = 0
        self._finished: FinishedTask | None = None
        self._subtasks: deque[SubtaskView] = deque(maxlen=PAST)
        self._proposals: deque[ProposalView] = deque(maxlen=PROPOSALS)

    def load(self, choice: PolicyChoice | None) -> None:
        """Load a policy, or another, or none."""
        self._want(partial(self._load, choice))

    def listen(self, *, dead_man: bool = False) -> None:
        """Verbal mode: the policy carries out the subtasks that a person names."""
        self._want(partial(self._enter, Mode.VERBAL, Rest(), dead_man))

    def go_alone(self, task: str, *, dead_man: bool = False) -> None:
        """Autonomous mode: the policy names its own subtasks of a task."""
        self._want(partial(self._go_alone, task, dead_man))

    def tell(
        self,
        subtask: str,
        *,
        origin: str,
        pinned: bool = False,
        confidence: float = 1.0,
        utterance: int = 0,
    ) -> None:
        """Name a subtask. In autonomous mode it is an interjection.

        Args:
            subtask: in words.
            origin: `voice`, `key` or `typed`.
            pinned: whether it stands until `unpin`.
            confidence: of its transcript.
            utterance: the one it came from; 0 for none.
        """
        command = Follow(
            subtask=" ".join(subtask.split()),
            origin=origin,
            confidence=confidence,
            utterance=utterance,
            pinned=pinned,
        )
        self._want(partial(self._pump.post, POLICY, command, None))

    def unpin(self) -> None:
        """Let the model name subtasks again."""
        self._want(partial(self._pump.post, POLICY, Unpin(), None))

    def veto(self, subtask: str) -> None:
        """Not this one, for half a minute; an empty one lifts every veto."""
        self._want(partial(self._pump.post, POLICY, Veto(subtask=subtask), None))

    def thumb(self, applied_ns: int, up: int) -> None:
        """Judge a subtask: 1 up, -1 down, 0 takes it back. Kept as a label."""
        self._want(partial(self._thumb, applied_ns, up))

    def view(self) -> PolicyView | None:
        """What the window shows; None while no policy is wanted. On the session's thread."""
        if self._choice is None:
            return None
        lost = any(one.name == POLICY and one.state == "restarting" for one in self._pump.supervisor.views())
        if lost:
            self._end_with_process()
        if self._pump.snapshot.mode not in (Mode.AUTONOMOUS, Mode.HOLD):
            self._finished = None
        robot, beat = self._pump.detail("robot"), self._pump.supervisor.status(POLICY)
        status = beat.detail if beat is not None else {}
        if beat is not None and self._is_of_another(beat):
            status = {"state": "loading"}
        past = tuple(self._subtasks)
        current = past[-1] if past and not past[-1].ended_ns else None
        return PolicyView(
            choice=self._choice,
            state="lost" if lost else str(status.get("state", "starting")),
            detail=str(status.get("detail", "")),
            name=str(status.get("name", "")),
            horizon=int(status.get("horizon", 0)),
            rate_hz=float(status.get("rate_hz", 0.0)),
            execute_steps=int(status.get("execute_steps", 0)),
            task=str(status.get("task", self._task)),
            finished=self._finished,
            subtask=current,
            past=past[:-1] if current is not None else past,
            proposals=tuple(self._proposals),
            pinned=str(status.get("pinned", "")),
            vetoed=tuple(status.get("vetoed", ())),
            thinking=bool(status.get("thinking", False)),
            chunk_ms_p50=_number(status.get("chunk_ms_p50")),
            chunk_ms_p95=_number(status.get("chunk_ms_p95")),
            subtask_ms_p50=_number(status.get("subtask_ms_p50")),
            chunk=int(robot.get("chunk", -1)),
            chunk_step=_number(robot.get("chunk_step")),
            late_chunks=int(robot.get("late_chunks", 0)),
            refused_chunks=int(robot.get("refused_chunks", 0)),
            refusal=str(robot.get("refusal", "")),
            boxes=tuple(
                (str(label), float(y_min), float(x_min), float(y_max), float(x_max))
                for label, y_min, x_min, y_max, x_max in status.get("boxes", ())
            ),
            known=tuple(status.get("known", self._choice.known)),
        )

    def take(self, event: Event) -> None:
        """Learn from events `subtask`, `proposal` and `task`; see docs/voice.md. On the session's thread."""
        if event.kind == "proposal":
            self._proposals.append(
                ProposalView(
                    asked_ns=int(event.data["asked_ns"]),
                    text=str(event.data["text"]),
                    probability=float(event.data["probability"]),
                    took_ms=float(event.data["took_ms"]),
                    verdict=str(event.data["verdict"]),
                )
            )
        elif event.kind == "subtask":
            self._take_subtask(event.time_ns, event.data)
        elif event.kind == "task":
            self._finish(str(event.data["task"]), event.time_ns)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _load(self, choice: PolicyChoice | None) -> None:
        if self._pump.snapshot.mode in POLICY_MODES:
            # What moves the robot is not changed under way.
            self._pump.post("robot", SetMode(mode=Mode.HOLD), None)
        self._choice, self._task, self._finished = choice, "", None
        self._end_with_process()
        if choice is None:
            self._pump.supervisor.remove(POLICY)
            self._pump.notices.forget(POLICY)
            self._pump.notices.remove(f"process:{POLICY}")
            return
        write_choice(self._runtime_dir, choice)
        if self._pump.supervisor.add(POLICY):
            return
        if self._pump.supervisor.status(POLICY) is None:
            self._pump.inform(POLICY, LoadPolicy())
        else:
            self._fresh_after_ns = math.inf
            self._pump.post(POLICY, LoadPolicy(), self._told_to_load)

    def _is_of_another(self, beat: Status) -> bool:
        """Whether a heartbeat is still of the policy before, or from before this one was to be loaded once more."""
        choice = msgspec.convert(beat.detail.get("choice"), PolicyChoice | None)
        return choice != self._choice or beat.time_ns < self._fresh_after_ns

    def _told_to_load(self, _: Reply) -> None:
        self._fresh_after_ns = time.monotonic_ns()

    def _go_alone(self, task: str, dead_man: bool) -> None:
        task = " ".join(task.split())
        if not task:
            self._pump.notices.refuse("no task to go alone with; choose or type one")
            return
        self._task = task
        self._enter(Mode.AUTONOMOUS, GoAlone(task=task), dead_man)

    def _enter(self, mode: Mode, order: GoAlone | Rest, dead_man: bool) -> None:
        """First the policy is told, then the robot: it must not run what the policy was told before.

        A policy may take a second to answer. Should a person have said hold or stop by then, that stands.
        """
        if self._choice is None:
            self._pump.notices.refuse("no policy is loaded; choose one in Settings")
            return
        self._entries += 1
        self._finished, self._set_out_ns = None, time.monotonic_ns()
        entry, said_before = self._entries, self._pump.mode_orders

        def told(reply: Reply) -> None:
            if reply.error or entry != self._entries:
                return
            if self._pump.mode_orders != said_before:
                forget()
                return
            self._pump.post("robot", SetMode(mode=mode, dead_man=dead_man), entered)

        def entered(reply: Reply) -> None:
            if reply.error and entry == self._entries:
                forget()

        def forget() -> None:
            # What it was told is not to be done when the mode is entered some other time.
            self._task = ""
            self._pump.post(POLICY, Rest(), None)

        self._pump.post(POLICY, order, told)

    def _take_subtask(self, time_ns: int, data: Mapping[str, Any]) -> None:
        applied_ns, state = int(data["applied_ns"]), str(data["state"])
        if state == "applied":
            self._finished = None
            self._end(time_ns)
            self._subtasks.append(
                SubtaskView(
                    applied_ns,
                    str(data["text"]),
                    str(data["origin"]),
                    confidence=float(data.get("confidence", 1.0)),
                )
            )
            return
        for index, subtask in enumerate(self._subtasks):
            if subtask.applied_ns != applied_ns:
                continue
            if state == "acting":
                seen = dataclasses.replace(subtask, first_action_ns=int(data["first_action_ns"]))
            elif state == "done":
                seen = dataclasses.replace(subtask, done=True, gave_up=str(data.get("gave_up", "")))
                if subtask.origin == "task" and not seen.gave_up:
                    self._finish(subtask.text, time_ns)
            elif state == "ended":
                seen = dataclasses.replace(subtask, ended_ns=time_ns)
            else:
                return
            self._subtasks[index] = seen

    def _finish(self, task: str, time_ns: int) -> None:
        """A task is done: by the high level, or where there is none by the low level, which had it whole."""
        on_the_way = sum(subtask.applied_ns >= self._set_out_ns for subtask in self._subtasks)
        self._finished = FinishedTask(task, on_the_way, time_ns - self._set_out_ns)

    def _end_with_process(self) -> None:
        """The process that carried a subtask out is gone, or is to load something else: say so in its place."""
        now = self._subtasks[-1] if self._subtasks else None
        if now is None or now.ended_ns:
            return
        self._end(time.monotonic_ns())
        self._pump.say(
            "subtask",
            f"{now.text}: ended with its policy",
            state="ended",
            applied_ns=now.applied_ns,
            text=now.text,
            origin=now.origin,
        )

    def _end(self, time_ns: int) -> None:
        if self._subtasks and not self._subtasks[-1].ended_ns:
            self._subtasks[-1] = dataclasses.replace(self._subtasks[-1], ended_ns=time_ns)

    def _thumb(self, applied_ns: int, up: int) -> None:
        for index, subtask in enumerate(self._subtasks):
            if subtask.applied_ns == applied_ns:
                self._subtasks[index] = dataclasses.replace(subtask, thumb=up)
                self._pump.say(
                    "thumb",
                    f"{subtask.text}: {('taken back', 'up', 'down')[up]}",
                    applied_ns=applied_ns,
                    text=subtask.text,
                    thumb=up,
                    time_ns=time.monotonic_ns(),
                )
                return
        self._pump.notices.refuse("that subtask is too long ago to be judged; label it on the Review page")


def _number(value: Any) -> float:
    """NaN for what JSON had no number for."""
    return float("nan") if value is None else float(value)
