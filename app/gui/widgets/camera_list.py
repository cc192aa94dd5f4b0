"""The cameras: rate, age, skew against the joints, and how evenly their pictures come."""

from __future__ import annotations

import math

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter

from app.gui import tokens
from app.gui.robot.condition import Level, camera_condition
from app.gui.robot.pick import Kind, Pick
from app.gui.theme import Theme
from app.gui.widgets.board import Board
from app.gui.wording import amount, plain_name
from app.session.view import CameraView, Snapshot
from drivers.profile.schema import RobotProfile

ROW_PX = 44
_GAP_PX = 4
_STRIP_SHARE = 0.36
_COUNTS_FROM_PX = 420


class CameraList(Board):
    """A row for each camera of the profile."""

    def __init__(self, profile: RobotProfile, theme: Theme) -> None:
        super().__init__([Pick(Kind.CAMERA, name) for name in profile.cameras], theme, name="Cameras")
        self._cameras: dict[str, CameraView] = {}
        self.setFixedHeight(max(1, len(self.picks)) * (ROW_PX + _GAP_PX))

    def place(self, index: int) -> QRectF:
        """Rows of one height."""
        return QRectF(0, index * (ROW_PX + _GAP_PX), self.width(), ROW_PX)

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(tokens.steps(70), self.height())

    def apply(self, snapshot: Snapshot) -> None:
        """Show the cameras of a snapshot."""
        self._cameras = {camera.name: camera for camera in snapshot.cameras}
        self.show_cells(
            [
                (camera_condition(camera), timing_words(camera), camera.intervals_ms, camera.dropped)
                for camera in snapshot.cameras
            ]
        )

    def words_of(self, index: int) -> str:
        """A camera in words."""
        camera = self._cameras.get(self.picks[index].name)
        if camera is None:
            return f"{plain_name(self.picks[index].name)}: not heard"
        condition = camera_condition(camera)
        return f"{plain_name(camera.name)}: {condition.word or 'delivers'}, {timing_words(camera)}"

    def paint_cell(self, painter: QPainter, index: int, area: QRectF) -> None:
        """Name over timing on the left, the strip of intervals on the right."""
        name = self.picks[index].name
        camera = self._cameras.get(name)
        palette = self._theme.palette
        condition = camera_condition(camera) if camera is not None else None
        level = condition.level if condition is not None else Level.WELL
        self.paint_plate(painter, area, level)
        inner = area.adjusted(tokens.steps(2), tokens.steps(1), -tokens.steps(2), -tokens.steps(1))
        middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        upper = QRectF(inner.left(), inner.top() + 1, inner.width() * (1 - _STRIP_SHARE), 18)
        lower = upper.translated(0, 18)
        if level >= Level.WARNING:
            self.paint_mark(painter, level, upper.left(), upper.center().y(), 14)
            upper = upper.adjusted(14 + tokens.steps(1), 0, 0, 0)
        painter.setFont(self._small_bold)
        painter.setPen(QColor(palette.text))
        title = plain_name(name)
        if condition is not None and condition.word:
            title += f": {condition.word}"
        painter.drawText(
            upper,
            middle,
            painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, int(upper.width())),
        )
        if camera is None:
            return
        painter.setFont(self._small)
        painter.setPen(QColor(palette.text_dim))
        words = painter.fontMetrics().elidedText(
            timing_words(camera), Qt.TextElideMode.ElideRight, int(lower.width())
        )
        painter.drawText(lower, middle, words)
        if camera.dropped:
            painter.drawText(
                upper,
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                f"{amount(camera.dropped)} dropped",
            )
        strip = inner.adjusted(inner.width() * (1 - _STRIP_SHARE) + tokens.steps(2), 2, 0, -2)
        paint_intervals(painter, strip, camera, palette)


def paint_intervals(painter: QPainter, area: QRectF, camera: CameraView, palette: tokens.Palette) -> None:
    """A bar for each interval of the last two seconds; the line is the interval that the rate asks for."""
    due_ms = 1000 / camera.wanted_hz if camera.wanted_hz > 0 else 0.0
    if not due_ms:
        return
    usual, late = QColor(palette.text_dim), QColor(tokens.ink_of(tokens.WARNING, palette))
    room = max(1, round(2 * camera.wanted_hz))
    pitch = area.width() / room
    for number, interval_ms in enumerate(reversed(camera.intervals_ms[-room:])):
        height = area.height() * min(1.0, interval_ms / (3 * due_ms))
        left = area.right() - (number + 1) * pitch
        hue = late if interval_ms > 1.6 * due_ms else usual
        painter.fillRect(QRectF(left, area.bottom() - height, max(1.0, pitch - 1), height), hue)
    level = area.bottom() - area.height() / 3
    painter.fillRect(QRectF(area.left(), level, area.width(), 1), QColor(palette.line))


def timing_words(camera: CameraView) -> str:
    """Rate, age and skew: "30.0 Hz  21 ms  +3 ms"."""
    if not math.isfinite(camera.age_ms):
        return "no picture yet"
    aged = f"{camera.age_ms:.0f} ms" if camera.age_ms < 1000 else f"{camera.age_ms / 1000:.1f} s"
    skew = "–" if math.isnan(camera.skew_ms) else f"{camera.skew_ms:+.0f} ms".replace("-", "−")
    return f"{camera.rate_hz:.1f} Hz  {aged}  {skew}"


def spread_ms(snapshot: Snapshot) -> float:
    """How far apart the newest pictures of the cameras that deliver were taken; NaN with fewer than two."""
    times = [camera.newest_ns for camera in snapshot.cameras if not camera.stale and camera.newest_ns]
    return (max(times) - min(times)) / 1e6 if len(times) > 1 else math.nan
