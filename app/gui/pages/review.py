"""Review."""

from __future__ import annotations

from app.gui.episodes.changes import Changes
from app.gui.pages.page import Page
from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.session.view import EpisodeView, Snapshot


class ReviewPage(Page):
    """Under construction."""

    page_id = "review"
    title = "Review"
    key = "Ctrl+2"
    icon = "mdi6.play-box-outline"

    def __init__(self, session: SessionLike, theme: Theme, *, settings: Settings, changes: Changes) -> None:
        super().__init__()

    def open(self, episode: EpisodeView, listed: tuple[EpisodeView, ...]) -> None:
        """Play an episode."""

    def apply(self, snapshot: Snapshot) -> None:
        """Show a snapshot."""
