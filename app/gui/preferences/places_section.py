"""Places: which robot this is, and where things are kept, to be read and copied."""

from __future__ import annotations

from pathlib import Path

from app.gui.preferences.section import Section
from app.gui.widgets.copy_line import CopyLine
from app.session.view import Snapshot


class PlacesSection(Section):
    """Lines to read and copy.

    Args:
        folder: of the settings.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__("Robot and folders")
        self.robot = self._place("Robot profile")
        self.recordings = self._place("Recordings go to")
        self.settings = self._place("Settings are kept in")
        self.settings.say(str(folder))

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the session."""
        self.robot.say(snapshot.profile_name)
        self.recordings.say(snapshot.dataset)

    def _place(self, caption: str) -> CopyLine:
        self.caption(caption)
        line = CopyLine(caption)
        self.body.addWidget(line)
        return line
