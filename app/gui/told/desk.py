"""What the frame keeps of the policy's modes: voice, palette, push to talk, and the choice of a policy."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QComboBox

from app.gui.actions import Actions
from app.gui.hearing import Hearing
from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.gui.told.policies import Policies
from app.gui.told.refusals import OPEN_POLICY, OPEN_VOICE, VOICE_ON, Refusals
from app.gui.told.talk import Talk
from app.gui.told.talk_button import TalkButton
from app.gui.told.telling import Telling
from app.gui.told.voicing import Voicing
from app.gui.widgets.hold_button import HoldButton
from app.session.view import Snapshot


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
        show: opens a part of the settings, `voice` or `policy`.
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
        show: Callable[[str], None],
    ) -> None:
        self._now = now
        self._show = show
        self.refusals = Refusals()
        self.voicing = Voicing(session, settings, hearing)
        self.telling = Telling(session, now, settings)
        self.policies = Policies(
            session,
            settings,
            now,
            task=task,
            lead=self._lead,
            tell=self.refusals.say,
            listens=self.voicing.want,
        )
        self.talk = Talk(
            actions, talk=session.voice.talk, refused=self._refused, page=page, focused=_has_button
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

    def do(self, action: str) -> bool:
        """Do the action of a notice that is about the policy's modes; says whether it is one."""
        match action:
            case "open_policy":
                self._show("policy")
            case "open_voice":
                self._show("voice")
            case "lift_vetoes":
                self.telling.lift_vetoes()
            case "voice_on":
                if not self.voicing.on:
                    self.voicing.toggle()
            case _:
                return False
        self.refusals.forget()
        return True

    def _lead(self, why: str) -> None:
        self.refusals.say(why, action=OPEN_POLICY)
        self._show("policy")

    def _refused(self) -> bool:
        """Whether nobody would hear what is said now; why is then said."""
        voice = self._now().voice
        if voice is None and not self.voicing.on:
            self.refusals.say("Nobody listens: the voice is off", action=VOICE_ON)
        elif voice is None or voice.state in ("starting", "loading", "downloading"):
            self.refusals.say("The recogniser is not loaded yet; keys and typing work")
        elif voice.state != "ready":
            self.refusals.say(f"Nobody listens: {voice.detail or voice.state}", action=OPEN_VOICE)
        else:
            return False
        return True


def _has_button() -> bool:
    """Whether something has the focus that Space and Enter press."""
    return isinstance(
        QApplication.focusWidget(), QAbstractButton | QAbstractItemView | QComboBox | HoldButton | TalkButton
    )
