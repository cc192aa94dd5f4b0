"""Short words that come and go by themselves: "Recording", "Success"."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer
from PyQt6.QtWidgets import QLabel, QWidget

from app.gui import tokens
from app.session.view import Snapshot


class Toast(QLabel):
    """At the top in the middle of its host, for a moment; clicks go through it."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.setObjectName("toast")
        self.setFont(tokens.font(tokens.TEXT_TITLE_PX, bold=True))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._said: int | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(tokens.TOAST_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()
        host.installEventFilter(self)

    def apply(self, snapshot: Snapshot) -> None:
        """Say what is new; what was said before the window came up stays unsaid."""
        counting = snapshot.say.isdigit()  # it stands over the picture already, larger
        if self._said is not None and snapshot.say_id != self._said and snapshot.say and not counting:
            self.flash(snapshot.say)
        self._said = snapshot.say_id

    def flash(self, words: str) -> None:
        """Show these words for a moment."""
        self.setText(words[:1].upper() + words[1:])
        room_px = self._room_px()
        self.setWordWrap(self.fontMetrics().horizontalAdvance(words) > room_px - 2 * tokens.steps(8))
        self.setMaximumWidth(room_px)
        self.setMinimumWidth(room_px if self.wordWrap() else 0)
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Stay in the middle."""
        if event is not None and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _room_px(self) -> int:
        """How wide it may be: beside the side column."""
        host = self.parentWidget()
        return host.width() - tokens.SIDE_WIDTH_PX - tokens.steps(8) if host is not None else self.width()

    def _place(self) -> None:
        host = self.parentWidget()
        if host is not None:
            left = (host.width() - tokens.SIDE_WIDTH_PX - self.width()) // 2
            self.move(left, tokens.steps(12))  # the hands are low in the picture, the numbers below it
