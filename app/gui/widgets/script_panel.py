"""The scripted operator of the simulated robot: choose a task, let it do it, put the kitchen in order."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.label import Label
from app.session.view import Snapshot

_SEED_LIMIT = 9999


class ScriptPanel(QWidget):
    """Shown for a simulated robot only."""

    def __init__(self) -> None:
        super().__init__()
        self._choice = QComboBox()
        self._choice.setFont(tokens.font())
        self._choice.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        self._choice.setAccessibleName("Scripted task")
        self._choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._choice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._seed = QSpinBox()
        self._seed.setRange(0, _SEED_LIMIT)
        self._seed.setPrefix("seed ")
        self._seed.setFont(tokens.font())
        self._seed.setFixedHeight(tokens.CONTROL_HEIGHT_PX)
        self._seed.setFixedWidth(tokens.steps(23))
        self._seed.setAccessibleName("Seed")
        self._scripts: tuple[str, ...] = ()
        self._phase = Label(size_px=tokens.TEXT_SMALL_PX, dim=True)
        self._buttons: list[ActionButton] = []
        self._running: bool | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(tokens.steps(2))

    def build(self, actions: Actions, theme: Theme) -> None:
        """Lay out, once the actions (which read this panel's choice) are registered."""
        head = QHBoxLayout()
        head.addWidget(Label("Scripted operator", size_px=tokens.TEXT_SMALL_PX, dim=True).fit())
        head.addStretch()
        self._run = ActionButton(actions["script.run"], theme, title="Run", compact=True)
        self._stop = ActionButton(actions["script.stop"], theme, title="Let go", compact=True)
        reset = ActionButton(actions["world.reset"], theme, title="Reset", compact=True)
        self._buttons = [self._run, self._stop, reset]
        grid = QGridLayout()
        grid.setSpacing(tokens.steps(2))
        grid.addWidget(self._choice, 0, 0, 1, 3)
        grid.addWidget(self._run, 1, 0)
        grid.addWidget(self._stop, 1, 0)
        grid.addWidget(self._seed, 1, 1)
        grid.addWidget(reset, 1, 2)
        grid.setColumnStretch(0, 1)
        self._layout.addLayout(head)
        self._layout.addLayout(grid)
        self._layout.addWidget(self._phase)

    @property
    def script(self) -> str:
        """The task chosen."""
        return self._choice.currentText()

    @property
    def seed(self) -> int:
        """The seed of placement and script."""
        return self._seed.value()

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the scripts on offer and the one that runs."""
        if snapshot.scripts != self._scripts:
            self._scripts = snapshot.scripts
            self._choice.clear()
            self._choice.addItems(snapshot.scripts)
        running = bool(snapshot.script)
        if running != self._running:
            self._running = running
            self._run.setVisible(not running)
            self._stop.setVisible(running)
            self._choice.setEnabled(not running)
        phase = f"{snapshot.script}: {snapshot.script_phase}" if running else ""
        self._phase.say(phase or "It moves the leaders; the robot follows in teleoperation.")
        for button in self._buttons:
            button.refresh()
