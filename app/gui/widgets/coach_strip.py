"""The first steps as one calm strip under the top bar: what was done, what comes now, and a way to put it away."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.first_steps import FirstSteps, Step
from app.gui.theme import Theme
from app.gui.told_keys import with_keys
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.label import Label

_MARKS = {"done": "mdi6.check-circle", "now": "mdi6.circle-slice-8", "later": "mdi6.circle-outline"}


class _StepMark(QWidget):
    """A step's mark and name."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: tuple[Step, bool] | None = None
        self._icon = QLabel()
        self._icon.setFixedSize(tokens.ICON_PX, tokens.ICON_PX)
        self._name = Label(size_px=tokens.TEXT_SMALL_PX).fit()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.steps(1))
        row.addWidget(self._icon)
        row.addWidget(self._name)
        theme.changed.connect(self._recolour)

    def show_step(self, step: Step, *, now: bool) -> None:
        """Follow the step."""
        if (step, now) == self._shown:
            return
        self._shown = (step, now)
        self._name.say(step.name)
        self._name.setFont(tokens.font(tokens.TEXT_SMALL_PX, bold=now))
        self.setAccessibleName(f"{step.name}: {'done' if step.done else 'now' if now else 'later'}")
        self._recolour()

    def _recolour(self) -> None:
        if self._shown is None:
            return
        step, now = self._shown
        state = "done" if step.done else "now" if now else "later"
        hues = {"done": tokens.GOOD, "now": tokens.TELEOP, "later": self._theme.palette.text_dim}
        self._icon.setPixmap(self._theme.pixmap(_MARKS[state], tokens.ICON_PX, hues[state]))


class CoachStrip(QWidget):
    """Shows `FirstSteps`; whether it is shown at all is the frame's to say."""

    def __init__(self, actions: Actions, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._actions = actions
        self._theme = theme
        self._marks: list[_StepMark] = []
        self._words = Label(size_px=tokens.TEXT_LARGE_PX, bold=True)
        self._row = QHBoxLayout()
        self._row.setSpacing(tokens.steps(4))
        self._row.addStretch()
        text = QVBoxLayout()
        text.setSpacing(tokens.steps(1))
        text.addWidget(self._words)
        text.addLayout(self._row)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(tokens.steps(4), tokens.steps(2), tokens.steps(3), tokens.steps(2))
        layout.setSpacing(tokens.steps(3))
        layout.addLayout(text, stretch=1)
        close = ActionButton(actions["window.first_steps"], theme, title="×", compact=True)
        close.setProperty("flat", "true")
        layout.addWidget(close)
        self.setFixedHeight(tokens.steps(16))

    @property
    def words(self) -> str:
        """The present step's words."""
        return self._words.text()

    def apply(self, steps: FirstSteps) -> None:
        """Follow the steps."""
        every = steps.steps
        while len(self._marks) < len(every):
            mark = _StepMark(self._theme)
            self._row.insertWidget(len(self._marks), mark)
            self._marks.append(mark)
        for number, (mark, step) in enumerate(zip(self._marks, every, strict=True)):
            mark.show_step(step, now=number == steps.present)
        words = with_keys(steps.words, self._actions)
        self._words.say(words)
        self.setAccessibleName(f"First steps: {words}")
