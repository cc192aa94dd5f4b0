"""Every servo of the robot at a glance: a row for each device, a cell for each servo, the same joint below the same."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import replace

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPen, QResizeEvent

from app.gui import tokens
from app.gui.robot.cell import LOAD_STEPS, Cell, cell_of, group_words
from app.gui.robot.condition import WELL, Level
from app.gui.robot.groups import SHADOW, Group, Place
from app.gui.robot.pick import Pick
from app.gui.theme import Theme
from app.gui.widgets.board import Board
from app.gui.widgets.row_board import RIGHT, write
from app.session.view import Snapshot

CELL_PX = 60
"""The least height of a cell."""
_LARGE_FROM_PX = 76
"""From this height on a position is written large."""
_GAP_PX = 4
_HEAD_PX = 88
_WIDEST_PX = 172
_BAR_PX = 3
_DOT_PX = 7
_RING_PX = 1.4
_LINE_PX = 16
_MARK_PX = 14
_UNIT = re.compile(r" (rad|m|ticks)$")
_HIGH_LOAD = 0.8
_NARROW_PX = 76
_ROOMY_PX = 112
"""From this width on a cell has room for the unit of its position."""


class ServoGrid(Board):
    """Arrow keys go from servo to servo.

    Args:
        groups: the servos.
        theme: colours.
    """

    def __init__(self, groups: tuple[Group, ...], theme: Theme) -> None:
        self._groups = groups
        self._places: tuple[Place, ...] = tuple(place for group in groups for place in group.places)
        super().__init__([place.pick for place in self._places], theme, name="Servos")
        self._columns = max((len(group.places) for group in groups), default=1)
        self._areas: list[QRectF] = []
        self._heads: list[QRectF] = []
        self._group_words: list[str] = [""] * len(groups)
        self._cell_px = CELL_PX
        # Room for the longest id and the dot before it; what is left of a narrow cell is the position's.
        widest = max((str(pick.servo_id) for pick in self.picks), key=len, default="")
        self._number_px = QFontMetrics(self._small).horizontalAdvance(widest) + _DOT_PX + tokens.steps(1) + 2
        self._large = tokens.font(tokens.TEXT_LARGE_PX, bold=True)
        self._cells: list[Cell] = [Cell()] * len(self._places)
        self._lay_out()

    @property
    def cells(self) -> dict[Pick, Cell]:
        """What is shown of each servo."""
        return dict(zip(self.picks, self._cells, strict=True))

    @property
    def row_count(self) -> int:
        """How many rows of cells there are."""
        return round(self.height() / (self._cell_px + _GAP_PX))

    def set_cell_height(self, cell_px: int) -> None:
        """Make the cells so high, at least `CELL_PX`."""
        if cell_px != self._cell_px:
            self._cell_px = max(CELL_PX, cell_px)
            self._lay_out()

    def place(self, index: int) -> QRectF:
        """Where a servo's cell lies."""
        return self._areas[index]

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(tokens.steps(220), self.height())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Cells share the width."""
        super().resizeEvent(event)
        self._lay_out()

    def apply(self, snapshot: Snapshot) -> None:
        """Show the servos of a snapshot."""
        views = {(servo.bus, servo.id): servo for servo in snapshot.servos}
        self._cells = [
            cell_of(place, views.get((place.pick.name, place.pick.servo_id)), snapshot)
            for place in self._places
        ]
        self.show_cells(self._cells)
        at = 0
        for number, group in enumerate(self._groups):
            servos = [views.get((place.pick.name, place.pick.servo_id)) for place in group.places]
            words = group_words(
                [servo for servo in servos if servo is not None], self._cells[at : at + len(servos)]
            )
            at += len(servos)
            if words != self._group_words[number]:
                self._group_words[number] = words
                self.update(self._heads[number].toAlignedRect())

    def words_of(self, index: int) -> str:
        """A servo in words."""
        place, cell = self._places[index], self._cells[index]
        state = cell.condition.word or ("holds" if cell.holds else "let go")
        figures = ", ".join((state, cell.position, cell.temperature, cell.voltage))
        return f"{self._group_of(index).title}, {place.part}: {figures}"

    def paint_ground(self, painter: QPainter) -> None:
        """The devices' names."""
        palette = self._theme.palette
        top_left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        for group, area, words in zip(self._groups, self._heads, self._group_words, strict=True):
            if not self.touched(area):
                continue
            painter.setFont(self._small_bold)
            painter.setPen(QColor(palette.text))
            painter.drawText(area.adjusted(0, tokens.steps(1), -tokens.steps(2), 0), top_left, group.title)
            painter.setFont(self._small)
            painter.setPen(QColor(palette.text_dim))
            painter.drawText(area.adjusted(0, tokens.steps(6), -tokens.steps(1), 0), top_left, words)

    def paint_cell(self, painter: QPainter, index: int, area: QRectF) -> None:
        """Name and id, position and temperature, load and voltage; trouble in the position's stead."""
        place, cell = self._places[index], self._cells[index]
        palette = self._theme.palette
        text, dim = QColor(palette.text), QColor(palette.text_dim)
        level = cell.condition.level
        self.paint_plate(painter, area, level)
        first, second, third = self._lines_of(area)
        part = f"↳ {SHADOW}" if place.part == SHADOW else place.part
        roomy, narrow = area.width() >= _ROOMY_PX, area.width() < _NARROW_PX
        value = self._value_of(area)
        number = (first if narrow else second).adjusted(second.width() - self._number_px, 0, 0, 0)
        painter.setFont(self._small)
        painter.setPen(dim)
        if self.touched(third):
            write(painter, third, cell.temperature if roomy else cell.temperature.replace(" °C", "°"))
            write(painter, third, cell.voltage.removesuffix(" V") if narrow else cell.voltage, RIGHT)
        ailing = level >= Level.BUSY
        if self.touched(first):
            if ailing:
                self.paint_mark(painter, level, first.right() - _MARK_PX, first.center().y(), _MARK_PX)
            beside_px = _MARK_PX + tokens.steps(1) if ailing else self._number_px if narrow else 0.0
            write(painter, first.adjusted(0, 0, -beside_px, 0), part)
        if ailing:
            painter.setFont(self._small_bold)
            painter.setPen(text)
            write(painter, second, cell.condition.word)
        else:
            if self.touched(number):
                self._paint_number(painter, number, place, holds=cell.holds)
            painter.setFont(self._large if roomy and area.height() >= _LARGE_FROM_PX else self._bold)
            painter.setPen(text if cell.known else dim)
            position = cell.position if roomy else _UNIT.sub("", cell.position)
            if painter.fontMetrics().horizontalAdvance(position) > value.width():
                painter.setFont(self._small_bold)  # a number is worth nothing without its last digits
            write(painter, value, position)
        self._paint_load(painter, area, cell)

    def changed_area(self, index: int, before: Hashable, now: Hashable) -> QRectF:
        """Of a servo that moves and is well, its position alone: that is what changes all the time."""
        if (
            isinstance(before, Cell)
            and isinstance(now, Cell)
            and now.condition == WELL
            and replace(before, position=now.position) == now
        ):
            return self._value_of(self.place(index)).adjusted(0, 0, -2, 0)
        return super().changed_area(index, before, now)

    def _lines_of(self, area: QRectF) -> tuple[QRectF, QRectF, QRectF]:
        """The three lines of words of a cell."""
        air = (area.height() - CELL_PX) / 4
        first = QRectF(area.left() + 6, area.top() + 3 + air / 2, area.width() - 12, _LINE_PX)
        return first, first.translated(0, 16 + air), first.translated(0, 33 + 2 * air)

    def _value_of(self, area: QRectF) -> QRectF:
        """Where a cell's position stands: before the id, which makes way for it in a narrow cell."""
        second = self._lines_of(area)[1]
        return second if area.width() < _NARROW_PX else second.adjusted(0, 0, -self._number_px, 0)

    def _paint_load(self, painter: QPainter, area: QRectF, cell: Cell) -> None:
        palette = self._theme.palette
        bar = QRectF(area.left() + 6, area.bottom() - 3 - _BAR_PX, area.width() - 12, _BAR_PX)
        if not self.touched(bar):
            return
        painter.fillRect(bar, QColor(palette.line))
        if cell.load_steps:
            share = min(1.0, cell.load_steps / LOAD_STEPS)
            hue = tokens.ink_of(tokens.WARNING, palette) if share >= _HIGH_LOAD else palette.text_dim
            painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * share, _BAR_PX), QColor(hue))

    def _paint_number(self, painter: QPainter, box: QRectF, place: Place, *, holds: bool) -> None:
        """The servo's id, and before it a dot: full where it holds, a ring where it is let go."""
        dim = QColor(self._theme.palette.text_dim)
        number = str(place.pick.servo_id)
        write(painter, box, number, RIGHT)
        taken = painter.fontMetrics().horizontalAdvance(number) + tokens.steps(1) + _DOT_PX
        painter.setPen(QPen(dim, _RING_PX))
        painter.setBrush(dim if holds else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QRectF(box.right() - taken, box.center().y() - _DOT_PX / 2, _DOT_PX, _DOT_PX))

    def _group_of(self, index: int) -> Group:
        for group in self._groups:
            if index < len(group.places):
                return group
            index -= len(group.places)
        raise IndexError(index)

    def _lay_out(self) -> None:
        """Short groups share a row where they fit, each with its name before it."""
        width = max(1.0, float(self.width()))
        head = float(_HEAD_PX)
        cell = min(_WIDEST_PX, (width - head + _GAP_PX) / self._columns)
        self._areas, self._heads = [], []
        left, row = 0.0, 0
        for number, group in enumerate(self._groups):
            needed = head + len(group.places) * cell
            if number and left + needed > width + _GAP_PX + 1:
                left, row = 0.0, row + 1
            top = row * (self._cell_px + _GAP_PX)
            self._heads.append(QRectF(left, top, head, self._cell_px))
            for place in range(len(group.places)):
                self._areas.append(QRectF(left + head + place * cell, top, cell - _GAP_PX, self._cell_px))
            left += needed + tokens.steps(4)
        self.setFixedHeight((row + 1) * (self._cell_px + _GAP_PX))
        self.update()
