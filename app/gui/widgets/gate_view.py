"""The alignment gate: the robot's arms with the leaders as ghosts over them, and joint by joint what still differs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.gate_rows import GateRow, GateRows
from app.gui.theme import Theme, with_alpha
from app.gui.widgets.arm_lines import fitted
from app.gui.widgets.gate_drawing import joint_points, on_paper
from app.gui.wording import plain_name
from app.session.view import GateView, Snapshot, TickView
from drivers.profile.schema import Chain, RobotProfile

_BAR_PX = 10
_ROW_PX = 24
_ARMS_LEAST_PX = 96
_ARMS_SHARE = 0.4
_MARGIN_PX = 18


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
        self._rows_of = GateRows(profile)
        self._gate: GateView | None = None
        self._tick: TickView | None = None
        self._font = tokens.font(tokens.TEXT_PX)
        self._bold = tokens.font(tokens.TEXT_PX, bold=True)
        self._small = tokens.font(tokens.TEXT_SMALL_PX)
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
    def rows(self) -> tuple[GateRow, ...]:
        """Every joint that the gate looks at, those still out of range first, the farthest on top."""
        return () if self._gate is None else self._rows_of.of(self._gate, self._tick)

    @property
    def instructions(self) -> tuple[str, ...]:
        """What to move and by how much, the farthest joint first; empty when all are close enough."""
        return tuple(self._rows_of.instruction(row) for row in self.rows if not row.within)

    @property
    def headline(self) -> str:
        """The one thing to know or to do now, to be read from far."""
        if self._gate is None:
            return ""
        if self._gate.phase == "ramping":
            return "The robot takes over your motion"
        if self._gate.phase == "driving":
            return "The leaders come to the robot's pose"
        return next(iter(self.instructions), "All joints are close enough")

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
        bar = QRectF(0, self.height() - _BAR_PX, self.width(), _BAR_PX)
        arms_px = max(_ARMS_LEAST_PX, _ARMS_SHARE * self.height())
        gap = tokens.steps(2)
        each = (self.width() - gap * (len(self._limbs) - 1)) / max(1, len(self._limbs))
        for number, limb in enumerate(self._limbs):
            self._paint_limb(painter, QRectF(number * (each + gap), 0, each, arms_px), limb)
        self._paint_rows(painter, QRectF(0, arms_px + gap, self.width(), bar.top() - arms_px - 2 * gap))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.palette.line))
        painter.drawRoundedRect(bar, _BAR_PX / 2, _BAR_PX / 2)
        full = QRectF(bar)
        full.setWidth(max(bar.width() * self.filled, _BAR_PX))
        painter.setBrush(
            QColor(tokens.GOOD if self.filled >= 1 or self._gate.phase == "ramping" else tokens.TELEOP)
        )
        painter.drawRoundedRect(full, _BAR_PX / 2, _BAR_PX / 2)

    def _paint_rows(self, painter: QPainter, area: QRectF) -> None:
        rows, fitting = self.rows, int(area.height() // _ROW_PX)
        shown = rows if len(rows) <= fitting else rows[: max(0, fitting - 1)]
        line = QRectF(area.left(), area.top(), area.width(), _ROW_PX)
        for row in shown:
            self._paint_row(painter, line, row)
            line.translate(0, _ROW_PX)
        if rest := rows[len(shown) :]:
            out = sum(not row.within for row in rest)
            words = f"and {out} more to move" if out else f"and {len(rest)} more are close enough"
            painter.setFont(self._font)
            painter.setPen(QColor(self._theme.palette.text_dim))
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_row(self, painter: QPainter, line: QRectF, row: GateRow) -> None:
        """Mark, name, leader against robot, and which way to turn by how much."""
        palette = self._theme.palette
        middle = Qt.AlignmentFlag.AlignVCenter
        side = tokens.TEXT_PX
        mark = ("mdi6.check-bold", tokens.GOOD) if row.within else ("mdi6.circle-outline", tokens.ALARM)
        icon = self._theme.icon(*mark)
        icon.paint(painter, int(line.left()), int(line.center().y() - side / 2), side, side)
        painter.setFont(self._font if row.within else self._bold)
        painter.setPen(QColor(palette.text_dim if row.within else palette.text))
        name = line.adjusted(side + tokens.steps(2), 0, 0, 0)
        painter.drawText(name, Qt.AlignmentFlag.AlignLeft | middle, row.name)
        values = QRectF(line.left() + 0.44 * line.width(), line.top(), 0.36 * line.width(), line.height())
        painter.drawText(values, Qt.AlignmentFlag.AlignHCenter | middle, f"{row.leader} → {row.robot}")
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | middle, f"{row.arrow} {row.amount}".strip())

    def _paint_limb(self, painter: QPainter, area: QRectF, limb: _Limb) -> None:
        palette = self._theme.palette
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.ground))
        painter.drawRoundedRect(area, tokens.CORNER_PX, tokens.CORNER_PX)
        painter.setFont(self._small)
        painter.setPen(QColor(palette.text_dim))
        painter.drawText(
            area.adjusted(tokens.steps(2), tokens.steps(1), 0, 0),
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop,
            limb.title,
        )
        if self._tick is None or self._gate is None or limb.chain is None:
            return
        painter.setFont(self._small)
        right = area.adjusted(0, tokens.steps(1), -tokens.steps(2), 0)
        for words, hue in (("leader", tokens.TELEOP), ("robot", palette.text_dim)):
            painter.setPen(QColor(tokens.ink_of(hue, palette)))
            painter.drawText(right, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, words)
            right.adjust(0, 0, -painter.fontMetrics().horizontalAdvance(words) - tokens.steps(2), 0)
        slots = slice(limb.start, limb.start + len(limb.names))
        robot_m = on_paper(joint_points(limb.chain, self._tick.position[slots]))
        ghost_m = on_paper(joint_points(limb.chain, self._tick.leader[slots]))
        robot, ghost = fitted(
            area.adjusted(_MARGIN_PX, _MARGIN_PX + tokens.TEXT_PX, -_MARGIN_PX, -_MARGIN_PX), robot_m, ghost_m
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
