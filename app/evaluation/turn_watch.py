"""Watches a policy's turn, for what ends it early."""

from __future__ import annotations

import time

from app.evaluation.diagnosis import (
    Trouble,
    dark_cameras,
    new_lines,
    reasons_to_hold,
    rig_trouble,
    turn_ended,
)
from app.evaluation.rig import Rig
from app.messages import Mode
from app.session.view import Snapshot

DARK_S = 1.5
"""A camera without a picture for this long spoils the trial."""
CAUSE_S = 2.5
"""After a hold, how long is waited for a sign that the rig was the cause: lines are heard of once a second."""
DONE_S = 8.0
"""In the implicit variant: how long after the policy has said that it is done the world may still come to agree."""


class TurnWatch:
    """Looks again and again at a policy that has the robot.

    Args:
        rig: the session.
        before: how everything stood as the turn began.
        wanted: the mode in which it is the policy's turn.
        implicit: whether nobody names subtasks, so that a policy that is done has nothing more to come.

    Attributes:
        step: what is being done, in words.
        gave_up: why the turn may be ended although nothing is wrong; empty for no such reason.
    """

    def __init__(self, rig: Rig, before: Snapshot, wanted: Mode, *, implicit: bool) -> None:
        self._rig = rig
        self._before = before
        self._wanted = wanted
        self._implicit = implicit
        self._dark_since_s = 0.0
        self._log = before.log
        self._reasons: tuple[str, ...] = ()
        self._doubt: Trouble | None = None
        self._doubt_since_s = 0.0
        self._had_reasons = False
        self._done_since_s = 0.0
        self.step = "the policy acts"
        self.gave_up = ""

    def look(self) -> Trouble | None:
        """What is wrong; the rig is asked first, and has a while to confess after the robot has come to hold."""
        now, time_s = self._rig.snapshot(), time.monotonic()
        if (trouble := rig_trouble(self._before, now)) is not None:
            return trouble
        dark = dark_cameras(now)
        self._dark_since_s = (self._dark_since_s or time_s) if dark else 0.0
        if dark and time_s - self._dark_since_s > DARK_S:
            return Trouble(True, f"no picture from {', '.join(dark)}")
        self._reasons += reasons_to_hold(new_lines(self._log, now.log))
        self._log = now.log
        doubt = turn_ended(now, self._wanted, self._reasons)
        if doubt is not None and doubt.rig:
            return doubt
        # The first doubt is kept, for what follows it is its consequence; but a reason may come after the mode.
        if self._doubt is None or (doubt is not None and not self._had_reasons):
            self._doubt, self._had_reasons = doubt, bool(self._reasons)
        if self._doubt is not None:
            self._doubt_since_s = self._doubt_since_s or time_s
            if time_s - self._doubt_since_s > CAUSE_S:
                return self._doubt
        self._follow(now, time_s)
        return None

    def _follow(self, now: Snapshot, time_s: float) -> None:
        subtask = now.policy.subtask if now.policy is not None else None
        self.step = f"the policy acts: {subtask.text}" if subtask is not None else "the policy acts"
        done = self._implicit and subtask is not None and subtask.done
        self._done_since_s = (self._done_since_s or time_s) if done else 0.0
        if done and time_s - self._done_since_s > DONE_S:
            self.gave_up = "the policy says that it is done, and the world does not"
