"""What every page of the window is."""

from __future__ import annotations

from PyQt6.QtWidgets import QWidget

from app.session.view import Snapshot


class Page(QWidget):
    """One of the window's pages: its name in the registry, its title, its icon, and how it follows the session."""

    page_id = ""
    title = ""
    icon = ""
    tells: frozenset[str] = frozenset()
    """Keys of the notices that the page itself shows, where they belong."""

    def apply(self, snapshot: Snapshot) -> None:
        """Show a snapshot; called only while the page is visible."""
        raise NotImplementedError(f"{type(self).__name__} shows nothing")

    def entered(self) -> None:
        """The page has just been opened."""
