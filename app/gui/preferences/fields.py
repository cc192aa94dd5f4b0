"""Small parts that the sections of the Settings page are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPushButton, QWidget

from app.gui import tokens


def button(words: str, tip: str, act: Callable[[], None]) -> QPushButton:
    """A plain button that does something when it is clicked."""
    made = QPushButton(words)
    made.setFont(tokens.font())
    made.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
    made.setAccessibleName(tip)
    made.setToolTip(tip)
    made.clicked.connect(lambda _=False: act())
    return made


class Pick(QComboBox):
    """One of a few values, each with its words.

    Args:
        name: what is chosen, for who cannot see it.
        options: values and words.

    Attributes:
        picked: the value that a person chose.
    """

    picked = pyqtSignal(str)

    def __init__(self, name: str, options: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.setFont(tokens.font())
        self.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.offer(options)
        self.activated.connect(lambda index: self.picked.emit(str(self.itemData(index))))

    def offer(self, options: Sequence[tuple[str, str]]) -> None:
        """Offer these from now on."""
        self.clear()
        for value, words in options:
            self.addItem(words, value)

    @property
    def value(self) -> str:
        """The value that is shown."""
        return str(self.currentData() or "")

    def show_value(self, value: str) -> None:
        """Show a value as chosen, without telling it; one that is not offered is added as it is."""
        if self.hasFocus() and self.value == value:
            return
        index = self.findData(value)
        if index < 0:
            self.addItem(value, value)
            index = self.count() - 1
        if index != self.currentIndex():
            self.setCurrentIndex(index)


class Field(QWidget):
    """A line of text, given with Enter or by going elsewhere, and a button beside it where there is one.

    Args:
        name: what it is, for who cannot see it.
        asks: shown while it is empty.
        beside: such as a button that opens a folder.

    Attributes:
        given: new words.
    """

    given = pyqtSignal(str)

    def __init__(self, name: str, asks: str, beside: QPushButton | None = None) -> None:
        super().__init__()
        self.line = QLineEdit()
        self.line.setFont(tokens.font())
        self.line.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        self.line.setAccessibleName(name)
        self.line.setPlaceholderText(asks)
        self._given = ""
        self.line.editingFinished.connect(self._give)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.steps(2))
        row.addWidget(self.line, stretch=1)
        if beside is not None:
            row.addWidget(beside)

    def say(self, words: str) -> None:
        """Show these, unless others are being typed."""
        if words != self._given and not self.line.hasFocus():
            self._given = words
            self.line.setText(words)
            self.line.setCursorPosition(0)

    def _give(self) -> None:
        words = self.line.text().strip()
        if words != self._given:
            self._given = words
            self.given.emit(words)
