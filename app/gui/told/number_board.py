"""Words on number keys, in cells side by side: the palette of subtasks, and the answers to a question."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.fitting import fit
from app.gui.theme import Theme, with_alpha
from app.gui.told.words import percent
from app.gui.wording import key_caps

CELL_PX = 36


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        text: the subtask.
        lit: whether it is in force.
        struck: whether it is vetoed for now.
        share: how probable it is, 0 to 1; NaN where that is not the question.
    """

    text: str
    lit: bool = False
    struck: bool = False
    share: float = math.nan


class NumberBoard(QWidget):
    """Painted; a click counts as its key.

    Args:
        actions: those of the cells, for their keys.
        theme: colours.
        name: for who cannot see it.
        columns: how many cells stand side by side.
        rows: how many lines it has room for.
        hue: of what is lit, and of shares.
        keys: of which actions, without their numbers.

    Attributes:
        picked: the number of a cell, from 1.
    """

    picked = pyqtSignal(int)

    def __init__(
        self,
        actions: Actions,
        theme: Theme,
        *,
        name: str,
        columns: int,
        rows: int,
        hue: str = tokens.VERBAL,
        keys: str = "subtask.choose_",
    ) -> None:
        super().__init__()
        self._actions = actions
        self._theme = theme
        self._hue = hue
        self._keys = keys
        self._cells: tuple[Cell, ...] = ()
        self._keyed = True
        self._empty = ""
        self._font = tokens.font(tokens.TEXT_PX)
        self._small = tokens.font(tokens.TEXT_SMALL_PX)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._columns, self._rows = 0, 0
        self.arrange(columns=columns, rows=rows)
        theme.changed.connect(self.update)
        actions.listen(self.update)

    @property
    def _shown(self) -> tuple[Cell, ...]:
        """Those that there is room for."""
        return self._cells[: self._columns * self._rows]

    def arrange(self, *, columns: int, rows: int) -> None:
        """Have so many cells side by side, and so many lines."""
        if (columns, rows) != (self._columns, self._rows):
            self._columns, self._rows = columns, rows
            self.setFixedHeight(rows * CELL_PX + (rows - 1) * tokens.steps(1))
            self.update()

    @property
    def words(self) -> tuple[str, ...]:
        """The texts shown, in order."""
        return tuple(cell.text for cell in self._shown)

    def show_cells(self, cells: Sequence[Cell], *, keyed: bool = True, empty: str = "") -> None:
        """Show these.

        Args:
            cells: the first are shown, as many as there is room for.
            keyed: whether their number keys mean them now.
            empty: said where there are none.
        """
        shown = tuple(cells)
        if (repr(shown), keyed, empty) != (
            repr(self._cells),
            self._keyed,
            self._empty,
        ):  # NaN is never equal to itself
            self._cells, self._keyed, self._empty = shown, keyed, empty
            self.setAccessibleDescription(
                ", ".join(f"{number} {cell.text}" for number, cell in enumerate(shown, 1)) or empty
            )
            self.update()

    def sizeHint(self) -> QSize:
        """Its rows, at any width."""
        return QSize(tokens.steps(40), self.height())

    def place(self, index: int) -> QRectF:
        """Where a cell lies."""
        gap = tokens.steps(1)
        width = (self.width() - (self._columns - 1) * gap) / self._columns
        row, column = divmod(index, self._columns)
        return QRectF(column * (width + gap), row * (CELL_PX + gap), width, CELL_PX)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """A click chooses."""
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        index = self._at(event.position())
        if index is not None:
            self.picked.emit(index + 1)

    def event(self, event: QEvent | None) -> bool:
        """The tool tip of a cell is all of its words, of which there may be more than it has room for."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            index = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._shown[index].text if index is not None else "", self)
            return True
        return super().event(event)

    def _at(self, point: QPointF) -> int | None:
        """Which cell lies there."""
        return next((index for index in range(len(self._shown)) if self.place(index).contains(point)), None)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The cells."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._cells:
            painter.setFont(self._small)
            painter.setPen(QColor(self._theme.palette.text_dim))
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), int(flags), self._empty)
        for index, cell in enumerate(self._shown):
            self._paint_cell(painter, index, cell)

    def _paint_cell(self, painter: QPainter, index: int, cell: Cell) -> None:
        palette = self._theme.palette
        area = self.place(index).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(
            QPen(QColor(self._hue if cell.lit else palette.line), 2 if cell.lit else tokens.LINE_PX)
        )
        painter.setBrush(QColor(palette.raised))
        painter.drawRoundedRect(area, tokens.CORNER_PX, tokens.CORNER_PX)
        if not math.isnan(cell.share):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(with_alpha(self._hue, tokens.FILL_ALPHA))
            filled = area.adjusted(1, 1, -1, -1)
            filled.setWidth(max(2 * tokens.CORNER_PX, filled.width() * cell.share))
            painter.drawRoundedRect(filled, tokens.CORNER_PX - 1, tokens.CORNER_PX - 1)
        inner = area.adjusted(tokens.steps(2), 0, -tokens.steps(2), 0)
        key = self._actions[f"{self._keys}{index + 1}"].key
        if key and self._keyed:
            metrics = QFontMetrics(self._small)
            width = max(metrics.horizontalAdvance(key_caps(key)) + tokens.steps(2), tokens.steps(5))
            height = tokens.TEXT_SMALL_PX + tokens.steps(2)
            cap = QRectF(inner.left(), inner.center().y() - height / 2, width, height)
            painter.setPen(QPen(with_alpha(palette.text, tokens.GHOST_ALPHA), tokens.LINE_PX))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(cap, 4, 4)
            painter.setFont(self._small)
            painter.setPen(QColor(palette.text))
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, key_caps(key))
            inner = inner.adjusted(width + tokens.steps(2), 0, tokens.steps(1), 0)
        if not math.isnan(cell.share):
            painter.setFont(self._font)
            painter.setPen(QColor(palette.text_dim))
            painter.drawText(
                inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, percent(cell.share)
            )
            inner = inner.adjusted(0, 0, -tokens.steps(12), 0)
        fits = QFontMetrics(self._font).horizontalAdvance(cell.text) <= inner.width()
        font = tokens.font(tokens.TEXT_PX if fits else tokens.TEXT_SMALL_PX)
        font.setStrikeOut(cell.struck)
        painter.setFont(font)
        painter.setPen(QColor(palette.text_dim if cell.struck else palette.text))
        words = fit(cell.text, painter.fontMetrics(), inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
