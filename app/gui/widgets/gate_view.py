"""The alignment gate as a drawing: the robot's arms, the leaders as ghosts over them, and what still differs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.theme import Theme, with_alpha
from app.gui.widgets.gate_drawing import joint_points, on_paper
from app.gui.wording import plain_name
from app.session.view import GateView, Snapshot, TickView
from drivers.profile.schema import Chain, RobotProfile

_BAR_PX = 10
_LINE_WORDS = 3
_MARGIN_PX = 22


@dataclass(frozen=True, slots=True)
class _Limb:
    title: str
    names: tuple[str, ...]
    start: int
    chain: Chain | None


class GateDrawing(QWidget):
    """Shown while the gate is; the bar fills with the joints that are close enough, then with the ramp."""

    def __init__(self, profile: RobotProfile, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._limbs = tuple(
            _Limb(
                title=f"{plain_name(segment.name)} arm",
                names=tuple(plain_name(joint.name) for joint in profile.arms[segment.name].joints),
                start=segment.start,
                chain=profile.arms[segment.name].chain,
            )
            for segment in profile.segments
            if segment.kind == "arm"
        )
        self._vector_names = tuple(plain_name(name) for name in profile.vector_names)
        self._arm_slots = frozenset(
            slot for limb in self._limbs for slot in range(limb.start, limb.start + len(limb.names))
        )
        self._gate: GateView | None = None
        self._tick: TickView | None = None
        self._font = tokens.font(tokens.TEXT_PX)
        self._bold = tokens.font(tokens.TEXT_PX, bold=True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(tokens.steps(58))
        self.setAccessibleName("Alignment gate")

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the gate."""
        if snapshot.gate is not None:
            self._gate, self._tick = snapshot.gate, snapshot.tick
            self.update()

    def sizeHint(self) -> QSize:
        """A square for each arm and lines below."""
        return QSize(tokens.SIDE_WIDTH_PX, tokens.steps(80))

    @property
    def instructions(self) -> tuple[str, ...]:
        """What to move and by how much, the farthest joint first; empty when all are close enough."""
        if self._gate is None:
            return ()
        error = self._gate.error_rad
        out = [i for i in range(len(error)) if not self._gate.within[i] and math.isfinite(float(error[i]))]
        out.sort(key=lambda i: -abs(float(error[i])))
        return tuple(self._instruction(i, float(error[i])) for i in out)

    @property
    def filled(self) -> float:
        """How far through the gate: joints within over joints looked at, or the ramp."""
        if self._gate is None:
            return 0.0
        if self._gate.phase == "ramping":
            return self._gate.ramp
        looked_at = np.isfinite(self._gate.error_rad)
        return float(np.mean(self._gate.within[looked_at])) if looked_at.any() else 0.0

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Arms side by side, the words, the bar."""
        if self._gate is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line_px = tokens.TEXT_PX + tokens.steps(2)
        words_px = _LINE_WORDS * line_px
        bar = QRectF(0, self.height() - _BAR_PX, self.width(), _BAR_PX)
        arms_height = self.height() - words_px - _BAR_PX - tokens.steps(4)
        each = arms_height / max(1, len(self._limbs))
        for number, limb in enumerate(self._limbs):
            self._paint_limb(painter, QRectF(0, number * each, self.width(), each - tokens.steps(2)), limb)
        self._paint_words(painter, QRectF(0, arms_height + tokens.steps(2), self.width(), line_px))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.palette.line))
        painter.drawRoundedRect(bar, _BAR_PX / 2, _BAR_PX / 2)
        full = QRectF(bar)
        full.setWidth(max(bar.width() * self.filled, _BAR_PX))
        painter.setBrush(
            QColor(tokens.GOOD if self.filled >= 1 or self._gate.phase == "ramping" else tokens.TELEOP)
        )
        painter.drawRoundedRect(full, _BAR_PX / 2, _BAR_PX / 2)

    def _paint_words(self, painter: QPainter, line: QRectF) -> None:
        shown = self.instructions
        if self._gate is not None and self._gate.phase == "ramping":
            shown = ("The robot takes over the leaders' motion",)
        elif not shown:
            shown = ("All joints are close enough",)
        more = len(shown) - _LINE_WORDS
        painter.setPen(QColor(self._theme.palette.text))
        for number, words in enumerate(shown[:_LINE_WORDS]):
            painter.setFont(self._bold if number == 0 else self._font)
            suffix = f"   and {more} more" if more > 0 and number == _LINE_WORDS - 1 else ""
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words + suffix)
            line.translate(0, line.height())

    def _paint_limb(self, painter: QPainter, area: QRectF, limb: _Limb) -> None:
        palette = self._theme.palette
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.ground))
        painter.drawRoundedRect(area, tokens.CORNER_PX, tokens.CORNER_PX)
        painter.setFont(self._font)
        painter.setPen(QColor(palette.text_dim))
        painter.drawText(
            area.adjusted(tokens.steps(2), tokens.steps(1), 0, 0),
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop,
            limb.title,
        )
        if self._tick is None or self._gate is None or limb.chain is None:
            return
        right = area.adjusted(0, tokens.steps(1), -tokens.steps(2), 0)
        for words, hue in (("robot", palette.text_dim), ("leader", tokens.TELEOP)):
            painter.setPen(QColor(tokens.ink_of(hue, palette)))
            painter.drawText(right, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, words)
            right.translate(0, tokens.TEXT_PX + tokens.steps(1))
        slots = slice(limb.start, limb.start + len(limb.names))
        robot_m = on_paper(joint_points(limb.chain, self._tick.position[slots]))
        ghost_m = on_paper(joint_points(limb.chain, self._tick.leader[slots]))
        robot, ghost = _fitted(
            area.adjusted(_MARGIN_PX, _MARGIN_PX, -_MARGIN_PX, -_MARGIN_PX), robot_m, ghost_m
        )
        solid = QPen(QColor(palette.text_dim), 6, cap=Qt.PenCapStyle.RoundCap, join=Qt.PenJoinStyle.RoundJoin)
        pale = QPen(
            with_alpha(tokens.TELEOP, tokens.GHOST_ALPHA + 60),
            6,
            cap=Qt.PenCapStyle.RoundCap,
            join=Qt.PenJoinStyle.RoundJoin,
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(solid)
        painter.drawPolyline(QPolygonF(robot))
        if np.isfinite(self._tick.leader[slots]).all():
            painter.setPen(pale)
            painter.drawPolyline(QPolygonF(ghost))
        for number in range(len(limb.names)):
            slot = limb.start + number
            if not self._gate.within[slot] and math.isfinite(float(self._gate.error_rad[slot])):
                painter.setPen(QPen(QColor(tokens.ALARM), 3))
                painter.drawEllipse(ghost[number], 9, 9)

    def _instruction(self, slot: int, error: float) -> str:
        name = self._vector_names[slot]
        if slot in self._arm_slots:
            return f"{name}: move the leader {-math.degrees(error):+.0f}°".replace("-", "−")
        return f"{name}: {'close' if error > 0 else 'open'} the handle by {abs(error):.0%}"


def _fitted(area: QRectF, *lines: NDArray[np.float64]) -> list[list[QPointF]]:
    """Lines of (n, 2) points in metres, moved and scaled alike so that together they fill the area."""
    everything = np.concatenate(lines)
    low, high = everything.min(axis=0), everything.max(axis=0)
    span = np.maximum(high - low, 1e-3)
    scale = min(area.width() / span[0], area.height() / span[1])
    middle = (low + high) / 2
    centre = area.center()
    return [
        [
            QPointF(centre.x() + (x - middle[0]) * scale, centre.y() - (y - middle[1]) * scale)
            for x, y in line.tolist()
        ]
        for line in lines
    ]
