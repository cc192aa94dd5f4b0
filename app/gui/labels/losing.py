"""Asked when the window is closed and the disk refuses labels: whether to wait for it, or to lose them."""

from __future__ import annotations

from PyQt6.QtCore import QTimer, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QWidget

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.label import Label
from app.gui.widgets.overlay import Overlay
from app.gui.wording import counted, headline, sentence

LOSING_KEYS = "losing"
"""The page whose keys count while it is asked."""

_LOOK_MS = 100
_WIDTH_PX = tokens.steps(140)


class Losing(Overlay):
    """Stays until it is answered, or until there is nothing to lose any more. To go back to the window is the default.

    Args:
        host: the page area.
        actions: for its buttons.
        theme: colours.

    Attributes:
        stayed: the window is to stay open, and the disk is tried again and again.
        chosen: labels are to be lost.
        looks: it is time to look whether labels are on the disk now.
    """

    keys = LOSING_KEYS
    stayed = pyqtSignal()
    chosen = pyqtSignal()
    looks = pyqtSignal()

    def __init__(self, host: QWidget, actions: Actions, theme: Theme) -> None:
        super().__init__(host, width_px=_WIDTH_PX, height_px=_WIDTH_PX)
        self.title = Label(size_px=tokens.TEXT_TITLE_PX, bold=True, wrap=True)
        self.why = Label(wrap=True)
        self._lose = ActionButton(actions["labels.lose"], theme, compact=True)
        buttons = QHBoxLayout()
        buttons.addWidget(ActionButton(actions["labels.stay"], theme, title="Keep trying", compact=True))
        buttons.addWidget(self._lose)
        self.body.addWidget(self.title)
        self.body.addWidget(self.why)
        self.body.addWidget(
            Label(
                "It is tried again each second. The window closes once they are there; to keep trying leaves it open.",
                dim=True,
                wrap=True,
            )
        )
        self.body.addStretch(1)
        self.body.addLayout(buttons)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)

    def ask(self, steps: int, problem: str) -> None:
        """Say what would be lost, and why; again with how it stands now."""
        self.title.say(f"{counted(steps, 'label step')} not on the disk")
        self.why.say(". ".join(sentence(part) for part in headline(problem) if part))
        self._lose.set_title(f"Close and lose {counted(steps, 'step')}")
        self.fit_height(self.body.totalHeightForWidth(_WIDTH_PX))
        if not self.isVisible():
            self.open()
            self._timer.start(_LOOK_MS)
            if (window := self.window()) is not None:
                window.setFocus()  # a line that has the focus would take the keys

    def close_over(self) -> None:
        """Not to answer, as at STOP, is to stay."""
        super().close_over()
        self.stayed.emit()

    def lose(self) -> None:
        """Close the window, whatever becomes of the labels."""
        self.hide()
        self.chosen.emit()

    def _look(self) -> None:
        """A window that is put away, and shows nothing, still asks: it is to close once labels are on the disk."""
        if self.isHidden():
            self._timer.stop()
        else:
            self.looks.emit()
