"""A board of painted cells: one can be chosen, by a click or the arrow keys; only what changed is repainted."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegion,
)
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.gui import tokens
from app.gui.robot.condition import Level
from app.gui.robot.pick import Pick
from app.gui.theme import Theme, with_alpha

LEVEL_LOOKS = {
    Level.BUSY: (tokens.TELEOP, "mdi6.progress-wrench"),
    Level.WARNING: (tokens.WARNING, "mdi6.alert"),
    Level.ERROR: (tokens.ALARM, "mdi6.alert-octagon"),
}
"""Hue and shape of what is not simply well."""

_ARROWS = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
    Qt.Key.Key_Down: QPointF(0, 1),
}


class Board(QWidget):
    """Subclasses say where cells lie and paint one.

    Attributes:
        picked: a cell was chosen, given by its `Pick`.
        picks: what the cells are about, in order.

    Args:
        picks: what the cells are about.
        theme: colours.
        name: what the board is called, for who cannot see it.
    """

    picked = pyqtSignal(object)

    def __init__(self, picks: Sequence[Pick], theme: Theme, *, name: str) -> None:
        super().__init__()
        self.picks = tuple(picks)
        self._theme = theme
        self._shown: list[Hashable] = [None] * len(self.picks)
        self._chosen: Pick | None = None
        self._region = QRegion()
        self._small = tokens.font(tokens.TEXT_SMALL_PX)
        self._small_bold = tokens.font(tokens.TEXT_SMALL_PX, bold=True)
        self._bold = tokens.font(tokens.TEXT_PX, bold=True)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def place(self, index: int) -> QRectF:
        """Where a cell lies."""
        raise NotImplementedError

    def paint_cell(self, painter: QPainter, index: int, area: QRectF) -> None:
        """Paint a cell, within its frame."""
        raise NotImplementedError

    def words_of(self, index: int) -> str:
        """What a cell tells, in words."""
        raise NotImplementedError

    def show_cells(self, shown: Sequence[Hashable]) -> None:
        """Repaint the cells that show something else from now on."""
        for index, (before, now) in enumerate(zip(self._shown, shown, strict=True)):
            if before != now:
                self._shown[index] = now
                self.update(self.changed_area(index, before, now).toAlignedRect())

    def changed_area(self, index: int, before: Hashable, now: Hashable) -> QRectF:
        """What is to be repainted when a cell shows something else; the whole cell unless a subclass knows better."""
        return self._frame_of(index)

    def touched(self, area: QRectF) -> bool:
        """While painting: whether any of an area is to be painted."""
        return self._region.intersects(area.toAlignedRect())

    def choose(self, pick: Pick | None) -> None:
        """Mark what is chosen; nothing here when it is on another board."""
        if pick == self._chosen:
            return
        for old in (self._chosen, pick):
            if old in self.picks:
                self.update(self._frame_of(self.picks.index(old)).toAlignedRect())
        self._chosen = pick
        if pick in self.picks:
            self.setAccessibleDescription(self.words_of(self.picks.index(pick)))

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """A click chooses."""
        if event is None:
            return
        for index, pick in enumerate(self.picks):
            if self.place(index).contains(event.position()):
                self.picked.emit(pick)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Arrows go to the nearest cell in their direction."""
        if event is None:
            return
        way = _ARROWS.get(Qt.Key(event.key()))
        if way is None or not self.picks:
            super().keyPressEvent(event)
            return
        if self._chosen not in self.picks:
            self.picked.emit(self.picks[0])
            return
        index = self._neighbour(self.picks.index(self._chosen), way)
        if index is not None:
            self.picked.emit(self.picks[index])

    def event(self, event: QEvent | None) -> bool:
        """A cell's tip tells it in words, for what had no room."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = QPointF(event.pos())
            words = (
                self.words_of(index) for index in range(len(self.picks)) if self.place(index).contains(at)
            )
            QToolTip.showText(event.globalPos(), next(words, ""), self)
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """The frame of what is chosen tells where the keys go."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """As `focusInEvent`."""
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The cells that were touched."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._region = event.region() if event is not None else QRegion(self.rect())
        self.paint_ground(painter)
        for index, pick in enumerate(self.picks):
            if not self.touched(self._frame_of(index)):
                continue
            area = self.place(index)
            self.paint_cell(painter, index, area)
            if pick == self._chosen:
                hue = tokens.TELEOP if self.hasFocus() else self._theme.palette.text_dim
                painter.setPen(QPen(QColor(hue), tokens.FOCUS_PX))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), tokens.CORNER_PX, tokens.CORNER_PX)

    def paint_ground(self, painter: QPainter) -> None:
        """What lies beneath the cells."""

    def paint_plate(self, painter: QPainter, area: QRectF, level: Level) -> None:
        """The plate of a cell, tinted where it is not well."""
        palette = self._theme.palette
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.panel))
        painter.drawRoundedRect(area, tokens.CORNER_PX, tokens.CORNER_PX)
        if level >= Level.WARNING:
            hue = LEVEL_LOOKS[level][0]
            painter.setBrush(with_alpha(hue, tokens.FILL_ALPHA))
            painter.drawRoundedRect(area, tokens.CORNER_PX, tokens.CORNER_PX)

    def paint_mark(self, painter: QPainter, level: Level, left: float, middle: float, size_px: int) -> None:
        """The shape of a level."""
        hue, icon = LEVEL_LOOKS[level]
        pixmap = self._theme.pixmap(icon, size_px, tokens.ink_of(hue, self._theme.palette))
        painter.drawPixmap(QPointF(left, middle - size_px / 2), pixmap)

    def _frame_of(self, index: int) -> QRectF:
        return self.place(index).adjusted(-2, -2, 2, 2)

    def _neighbour(self, index: int, way: QPointF) -> int | None:
        here = self.place(index).center()
        best, best_cost = None, float("inf")
        for other in range(len(self.picks)):
            offset = self.place(other).center() - here
            along = offset.x() * way.x() + offset.y() * way.y()
            across = abs(offset.x() * way.y()) + abs(offset.y() * way.x())
            cost = along + 4 * across
            if along > 1 and across < 4 * along and cost < best_cost:
                best, best_cost = other, cost
        return best
