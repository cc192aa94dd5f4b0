"""On-screen handles: a pad of two axes and a slider of one, which spring back when let go."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.theme import Theme

_KNOB_PX = 22
_DEAD_ZONE = 0.06


class Handle(QWidget):
    """A knob that is dragged from the middle; `moved` gives right and up in [-1, 1], zero when let go.

    Args:
        words: what it moves, drawn below it.
        across, along: which axes it has.
    """

    moved = pyqtSignal(float, float)

    def __init__(self, words: str, theme: Theme, *, across: bool, along: bool) -> None:
        super().__init__()
        self._words = words
        self._theme = theme
        self._across, self._along = across, along
        self._at = QPointF(0, 0)
        self._shown = QPointF(0, 0)
        self._font = tokens.font(tokens.TEXT_SMALL_PX)
        self.setAccessibleName(words)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        side = tokens.steps(28)
        self.setFixedWidth(side if across else tokens.steps(14))
        self.setMinimumHeight(side)

    def sizeHint(self) -> QSize:
        """A square pad, or a slim slider."""
        return QSize(self.width(), tokens.steps(28))

    def show_value(self, right: float, up: float) -> None:
        """Show what the keys ask for on the same axis."""
        point = QPointF(right, up)
        if point != self._shown:
            self._shown = point
            self.update()

    def let_go(self) -> None:
        """Spring back."""
        if self._at != QPointF(0, 0):
            self._at = QPointF(0, 0)
            self.moved.emit(0.0, 0.0)
            self.update()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take the knob."""
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Drag the knob."""
        if event is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        rail = self._rail()
        offset = event.position() - rail.center()
        reach_x, reach_y = max(rail.width() / 2, 1.0), max(rail.height() / 2, 1.0)
        right = _axis(offset.x() / reach_x) if self._across else 0.0
        up = _axis(-offset.y() / reach_y) if self._along else 0.0
        if QPointF(right, up) != self._at:
            self._at = QPointF(right, up)
            self.moved.emit(right, up)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go."""
        self.let_go()

    def event(self, event: QEvent | None) -> bool:
        """Whatever takes the pointer away lets go."""
        losing = (QEvent.Type.Hide, QEvent.Type.WindowDeactivate, QEvent.Type.UngrabMouse)
        if event is not None and event.type() in losing:
            self.let_go()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Field, cross, knob, words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        field = QRectF(self._field())
        painter.setPen(QPen(QColor(palette.line), tokens.LINE_PX))
        painter.setBrush(QColor(palette.ground))
        painter.drawRoundedRect(field.adjusted(0.5, 0.5, -0.5, -0.5), tokens.CORNER_PX, tokens.CORNER_PX)
        centre, rail = field.center(), self._rail()
        if self._along:
            painter.drawLine(QPointF(centre.x(), rail.top()), QPointF(centre.x(), rail.bottom()))
        if self._across:
            painter.drawLine(QPointF(rail.left(), centre.y()), QPointF(rail.right(), centre.y()))
        at = self._at if self._at != QPointF(0, 0) else self._shown
        knob = centre + QPointF(at.x() * rail.width() / 2, -at.y() * rail.height() / 2)
        active = at != QPointF(0, 0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.TELEOP if active else palette.text_dim))
        painter.drawEllipse(knob, _KNOB_PX / 2, _KNOB_PX / 2)
        painter.setFont(self._font)
        painter.setPen(QColor(palette.text_dim))
        words = QRectF(0, field.bottom() + 2, self.width(), tokens.TEXT_SMALL_PX + tokens.steps(1))
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, self._words)

    def _field(self) -> QRectF:
        height = self.height() - tokens.TEXT_SMALL_PX - tokens.steps(2)
        width = self.width() if self._across else tokens.steps(10)
        return QRectF((self.width() - width) / 2, 0, width, height)

    def _rail(self) -> QRectF:
        inset = _KNOB_PX / 2 + tokens.steps(1)
        field = QRectF(self._field())
        rail = field.adjusted(inset, inset, -inset, -inset)
        return rail if self._along else QRectF(rail.left(), field.center().y(), rail.width(), 0)


def _axis(value: float) -> float:
    clipped = min(1.0, max(-1.0, value))
    return 0.0 if abs(clipped) < _DEAD_ZONE else clipped
