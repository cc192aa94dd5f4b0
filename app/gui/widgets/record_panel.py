"""Recording: the task, the dot, how long, how much, and the keys that end it."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.jog_wish import PLAIN_KEYS
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.label import Label
from app.gui.widgets.task_edit import TaskEdit
from app.gui.wording import amount, clock, counted, episode_number, size
from app.session.view import Snapshot


class RecordLine(QWidget):
    """The dot, REC, the running time: legible from two metres."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._recording = False
        self._words = ""
        self._right = ""
        self._font = tokens.font(tokens.TEXT_TITLE_PX, bold=True)
        self._right_font = tokens.font(tokens.TEXT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(tokens.TEXT_TITLE_PX + tokens.steps(2))

    def say(self, words: str, *, recording: bool, right: str) -> None:
        """Show a state; free when it is shown already."""
        if (recording, words, right) != (self._recording, self._words, self._right):
            self._recording, self._words, self._right = recording, words, right
            self.setAccessibleName(words if recording else f"Not recording, {words.lower()}")
            self.update()

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(tokens.steps(50), self.height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The line."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        dot = tokens.TEXT_LARGE_PX
        circle = QRectF(1, (self.height() - dot) / 2, dot, dot)
        painter.setPen(QColor(tokens.ALARM if self._recording else palette.text_dim))
        painter.setBrush(QColor(tokens.ALARM) if self._recording else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(circle)
        painter.setFont(self._font)
        painter.setPen(QColor(palette.text if self._recording else palette.text_dim))
        room = self.rect().adjusted(dot + tokens.steps(3), 0, 0, 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._words)
        painter.setFont(self._right_font)
        painter.setPen(QColor(palette.text_dim))
        painter.drawText(
            self.rect(), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._right
        )


class RecordPanel(QWidget):
    """Task line, record line, figures and buttons."""

    def __init__(self, actions: Actions, theme: Theme, task: TaskEdit) -> None:
        super().__init__()
        self._line = RecordLine(theme)
        self._figures = Label(size_px=tokens.TEXT_SMALL_PX, dim=True)
        self._start = ActionButton(actions["record.start"], theme, hue=tokens.ALARM, ink=tokens.ON_ALARM)
        self._ends = [
            ActionButton(actions["record.success"], theme, hue=tokens.GOOD, title="Success", compact=True),
            ActionButton(actions["record.failure"], theme, hue=tokens.ALARM, title="Fail", compact=True),
            ActionButton(actions["record.drop"], theme, title="Drop", compact=True),
        ]
        self._later = ActionButton(actions["record.end"], theme, title="End", compact=True)
        head = QHBoxLayout()
        head.addWidget(Label("Task", size_px=tokens.TEXT_SMALL_PX, dim=True).fit())
        head.addStretch()
        head.addWidget(Label("/", size_px=tokens.TEXT_SMALL_PX, dim=True).fit())
        ends = QGridLayout()
        ends.setSpacing(tokens.steps(2))
        for number, button in enumerate((*self._ends, self._later)):
            ends.addWidget(button, number // 2, number % 2)
        self._end_box = QWidget()
        self._end_box.setLayout(ends)
        ends.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(tokens.steps(2))
        layout.addLayout(head)
        layout.addWidget(task)
        layout.addWidget(self._line)
        layout.addWidget(self._figures)
        layout.addWidget(self._start)
        layout.addWidget(self._end_box)
        self._recording: bool | None = None

    def apply(self, snapshot: Snapshot, *, driving: bool) -> None:
        """Follow the running episode; while `driving`, show the second keys of those that driving takes."""
        recording = snapshot.recording
        if recording is None:
            self._line.say(
                "Ready" if snapshot.ready else "Waiting",
                recording=False,
                right=counted(len(snapshot.episodes), "episode"),
            )
            self._figures.say(snapshot.dataset)
        else:
            self._line.say(
                f"REC  {clock(recording.duration_s)}",
                recording=True,
                right=episode_number(recording.episode_id),
            )
            self._figures.say(
                f"{amount(recording.rows)} rows   {amount(recording.frames)} frames   "
                f"{amount(recording.dropped)} dropped   {size(recording.bytes_written)}"
            )
        if (recording is not None) != self._recording:
            self._recording = recording is not None
            self._start.setVisible(not self._recording)
            self._end_box.setVisible(self._recording)
        for button in (self._start, *self._ends, self._later):
            button.refresh()
            button.set_steady(driving and button.key in PLAIN_KEYS)
