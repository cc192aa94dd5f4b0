"""Which policy is wanted, and the two modes that need one, which wait until it is loaded. No Qt."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from app.autonomy.checking import ChoiceError, check_choice
from app.autonomy.choice import HighLevel, PolicyChoice, PolicyKind
from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.gui.wording import sentence
from app.kitchen_policy import NO_FOLDER, default_choice, first_checkpoint
from app.messages import Mode
from app.session.view import Snapshot

WAITS_S = 30.0
"""A mode that was asked for comes this late at most: later, nobody may stand ready for the robot to move."""

SETTLES_S = 0.6
"""So long after a policy was asked for, what is heard of it may still be about the one before."""


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
        # So that a simulated robot can be told something and can go alone out of the box.
        self._default = default_choice(session.profile.name)
        self._checkpoint = first_checkpoint(session.profile.name)
        self._waiting: Mode | None = None
        self._mode = Mode.HOLD
        self._since_ns = 0
        self._settles_s = 0.0
        self._checked: tuple[PolicyChoice, str] | None = None

    @property
    def choice(self) -> PolicyChoice:
        """What would be loaded."""
        return self._settings.policy or (self._default if self._now().simulated else NO_FOLDER)

    @property
    def waiting(self) -> Mode | None:
        """The mode that begins when the policy is loaded."""
        return self._waiting

    @property
    def missing(self) -> str:
        """Why the chosen policy cannot be loaded, in words; empty when nothing speaks against it."""
        choice = self.choice
        if self._checked is None or self._checked[0] != choice:
            self._check(choice)
        return self._checked[1] if self._checked is not None else ""

    @property
    def unloaded(self) -> bool:
        """Whether another policy is loaded than the chosen one, or none."""
        policy = self._now().policy
        return policy is None or policy.choice != self.choice

    def change(self, **fields: Any) -> None:
        """Choose otherwise; remembered, and loaded when that is asked for."""
        choice = msgspec.structs.replace(self.choice, **fields)
        if choice != self.choice:
            self._settings.policy = choice

    def pick_kind(self, kind: PolicyKind) -> None:
        """Choose another kind; what names a folder names no server, and a checkpoint begins with what comes along.

        What was said of another folder, its configuration and its vocabulary, goes with it: loaded with them, what
        comes along would be refused.
        """
        if kind is self.choice.kind:
            return
        comes_along = kind is PolicyKind.CHECKPOINT and self._now().simulated
        begun = self._checkpoint if comes_along else PolicyChoice(kind=kind)
        self.change(
            kind=kind,
            source=begun.source,
            config=begun.config,
            tokenizer=begun.tokenizer,
            known=begun.known,
            action_space=begun.action_space,
        )

    def pick_folder(self, path: str) -> None:
        """Choose a checkpoint's folder; of the one that comes along all is known, of another not what it may answer."""
        begun = self._checkpoint
        if begun.source and Path(path.strip()).expanduser() == Path(begun.source):
            self.change(source=path, config=begun.config, tokenizer=begun.tokenizer, known=begun.known)
        else:
            self.change(source=path, known=())

    def load(self) -> None:
        """Load it now."""
        self._check(self.choice)
        if self.missing:
            self._lead(sentence(self.missing))
        else:
            self._load()

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
        if why := self._no_task():
            self._tell(why)
            return
        self._enter(Mode.AUTONOMOUS)

    def forget(self) -> None:
        """Something else was asked for meanwhile."""
        self._waiting = None

    def apply(self, snapshot: Snapshot) -> None:
        """Begin what waits, when the policy is loaded; or no longer wait."""
        if self._waiting is None:
            return
        policy, since_s = snapshot.policy, (time.monotonic_ns() - self._since_ns) / 1e9
        if snapshot.mode is not self._mode:
            self._waiting = None
        elif policy is None or since_s < self._settles_s:
            return
        elif policy.state == "ready":
            waiting, self._waiting = self._waiting, None
            if since_s > WAITS_S:
                self._tell("The policy is loaded; ask for the mode again")
            else:
                self._begin(waiting)
        elif policy.state == "failed":
            self._waiting = None
            self._lead(f"The policy was not loaded: {policy.detail}")

    def _enter(self, mode: Mode) -> None:
        policy = self._now().policy
        if policy is not None and policy.state == "ready" and not self.unloaded:
            self._waiting = None
            self._begin(mode)
            return
        if policy is None or policy.state == "failed" or self.unloaded:
            self._check(self.choice)
            if self.missing:
                self._lead(sentence(self.missing))
                return
            self._load()
        self._waiting, self._mode, self._since_ns = mode, self._now().mode, time.monotonic_ns()

    def _load(self) -> None:
        self._settles_s = SETTLES_S if self._now().policy is not None else 0.0
        self._session.autonomy.load(self.choice)

    def _check(self, choice: PolicyChoice) -> None:
        try:
            check_choice(choice, self._session.profile)
        except ChoiceError as error:
            self._checked = (choice, str(error))
        else:
            self._checked = (choice, "")

    def _no_task(self) -> str:
        """Why nothing can be done alone, in words; empty when the task is clear."""
        task, now = self._task(), self._now()
        if not task:
            return "Say first what is to be done: the task is empty"
        scripted = self.choice.kind is PolicyKind.SCRIPTED and now.scripts
        if scripted and self.choice.high_level is HighLevel.MODEL and task not in now.scripts:
            return f"The scripted policy knows no task “{task}”; choose one of the scripted operator’s"
        return ""

    def _begin(self, mode: Mode) -> None:
        dead_man = self._settings.dead_man
        if mode is Mode.VERBAL:
            self._session.autonomy.listen(dead_man=dead_man)
        else:
            self._session.autonomy.go_alone(self._task(), dead_man=dead_man)
