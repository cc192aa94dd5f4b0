"""One step: the drawing on the left; on the right what to do, how still it is, and what is measured."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.calibration.wizard import Wizard
from app.gui import tokens
from app.gui.actions import Actions
from app.gui.calibration.drawing import StepDrawing
from app.gui.calibration.ring import StillRing
from app.gui.calibration.values import LiveValues
from app.gui.theme import Theme
from app.gui.told_keys import with_keys
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.label import Label, rule
from app.session.view import Snapshot
from drivers.calibration.procedure import HomeStep, MoveStep, PoseStep, Step
from drivers.profile.schema import RobotProfile

_LET_GO = "⚠ The servos are let go of: hold the arms, or let them rest."
_STILL = "It stands still: take it ({calibrate.next})."
_HOMED = "The lift knows its zero: go on ({calibrate.next})."


class StepView(QWidget):
    """Follows the wizard; the answers are buttons of their own, with the keys 1, 2 and 3."""

    def __init__(self, profile: RobotProfile, theme: Theme, wizard: Wizard, actions: Actions) -> None:
        super().__init__()
        self._actions = actions
        self._wizard = wizard
        self._shown: Step | None = None
        self.drawing = StepDrawing(profile, theme)
        self.title = Label(size_px=tokens.TEXT_TITLE_PX, bold=True, wrap=True)
        self.instruction = Label(size_px=tokens.TEXT_LARGE_PX, wrap=True)
        self.let_go = Label(_LET_GO, bold=True, wrap=True)
        self.ring = StillRing(theme)
        self.why = Label(dim=True, wrap=True)
        self.question = Label(size_px=tokens.TEXT_LARGE_PX, bold=True, wrap=True)
        self.answers = [ActionButton(actions[f"calibrate.answer_{n}"], theme) for n in (1, 2, 3)]
        self.values = LiveValues()
        self._rule = rule()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.steps(5))
        panel = QWidget()
        panel.setObjectName("panel")
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        room = QVBoxLayout(panel)
        room.setContentsMargins(0, 0, 0, 0)
        room.addWidget(self.drawing)
        row.addWidget(panel, stretch=1)
        row.addWidget(self._build_side())

    def show_step(self, snapshot: Snapshot | None) -> None:
        """Follow the wizard's step and what is measured."""
        step = self._wizard.step
        if step is None:
            return
        if step is not self._shown:
            self._shown = step
            self._lay_out(step)
        self.drawing.show_step(step, snapshot)
        self.let_go.setVisible(self._wizard.let_go)
        if isinstance(step, PoseStep):
            self.ring.show_share(self._wizard.reading.share)
            self.why.say(self._wizard.reading.why or with_keys(_STILL, self._actions))
            self.values.show_ticks(self._wizard.ticks)
        elif isinstance(step, HomeStep):
            self.why.say(with_keys(_HOMED, self._actions) if self._wizard.homed else "No zero yet.")
        else:
            for button in self.answers:
                button.refresh()

    def _lay_out(self, step: Step) -> None:
        self.title.say(step.title)
        self.instruction.say(step.instruction)
        posing, moving = isinstance(step, PoseStep), isinstance(step, MoveStep)
        self.ring.setVisible(posing)
        self.why.setVisible(not moving)
        self.values.setVisible(posing)
        self._rule.setVisible(posing)
        self.values.show_step(step)
        self.question.setVisible(moving)
        for button in self.answers:
            button.setVisible(moving)
        if isinstance(step, MoveStep):
            self.question.say(step.question)
            for button, answer in zip(self.answers, step.answers, strict=True):
                button.set_title(answer.words)
                button.setAccessibleName(answer.words)

    def _build_side(self) -> QWidget:
        side = QWidget()
        side.setFixedWidth(tokens.SIDE_WIDTH_PX + tokens.steps(8))
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(3))
        for label in (self.title, self.instruction, self.let_go):
            column.addWidget(label)
        ring = QHBoxLayout()
        ring.setSpacing(tokens.steps(4))
        ring.addWidget(self.ring)
        ring.addWidget(self.why, stretch=1)
        column.addLayout(ring)
        column.addWidget(self.question)
        for button in self.answers:
            column.addWidget(button)
        column.addWidget(self._rule)
        column.addWidget(self.values)
        column.addStretch()
        return side
