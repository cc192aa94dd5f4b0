"""Every servo of the robot at a glance: a row for each device, a cell for each servo, the same joint below the same."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QResizeEvent

from app.gui import tokens
from app.gui.robot.condition import WELL, Condition, Level, position_words, servo_condition
from app.gui.robot.groups import SHADOW, Group, Place
from app.gui.robot.pick import Pick
from app.gui.theme import Theme
from app.gui.widgets.board import Board
from app.gui.wording import counted
from app.session.view import ServoView, Snapshot

_CELL_PX = 60
_GAP_PX = 4
_HEAD_PX = 88
_WIDEST_PX = 172
_BAR_PX = 3
_DOT_PX = 7
_MARK_PX = 14
_UNIT = re.compile(r" (rad|m|ticks)$")
_HIGH_LOAD = 0.8
_ROOMY_PX = 112
"""From this width on a cell has room for the unit of its position."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows, as it shows it: nothing is repainted for a change that nobody would see."""

    condition: Condition = WELL
    known: bool = False
    holds: bool = False
    position: str = "–"
    temperature: str = ""
    voltage: str = ""
    load_steps: int = 0


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
        self._rows: list[list[Group]] = []
        self._areas: list[QRectF] = []
        self._heads: list[QRectF] = []
        self._group_words: list[str] = [""] * len(groups)
        self._cells: list[Cell] = [Cell()] * len(self._places)
        self._lay_out()

    @property
    def cells(self) -> dict[Pick, Cell]:
        """What is shown of each servo."""
        return dict(zip(self.picks, self._cells, strict=True))

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
            _cell_of(place, views.get((place.pick.name, place.pick.servo_id)), snapshot)
            for place in self._places
        ]
        self.show_cells(self._cells)
        at = 0
        for number, group in enumerate(self._groups):
            servos = [views.get((place.pick.name, place.pick.servo_id)) for place in group.places]
            words = _group_words(
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
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        level = cell.condition.level
        self.paint_plate(painter, area, level)
        inner = area.adjusted(6, 3, -6, -5)
        first = QRectF(inner.left(), inner.top(), inner.width(), 16)
        second, third = first.translated(0, 16), first.translated(0, 33)
        painter.setFont(self._small)
        painter.setPen(dim)
        part = f"↳ {SHADOW}" if place.part == SHADOW else place.part
        roomy = area.width() >= _ROOMY_PX
        if level >= Level.BUSY:
            self.paint_mark(painter, level, first.right() - _MARK_PX, first.center().y(), _MARK_PX)
            _write(painter, first.adjusted(0, 0, -_MARK_PX - tokens.steps(1), 0), part, left)
            painter.setFont(self._small_bold)
            painter.setPen(text)
            _write(painter, second, cell.condition.word, left)
        else:
            _write(painter, first, part, left)
            number_px = self._paint_number(painter, second, place, holds=cell.holds)
            painter.setFont(self._bold)
            painter.setPen(text if cell.known else dim)
            position = cell.position if roomy else _UNIT.sub("", cell.position)
            _write(painter, second.adjusted(0, 0, -number_px, 0), position, left)
        painter.setFont(self._small)
        painter.setPen(dim)
        _write(painter, third, cell.temperature if roomy else cell.temperature.replace(" °C", "°"), left)
        _write(painter, third, cell.voltage, right)
        bar = QRectF(inner.left(), inner.bottom() - _BAR_PX + 2, inner.width(), _BAR_PX)
        painter.fillRect(bar, QColor(palette.line))
        if cell.load_steps:
            share = min(1.0, cell.load_steps / 50)
            hue = tokens.ink_of(tokens.WARNING, palette) if share >= _HIGH_LOAD else palette.text_dim
            painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * share, _BAR_PX), QColor(hue))

    def _paint_number(self, painter: QPainter, line: QRectF, place: Place, *, holds: bool) -> float:
        """The servo's id, and before it a dot: full where it holds, a ring where it is let go. Returns their width."""
        dim = QColor(self._theme.palette.text_dim)
        number = str(place.pick.servo_id)
        _write(painter, line, number, Qt.AlignmentFlag.AlignRight)
        taken = painter.fontMetrics().horizontalAdvance(number) + tokens.steps(1) + _DOT_PX
        painter.setPen(QPen(dim, 1.4))
        painter.setBrush(dim if holds else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QRectF(line.right() - taken, line.center().y() - _DOT_PX / 2, _DOT_PX, _DOT_PX))
        return taken + tokens.steps(1)

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
            top = row * (_CELL_PX + _GAP_PX)
            self._heads.append(QRectF(left, top, head, _CELL_PX))
            for place in range(len(group.places)):
                self._areas.append(QRectF(left + head + place * cell, top, cell - _GAP_PX, _CELL_PX))
            left += needed + tokens.steps(4)
        self.setFixedHeight((row + 1) * (_CELL_PX + _GAP_PX))
        self.update()


def _write(painter: QPainter, box: QRectF, words: str, align: Qt.AlignmentFlag) -> None:
    """One line; what does not fit ends in an ellipsis."""
    shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(box.width()) + 1)
    painter.drawText(box, align | Qt.AlignmentFlag.AlignVCenter, shown)


def _cell_of(place: Place, servo: ServoView | None, snapshot: Snapshot) -> Cell:
    if servo is None:
        return Cell()
    return Cell(
        condition=servo_condition(servo),
        known=servo.answers,
        holds=servo.torque_on,
        position=servo_position(place, servo, snapshot),
        temperature=f"{servo.temperature_c:.0f} °C" if math.isfinite(servo.temperature_c) else "",
        voltage=f"{servo.voltage_v:.1f} V" if math.isfinite(servo.voltage_v) else "",
        load_steps=round(50 * abs(servo.load)) if math.isfinite(servo.load) else 0,
    )


def servo_position(place: Place, servo: ServoView, snapshot: Snapshot) -> str:
    """Where a servo stands by the newest tick, in the unit of what it turns; in ticks where there is no such number."""
    value = math.nan
    if snapshot.tick is not None and place.slot >= 0:
        vector = snapshot.tick.leader if place.leader else snapshot.tick.position
        value = float(vector[place.slot])
    return position_words(value, place.unit, servo.position_ticks)


def _group_words(servos: list[ServoView], cells: list[Cell]) -> str:
    """A device in two lines: how many servos, and how warm they are."""
    if not servos:
        return "not heard"
    known = [servo.temperature_c for servo in servos if math.isfinite(servo.temperature_c)]
    ailing = sum(cell.condition.level >= Level.WARNING for cell in cells)
    warmth = "" if not known else f"{min(known):.0f} to {max(known):.0f} °C"
    if min(known, default=0) == max(known, default=1):
        warmth = f"{known[0]:.0f} °C"
    return (
        f"{ailing} of {len(servos)} ailing\n{warmth}"
        if ailing
        else f"{counted(len(servos), 'servo')}\n{warmth}"
    )
