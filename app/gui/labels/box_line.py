"""The line in which an object is named, over its box; a number key names it at once."""

from __future__ import annotations

from PyQt6.QtCore import QRect, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QWidget

from app.gui.labels.text_line import TextLine


class BoxLine(TextLine):
    """Like any text's line, but that a number that it begins with is a key of the palette, where that has so many.

    Attributes:
        numbered: the box's id and the number that was pressed, from 1; the line is closed by then.
        keys: how many numbers mean a name.
    """

    numbered = pyqtSignal(str, int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.keys = 0
        self.setAccessibleName("The object's name")

    def write(self, label_id: str, text: str, over: QRect) -> None:
        """Write the name of a box that is drawn there."""
        self.setPlaceholderText(f"What is it? Or press {_numbers(self.keys)}" if self.keys else "What is it?")
        super().write(label_id, text, over)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """A number names it, while nothing is written; everything else is as ever."""
        typed = event.text() if event is not None else ""
        is_number = len(typed) == 1 and typed.isdecimal() and 1 <= int(typed) <= self.keys
        if event is not None and is_number and self.text() in ("", self.selectedText()):
            event.accept()
            box_id = self.label_id
            self.give_up()
            self.numbered.emit(box_id, int(typed))
        else:
            super().keyPressEvent(event)


def _numbers(keys: int) -> str:
    return f"1 to {keys}" if keys > 1 else "1"
