"""A button that acts only after it was held down for a while, for what must not happen by accident."""

from __future__ import annotations

from PyQt6.QtCore import QElapsedTimer, QEvent, QRectF, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.theme import Theme, with_alpha

_STEP_MS = 16


class HoldButton(QWidget):
    """Fills while it is held and emits `held` when full; letting go early empties it.

    Args:
        words: on it.
        theme: colours.
        hold_ms: how long it must be held.
        on_panel: it stands on an ordinary panel, rather than on the hue of an alarm.
    """

    held = pyqtSignal()

    def __init__(
        self, words: str, theme: Theme, *, hold_ms: int = tokens.RELEASE_HOLD_MS, on_panel: bool = False
    ) -> None:
        super().__init__()
        self._on_panel = on_panel
        self._words = words
        self._theme = theme
        self._hold_ms = hold_ms
        self._since = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setInterval(_STEP_MS)
        self._timer.timeout.connect(self._advance)
        self._font = tokens.font(tokens.TEXT_PX, bold=True)
        self.setAccessibleName(words)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(tokens.CONTROL_HEIGHT_PX + tokens.steps(2))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def begin(self) -> None:
        """The finger is down."""
        if not self._timer.isActive():
            self._since.start()
            self._timer.start()

    def cancel(self) -> None:
        """The finger is up."""
        self._timer.stop()
        self.update()

    @property
    def progress(self) -> float:
        """0 to 1."""
        return min(1.0, self._since.elapsed() / self._hold_ms) if self._timer.isActive() else 0.0

    def sizeHint(self) -> QSize:
        """Room for the words."""
        return QSize(tokens.steps(40), self.height())

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Begin."""
        self.begin()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go."""
        self.cancel()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Space or Return while focused begins."""
        if event is not None and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.begin()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:
        """Let go; a key that repeats is still down."""
        if event is not None and not event.isAutoRepeat():
            self.cancel()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Let go."""
        self.cancel()
        super().focusOutEvent(event)

    def event(self, event: QEvent | None) -> bool:
        """Hiding or disabling it lets go too."""
        if event is not None and event.type() in (QEvent.Type.Hide, QEvent.Type.EnabledChange):
            self.cancel()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """An outlined button that fills from the left."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        ink = QColor(self._theme.palette.text if self._on_panel else tokens.ON_ALARM)
        fill = tokens.ALARM if self._on_panel else tokens.ON_HUE
        painter.setPen(QPen(ink, tokens.FOCUS_PX if self.hasFocus() else tokens.LINE_PX))
        painter.setBrush(with_alpha(fill, tokens.FILL_ALPHA))
        painter.drawRoundedRect(outline, tokens.CORNER_PX, tokens.CORNER_PX)
        if self.progress > 0:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(with_alpha(fill, tokens.STALE_ALPHA))
            filled = QRectF(outline)
            filled.setWidth(outline.width() * self.progress)
            painter.drawRoundedRect(filled, tokens.CORNER_PX, tokens.CORNER_PX)
        painter.setFont(self._font)
        painter.setPen(ink)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._words)

    def _advance(self) -> None:
        if self._since.elapsed() >= self._hold_ms:
            self._timer.stop()
            self.held.emit()
        self.update()
