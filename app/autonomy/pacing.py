"""When the next chunk is asked for, and what of the present one it goes on from.

A chunk is asked for so early that it arrives when as many steps of the present one have run as are to be run of it:
earlier by what chunks have taken lately. The robot tells with every tick which chunk it runs and how far it is; nothing
here believes that a chunk runs because it was sent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNMEASURED_S = 0.15
"""What the first chunks are taken to take."""
PICKED_UP_NS = 300_000_000
"""How long the robot may take to begin a chunk that was sent."""


@dataclass(frozen=True, slots=True)
class Running:
    """What the robot runs, by its newest tick.

    Attributes:
        time_ns: of the tick, monotonic.
        chunk: its number; -1 for none.
        step: how far into it; NaN for none.
        speed: the factor at which it is run, in (0, 1].
    """

    time_ns: int
    chunk: int = -1
    step: float = math.nan
    speed: float = 1.0


@dataclass(eq=False, slots=True)
class Sent:
    """A chunk that was sent.

    Attributes:
        number: of the chunk.
        actions: (T, D) as the policy gave them.
        applied_ns: number of its subtask.
        step_ns: from step to step at full speed.
        final: whether nothing comes after it.
        gave_up: why, where its subtask cannot be carried out.
        sent_ns: when, monotonic.
        begun: the step at which the robot began it; None before.
    """

    number: int
    actions: NDArray[np.float64]
    applied_ns: int
    step_ns: int
    final: bool
    gave_up: str
    sent_ns: int
    begun: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """A chunk is to be asked for now.

    Attributes:
        plan: (T, D) what is left of the chunk in progress, first the step that is due now; None where none runs. Only
            its frozen steps where the subtask is another, for the rest of the plan is not wanted any more.
        frozen: leading steps of it that will have run before the new chunk is there.
        first_ns: when the first step of the plan is due; None where none runs.
    """

    plan: NDArray[np.float64] | None = None
    frozen: int = 0
    first_ns: int | None = None


class Pacing:
    """Follows the chunks that were sent."""

    def __init__(self) -> None:
        self._sent: Sent | None = None
        self._before: Sent | None = None

    @property
    def sent(self) -> Sent | None:
        """The newest chunk."""
        return self._sent

    def send(self, sent: Sent) -> None:
        """A chunk went to the robot."""
        self._before, self._sent = self._sent, sent

    def forget(self) -> None:
        """What was sent is of no use any more."""
        self._before = self._sent = None

    def see(self, running: Running) -> None:
        """The robot runs this now."""
        sent = self._sent
        if sent is not None and sent.begun is None and running.chunk == sent.number:
            sent.begun = running.step

    def finished(self, running: Running, now_ns: int) -> Sent | None:
        """The final chunk that has run to its end just now, once."""
        sent = self._sent
        if sent is None or not sent.final or sent.begun is None or running.chunk == sent.number:
            return None
        if now_ns - sent.sent_ns < PICKED_UP_NS and running.chunk != -1:
            return None
        self.forget()
        return sent

    def due(
        self, running: Running, now_ns: int, *, applied_ns: int, execute: int, lead_s: float
    ) -> Due | None:
        """Whether a chunk is to be asked for now, and from what it goes on.

        Args:
            running: what the robot runs.
            now_ns: monotonic.
            applied_ns: number of the subtask in force.
            execute: steps of a chunk to run before the next.
            lead_s: how long a chunk takes, from now to the robot; NaN where that was not measured yet.
        """
        sent = self._sent
        lead_s = UNMEASURED_S if math.isnan(lead_s) else lead_s
        if sent is not None and sent.applied_ns == applied_ns:
            if sent.final and (sent.begun is not None or now_ns - sent.sent_ns < PICKED_UP_NS):
                return None
            if running.chunk != sent.number:
                return None if now_ns - sent.sent_ns < PICKED_UP_NS else Due()
            lead = lead_s * 1e9 * running.speed / sent.step_ns
            begun = sent.begun if sent.begun is not None else 0.0
            if running.step < min(begun + execute, len(sent.actions) - 1) - lead:
                return None
            return self._going_on(sent, running, lead, whole=True)
        for sent in (self._sent, self._before):
            if sent is not None and running.chunk == sent.number:
                lead = lead_s * 1e9 * running.speed / sent.step_ns
                return self._going_on(sent, running, lead, whole=False)
        return Due()

    def _going_on(self, sent: Sent, running: Running, lead: float, *, whole: bool) -> Due:
        at = int(running.step)
        plan = sent.actions[at:]
        if not len(plan):
            return Due()
        frozen = min(len(plan), math.ceil(lead) + 1)
        first_ns = running.time_ns - round((running.step - at) * sent.step_ns / running.speed)
        return Due(plan if whole else plan[:frozen], frozen, first_ns)
