"""Driving by hand: the keys that move the robot now, and handles for the same axes."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.jog_sender import JogSender
from app.gui.jog_wish import KEY_LEGEND, JogWish
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.handles import Handle
from app.gui.widgets.label import Label
from app.gui.wording import plain_name
from app.session.view import Snapshot

_LEGEND_ROWS = 5
_LEGEND_FROM_PX = 1080


class DriveTray(QWidget):
    """Visible while the operator drives by hand; hiding it lets everything go."""

    def __init__(self, actions: Actions, theme: Theme, sender: JogSender, *, hands: tuple[str, ...]) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._sender = sender
        self._base = self._handle("base", theme, across=True, along=True)
        self._turn = self._handle("turn", theme, across=True, along=False)
        self._lift = self._handle("lift", theme, across=False, along=True)
        self._hand = self._handle("hand", theme, across=True, along=True)
        self._height = self._handle("height", theme, across=False, along=True)
        self._gripper = self._handle("gripper", theme, across=False, along=True)
        self._base.moved.connect(lambda right, up: self._wish("base", JogWish(base=(up, -right, 0))))
        self._turn.moved.connect(lambda right, up: self._wish("turn", JogWish(base=(0, 0, -right))))
        self._lift.moved.connect(lambda right, up: self._wish("lift", JogWish(lift=up)))
        self._hand.moved.connect(lambda right, up: self._wish("hand", JogWish(linear=(up, -right, 0))))
        self._height.moved.connect(lambda right, up: self._wish("height", JogWish(linear=(0, 0, up))))
        self._gripper.moved.connect(lambda right, up: self._wish("gripper", JogWish(opening=up)))
        self._hand_label = Label("", size_px=tokens.TEXT_LARGE_PX, bold=True)
        self._swap = ActionButton(actions["drive.hand"], theme, title="Other", compact=True)
        self._swap.setVisible(len(hands) > 1)
        self._gamepad = Label("", size_px=tokens.TEXT_SMALL_PX, dim=True)

        words = QVBoxLayout()
        words.setSpacing(tokens.steps(2))
        words.addWidget(self._hand_label)
        words.addWidget(self._swap, alignment=Qt.AlignmentFlag.AlignLeft)
        words.addWidget(self._gamepad)
        words.addStretch()
        head = QWidget()
        head.setLayout(words)
        head.setFixedWidth(tokens.steps(26))
        words.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.steps(3), tokens.steps(3), tokens.steps(3), tokens.steps(2))
        row.setSpacing(tokens.steps(3))
        for widget in (self._base, self._turn, self._lift):
            row.addWidget(widget)
        row.addSpacing(tokens.steps(3))
        row.addWidget(head)
        hand_handles = (self._hand, self._height, self._gripper)
        for widget in hand_handles:
            row.addWidget(widget)
            widget.setVisible(bool(hands))
        head.setVisible(bool(hands))
        row.addSpacing(tokens.steps(3))
        self._keys = self._legend()
        row.addWidget(self._keys, stretch=1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(tokens.steps(36))

    def apply(self, snapshot: Snapshot, keys: JogWish) -> None:
        """Show the hand that is moved, the gamepad, and what the keys ask for."""
        self._hand_label.say(f"{plain_name(self._sender.hand)} hand" if self._sender.hand else "")
        self._gamepad.say(snapshot.gamepad or "no gamepad")
        self._swap.refresh()
        self._base.show_value(-keys.base[1], keys.base[0])
        self._turn.show_value(-keys.base[2], 0)
        self._lift.show_value(0, keys.lift)
        self._hand.show_value(-keys.linear[1], keys.linear[0])
        self._height.show_value(0, keys.linear[2])
        self._gripper.show_value(0, keys.opening)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """A narrow window leaves the keys to their overlay."""
        self._keys.setVisible(self.width() >= _LEGEND_FROM_PX)

    def _wish(self, source: str, wish: JogWish) -> None:
        self._sender.wish(source, wish)

    @staticmethod
    def _handle(words: str, theme: Theme, *, across: bool, along: bool) -> Handle:
        return Handle(words, theme, across=across, along=along)

    @staticmethod
    def _legend() -> QWidget:
        legend = QWidget()
        grid = QGridLayout(legend)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(tokens.steps(2))
        grid.setVerticalSpacing(tokens.steps(1))
        for number, (keys, meaning) in enumerate(KEY_LEGEND):
            row, column = number % _LEGEND_ROWS, 2 * (number // _LEGEND_ROWS)
            grid.addWidget(Label(keys, size_px=tokens.TEXT_SMALL_PX, bold=True).fit(), row, column)
            grid.addWidget(Label(meaning, size_px=tokens.TEXT_SMALL_PX, dim=True).fit(), row, column + 1)
        grid.setColumnStretch(4, 1)
        grid.setRowStretch(_LEGEND_ROWS, 1)
        return legend
