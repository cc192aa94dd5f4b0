"""A board whose cells are rows of one height: a name over figures on the left, a drawing on the right."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter

from app.gui import tokens
from app.gui.robot.condition import Condition, Level
from app.gui.robot.pick import Pick
from app.gui.theme import Theme
from app.gui.widgets.board import Board

ROW_PX = 44
"""The least height of a row."""
ROW_GAP_PX = 4
_LINE_PX = 18
LEFT = int((Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter).value)
RIGHT = int((Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter).value)
_MARK_PX = 14


class RowBoard(Board):
    """Rows as wide as the board."""

    def __init__(self, picks: Sequence[Pick], theme: Theme, *, name: str) -> None:
        super().__init__(picks, theme, name=name)
        self._row_px = ROW_PX
        self.set_row_height(ROW_PX)

    def set_row_height(self, row_px: int) -> None:
        """Make the rows so high, at least `ROW_PX`."""
        self._row_px = max(ROW_PX, row_px)
        self.setFixedHeight(max(1, len(self.picks)) * (self._row_px + ROW_GAP_PX))
        self.update()

    def place(self, index: int) -> QRectF:
        """Where a row lies."""
        return QRectF(0, index * (self._row_px + ROW_GAP_PX), self.width(), self._row_px)

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(tokens.steps(70), self.height())

    def paint_words(
        self, painter: QPainter, area: QRectF, condition: Condition, title: str, words: str, *, width: float
    ) -> QRectF:
        """Plate, mark, title and words of a row.

        Args:
            painter: paints.
            area: the row.
            condition: how it is; its word follows the title.
            title: what it is.
            words: its figures.
            width: how much of the row words may take.

        Returns:
            Where the drawing beside them goes.
        """
        palette = self._theme.palette
        self.paint_plate(painter, area, condition.level)
        inner = area.adjusted(tokens.steps(2), tokens.steps(1), -tokens.steps(2), -tokens.steps(1))
        upper = QRectF(inner.left(), inner.center().y() - _LINE_PX, width, _LINE_PX)
        lower = upper.translated(0, _LINE_PX)
        if condition.level >= Level.WARNING:
            self.paint_mark(painter, condition.level, upper.left(), upper.center().y(), _MARK_PX)
            upper = upper.adjusted(_MARK_PX + tokens.steps(1), 0, 0, 0)
            title = f"{title}: {condition.word}"
        painter.setFont(self._small_bold)
        painter.setPen(QColor(palette.text))
        write(painter, upper, title)
        painter.setFont(self._small)
        painter.setPen(QColor(palette.text_dim))
        write(painter, lower, words)
        return inner.adjusted(width + tokens.steps(2), 2, 0, -2)


def write(painter: QPainter, box: QRectF, words: str, flags: int = LEFT) -> None:
    """One line; what does not fit ends in an ellipsis."""
    metrics = painter.fontMetrics()
    if metrics.horizontalAdvance(words) > box.width() + 1:
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(box.width()) + 1)
    painter.drawText(box, flags, words)
