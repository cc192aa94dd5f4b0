"""The foot of every page: who drives, how fast, and STOP, always in the same place."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.catalogue.groups import SPEED_STEP
from app.gui.driving import Driving
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.label import Label
from app.gui.widgets.stop_button import StopButton
from app.messages import Mode
from app.session.view import Snapshot

BY_ITSELF = frozenset({Mode.REPLAY, Mode.VERBAL, Mode.AUTONOMOUS})
"""Modes in which the robot moves without the operator, who can take over."""

_MODE_ACTIONS = {
    Mode.HOLD: "mode.hold",
    Mode.TELEOP: "mode.teleop",
    Mode.VERBAL: "mode.listen",
    Mode.AUTONOMOUS: "mode.alone",
}
_TITLES = {Mode.TELEOP: "Teleoperate", Mode.VERBAL: "Listen", Mode.AUTONOMOUS: "Go alone"}
_LOADING = "Loading …"

_BARS = round(1 / SPEED_STEP)


class SpeedBars(QWidget):
    """The speed of base and lift, and the pace of the policy's chunks, as bars and percent."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._speed = 1.0
        self._font = tokens.font(tokens.TEXT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        words_px = QFontMetrics(self._font).horizontalAdvance("100%")
        self._widths_px = (tokens.steps(12), tokens.steps(14) + words_px)
        self.setFixedSize(self._widths_px[1], tokens.CONTROL_HEIGHT_PX)
        theme.changed.connect(self.update)

    def show_percent(self, shown: bool) -> None:
        """With the number beside the bars, or without."""
        self.setFixedWidth(self._widths_px[shown])

    def apply(self, snapshot: Snapshot) -> None:
        """Follow the speed."""
        if snapshot.speed != self._speed:
            self._speed = snapshot.speed
            self.setAccessibleName(f"Speed {snapshot.speed:.0%}")
            self.update()

    def sizeHint(self) -> QSize:
        """Fixed."""
        return self.size()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Rising bars, then the number."""
        painter = QPainter(self)
        palette = self._theme.palette
        for bar in range(_BARS):
            height = 8 + 4 * bar
            lit = self._speed > bar * SPEED_STEP + 1e-6
            rect = QRectF(tokens.steps(1) + bar * 11, (self.height() + 20) / 2 - height, 8, height)
            painter.fillRect(rect, QColor(palette.text if lit else palette.line))
        painter.setFont(self._font)
        painter.setPen(QColor(palette.text))
        words = self.rect().adjusted(tokens.steps(13), 0, 0, 0)
        painter.drawText(
            words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, f"{self._speed:.0%}"
        )


class Foot(QWidget):
    """Mode buttons, speed, STOP."""

    def __init__(self, actions: Actions, theme: Theme, driving: Driving, *, stop: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("foot")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(tokens.FOOT_HEIGHT_PX + 1)
        self._driving = driving
        self._modes = {
            mode: ActionButton(actions[action], theme, hue=tokens.MODE_LOOKS[mode].hue, one_key=True)
            for mode, action in _MODE_ACTIONS.items()
        }
        self._drive = ActionButton(
            actions["drive.keys"], theme, title="By hand", hue=tokens.TELEOP, compact=True, one_key=True
        )
        self._slower = ActionButton(actions["speed.down"], theme, compact=True, bare=True)
        self._faster = ActionButton(actions["speed.up"], theme, compact=True, bare=True)
        self._home = ActionButton(
            actions["lift.home"], theme, title="Home the lift", compact=True, one_key=True
        )
        self._speed = SpeedBars(theme)
        self._speed_word = Label("Speed", dim=True).fit()
        self._homing: bool | None = None
        self._titles: dict[Mode, str] = {}
        self.stop_button = StopButton(theme)
        self.stop_button.setFixedWidth(tokens.SIDE_WIDTH_PX - 2 * tokens.steps(3))
        self.stop_button.pressed.connect(stop)
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(tokens.steps(3), tokens.steps(2), tokens.steps(3), tokens.steps(2))
        row.setSpacing(tokens.steps(2))
        for button in self._modes.values():
            row.addWidget(button)
        row.addSpacing(tokens.steps(2))
        row.addWidget(self._drive)
        row.addWidget(self._home)
        row.addStretch()
        row.addWidget(self._speed_word)
        row.addWidget(self._slower)
        row.addWidget(self._speed)
        row.addWidget(self._faster)
        row.addSpacing(tokens.steps(3))
        row.addWidget(self.stop_button)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """STOP keeps its place and its size; in a narrow window others say less."""
        self._make_room()

    def _make_room(self) -> None:
        """Leave out what is said elsewhere too until the rest fits: a word, then keys of what is rare, then all."""
        row, room_px = self._row, self.width()
        for left_out in range(5):
            self._speed_word.setVisible(left_out < 1)
            for button in (self._drive, self._home):
                button.show_key(left_out < 2)
            for button in self._modes.values():
                button.show_key(left_out < 3)
            self._speed.show_percent(left_out < 4)
            row.invalidate()
            if row.minimumSize().width() <= room_px:
                return

    def apply(self, snapshot: Snapshot, *, waiting: Mode | None = None) -> None:
        """Follow mode and speed.

        Args:
            snapshot: what is so.
            waiting: the mode that begins when a policy is loaded.
        """
        for mode, button in self._modes.items():
            offered = mode is Mode.TELEOP and snapshot.mode is Mode.REPLAY
            button.set_lit(snapshot.mode is mode or offered)
            button.refresh()
        titles = _TITLES | ({Mode.TELEOP: "Take over"} if snapshot.mode in BY_ITSELF else {})
        if waiting is not None:
            titles[waiting] = _LOADING
        if titles != self._titles:
            self._titles = titles
            for mode, title in titles.items():
                self._modes[mode].set_title(title)
            self._make_room()
        self._drive.set_lit(self._driving.on)
        for other in (self._drive, self._slower, self._faster, self._home):
            other.refresh()
        homing = not snapshot.homed and snapshot.mode is Mode.HOLD  # there is nothing to drive by hand yet
        if homing != self._homing:
            self._homing = homing
            self._home.setVisible(homing)
            self._drive.setVisible(not homing)
            self._make_room()
        self._speed.apply(snapshot)
