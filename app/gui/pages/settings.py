"""Settings."""

from __future__ import annotations

from app.gui.pages.page import Page
from app.session.view import Snapshot


class SettingsPage(Page):
    """Under construction."""

    page_id = "settings"
    title = "Settings"
    key = "Ctrl+,"
    icon = "mdi6.cog-outline"

    def apply(self, snapshot: Snapshot) -> None:
        """Show a snapshot."""
