"""The line of buttons that move the playhead, and where it is."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.review.film import Film
from app.gui.review.heard import Heard
from app.gui.review.player import Player
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.label import Label
from app.gui.wording import clock

_CAPTURED_FROM_PX = 960
_KEYS_FROM_PX = 880

_BUTTONS = (
    ("review.back", "◀"),
    ("review.play", "Play"),
    ("review.forward", "▶"),
    ("review.step_back", "−1"),
    ("review.step", "+1"),
    ("review.slower", ""),
    ("review.faster", ""),
    ("review.loop", "Loop"),
    ("review.mute", "Sound"),
)


class Transport(QWidget):
    """Follows the player, and whether it is heard."""

    def __init__(self, actions: Actions, theme: Theme, heard: Heard) -> None:
        super().__init__()
        self._heard = heard
        self.setFixedHeight(tokens.CONTROL_HEIGHT_PX + tokens.steps(3))
        self._buttons: dict[str, ActionButton] = {}
        self._rate = Label(bold=True)
        self._rate.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._rate.setFixedWidth(tokens.steps(11))
        self._rate.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._rate.setAccessibleName("Speed")
        self.time = Label(size_px=tokens.TEXT_LARGE_PX, bold=True)
        self.captured = Label(size_px=tokens.TEXT_SMALL_PX, dim=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.steps(3), 0, tokens.steps(3), 0)
        row.setSpacing(tokens.steps(1))
        for action_id, title in _BUTTONS:
            button = ActionButton(actions[action_id], theme, title=title, compact=True, bare=not title)
            self._buttons[action_id] = button
            if action_id == "review.faster":
                row.addWidget(self._rate)
            row.addWidget(button)
        row.addSpacing(tokens.steps(2))
        self.time.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        row.addWidget(self.time)
        row.addSpacing(tokens.steps(2))
        row.addWidget(self.captured, stretch=1)

    def apply(self, player: Player, film: Film) -> None:
        """Say where the player is and how it moves."""
        self._buttons["review.play"].set_title("Pause" if player.playing else "Play")
        self._buttons["review.back"].set_lit(player.velocity < 0)
        self._buttons["review.forward"].set_lit(player.velocity > 0)
        self._buttons["review.loop"].set_lit(player.loop)
        self._rate.say(f"{player.rate:g}×")
        self.time.say(f"{clock(player.elapsed_s)} / {clock(player.length_s)}")
        at_ns = player.position_ns
        self.captured.say(f"{film.wall_words(at_ns)}   {at_ns / 1e9:.3f} s")
        self.captured.setToolTip("When it was captured: by the clock, and on the recording's own clock")

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """In a narrow window the pictures say when they were captured, and the overlay of keys which keys there are."""
        self.captured.setVisible(self.width() >= _CAPTURED_FROM_PX)
        for button in self._buttons.values():
            button.show_key(not button.title or self.width() >= _KEYS_FROM_PX)

    def refresh(self) -> None:
        """Follow what can be done now."""
        for button in self._buttons.values():
            button.refresh()
        self._buttons["review.mute"].set_lit(self._heard.on and not self._heard.trouble)
