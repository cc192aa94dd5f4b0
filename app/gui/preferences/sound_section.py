"""Sound: whether the app speaks."""

from __future__ import annotations

from app.gui.actions import Actions
from app.gui.preferences.section import Section
from app.gui.settings import Settings
from app.gui.widgets.choice import Choice
from app.session.view import Snapshot

SPOKEN, SILENT = "spoken", "silent"


class SoundSection(Section):
    """Whether the app speaks.

    Args:
        actions: `window.mute`.
        settings: where it is kept.
    """

    def __init__(self, actions: Actions, settings: Settings) -> None:
        super().__init__("Sound")
        self._actions = actions
        self._settings = settings
        self.choice = Choice("Spoken feedback", [(SPOKEN, "Spoken"), (SILENT, "Silent")])
        self.caption("What happens is said aloud, or only shown")
        self.body.addWidget(self.choice)
        self.choice.picked.connect(self._pick)
        self.refresh()

    def refresh(self) -> None:
        """Show what is chosen."""
        self.choice.show_value(self._value)

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the key."""
        self.choice.show_value(self._value)

    @property
    def _value(self) -> str:
        return SILENT if self._settings.muted else SPOKEN

    def _pick(self, value: str) -> None:
        if value != self._value:
            self._actions.trigger("window.mute")
