"""Robot."""

from __future__ import annotations

from app.gui.pages.page import Page
from app.session.view import Snapshot


class RobotPage(Page):
    """Under construction."""

    page_id = "robot"
    title = "Robot"
    key = "Ctrl+4"
    icon = "mdi6.robot-industrial"

    def apply(self, snapshot: Snapshot) -> None:
        """Show a snapshot."""
