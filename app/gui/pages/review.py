"""Review."""

from __future__ import annotations

from app.gui.pages.page import Page
from app.session.view import Snapshot


class ReviewPage(Page):
    """Under construction."""

    page_id = "review"
    title = "Review"
    key = "Ctrl+2"
    icon = "mdi6.play-box-outline"

    def apply(self, snapshot: Snapshot) -> None:
        """Show a snapshot."""
