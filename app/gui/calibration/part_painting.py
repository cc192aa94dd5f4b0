"""Grippers, wheels and a lift, drawn plainly enough to be told apart from across the room."""

from __future__ import annotations

import math

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.gui import tokens
from app.gui.theme import with_alpha
from drivers.profile.schema import Base

_LINE_PX = tokens.steps(1)
_HEAD_PX = tokens.steps(3)


def paint_jaws(
    painter: QPainter, area: QRectF, palette: tokens.Palette, *, wanted: float, now: float
) -> None:
    """Two jaws as they are by the present profile, over where they should be.

    Args:
        painter: where.
        area: within this.
        palette: the theme's.
        wanted: opening in [0, 1].
        now: the opening now; NaN while it is not known.
    """
    size = min(area.width(), area.height()) * 0.7
    centre = area.center()
    wide, long = size * 0.11, size * 0.55
    palm = QRectF(centre.x() - size * 0.42, centre.y() + long / 2, size * 0.84, size * 0.12)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(palette.line))
    painter.drawRoundedRect(palm, tokens.CORNER_PX, tokens.CORNER_PX)
    for opening, colour in (
        (wanted, with_alpha(tokens.TELEOP, tokens.GHOST_ALPHA)),
        (now, QColor(palette.text)),
    ):
        if not math.isfinite(opening):
            continue
        gap = max(0.0, opening) * size * 0.3
        solid = colour.alpha() == QColor(palette.text).alpha()
        painter.setPen(QPen(colour, tokens.FOCUS_PX) if solid else Qt.PenStyle.NoPen)
        painter.setBrush(Qt.BrushStyle.NoBrush if solid else colour)
        for side in (-1, 1):
            left = centre.x() + side * gap - (wide if side < 0 else 0)
            painter.drawRoundedRect(
                QRectF(left, centre.y() - long / 2, wide, long), tokens.STEP_PX, tokens.STEP_PX
            )
    painter.setPen(QColor(palette.text_dim))
    painter.setFont(tokens.font(tokens.TEXT_PX))
    words = QRectF(area.left(), palm.bottom() + tokens.steps(2), area.width(), tokens.steps(8))
    painter.drawText(words, Qt.AlignmentFlag.AlignHCenter, "filled: where to;  outline: now")


def paint_wheels(
    painter: QPainter, area: QRectF, palette: tokens.Palette, *, base: Base, turned: int
) -> None:
    """The base from above, front up, with the wheel that turns marked, and left and right by name.

    Args:
        painter: where.
        area: within this.
        palette: the theme's.
        base: whose wheels.
        turned: which wheel, from 0.
    """
    radius = min(area.width(), area.height()) * 0.3
    centre = area.center()
    painter.setPen(QPen(QColor(palette.line), _LINE_PX))
    painter.setBrush(QColor(palette.panel))
    painter.drawEllipse(centre, radius, radius)
    for number, rolls_deg in enumerate(base.wheel_angles_deg):
        # A wheel that rolls along the angle a sits a quarter turn before it. The robot's x is ahead, up on the screen.
        at = math.radians(rolls_deg - 90.0)
        middle = QPointF(centre.x() - radius * math.sin(at), centre.y() - radius * math.cos(at))
        painter.save()
        painter.translate(middle)
        painter.rotate(-rolls_deg)
        wide, long = radius * 0.18, radius * 0.46
        marked = number == turned
        painter.setPen(QPen(QColor(tokens.TELEOP if marked else palette.text_dim), tokens.FOCUS_PX))
        painter.setBrush(QColor(tokens.TELEOP if marked else palette.raised))
        painter.drawRoundedRect(QRectF(-wide / 2, -long / 2, wide, long), tokens.STEP_PX, tokens.STEP_PX)
        painter.restore()
        painter.setFont(tokens.font(tokens.TEXT_LARGE_PX, bold=marked))
        painter.setPen(QColor(palette.text if marked else palette.text_dim))
        out = radius + tokens.steps(20 if marked else 12)
        label = QPointF(centre.x() - out * math.sin(at), centre.y() - out * math.cos(at))
        half = tokens.steps(12)
        painter.drawText(
            QRectF(label.x() - half, label.y() - tokens.steps(3), 2 * half, tokens.steps(6)),
            Qt.AlignmentFlag.AlignCenter,
            f"wheel {number + 1}" if marked else str(number + 1),
        )
    painter.setPen(QColor(palette.text_dim))
    painter.setFont(tokens.font(tokens.TEXT_PX))
    painter.drawText(
        QRectF(centre.x() - radius, centre.y() - radius * 0.55, 2 * radius, tokens.steps(6)),
        Qt.AlignmentFlag.AlignCenter,
        "▲ front",
    )
    for side, words in ((-1, "↺ to its left"), (1, "to its right ↻")):
        line = QRectF(area.left(), area.top(), area.width(), tokens.steps(6))
        where = Qt.AlignmentFlag.AlignLeft if side < 0 else Qt.AlignmentFlag.AlignRight
        painter.drawText(line, where | Qt.AlignmentFlag.AlignVCenter, words)


def paint_lift(painter: QPainter, area: QRectF, palette: tokens.Palette, *, down: bool) -> None:
    """A column with its carriage, and the arrow of the move.

    Args:
        painter: where.
        area: within this.
        palette: the theme's.
        down: whether it looks for its stop; otherwise it moves a little, one does not know yet which way.
    """
    height = min(area.height(), area.width()) * 0.8
    centre = area.center()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(palette.line))
    column = QRectF(centre.x() - tokens.steps(2), centre.y() - height / 2, tokens.steps(4), height)
    painter.drawRoundedRect(column, tokens.STEP_PX, tokens.STEP_PX)
    foot = QRectF(
        centre.x() - height * 0.25, column.bottom() - tokens.steps(2), height * 0.5, tokens.steps(4)
    )
    painter.drawRoundedRect(foot, tokens.STEP_PX, tokens.STEP_PX)
    painter.setPen(QPen(QColor(palette.text_dim), tokens.FOCUS_PX))
    painter.setBrush(QColor(palette.raised))
    carriage = QRectF(centre.x() - height * 0.16, centre.y() - height * 0.08, height * 0.32, height * 0.16)
    painter.drawRoundedRect(carriage, tokens.CORNER_PX, tokens.CORNER_PX)
    arrow_x, middle = carriage.right() + tokens.steps(8), carriage.center().y()
    reach = height * 0.22
    _arrow(painter, QPointF(arrow_x, middle), QPointF(arrow_x, middle + reach), QColor(tokens.TELEOP))
    if not down:
        _arrow(painter, QPointF(arrow_x, middle), QPointF(arrow_x, middle - reach), QColor(tokens.TELEOP))
        painter.setFont(tokens.font(tokens.TEXT_LARGE_PX, bold=True))
        painter.setPen(QColor(palette.text))
        painter.drawText(
            QRectF(arrow_x + tokens.steps(4), middle - tokens.steps(4), tokens.steps(10), tokens.steps(8)),
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            "?",
        )


def _arrow(painter: QPainter, start: QPointF, end: QPointF, colour: QColor) -> None:
    """A straight upright arrow."""
    way = 1 if end.y() > start.y() else -1
    painter.setPen(QPen(colour, _LINE_PX, cap=Qt.PenCapStyle.RoundCap))
    painter.drawLine(start, end)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    tip = QPointF(end.x(), end.y() + way * _HEAD_PX)
    left, right = QPointF(end.x() - _HEAD_PX, end.y()), QPointF(end.x() + _HEAD_PX, end.y())
    painter.drawPolygon(QPolygonF([tip, left, right]))
