"""What the operator wants of the collection: the plan as it was last wished, and what each key means in each phase."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from app.collection.collector import BEFORE, BETWEEN, DISCARD, DISCARDED
from app.collection.plan import CollectionPlan
from app.collection.view import Phase
from app.gui.phases import phase_of
from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.session.view import Snapshot


class Collecting:
    """Hands wishes to the session. It knows no Qt but through the settings.

    The plan that counts is the session's. Until a changed one comes back in a snapshot, further changes build on what
    was sent, so that two made in quick succession are both kept.

    Args:
        session: does it.
        now: the snapshot that the operator sees; a judgement hits what they saw.
        settings: remembers the plan.
    """

    def __init__(self, session: SessionLike, now: Callable[[], Snapshot], settings: Settings) -> None:
        self._session = session
        self._now = now
        self._settings = settings
        self._plan = self._seen = now().collection.plan
        self._sent: list[CollectionPlan] = []
        self._suggested = ""

    @property
    def plan(self) -> CollectionPlan:
        """The plan as it is wished now."""
        return self._plan

    def restore(self) -> None:
        """Hand the session the plan of the last time; whoever it names as operator stays if that plan names none."""
        if (plan := self._settings.plan) is not None:
            self._send(msgspec.structs.replace(plan, operator=plan.operator or self._plan.operator))

    def change(self, **fields: Any) -> None:
        """Change some fields of the plan; nothing happens when they are so already."""
        plan = msgspec.structs.replace(self._plan, **fields)
        if plan != self._plan:
            self._send(plan)
            self._settings.plan = plan

    def suggest_task(self, task: str) -> None:
        """What is about to be shown; it counts where the plan names no task, or one that was suggested too."""
        if self._plan.task in ("", self._suggested):
            self._suggested = task
            self.change(task=task)

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the session's plan, such as one that was changed by voice."""
        plan = snapshot.collection.plan
        if plan == self._seen:
            return
        self._seen = plan
        if plan in self._sent:
            del self._sent[: self._sent.index(plan) + 1]
        else:
            self._sent.clear()
            self._plan = plan

    # -- one key each --------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin the next episode; before one has begun give it up, and while it runs end it to be judged later."""
        phase = phase_of(self._now())
        if phase in BEFORE:
            self._session.cancel()
        elif phase is Phase.RECORDING:
            self.judge("unset")
        else:
            self._session.begin()

    def can_begin(self) -> bool:
        """Whether `begin` does something now."""
        snapshot = self._now()
        return snapshot.ready and phase_of(snapshot) not in (Phase.STARTING, Phase.CLOSING)

    def begin_at_once(self) -> None:
        """Record now, whatever the robot does."""
        self._session.begin(at_once=True)

    def can_begin_at_once(self) -> bool:
        """Whether nothing is being recorded or saved."""
        snapshot = self._now()
        return snapshot.ready and phase_of(snapshot) not in (Phase.STARTING, Phase.RECORDING, Phase.CLOSING)

    def judge(self, outcome: str) -> None:
        """End the running episode so, or change what is said of the last one: the one that the operator sees."""
        self._session.judge(outcome, aim=self._now().collection.aim)

    def can_judge(self) -> bool:
        """Whether there is an episode to judge; one that was thrown away comes back with its judgement."""
        snapshot = self._now()
        return snapshot.recording is not None or bool(snapshot.collection.aim)

    def discard(self) -> None:
        """Throw the episode away; before one has begun give it up, and never touch the last one then."""
        if phase_of(self._now()) in BEFORE:
            self._session.cancel()
        else:
            self.judge(DISCARD)

    def can_discard(self) -> bool:
        """Whether there is something to give up or throw away that is not thrown away yet."""
        snapshot = self._now()
        phase = phase_of(snapshot)
        if phase in BETWEEN and snapshot.collection.last_outcome == DISCARDED:
            return False
        return phase in BEFORE or (phase is not Phase.STARTING and self.can_judge())

    def take_back(self) -> None:
        """Put the last episode into the trash, or take it out again."""
        self._session.take_back()

    def can_take_back(self) -> bool:
        """Whether an episode was made, and none runs."""
        snapshot = self._now()
        return bool(snapshot.collection.last_id) and snapshot.recording is None

    def _send(self, plan: CollectionPlan) -> None:
        if plan == self._plan:
            return
        self._plan = plan
        self._sent.append(plan)
        self._session.set_plan(plan)
