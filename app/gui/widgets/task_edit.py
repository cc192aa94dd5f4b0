"""The line that says what the robot is being shown, with the tasks given lately below it."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QComboBox, QCompleter

from app.gui import tokens
from app.gui.settings import Settings


class TaskEdit(QComboBox):
    """Editable; `committed` comes with Enter or a choice from the list. The last task is there at the next start."""

    committed = pyqtSignal()

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setFont(tokens.font(tokens.TEXT_LARGE_PX))
        self.setFixedHeight(tokens.CONTROL_HEIGHT_PX + tokens.steps(1))
        self.setAccessibleName("Task")
        self.setMinimumContentsLength(8)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.addItems(settings.tasks)
        line = self.lineEdit()
        if line is not None:
            line.setFont(tokens.font(tokens.TEXT_LARGE_PX))
            line.setPlaceholderText("What is being shown?")
        completer = self.completer()
        if completer is not None:
            completer.setCompletionMode(QCompleter.CompletionMode.InlineCompletion)
        self.activated.connect(lambda _: self.committed.emit())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Enter commits; all other keys are text."""
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.committed.emit()
        else:
            super().keyPressEvent(event)

    @property
    def task(self) -> str:
        """What is typed."""
        return self.currentText().strip()

    def remember(self) -> None:
        """Keep the task for the next time."""
        if not self.task:
            return
        task = self.task
        self._settings.remember_task(task)
        self.clear()
        self.addItems(self._settings.tasks)
        self.setCurrentText(task)
