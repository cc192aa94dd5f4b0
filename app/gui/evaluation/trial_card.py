"""The trial under way: which one, how long already, what is done, and the keys to judge it by."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.evaluation.plan import Judge
from app.evaluation.view import EvaluationView, State
from app.gui import tokens
from app.gui.actions import Actions
from app.gui.evaluation.wording import HIDDEN, STATE_WORDS
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.camera_tile import CameraTile
from app.gui.widgets.fact_table import FactTable
from app.gui.widgets.label import Label
from app.gui.wording import clock, sentence

_BAR_PX = 8
_EYE_PX = 190


class TrialCard(QWidget):
    """Shows a view; the buttons do the page's actions.

    Args:
        actions: the page's.
        theme: colours and icons.
        eye: a picture of the robot, so that whoever judges need look nowhere else; None where it has no camera.
    """

    def __init__(self, actions: Actions, theme: Theme, *, eye: CameraTile | None) -> None:
        super().__init__()
        self._state = Label(size_px=tokens.TEXT_LARGE_PX, bold=True)
        self._why = Label(size_px=tokens.TEXT_PX, wrap=True)
        self.bar = _Progress(theme)
        self._task = Label(size_px=tokens.TEXT_LARGE_PX, wrap=True)
        self._clock = Label(size_px=tokens.TEXT_TITLE_PX, bold=True)
        self._step = Label(dim=True, wrap=True)
        self._facts = FactTable()
        self._parts = Label(wrap=True)
        self._scene = ActionButton(actions["evaluation.scene"], theme)
        self._go_on = ActionButton(actions["evaluation.pause"], theme, title="Go on")
        self._judging = QWidget()
        judging = QHBoxLayout(self._judging)
        judging.setContentsMargins(0, 0, 0, 0)
        judging.setSpacing(tokens.steps(2))
        self.buttons = [self._scene, self._go_on]
        for name, title, hue in (
            ("success", "Success", tokens.GOOD),
            ("failure", "Failure", tokens.ALARM),
            ("skip", "Skip", ""),
        ):
            button = ActionButton(actions[f"evaluation.{name}"], theme, title=title, hue=hue, compact=True)
            judging.addWidget(button, stretch=1)
            self.buttons.append(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(2))
        if eye is not None:
            # A tile takes whatever it is given, and would be given nothing beside labels.
            frame = QWidget()
            frame.setFixedHeight(_EYE_PX)
            inside = QVBoxLayout(frame)
            inside.setContentsMargins(0, 0, 0, 0)
            inside.addWidget(eye)
            column.addWidget(frame)
        for part in (
            self._state,
            self.bar,
            self._why,
            self._task,
            self._clock,
            self._step,
            self._facts,
            self._parts,
            self._scene,
            self._go_on,
            self._judging,
        ):
            column.addWidget(part)
        column.addStretch()

    @property
    def words(self) -> str:
        """Everything it says, line by line."""
        labels = (self._state, self._why, self._task, self._clock, self._step, self._parts)
        shown = [label.text() for label in labels if label.isVisibleTo(self)]
        return "\n".join([*shown, *(label.text() for label in self._facts.findChildren(Label))])

    def show_view(self, view: EvaluationView) -> None:
        """Follow an evaluation that runs."""
        trial = view.trial
        self._state.say(f"{STATE_WORDS[view.state]}   {view.done}/{view.planned}")
        self.bar.show_share(view.done, view.planned)
        why = view.error or (view.paused_because if view.state is State.PAUSED else "")
        self._why.say(sentence(why))
        self._why.setVisible(bool(why))
        for part in (self._task, self._clock, self._step, self._facts, self._parts):
            part.setVisible(trial is not None)
        self._scene.setVisible(view.state is State.SCENE)
        self._go_on.setVisible(view.state is State.PAUSED)
        self._judging.setVisible(view.plan.judge is Judge.PERSON and trial is not None)
        if trial is not None:
            self._task.say(trial.task)
            self._clock.say(clock(trial.elapsed_s))
            self._step.say(sentence(trial.step))
            again = f", try {trial.attempt}" if trial.attempt > 1 else ""
            self._facts.fill(
                (
                    ("Trial", f"{trial.number} of {view.planned}{again}"),
                    ("Variant", trial.variant or HIDDEN),
                    ("Kitchen", f"seed {trial.seed}"),
                    ("At most", clock(view.plan.time_limit_s)),
                )
            )
            lines = (f"{'✓' if part.reached else '·'}  {part.name}" for part in trial.milestones)
            self._parts.say("\n".join(lines))
        for button in self.buttons:
            button.refresh()


class _Progress(QWidget):
    """How many trials are done."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_BAR_PX)
        theme.changed.connect(self.update)

    def show_share(self, done: int, planned: int) -> None:
        """So many of so many."""
        share = done / planned if planned else 0.0
        if share != self._share:
            self._share = share
            self.setAccessibleName(f"{done} of {planned} trials")
            self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(tokens.steps(40), _BAR_PX)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """A bar that fills."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(self.rect())
        painter.setBrush(QColor(self._theme.palette.line))
        painter.setPen(QColor(self._theme.palette.line))
        painter.drawRoundedRect(bar.adjusted(0.5, 0.5, -0.5, -0.5), _BAR_PX / 2, _BAR_PX / 2)
        if self._share:
            painter.setBrush(QColor(tokens.TELEOP))
            painter.setPen(QColor(tokens.TELEOP))
            full = QRectF(bar.left(), bar.top(), max(_BAR_PX, bar.width() * self._share), bar.height())
            painter.drawRoundedRect(full.adjusted(0.5, 0.5, -0.5, -0.5), _BAR_PX / 2, _BAR_PX / 2)
