"""What a step is about, drawn: the arm's pose, a gripper's jaws, the wheel that turns, the lift that moves."""

from __future__ import annotations

import math

from PyQt6.QtCore import QSize
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.calibration.arm_painting import paint_arm
from app.gui.calibration.part_painting import paint_jaws, paint_lift, paint_wheels
from app.gui.theme import Theme
from app.session.view import Snapshot
from drivers.calibration.procedure import HomeStep, MoveStep, PoseStep, Step
from drivers.profile.schema import RobotProfile


class StepDrawing(QWidget):
    """Repainted when the step changes, and with each snapshot while an arm or a gripper is looked at."""

    def __init__(self, profile: RobotProfile, theme: Theme) -> None:
        super().__init__()
        self._profile = profile
        self._theme = theme
        self._step: Step | None = None
        self._snapshot: Snapshot | None = None
        self._starts = {(segment.kind, segment.name): segment.slice for segment in profile.segments}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(tokens.steps(80), tokens.steps(60))
        self.setAccessibleName("What to do, drawn")

    def sizeHint(self) -> QSize:
        """As much as there is."""
        return QSize(tokens.steps(160), tokens.steps(110))

    def show_step(self, step: Step | None, snapshot: Snapshot | None) -> None:
        """Draw this step as the robot stands now."""
        if step is not self._step or isinstance(step, PoseStep):
            self._step, self._snapshot = step, snapshot
            if step is not None:
                self.setAccessibleDescription(step.title)
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw what the step is about."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.rect().toRectF().adjusted(*_margins())
        step = self._step
        if isinstance(step, PoseStep) and step.arm:
            paint_arm(
                painter,
                area,
                self._theme.palette,
                arm=self._profile.arms[step.arm],
                wanted_rad=step.pose_rad,
                tick=self._snapshot.tick if self._snapshot is not None else None,
                slots=self._starts["arm", step.arm],
            )
        elif isinstance(step, PoseStep):
            paint_jaws(painter, area, self._theme.palette, wanted=step.opening, now=self._opening(step))
        elif isinstance(step, MoveStep) and not step.lift and self._profile.base is not None:
            paint_wheels(painter, area, self._theme.palette, base=self._profile.base, turned=step.wheel)
        elif isinstance(step, MoveStep | HomeStep):
            paint_lift(painter, area, self._theme.palette, down=isinstance(step, HomeStep))

    def _opening(self, step: PoseStep) -> float:
        """How open it is by the present profile, for a picture: kept within what can be drawn."""
        tick = self._snapshot.tick if self._snapshot is not None else None
        if tick is None or not step.probes:
            return math.nan
        probe = step.probes[0]
        value = float((tick.leader if probe.leader else tick.position)[probe.axis.slot])
        return min(1.1, max(-0.1, value)) if math.isfinite(value) else math.nan


def _margins() -> tuple[float, float, float, float]:
    edge = float(tokens.steps(8))
    return edge, edge, -edge, -edge
