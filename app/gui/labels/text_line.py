"""The line in which a label's text is written, where the label stands."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QRect, QStringListModel, Qt, pyqtSignal
from PyQt6.QtGui import QFocusEvent, QKeyEvent
from PyQt6.QtWidgets import QCompleter, QLineEdit, QWidget

from app.gui import tokens

_LEAST_PX = 220


class TextLine(QLineEdit):
    """Lies over a label while its text is written. Enter, or going elsewhere, keeps what stands in it.

    Attributes:
        written: the label's id and its text.
        left: the keys belong to the window again.
    """

    written = pyqtSignal(str, str)
    left = pyqtSignal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._label_id = ""
        self._texts = QStringListModel(self)
        completer = QCompleter(self._texts, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.InlineCompletion)
        self.setCompleter(completer)
        self.setFont(tokens.font())
        self.setAccessibleName("The label's text")
        self.setPlaceholderText("What is done here")
        self.hide()

    @property
    def label_id(self) -> str:
        """Of the label that is being written; empty for none."""
        return self._label_id

    def offer(self, texts: Sequence[str]) -> None:
        """Complete to these."""
        self._texts.setStringList(list(texts))

    def write(self, label_id: str, text: str, over: QRect) -> None:
        """Write the text of a label that is drawn there."""
        self._label_id = label_id
        self.setText(text)
        self.follow(over)
        self.show()
        self.raise_()
        self.selectAll()
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def follow(self, over: QRect) -> None:
        """The label is drawn there now."""
        parent = self.parentWidget()
        room = parent.width() if parent is not None else over.right()
        width = min(max(over.width(), _LEAST_PX), room)
        height = max(over.height(), tokens.CONTROL_HEIGHT_PX)
        left = max(0, min(over.left(), room - width))
        self.setGeometry(left, over.center().y() - height // 2, width, height)

    def give_up(self) -> None:
        """Keep nothing of it."""
        self._label_id = ""
        if self.hasFocus():
            self.left.emit()
        self.hide()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Enter keeps it, and is not passed on to mean something else; all other keys are text."""
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
            self.keep()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Going elsewhere keeps it."""
        super().focusOutEvent(event)
        if event is None or event.reason() != Qt.FocusReason.PopupFocusReason:
            self.keep()

    def keep(self) -> None:
        """Hand over what stands in it, and be done; nothing where nothing is written."""
        label_id, self._label_id = self._label_id, ""
        if not label_id:
            return
        had_focus = self.hasFocus()
        self.hide()
        self.written.emit(label_id, " ".join(self.text().split()))
        if had_focus:
            self.left.emit()
