"""Every number of the robot, measured over commanded: one row of small tracks for each arm, one for base and lift."""

from __future__ import annotations

import math

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.joint_rows import Track, rows_of
from app.gui.theme import Theme
from app.gui.wording import signed
from app.session.view import Snapshot, TickView
from drivers.profile.schema import RobotProfile

_REDRAW_NS = 66_000_000
_TRACK_PX = 6
_ROW_PX = 40
_HEAD_PX = 72


class JointStrip(QWidget):
    """Redrawn at most fifteen times a second: nobody reads numbers faster.

    Attributes:
        picked: a number of the vector was clicked, given by its index.
        rows: what is shown.
        watched: the numbers whose curves were asked for.
    """

    picked = pyqtSignal(int)

    def __init__(self, profile: RobotProfile, theme: Theme) -> None:
        super().__init__()
        self.rows = rows_of(profile)
        self._theme = theme
        self._tick: TickView | None = None
        self._drawn_ns = 0
        self.watched: frozenset[int] = frozenset()
        self._font = tokens.font(tokens.TEXT_SMALL_PX)
        self._title_font = tokens.font(tokens.TEXT_SMALL_PX, bold=True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(self.full_height_px)
        self.setAccessibleName("Joints, measured over commanded")
        self.setToolTip("Click a joint to watch its curve (V: the next)")

    @property
    def full_height_px(self) -> int:
        """The height at which every row is shown."""
        return _ROW_PX * len(self.rows) + tokens.steps(3)

    def watch(self, indices: frozenset[int]) -> None:
        """Mark the numbers whose curves were asked for."""
        self.watched = indices
        self.update()

    def track_at(self, point: QPointF) -> int | None:
        """The index of the number drawn at a point, if one is."""
        for number, row in enumerate(self.rows):
            for column, track in enumerate(row.tracks):
                if self._cell(number, column).contains(point):
                    return track.index
        return None

    def place_of(self, index: int) -> QRectF:
        """Where a number of the vector is drawn; empty for one that is not."""
        for number, row in enumerate(self.rows):
            for column, track in enumerate(row.tracks):
                if track.index == index:
                    return self._cell(number, column)
        return QRectF()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """A click picks a number."""
        index = self.track_at(event.position()) if event is not None else None
        if index is not None:
            self.picked.emit(index)

    def _cell(self, number: int, column: int) -> QRectF:
        most = max(len(row.tracks) for row in self.rows)
        width = (self.width() - _HEAD_PX - tokens.steps(5)) / most
        left = _HEAD_PX + tokens.steps(3) + column * width
        return QRectF(
            left, tokens.steps(2) + number * _ROW_PX, width - tokens.steps(4), _ROW_PX - tokens.steps(2)
        )

    def apply(self, snapshot: Snapshot) -> None:
        """Take the newest tick."""
        tick = snapshot.tick
        if tick is None or (self._tick is not None and tick.time_ns == self._tick.time_ns):
            return
        if snapshot.time_ns - self._drawn_ns >= _REDRAW_NS:
            self._tick, self._drawn_ns = tick, snapshot.time_ns
            self.update()

    def sizeHint(self) -> QSize:
        """Rows of fixed height."""
        return QSize(tokens.steps(150), self.height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Rows of tracks."""
        painter = QPainter(self)
        palette = self._theme.palette
        text, dim, line = QColor(palette.text), QColor(palette.text_dim), QColor(palette.line)
        for number, row in enumerate(self.rows):
            top = tokens.steps(2) + number * _ROW_PX
            if top + _ROW_PX - tokens.steps(2) > self.height():
                return  # a line of trouble has taken this row's place
            painter.setFont(self._title_font)
            painter.setPen(text)
            head = QRectF(tokens.steps(3), top, _HEAD_PX, _ROW_PX - tokens.steps(2))
            painter.drawText(head, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, row.title)
            painter.setFont(self._font)
            if (
                self._tick is not None
                and not np.isfinite(self._tick.position[[t.index for t in row.tracks]]).any()
            ):
                painter.setPen(QColor(tokens.ink_of(tokens.WARNING, palette)))
                below = head.translated(0, tokens.TEXT_SMALL_PX + tokens.steps(1))
                painter.drawText(
                    below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "no reply"
                )
            for column, track in enumerate(row.tracks):
                cell = self._cell(number, column)
                if track.index in self.watched:
                    frame = cell.adjusted(-tokens.steps(1), -1, tokens.steps(1), tokens.steps(1))
                    painter.fillRect(frame, QColor(palette.raised))
                self._paint_track(painter, cell, track, text=text, dim=dim, line=line)

    def _paint_track(
        self, painter: QPainter, cell: QRectF, track: Track, *, text: QColor, dim: QColor, line: QColor
    ) -> None:
        measured = float(self._tick.position[track.index]) if self._tick is not None else math.nan
        sent = float(self._tick.sent[track.index]) if self._tick is not None else math.nan
        known = math.isfinite(measured)
        words = signed(measured) if known else "–"
        painter.setPen(text if known else QColor(tokens.ink_of(tokens.WARNING, self._theme.palette)))
        value_width = painter.fontMetrics().horizontalAdvance(words)
        painter.drawText(cell, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, words)
        painter.setPen(dim)
        room = cell.adjusted(0, 0, -value_width - tokens.steps(1), 0)
        label = painter.fontMetrics().elidedText(track.label, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, label)
        rail = QRectF(cell.left(), cell.bottom() - _TRACK_PX - tokens.steps(1), cell.width(), _TRACK_PX)
        painter.fillRect(rail, line)

        def place(value: float) -> float:
            share = (value - track.low) / (track.high - track.low)
            return rail.left() + min(1.0, max(0.0, share)) * rail.width()

        if known:
            zero, here = place(min(max(0.0, track.low), track.high)), place(measured)
            painter.fillRect(QRectF(min(zero, here), rail.top(), max(abs(here - zero), 2.0), _TRACK_PX), dim)
            painter.fillRect(QRectF(here - 1, rail.top(), 2, _TRACK_PX), text)
        if math.isfinite(sent):
            there = place(sent)
            painter.fillRect(
                QRectF(there - 1, rail.top() - 3, 2, _TRACK_PX + 6),
                QColor(tokens.ink_of(tokens.TELEOP, self._theme.palette)),
            )
