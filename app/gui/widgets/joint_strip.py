"""Every number of the robot, measured over commanded: one row of small tracks for each arm, one for base and lift."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.theme import Theme
from app.gui.wording import plain_name, signed
from app.session.view import Snapshot, TickView
from drivers.profile.schema import RobotProfile

_REDRAW_NS = 66_000_000
_TRACK_PX = 6
_ROW_PX = 40
_HEAD_PX = 72


@dataclass(frozen=True, slots=True)
class Track:
    """One number of the vector: where it is, what it is called, and its range."""

    index: int
    label: str
    low: float
    high: float
    unit: str


@dataclass(frozen=True, slots=True)
class Row:
    """The tracks of one arm with its gripper, or of the body."""

    title: str
    tracks: tuple[Track, ...]


def rows_of(profile: RobotProfile) -> tuple[Row, ...]:
    """One row for each arm (its gripper beside its joints) and one for base and lifts."""
    arms: dict[str, list[Track]] = {}
    body: list[Track] = []
    for segment in profile.segments:
        at = segment.start
        if segment.kind == "arm":
            joints = profile.arms[segment.name].joints
            arms.setdefault(segment.name, []).extend(
                Track(at + i, plain_name(joint.name), joint.min_rad, joint.max_rad, "rad")
                for i, joint in enumerate(joints)
            )
        elif segment.kind == "gripper":
            arms.setdefault(segment.name, []).append(Track(at, "gripper", 0.0, 1.0, ""))
        elif segment.kind == "base" and profile.base is not None:
            speed, yaw = profile.base.max_speed_m_s, profile.base.max_yaw_rate_rad_s
            body.append(Track(at, "base forward", -speed, speed, "m/s"))
            body.append(Track(at + 1, "base left", -speed, speed, "m/s"))
            body.append(Track(at + 2, "base turn", -yaw, yaw, "rad/s"))
        elif segment.kind == "lift":
            lift = profile.lifts[segment.name]
            body.append(Track(at, "lift", 0.0, lift.max_m, "m"))
    rows = [Row(f"{plain_name(name)} arm", tuple(tracks)) for name, tracks in arms.items()]
    return tuple(rows + ([Row("body", tuple(body))] if body else []))


class JointStrip(QWidget):
    """Redrawn at most fifteen times a second: nobody reads numbers faster."""

    def __init__(self, profile: RobotProfile, theme: Theme) -> None:
        super().__init__()
        self._rows = rows_of(profile)
        self._theme = theme
        self._tick: TickView | None = None
        self._drawn_ns = 0
        self._font = tokens.font(tokens.TEXT_SMALL_PX)
        self._title_font = tokens.font(tokens.TEXT_SMALL_PX, bold=True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_ROW_PX * len(self._rows) + tokens.steps(3))
        self.setAccessibleName("Joints, measured over commanded")

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
        most = max((len(row.tracks) for row in self._rows), default=1)
        width = (self.width() - _HEAD_PX - tokens.steps(5)) / most
        for number, row in enumerate(self._rows):
            top = tokens.steps(2) + number * _ROW_PX
            painter.setFont(self._title_font)
            painter.setPen(text)
            head = QRectF(tokens.steps(3), top, _HEAD_PX, _ROW_PX - tokens.steps(2))
            painter.drawText(head, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, row.title)
            painter.setFont(self._font)
            if (
                self._tick is not None
                and not np.isfinite(self._tick.position[[t.index for t in row.tracks]]).any()
            ):
                painter.setPen(QColor(tokens.WARNING))
                below = head.translated(0, tokens.TEXT_SMALL_PX + tokens.steps(1))
                painter.drawText(
                    below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "no reply"
                )
            for column, track in enumerate(row.tracks):
                left = _HEAD_PX + tokens.steps(3) + column * width
                cell = QRectF(left, top, width - tokens.steps(4), _ROW_PX - tokens.steps(2))
                self._paint_track(painter, cell, track, text=text, dim=dim, line=line)

    def _paint_track(
        self, painter: QPainter, cell: QRectF, track: Track, *, text: QColor, dim: QColor, line: QColor
    ) -> None:
        measured = float(self._tick.position[track.index]) if self._tick is not None else math.nan
        sent = float(self._tick.sent[track.index]) if self._tick is not None else math.nan
        known = math.isfinite(measured)
        words = signed(measured) if known else "–"
        painter.setPen(text if known else QColor(tokens.WARNING))
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
            painter.fillRect(QRectF(there - 1, rail.top() - 3, 2, _TRACK_PX + 6), QColor(tokens.TELEOP))
