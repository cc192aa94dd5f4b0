"""An arm drawn from the side: the pose that is wanted as a broad ghost, and the one that it is in as a line over it."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.gui import tokens
from app.gui.theme import with_alpha
from app.gui.widgets.arm_lines import fitted
from app.gui.widgets.gate_drawing import joint_points, on_paper
from app.session.view import TickView
from drivers.profile.schema import Arm

_LIMB_PX = tokens.steps(2)
_GHOST_PX = tokens.steps(5)
_JOINT_PX = tokens.steps(2)


def paint_arm(
    painter: QPainter,
    area: QRectF,
    palette: tokens.Palette,
    *,
    arm: Arm,
    wanted_rad: tuple[float, ...],
    tick: TickView | None,
    slots: slice,
) -> None:
    """Draw it, with a legend; without a pose that is wanted, the ghost is the leader's.

    Args:
        painter: where.
        area: within this.
        palette: the theme's.
        arm: the follower.
        wanted_rad: the pose to bring it to; empty where its leader is to be brought to it instead.
        tick: how robot and leader stand; None while that is not known.
        slots: the arm's place in the vector.
    """
    ghost_rad = np.array(wanted_rad) if wanted_rad else None
    now_rad = tick.position[slots] if tick is not None else None
    leading = not wanted_rad
    if leading and tick is not None and np.isfinite(tick.leader[slots]).all():
        ghost_rad = tick.leader[slots]
    _paint_legend(painter, area, palette, ghost="leader now" if leading else "as it should stand")
    if arm.chain is None:
        painter.setPen(QColor(palette.text))
        painter.setFont(tokens.font(tokens.TEXT_LARGE_PX))
        words = "\n".join(
            f"{joint.name.replace('_', ' ')}  {np.degrees(angle):.0f}°".replace("-", "−")
            for joint, angle in zip(arm.joints, wanted_rad, strict=False)
        )
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words or "Pose by pose, joint by joint")
        return
    lines = [
        np.zeros((0, 2))
        if angles is None or not np.isfinite(angles).any()
        else on_paper(joint_points(arm.chain, angles))
        for angles in (ghost_rad, now_rad)
    ]
    ghost, now = fitted(area.adjusted(0, tokens.steps(10), 0, -tokens.steps(6)), *lines)
    for mount in (ghost or now)[:1]:
        _paint_mount(painter, mount, palette)
    if ghost:
        hue = with_alpha(tokens.TELEOP, tokens.GHOST_ALPHA)
        painter.setPen(_pen(hue, _GHOST_PX))
        painter.drawPolyline(QPolygonF(ghost))
    if now:
        painter.setPen(_pen(QColor(palette.text), _LIMB_PX))
        painter.drawPolyline(QPolygonF(now))
        painter.setPen(QPen(QColor(palette.text), tokens.FOCUS_PX))
        painter.setBrush(QColor(palette.ground))
        for joint in now[:-1]:
            painter.drawEllipse(joint, _JOINT_PX, _JOINT_PX)
        painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_legend(painter: QPainter, area: QRectF, palette: tokens.Palette, *, ghost: str) -> None:
    painter.setFont(tokens.font(tokens.TEXT_PX))
    left, top = area.left(), area.top()
    for words, pen in (
        (ghost, _pen(with_alpha(tokens.TELEOP, tokens.GHOST_ALPHA), _GHOST_PX)),
        ("robot now, by the present profile", _pen(QColor(palette.text), _LIMB_PX)),
    ):
        middle = top + tokens.TEXT_PX / 2
        painter.setPen(pen)
        painter.drawLine(QPointF(left + tokens.steps(2), middle), QPointF(left + tokens.steps(8), middle))
        painter.setPen(QColor(palette.text_dim))
        painter.drawText(
            QRectF(left + tokens.steps(13), top - tokens.steps(1), area.width(), tokens.steps(6)),
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            words,
        )
        top += tokens.steps(6)


def _paint_mount(painter: QPainter, at: QPointF, palette: tokens.Palette) -> None:
    """What the arm is fixed to."""
    half, deep = tokens.steps(9), tokens.steps(3)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(palette.line))
    painter.drawRoundedRect(QRectF(at.x() - half, at.y(), 2 * half, deep), tokens.STEP_PX, tokens.STEP_PX)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _pen(colour: QColor, width_px: int) -> QPen:
    return QPen(colour, width_px, cap=Qt.PenCapStyle.RoundCap, join=Qt.PenJoinStyle.RoundJoin)
