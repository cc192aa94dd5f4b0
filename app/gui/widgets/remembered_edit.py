"""A line for words that come again, such as a task or a room, with those given lately below it."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QFocusEvent, QKeyEvent
from PyQt6.QtWidgets import QComboBox, QCompleter

from app.gui import tokens
from app.gui.settings import Settings


class RememberedEdit(QComboBox):
    """Editable; what is given is remembered and stands in the list at the next start.

    Args:
        settings: where the words are remembered.
        kind: of words, such as `task`; each kind has its own list.
        name: for those who hear the window instead of seeing it.
        asks: shown while the line is empty.
        size_px: of the text, one of the design's.
    """

    given = pyqtSignal(str)
    """New words, once: with Enter, a choice from the list, or by going elsewhere."""

    committed = pyqtSignal()
    """Enter or a choice from the list: the operator is done with the line, whether the words are new or not."""

    def __init__(
        self, settings: Settings, kind: str, *, name: str, asks: str = "", size_px: int = tokens.TEXT_PX
    ) -> None:
        super().__init__()
        self._settings = settings
        self._kind = kind
        self._given = ""
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setFont(tokens.font(size_px))
        self.setFixedHeight(tokens.CONTROL_HEIGHT_PX + (tokens.steps(1) if size_px > tokens.TEXT_PX else 0))
        self.setAccessibleName(name)
        self.setMinimumContentsLength(8)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        line = self.lineEdit()
        if line is not None:
            line.setFont(tokens.font(size_px))
            line.setPlaceholderText(asks)
        completer = self.completer()
        if completer is not None:
            completer.setCompletionMode(QCompleter.CompletionMode.InlineCompletion)
        self._fill("")
        self.activated.connect(lambda _: self._done())

    @property
    def words(self) -> str:
        """What stands in the line."""
        return self.currentText().strip()

    def say(self, words: str) -> None:
        """Follow words that were changed elsewhere; what is being typed now is left alone."""
        if words != self._given and not self.hasFocus():
            self._given = words
            self.setCurrentText(words)

    def commit(self) -> None:
        """Hand over what stands in the line, if that is new."""
        words = self.words
        if words == self._given:
            return
        self._given = words
        if words:
            self._settings.remember(self._kind, words)
        self._fill(words)
        self.given.emit(words)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Enter commits; all other keys are text."""
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._done()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Going elsewhere commits; opening the own list does not."""
        super().focusOutEvent(event)
        if event is not None and event.reason() != Qt.FocusReason.PopupFocusReason:
            self.commit()

    def _done(self) -> None:
        self.commit()
        self.committed.emit()

    def _fill(self, words: str) -> None:
        self.clear()
        self.addItems(self._settings.remembered(self._kind))
        self.setCurrentText(words)
