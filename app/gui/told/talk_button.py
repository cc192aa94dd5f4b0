"""The button that is held to talk, with the level of the microphone in it while it is."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.actions import Action
from app.gui.theme import Theme, with_alpha
from app.gui.widgets.level_meter import QUIETEST_DBFS
from app.gui.wording import key_caps

_HOLDING_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class TalkButton(QWidget):
    """Tells when it is held and when it is let go; whatever takes pointer or focus away lets go.

    Args:
        action: `voice.talk`, for its key.
        theme: colours.
    """

    held = pyqtSignal()
    let_go = pyqtSignal()

    def __init__(self, action: Action, theme: Theme) -> None:
        super().__init__()
        self._action = action
        self._theme = theme
        self._words, self._level, self._on = "Hold to talk", 0.0, False
        self._down = False
        self._ready = True
        self._font = tokens.font(tokens.TEXT_LARGE_PX, bold=True)
        self._cap_font = tokens.font(tokens.TEXT_SMALL_PX)
        self.setAccessibleName("Hold to talk")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(tokens.CONTROL_HEIGHT_PX + tokens.steps(3))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    @property
    def words(self) -> str:
        """The words on it."""
        return self._words

    @property
    def level(self) -> float:
        """How much of it is filled, 0 to 1."""
        return self._level

    def show_state(self, words: str, *, on: bool, ready: bool, rms_dbfs: float) -> None:
        """Show whether somebody talks, and how loud.

        Args:
            words: on it.
            on: whether it is held, by whatever.
            ready: whether it would do anything.
            rms_dbfs: level of the microphone; shown while it is on.
        """
        level = round(min(1.0, max(0.0, 1.0 - rms_dbfs / QUIETEST_DBFS)), 2) if on else 0.0
        if (words, on, ready, level) != (self._words, self._on, self._ready, self._level):
            self._words, self._on, self._ready, self._level = words, on, ready, level
            self.setAccessibleName(words)
            self.update()

    def sizeHint(self) -> QSize:
        """Room for words and key."""
        return QSize(tokens.steps(50), self.height())

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Held."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._hold()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go."""
        self._release()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Space or Enter, while it has the focus, hold it."""
        if event is not None and Qt.Key(event.key()) in _HOLDING_KEYS:
            if not event.isAutoRepeat():
                self._hold()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:
        """Let go; a key that repeats is still down."""
        if event is not None and not event.isAutoRepeat():
            self._release()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Let go."""
        self._release()
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent | None) -> bool:
        """Hiding it, or another window, lets go too."""
        losing = (QEvent.Type.Hide, QEvent.Type.WindowDeactivate, QEvent.Type.UngrabMouse)
        if event is not None and event.type() in losing:
            self._release()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """A slab that fills with the voice."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        edge = tokens.TELEOP if self.hasFocus() else tokens.VERBAL if self._ready else palette.line
        painter.setPen(QPen(QColor(edge), tokens.FOCUS_PX))
        painter.setBrush(with_alpha(tokens.VERBAL, tokens.FILL_ALPHA) if self._on else QColor(palette.raised))
        painter.drawRoundedRect(area, tokens.CORNER_PX, tokens.CORNER_PX)
        if self._level > 0:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.VERBAL))
            painter.save()
            painter.setClipRect(QRectF(area.left(), area.top(), area.width() * self._level, area.height()))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), tokens.CORNER_PX, tokens.CORNER_PX)
            painter.restore()
        ink = palette.text if self._ready else palette.text_dim
        side, left = tokens.ICON_PX, tokens.steps(3)
        self._theme.icon("mdi6.microphone", ink).paint(painter, left, (self.height() - side) // 2, side, side)
        painter.setFont(self._font)
        painter.setPen(QColor(ink))
        words = self.rect().adjusted(left + side + tokens.steps(2), 0, -tokens.steps(3), 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._words)
        if self._action.key:
            self._paint_key(painter, words.right(), ink)

    def _paint_key(self, painter: QPainter, right: int, ink: str) -> None:
        cap = key_caps(self._action.key)
        width = QFontMetrics(self._cap_font).horizontalAdvance(cap) + tokens.steps(3)
        height = tokens.TEXT_SMALL_PX + tokens.steps(2)
        area = QRectF(right - width, (self.height() - height) / 2, width, height)
        painter.setPen(QPen(with_alpha(ink, tokens.GHOST_ALPHA), tokens.LINE_PX))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area, 4, 4)
        painter.setFont(self._cap_font)
        painter.setPen(QColor(ink))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, cap)

    def _hold(self) -> None:
        if not self._down:
            self._down = True
            self.held.emit()

    def _release(self) -> None:
        if self._down:
            self._down = False
            self.let_go.emit()
