"""The line in which a subtask is typed, or what was heard is put right."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QFocusEvent
from PyQt6.QtWidgets import QLineEdit

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.told_keys import with_keys

_TYPE = "Type a subtask    {subtask.type}"
_TYPING = "A subtask; Enter has it done"
_AMENDING = "What was said; Enter puts it right"
_LONGEST = 160
"""A subtask has at most so many bytes; see `app.messages.Follow`."""


class TellLine(QLineEdit):
    """Enter gives what stands in it; going elsewhere gives nothing. Escape stops the robot, as everywhere.

    Attributes:
        typed: a subtask to carry out.
        amended: what the last utterance really was.
        searched: what stands in it while a subtask is typed; empty when no longer.
        left: the keys belong to the window again.
    """

    typed = pyqtSignal(str)
    amended = pyqtSignal(str)
    searched = pyqtSignal(str)
    left = pyqtSignal()

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self._actions = actions
        self._amending = False
        self.setFont(tokens.font())
        self.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        self.setMaxLength(_LONGEST)
        self.setAccessibleName("A subtask")
        self.textChanged.connect(self._changed)
        self.returnPressed.connect(self._give)
        actions.listen(self._show)
        self._show()

    @property
    def amending(self) -> bool:
        """Whether it is about the last utterance."""
        return self._amending

    def begin(self) -> None:
        """Type a subtask."""
        self._amending = False
        self.clear()
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._show()

    def amend(self, heard: str) -> None:
        """Put right what was heard."""
        self._amending = True
        self.setText(heard)
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()
        self._show()

    def leave(self) -> None:
        """Give nothing, and hand the keys back."""
        if self.hasFocus():
            self.left.emit()
        self._empty()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """A click begins to type."""
        super().focusInEvent(event)
        self._show()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Going elsewhere gives nothing."""
        super().focusOutEvent(event)
        if event is not None and event.reason() not in (
            Qt.FocusReason.PopupFocusReason,
            Qt.FocusReason.ActiveWindowFocusReason,
        ):
            self._empty()

    def _give(self) -> None:
        words, amending = " ".join(self.text().split()), self._amending
        self.leave()
        if words:
            (self.amended if amending else self.typed).emit(words)

    def _empty(self) -> None:
        self._amending = False
        self.clear()
        self._show()

    def _changed(self, words: str) -> None:
        self.searched.emit("" if self._amending else words)

    def _show(self) -> None:
        words = _AMENDING if self._amending else _TYPING if self.hasFocus() else _TYPE
        self.setPlaceholderText(with_keys(words, self._actions))
