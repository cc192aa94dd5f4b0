"""The right of the review: to the list and to other episodes, and either the labels or the episode itself."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.choice import Choice

LABELS, EPISODE = "labels", "episode"


class ReviewSide(QWidget):
    """Two sheets, of which one is seen.

    Args:
        actions: `review.list`, `review.previous`, `review.next`.
        theme: colours.
        labels: the sheet of the labels, seen first.
        episode: the sheet of the episode.
    """

    def __init__(self, actions: Actions, theme: Theme, *, labels: QWidget, episode: QWidget) -> None:
        super().__init__()
        self.setObjectName("side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(tokens.SIDE_WIDTH_PX)
        self._buttons = [
            ActionButton(actions[action_id], theme, title=title, compact=True)
            for action_id, title in (("review.list", "List"), ("review.previous", "▲"), ("review.next", "▼"))
        ]
        head = QHBoxLayout()
        head.setSpacing(tokens.steps(2))
        for button in self._buttons:
            head.addWidget(button, stretch=1)
        self._choice = Choice("Side", ((LABELS, "Labels"), (EPISODE, "Episode")))
        self._choice.picked.connect(self.show_sheet)
        self._sheets = QStackedWidget()
        for sheet in (labels, episode):
            self._sheets.addWidget(_holding(sheet))
        column = QVBoxLayout(self)
        column.setContentsMargins(*([tokens.steps(4)] * 4))
        column.setSpacing(tokens.steps(2))
        column.addLayout(head)
        column.addWidget(self._choice)
        column.addWidget(self._sheets, stretch=1)
        self.show_sheet(LABELS)

    def show_sheet(self, sheet: str) -> None:
        """Turn to one of the sheets."""
        self._choice.show_value(sheet)
        self._sheets.setCurrentIndex((LABELS, EPISODE).index(sheet))

    def refresh(self) -> None:
        """Follow what can be done now."""
        for button in self._buttons:
            button.refresh()


def _holding(widget: QWidget) -> QWidget:
    """A sheet with the widget in it, which may be hidden or shown without the sheet being so."""
    sheet = QWidget()
    column = QVBoxLayout(sheet)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(widget)
    return sheet
