"""Every action by name: type a few letters, Enter does it."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QSize, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QWidget

from app.gui import tokens
from app.gui.actions import Action, Actions, matching
from app.gui.widgets.label import Label
from app.gui.widgets.overlay import Overlay
from app.gui.wording import key_caps


class CommandPalette(Overlay):
    """Opens over any page; what cannot be done now is dim and does nothing."""

    def __init__(self, host: QWidget, actions: Actions) -> None:
        super().__init__(host, width_px=tokens.steps(150), height_px=tokens.steps(120))
        self._actions = actions
        self._found: list[Action] = []
        self.line = QLineEdit()
        self.line.setFont(tokens.font(tokens.TEXT_LARGE_PX))
        self.line.setFixedHeight(tokens.CONTROL_HEIGHT_PX + tokens.steps(1))
        self.line.setPlaceholderText("What to do?")
        self.line.setAccessibleName("Search the actions")
        self.list = QListWidget()
        self.list.setFont(tokens.font())
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.body.addWidget(self.line)
        self.body.addWidget(self.list)
        self.line.textChanged.connect(self._search)
        self.line.returnPressed.connect(self._do)
        self.list.itemClicked.connect(lambda _: self._do())
        self.line.installEventFilter(self)

    def open(self) -> None:
        """Start with every action."""
        super().open()
        self.line.clear()
        self._search("")
        self.line.setFocus()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Arrows in the line move in the list."""
        if watched is self.line and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step and self.list.count():
                self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
                return True
        return super().eventFilter(watched, event)

    def _search(self, words: str) -> None:
        self._found = matching(self._actions.everywhere(), words)
        self.list.clear()
        for action in self._found:
            item = QListWidgetItem()
            enabled = action.enabled()
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(tokens.steps(2), 0, tokens.steps(2), 0)
            line.addWidget(Label(action.title, dim=not enabled).fit())
            line.addStretch()
            line.addWidget(Label(action.group, size_px=tokens.TEXT_SMALL_PX, dim=True).fit())
            if action.key:
                line.addWidget(Label(key_caps(action.key), size_px=tokens.TEXT_SMALL_PX, bold=True).fit())
            item.setSizeHint(QSize(0, tokens.steps(9)))
            if not enabled:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            self.list.addItem(item)
            self.list.setItemWidget(item, row)
        first = next((i for i, action in enumerate(self._found) if action.enabled()), -1)
        self.list.setCurrentRow(first)

    def _do(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._found) and self._found[row].enabled():
            self.close_over()
            self._actions.trigger(self._found[row].id)
