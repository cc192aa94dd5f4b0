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

_BARS = round(1 / SPEED_STEP)


class SpeedBars(QWidget):
    """The speed of base and lift as bars and percent."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._speed = 1.0
        self._font = tokens.font(tokens.TEXT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        words_px = QFontMetrics(self._font).horizontalAdvance("100%")
        self.setFixedSize(tokens.steps(14) + words_px, tokens.CONTROL_HEIGHT_PX)
        theme.changed.connect(self.update)

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
            Mode.HOLD: ActionButton(actions["mode.hold"], theme, hue=tokens.HOLD),
            Mode.TELEOP: ActionButton(actions["mode.teleop"], theme, hue=tokens.TELEOP),
        }
        self._drive = ActionButton(actions["drive.keys"], theme, hue=tokens.TELEOP)
        self._slower = ActionButton(actions["speed.down"], theme, compact=True, bare=True)
        self._faster = ActionButton(actions["speed.up"], theme, compact=True, bare=True)
        self._home = ActionButton(actions["lift.home"], theme, title="Home the lift")
        self._speed = SpeedBars(theme)
        self._speed_word = Label("Speed", dim=True).fit()
        self._homing: bool | None = None
        self.stop_button = StopButton(theme)
        self.stop_button.setFixedWidth(tokens.SIDE_WIDTH_PX - 2 * tokens.steps(3))
        self.stop_button.pressed.connect(stop)
        row = QHBoxLayout(self)
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
        roomy = self.width() >= tokens.ROOMY_FOOT_FROM_PX
        self._speed_word.setVisible(roomy)
        for button in (self._drive, self._home):
            button.show_key(roomy)

    def apply(self, snapshot: Snapshot) -> None:
        """Follow mode and speed."""
        for mode, button in self._modes.items():
            button.set_lit(snapshot.mode is mode or (mode is Mode.TELEOP and snapshot.mode in BY_ITSELF))
            button.refresh()
        self._modes[Mode.TELEOP].set_title("Take over" if snapshot.mode in BY_ITSELF else "Teleoperate")
        self._drive.set_lit(self._driving.on)
        for other in (self._drive, self._slower, self._faster, self._home):
            other.refresh()
        homing = not snapshot.homed and snapshot.mode is Mode.HOLD  # there is nothing to drive by hand yet
        if homing != self._homing:
            self._homing = homing
            self._home.setVisible(homing)
            self._drive.setVisible(not homing)
        self._speed.apply(snapshot)
