"""Inputs: every action with its triggers, the binding of the chosen one, and what was pressed last."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.input_desk import InputDesk
from app.gui.preferences.binding_detail import BindingDetail
from app.gui.preferences.binding_list import BindingList
from app.gui.preferences.rows import binding_rows, seen_words
from app.gui.theme import Theme
from app.gui.told_keys import with_keys
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.label import Label
from app.gui.wording import counted
from app.session.view import Snapshot

_FIND = "Find an action, or a key    {bind.find}"
NOTHING_SEEN = "Press any key, pedal or gamepad button to see what it does"


class InputsSection(QWidget):
    """The left of the Settings page."""

    def __init__(self, actions: Actions, theme: Theme, desk: InputDesk) -> None:
        super().__init__()
        self._actions = actions
        self._desk = desk
        self._gamepad: str | None = None
        self.list = BindingList(theme)
        self.detail = BindingDetail(actions, theme, desk)
        self.seen = Label(NOTHING_SEEN, dim=True)
        self.seen.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.trouble = Label("", wrap=True)
        self._pad = Label("", size_px=tokens.TEXT_SMALL_PX, dim=True)
        self._clashes = Label("", size_px=tokens.TEXT_SMALL_PX, bold=True)
        self.search = QLineEdit()
        self.search.setFont(tokens.font())
        self.search.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        self.search.setAccessibleName("Find an action or a key")
        self.search.installEventFilter(self)
        self._reset_all = ActionButton(actions["bind.reset_all"], theme, title="Reset all")
        head = QHBoxLayout()
        head.addWidget(Label("Inputs", size_px=tokens.TEXT_TITLE_PX, bold=True).fit())
        head.addSpacing(tokens.steps(4))
        head.addWidget(self.seen, stretch=1)
        tools = QHBoxLayout()
        tools.setSpacing(tokens.steps(2))
        tools.addWidget(self.search, stretch=1)
        tools.addWidget(self._reset_all)
        facts = QHBoxLayout()
        facts.addWidget(self._pad, stretch=1)
        facts.addWidget(self._clashes.fit())
        column = QVBoxLayout(self)
        column.setContentsMargins(*([tokens.steps(4)] * 4))
        column.setSpacing(tokens.steps(2))
        column.addLayout(head)
        column.addLayout(tools)
        column.addLayout(facts)
        column.addWidget(self.trouble)
        column.addWidget(self.list, stretch=1)
        column.addWidget(self.detail)
        self.list.picked.connect(self.detail.show_action)
        self.list.wanted.connect(self.detail.bind)
        self.detail.settled.connect(self.list.setFocus)
        self.search.textChanged.connect(lambda _: self.show_rows())
        self.search.returnPressed.connect(self.list.setFocus)
        desk.seen.connect(self._show_seen)
        desk.troubled.connect(self._show_trouble)
        actions.listen(self.show_rows)
        self.show_rows()
        self._show_trouble()

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the gamepad's coming and going."""
        if snapshot.gamepad != self._gamepad:
            self._gamepad = snapshot.gamepad
            self._pad.say(
                f"Gamepad: {snapshot.gamepad}"
                if snapshot.gamepad
                else "No gamepad; pedals are keys and need no setup"
            )
        self._reset_all.refresh()

    def show_rows(self) -> None:
        """The actions as they are bound now, those that are looked for."""
        self.search.setPlaceholderText(with_keys(_FIND, self._actions))
        rows = binding_rows(self._actions, self.search.text())
        self.list.show_rows(rows)
        clashing = len(self._actions.bindings.conflicts())
        self._clashes.say(f"{counted(clashing, 'action')} in each other's way" if clashing else "")

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Down, in the line, goes to the list."""
        if (
            watched is self.search
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Down
        ):
            self.list.setFocus()
            return True
        return super().eventFilter(watched, event)

    def _show_seen(self, trigger: str) -> None:
        self.seen.say(f"Last seen  {seen_words(self._actions, trigger)}")

    def _show_trouble(self) -> None:
        self.trouble.say(self._desk.trouble)
        self.trouble.setVisible(bool(self._desk.trouble))
