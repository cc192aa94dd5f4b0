"""The bar at the top of every page: the pages, the line of health, and the way to the overlay of keys."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.status_line import StatusLine


class TopBar(QWidget):
    """A button for each page, in order; the one that is shown is underlined.

    Args:
        actions: `page.` and the page's id for each page, `window.keys`.
        theme: colours and icons.
        page_ids: the pages, from the left.

    Attributes:
        status: the line of health.
    """

    def __init__(self, actions: Actions, theme: Theme, page_ids: Iterable[str]) -> None:
        super().__init__()
        self.setObjectName("bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(tokens.BAR_HEIGHT_PX)
        self.status = StatusLine(actions, theme)
        self._pages = {page_id: ActionButton(actions[f"page.{page_id}"], theme) for page_id in page_ids}
        keys = ActionButton(actions["window.keys"], theme, title="Keys", compact=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.steps(3), 0, 0, 0)
        row.setSpacing(tokens.steps(2))
        for button in (*self._pages.values(), keys):
            button.setProperty("flat", "true")
            row.addWidget(button)
        row.insertWidget(len(self._pages), self.status, stretch=1)
        row.addSpacing(tokens.steps(2))

    def show_page(self, page_id: str) -> None:
        """Underline the page that is shown."""
        for other_id, button in self._pages.items():
            button.set_lit(other_id == page_id)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """In a narrow window the pages' keys make room for the line of health."""
        for button in self._pages.values():
            button.show_key(self.width() >= tokens.PAGE_KEYS_FROM_PX)
