"""What every page of the window is."""

from __future__ import annotations

from PyQt6.QtWidgets import QWidget

from app.gui.actions import Actions
from app.session.view import Snapshot


class Page(QWidget):
    """One of the window's pages: what it is called, its key, its icon, and how it follows the session.

    A page is made before the actions are registered, since some of them read its state, and laid out in `build`.
    """

    page_id = ""
    title = ""
    key = ""
    icon = ""
    tells: frozenset[str] = frozenset()
    """Keys of the notices that the page itself shows, where they belong, or what such keys begin with: `servo:`."""

    def build(self, actions: Actions) -> None:
        """Lay out, once every action is registered."""

    def apply(self, snapshot: Snapshot) -> None:
        """Show a snapshot; called only while the page is visible."""
        raise NotImplementedError(f"{type(self).__name__} shows nothing")

    def entered(self) -> None:
        """The page has just been opened."""

    def left(self) -> None:
        """The page is being left, or the window closed: hand over what was typed, stop what moves by itself."""

    def ended(self) -> None:
        """The window is closed: end what goes on beside the page."""
