"""A line to read and to copy: a path, a command."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QPushButton, QWidget

from app.gui import tokens


class CopyLine(QWidget):
    """The words, and a button that copies them and says so until they change.

    Args:
        name: what the words are, for who cannot see the line.
        words: to begin with.
    """

    def __init__(self, name: str, words: str = "") -> None:
        super().__init__()
        self.line = QLineEdit(words)
        self.line.setReadOnly(True)
        self.line.setFont(tokens.font())
        self.line.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        self.line.setAccessibleName(name)
        self.line.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.copy = QPushButton("Copy")
        self.copy.setFont(tokens.font())
        self.copy.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        self.copy.setAccessibleName(f"Copy: {name}")
        self.copy.clicked.connect(self._copy)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.steps(2))
        row.addWidget(self.line, stretch=1)
        row.addWidget(self.copy)

    @property
    def words(self) -> str:
        """What there is to copy."""
        return self.line.text()

    def say(self, words: str) -> None:
        """Show these, from their beginning on."""
        if words != self.words:
            self.line.setText(words)
            self.line.setCursorPosition(0)
            self.copy.setText("Copy")

    def _copy(self) -> None:
        if (clipboard := QApplication.clipboard()) is not None:
            clipboard.setText(self.words)
            self.copy.setText("Copied")
