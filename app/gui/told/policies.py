"""Which policy is wanted, and the two modes that need one, which wait until it is loaded. No Qt."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.messages import Mode
from app.session.policy_view import PolicyView
from app.session.view import Snapshot

WAITS_S = 30.0
"""A mode that was asked for comes this late at most: later, nobody may stand ready for the robot to move."""

DEFAULT = PolicyChoice(kind=PolicyKind.SCRIPTED)
"""For the simulated kitchen, so that it can be told something and can go alone out of the box."""

NAMES = {
    PolicyKind.SCRIPTED: "scripted, not learned",
    PolicyKind.CHECKPOINT: "checkpoint",
    PolicyKind.SERVER: "server",
    PolicyKind.RANDOM: "random weights: for timing only",
}
"""What each kind is, plainly."""

SOURCES = {
    PolicyKind.CHECKPOINT: "a checkpoint's folder",
    PolicyKind.SERVER: "a server's address",
    PolicyKind.RANDOM: "a preset's name",
}
"""What each kind needs to be told beside what it is."""


def needs_source(choice: PolicyChoice) -> str:
    """What is still missing before a choice can be loaded, in words; empty for nothing."""
    return "" if choice.source else SOURCES.get(choice.kind, "")


class Policies:
    """The chosen policy, remembered, and the way into verbal and autonomous mode.

    Args:
        session: loads it and changes modes.
        settings: remember the choice.
        now: the snapshot that the operator sees.
        task: what is to be done alone, as it stands in the plan.
        lead: opens the setting, and says why.
        tell: shows a line.
        listens: called when verbal mode is asked for, so that there is a microphone.
    """

    def __init__(
        self,
        session: SessionLike,
        settings: Settings,
        now: Callable[[], Snapshot],
        *,
        task: Callable[[], str],
        lead: Callable[[str], None],
        tell: Callable[[str], None],
        listens: Callable[[], None],
    ) -> None:
        self._session = session
        self._settings = settings
        self._now = now
        self._task = task
        self._lead = lead
        self._tell = tell
        self._listens = listens
        self._waiting: Mode | None = None
        self._since_ns = 0

    @property
    def choice(self) -> PolicyChoice | None:
        """What would be loaded; None where nobody has chosen and nothing goes without saying."""
        return self._settings.policy or (DEFAULT if self._now().simulated else None)

    @property
    def waiting(self) -> Mode | None:
        """The mode that begins when the policy is loaded."""
        return self._waiting

    @property
    def missing(self) -> str:
        """Why no policy can be loaded, in words; empty when one can."""
        choice = self.choice
        if choice is None:
            return "No policy is chosen"
        if choice.kind is PolicyKind.SCRIPTED and not self._now().simulated:
            return "The scripted policy is for the simulated kitchen only"
        lacking = needs_source(choice)
        return f"The policy needs {lacking}" if lacking else ""

    def change(self, **fields: Any) -> None:
        """Choose otherwise; remembered. A policy that is loaded already is loaded anew."""
        before = self.choice or PolicyChoice(kind=PolicyKind.CHECKPOINT)
        choice = msgspec.structs.replace(before, **fields)
        if choice == self._settings.policy:
            return
        self._settings.policy = choice
        if self._now().policy is not None and not self.missing:
            self._session.autonomy.load(choice)

    def load(self) -> None:
        """Load it now."""
        if self.missing:
            self._lead(f"{self.missing}; choose one here")
        else:
            self._session.autonomy.load(self.choice)

    def unload(self) -> None:
        """Have no policy any more."""
        self._waiting = None
        self._session.autonomy.load(None)

    def listen(self) -> None:
        """Verbal mode, once there is a policy."""
        self._listens()
        self._enter(Mode.VERBAL)

    def go_alone(self) -> None:
        """Autonomous mode, once there is a policy."""
        if not self._task():
            self._tell("Say first what is to be done: the task is empty")
            return
        self._enter(Mode.AUTONOMOUS)

    def forget(self) -> None:
        """Something else was asked for meanwhile."""
        self._waiting = None

    def apply(self, snapshot: Snapshot) -> None:
        """Begin what waits, when the policy is loaded; or no longer wait."""
        if self._waiting is None:
            return
        policy = snapshot.policy
        late = time.monotonic_ns() - self._since_ns > WAITS_S * 1e9
        if snapshot.mode is Mode.STOPPED:
            self._waiting = None
        elif policy is not None and policy.state == "ready":
            waiting, self._waiting = self._waiting, None
            if late:
                self._tell("The policy is loaded; ask for the mode again")
            else:
                self._begin(waiting)
        elif policy is not None and policy.state == "failed":
            self._waiting = None
            self._lead(f"The policy was not loaded: {policy.detail}")

    def _enter(self, mode: Mode) -> None:
        policy = self._now().policy
        if policy is None or policy.state == "failed":
            if self.missing:
                self._lead(f"{self.missing}; choose one here")
                return
            self._session.autonomy.load(self.choice)
        if policy is not None and policy.state == "ready":
            self._waiting = None
            self._begin(mode)
        else:
            self._waiting, self._since_ns = mode, time.monotonic_ns()

    def _begin(self, mode: Mode) -> None:
        dead_man = self._settings.dead_man
        if mode is Mode.VERBAL:
            self._session.autonomy.listen(dead_man=dead_man)
        else:
            self._session.autonomy.go_alone(self._task(), dead_man=dead_man)


def policy_words(policy: PolicyView) -> str:
    """A policy in a few words: "scripted, not learned", "checkpoint pi05-kitchen"."""
    kind = NAMES[policy.choice.kind]
    return kind if policy.choice.kind in (PolicyKind.SCRIPTED, PolicyKind.RANDOM) else f"{kind} {policy.name}"
