"""The dot, REC, the running time: legible from two metres."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.phases import Line
from app.gui.theme import Theme


class RecordLine(QWidget):
    """One line, painted, so that a running clock never disturbs the layout."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._line = Line("", "")
        self._font = tokens.font(tokens.TEXT_TITLE_PX, bold=True)
        self._right_font = tokens.font(tokens.TEXT_LARGE_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(tokens.TEXT_TITLE_PX + tokens.steps(2))

    def say(self, line: Line) -> None:
        """Show a state; free when it is shown already."""
        if line != self._line:
            self._line = line
            words = line.words if line.recording else f"Not recording, {line.words.lower()}"
            self.setAccessibleName(f"{words}, with sound" if line.sound else words)
            self.setToolTip("Sound is recorded too" if line.sound else "")
            self.update()

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(tokens.steps(50), self.height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The line."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        recording = self._line.recording
        dot = tokens.TEXT_LARGE_PX
        circle = QRectF(1, (self.height() - dot) / 2, dot, dot)
        painter.setPen(QColor(tokens.ALARM if recording else palette.text_dim))
        painter.setBrush(QColor(tokens.ALARM) if recording else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(circle)
        painter.setFont(self._font)
        painter.setPen(QColor(palette.text if recording else palette.text_dim))
        room = self.rect().adjusted(dot + tokens.steps(3), 0, 0, 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._line.words)
        if self._line.sound:
            side = tokens.ICON_PX
            left = room.left() + painter.fontMetrics().horizontalAdvance(self._line.words) + tokens.steps(3)
            icon = self._theme.icon("mdi6.microphone", palette.text)
            icon.paint(painter, left, (self.height() - side) // 2, side, side)
        painter.setFont(self._right_font)
        painter.setPen(QColor(palette.text_dim))
        painter.drawText(
            self.rect(), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._line.right
        )
