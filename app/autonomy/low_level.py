"""The low level: asks the policy for the next chunk in time, and makes of its answer what the robot runs."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from app.autonomy.chunk_wire import BadChunk, checked_actions, packed, trimmed
from app.autonomy.complaints import Complaints, in_a_line
from app.autonomy.end_effector import EndEffector
from app.autonomy.latencies import Latencies
from app.autonomy.loaded import Loaded
from app.autonomy.orders import InForce
from app.autonomy.pacing import Due, Pacing, Running, Sent
from app.autonomy.scripted import FinalChunk
from app.autonomy.worker import Outcome, Worker
from app.messages import Mode
from drivers.profile import RobotProfile
from policy.serving.remote import NotOffered
from policy.types import ActionChunk, Committed, Observation

RETRY_NS = 500_000_000
"""Pause after a chunk that failed."""
SILENT_S = 3.5
"""A policy that has thought for longer is said to be silent."""
LEAD_EXTRA_S = 0.025
"""From a chunk's making to its first action: up to a tick, and the way there."""
IN_TIME = 0.9
"""Share of chunks that are to be in time."""

Look = Callable[[tuple[str, ...]], Callable[[], Observation]]
"""The observation of now through these cameras; see `Eyes.glance`."""
Sample = tuple[NDArray[np.uint8], NDArray[np.uint8]]


class NoPictures(RuntimeError):
    """A policy that acts on what it sees would have to act blindly."""


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """A chunk that is being made: for what, and from where."""

    loaded: Loaded
    subtask: InForce
    mode: Mode
    due: Due
    observed_ns: int
    state: NDArray[np.float64]


class LowLevel:
    """One policy's chunks.

    Args:
        profile: the robot.
        loaded: the policy.
        outcomes: where its answers go; those with a tag `Wanted` are for `take`.
        complaints: where it is said that it makes none.
        first_number: of its chunks.
    """

    def __init__(
        self,
        profile: RobotProfile,
        loaded: Loaded,
        outcomes: queue.SimpleQueue[Outcome],
        complaints: Complaints,
        *,
        first_number: int,
    ) -> None:
        self._loaded = loaded
        self._complaints = complaints
        self._worker = Worker("low level", outcomes)
        self._hands = EndEffector(profile) if loaded.choice.action_space == "end_effector" else None
        self._width = self._hands.width if self._hands is not None else profile.dof
        self._takes_committed = loaded.takes_committed
        self._pacing = Pacing()
        self._retry_at_ns = 0
        self._awaited = False  # from the asking until the answer is taken, not only while the worker is busy
        self.number = first_number
        self.took = Latencies()

    def see(self, running: Running) -> Sent | None:
        """The robot runs this now; the final chunk that has just run to its end, if any."""
        self._pacing.see(running)
        return self._pacing.finished(running, time.monotonic_ns())

    def step(
        self, wanted: InForce, mode: Mode, running: Running, state: NDArray[np.float64], look: Look
    ) -> None:
        """Ask for the next chunk where it is time.

        Args:
            wanted: the subtask in force.
            mode: the robot's.
            running: what it runs.
            state: (D,) where it is.
            look: gives the observation.
        """
        now_ns, loaded = time.monotonic_ns(), self._loaded
        if now_ns < self._retry_at_ns:
            return
        if self._awaited:
            if self._worker.busy_s > SILENT_S:
                self._complaints.raise_(
                    f"{loaded.name} has not answered for {self._worker.busy_s:.0f} s",
                    "the robot holds; load the policy again, or another",
                )
            return
        due = self._pacing.due(
            running,
            now_ns,
            applied_ns=wanted.applied_ns,
            execute=loaded.execute_steps,
            lead_s=self.took.at(IN_TIME) / 1e3 + LEAD_EXTRA_S,
        )
        if due is None:
            return
        committed = None
        if due.plan is not None and self._takes_committed:
            committed = Committed(due.plan, due.frozen, loaded.execute_steps)
        self._awaited = True
        self._worker.do(
            Wanted(loaded, wanted, mode, due, running.time_ns, state),
            partial(_made, loaded, look(loaded.cameras_low), wanted.text, committed),
        )

    def take(self, wanted: Wanted, outcome: Outcome, *, current: InForce | None, mode: Mode) -> Sample | None:
        """What to send the robot of the policy's answer; None for nothing.

        Args:
            wanted: what was asked for.
            outcome: the answer.
            current: the subtask in force by now.
            mode: the robot's by now.
        """
        self._awaited = False
        if isinstance(outcome.error, NotOffered) and self._takes_committed:
            self._takes_committed = False  # it is asked without from now on
            return None
        if outcome.error is not None:
            self._failed(outcome.error)
            return None
        if current is None or current.applied_ns != wanted.subtask.applied_ns or mode is not wanted.mode:
            return None
        chunk: ActionChunk = outcome.value
        try:
            asked_for, step_ns = checked_actions(chunk, width=self._width)
            actions = asked_for if self._hands is None else self._hands.to_joints(asked_for, wanted.state)
        except ValueError as error:
            self._failed(error)
            return None
        final = isinstance(chunk, FinalChunk)
        if final:
            actions = trimmed(actions, passed=wanted.due.frozen)
        self.number += 1
        self._pacing.send(
            Sent(
                number=self.number,
                actions=asked_for[: len(actions)],
                applied_ns=wanted.subtask.applied_ns,
                step_ns=step_ns,
                final=final,
                gave_up=chunk.gave_up if isinstance(chunk, FinalChunk) else "",
                sent_ns=time.monotonic_ns(),
            )
        )
        self.took.add(outcome.took_ms)
        self._complaints.end(f"{self._loaded.name} makes chunks again")
        return packed(
            actions,
            chunk=self.number,
            observed_ns=wanted.observed_ns,
            first_ns=self._first_ns(wanted, chunk),
            step_ns=step_ns,
            applied_ns=wanted.subtask.applied_ns,
            mode=wanted.mode,
            final=final,
            subtask=wanted.subtask.text,
        )

    def close(self) -> None:
        """Ask no more."""
        self._worker.close()

    def _first_ns(self, wanted: Wanted, chunk: ActionChunk) -> int:
        """When a chunk's first step is due."""
        if wanted.due.first_ns is None:
            # The robot stands: nothing of the way was gone while this was made.
            return time.monotonic_ns()
        return wanted.due.first_ns if self._takes_committed else int(chunk.target_ns[0])

    def _failed(self, error: Exception) -> None:
        self._retry_at_ns = time.monotonic_ns() + RETRY_NS
        remedy = "the robot holds when the last chunk has run out; it is tried again by itself"
        if isinstance(error, BadChunk):
            remedy += "; choose a policy that was made for this robot"
        self._complaints.raise_(f"{self._loaded.name} makes no actions: {in_a_line(error)}", remedy)


def _made(
    loaded: Loaded, look: Callable[[], Observation], subtask: str, committed: Committed | None
) -> ActionChunk:
    observation = look()
    if loaded.cameras_low and not observation.images:
        raise NoPictures(
            f"none of its cameras ({', '.join(loaded.cameras_low)}) has sent a picture lately; see what ails them"
        )
    return loaded.policy.actions(observation, subtask, committed=committed)
