"""A check box whose tick is drawn, since a stylesheet's is a filled square."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QCheckBox, QStyle, QStyleOptionButton

from app.gui import tokens

_TICK = ((0.24, 0.52), (0.43, 0.70), (0.77, 0.32))


class TickBox(QCheckBox):
    """As a check box, in the design's hand."""

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The style's box, and the tick in it."""
        super().paintEvent(event)
        style = self.style()
        if not self.isChecked() or style is None:
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = QRectF(style.subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(tokens.ON_HUE), tokens.FOCUS_PX, cap=Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        points = [QPointF(box.x() + x * box.width(), box.y() + y * box.height()) for x, y in _TICK]
        painter.drawPolyline(QPolygonF(points))
