"""A thin bar: how far something is, or that it goes on without anybody knowing how far."""

from __future__ import annotations

import math

from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.theme import Theme


class Progress(QWidget):
    """Painted; a share of NaN, where nobody knows, is drawn as a bar in the middle."""

    def __init__(self, theme: Theme, *, hue: str, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._hue = hue
        self._share = 0.0
        self.setAccessibleName(name)
        self.setFixedHeight(tokens.CORNER_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    @property
    def share(self) -> float:
        """How far, 0 to 1, or NaN."""
        return self._share

    def show_share(self, share: float) -> None:
        """Show how far it is."""
        if share != self._share and not (math.isnan(share) and math.isnan(self._share)):
            self._share = share
            self.setAccessibleDescription("" if math.isnan(share) else f"{share:.0%}")
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Groove and bar."""
        painter = QPainter(self)
        area = QRectF(self.rect())
        painter.fillRect(area, QColor(self._theme.palette.line))
        unknown = math.isnan(self._share)
        left, width = (area.width() / 3, area.width() / 3) if unknown else (0.0, area.width() * self._share)
        painter.fillRect(QRectF(left, 0, width, area.height()), QColor(self._hue))
