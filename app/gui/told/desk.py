"""What the frame keeps of the policy's modes: voice, palette, push to talk, and the choice of a policy."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QComboBox

from app.gui.actions import Actions
from app.gui.hearing import Hearing
from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.gui.told.policies import Policies
from app.gui.told.talk import Talk
from app.gui.told.talk_button import TalkButton
from app.gui.told.telling import Telling
from app.gui.told.voicing import Voicing
from app.gui.widgets.hold_button import HoldButton
from app.session.view import Snapshot

_OFF = "The voice is off; Ctrl Shift V switches it on"


class ToldDesk:
    """Joins the parts.

    Args:
        session: does everything.
        settings: remember.
        hearing: has the microphone.
        actions: say which keys are held to talk.
        now: the snapshot that is seen.
        task: what is to be done alone.
        page: the page shown.
        tell: shows a line.
        lead: opens the setting of the policy, and says why.
    """

    def __init__(
        self,
        session: SessionLike,
        settings: Settings,
        hearing: Hearing,
        actions: Actions,
        *,
        now: Callable[[], Snapshot],
        task: Callable[[], str],
        page: Callable[[], str],
        tell: Callable[[str], None],
        lead: Callable[[str], None],
    ) -> None:
        self._now = now
        self.voicing = Voicing(session, settings, hearing)
        self.telling = Telling(session, now, settings)
        self.policies = Policies(
            session, settings, now, task=task, lead=lead, tell=tell, listens=self.voicing.want
        )
        self.talk = Talk(
            actions, talk=session.voice.talk, refusal=self._refusal, tell=tell, page=page, focused=_has_button
        )

    def restore(self) -> None:
        """The window opens: what was on is on again."""
        self.voicing.restore()

    def apply(self, snapshot: Snapshot) -> None:
        """Follow a snapshot."""
        self.voicing.apply(snapshot)
        self.policies.apply(snapshot)

    def stopped(self) -> None:
        """The robot is stopped: nothing waits, nobody talks."""
        self.policies.forget()
        self.talk.keys_lost()

    def _refusal(self) -> str:
        voice = self._now().voice
        if voice is None:
            return _OFF if not self.voicing.on else "The voice is being switched on"
        if voice.state in ("no model", "lost"):
            return f"Nobody listens: {voice.detail or voice.state}"
        return "" if voice.state == "ready" else "The recogniser is not loaded yet"


def _has_button() -> bool:
    """Whether something has the focus that Space and Enter press."""
    return isinstance(
        QApplication.focusWidget(), QAbstractButton | QAbstractItemView | QComboBox | HoldButton | TalkButton
    )
