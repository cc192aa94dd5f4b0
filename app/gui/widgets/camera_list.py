"""The cameras: rate, age, skew against the joints, and how evenly their pictures come."""

from __future__ import annotations

from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QPainter

from app.gui import tokens
from app.gui.robot.condition import UNHEARD, camera_condition
from app.gui.robot.facts import timing_words
from app.gui.robot.pick import Kind, Pick
from app.gui.theme import Theme
from app.gui.widgets.row_board import RowBoard, write
from app.gui.wording import amount, plain_name
from app.session.view import CameraView, Snapshot
from drivers.profile.schema import RobotProfile

_COUNTS_FROM_PX = 340
_STRIP_S = 2.0
_LATE_SHARE = 1.6
"""An interval this much longer than the rate asks for is marked."""


class CameraList(RowBoard):
    """A row for each camera of the profile."""

    def __init__(self, profile: RobotProfile, theme: Theme) -> None:
        super().__init__([Pick(Kind.CAMERA, name) for name in profile.cameras], theme, name="Cameras")
        self._cameras: dict[str, CameraView] = {}

    def apply(self, snapshot: Snapshot) -> None:
        """Show the cameras of a snapshot."""
        self._cameras = {camera.name: camera for camera in snapshot.cameras}
        cameras = (self._cameras.get(pick.name) for pick in self.picks)
        self.show_cells(
            [
                camera
                and (camera_condition(camera), timing_words(camera), camera.intervals_ms, camera.dropped)
                for camera in cameras
            ]
        )

    def words_of(self, index: int) -> str:
        """A camera in words."""
        name = self.picks[index].name
        camera = self._cameras.get(name)
        if camera is None:
            return f"{plain_name(name)}: not heard"
        return f"{plain_name(name)}: {camera_condition(camera).word or 'delivers'}, {timing_words(camera)}"

    def paint_cell(self, painter: QPainter, index: int, area: QRectF) -> None:
        """Name over timing, what was dropped where there is room, the strip of intervals."""
        name = self.picks[index].name
        camera = self._cameras.get(name)
        if camera is None:
            room = area.width() - tokens.steps(4)
            self.paint_words(painter, area, UNHEARD, plain_name(name), UNHEARD.what, width=room)
            return
        painter.setFont(self._small)
        texts_px = painter.fontMetrics().horizontalAdvance("00.0 Hz  000 ms  +00 ms")
        strip = self.paint_words(
            painter, area, camera_condition(camera), plain_name(name), timing_words(camera), width=texts_px
        )
        if area.width() >= _COUNTS_FROM_PX:
            counts_px = painter.fontMetrics().horizontalAdvance("000 dropped")
            line = QRectF(strip.left(), area.center().y(), counts_px, 18)
            write(painter, line.translated(0, -18), f"{amount(camera.dropped)} dropped")
            write(painter, line, f"{amount(camera.lost)} lost")
            strip = strip.adjusted(counts_px + tokens.steps(2), 0, 0, 0)
        paint_intervals(painter, strip, camera, self._theme.palette)


def paint_intervals(painter: QPainter, area: QRectF, camera: CameraView, palette: tokens.Palette) -> None:
    """A bar for each interval of the last two seconds; the line is the interval that the rate asks for."""
    due_ms = 1000 / camera.wanted_hz if camera.wanted_hz > 0 else 0.0
    if not due_ms:
        return
    usual, late = QColor(palette.text_dim), QColor(tokens.ink_of(tokens.WARNING, palette))
    room = max(1, round(_STRIP_S * camera.wanted_hz))
    pitch = area.width() / room
    for number, interval_ms in enumerate(reversed(camera.intervals_ms[-room:])):
        height = area.height() * min(1.0, interval_ms / (3 * due_ms))
        left = area.right() - (number + 1) * pitch
        hue = late if interval_ms > _LATE_SHARE * due_ms else usual
        painter.fillRect(QRectF(left, area.bottom() - height, max(1.0, pitch - 1), height), hue)
    level = area.bottom() - area.height() / 3
    painter.fillRect(QRectF(area.left(), level, area.width(), 1), QColor(palette.line))
