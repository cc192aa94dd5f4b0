"""A bar that shows how loud a microphone is: filled to the mean, a line at the peak, and words when it is too loud."""

from __future__ import annotations

from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.theme import Theme

QUIETEST_DBFS = -60.0
_LOUD_DBFS = -6.0


class LevelMeter(QWidget):
    """Painted; from -60 dB at the left to full scale at the right."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rms_dbfs = self._peak_dbfs = QUIETEST_DBFS
        self._clipped = False
        self.setAccessibleName("Level of the microphone")
        self.setFixedHeight(tokens.steps(3))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_level(self, rms_dbfs: float, peak_dbfs: float, *, clipped: bool) -> None:
        """Show a level, in decibels below full scale."""
        shown = (max(QUIETEST_DBFS, rms_dbfs), max(QUIETEST_DBFS, peak_dbfs), clipped)
        if shown != (self._rms_dbfs, self._peak_dbfs, self._clipped):
            self._rms_dbfs, self._peak_dbfs, self._clipped = shown
            self.setAccessibleDescription(f"{peak_dbfs:.0f} dB")
            self.update()

    @property
    def fill(self) -> float:
        """How much of it is filled, 0 to 1."""
        return 1.0 - self._rms_dbfs / QUIETEST_DBFS

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The groove, the mean, the peak."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(palette.line), tokens.LINE_PX))
        painter.setBrush(QColor(palette.raised))
        painter.drawRoundedRect(area, tokens.CORNER_PX / 2, tokens.CORNER_PX / 2)
        hue = (
            tokens.ALARM if self._clipped else tokens.WARNING if self._peak_dbfs > _LOUD_DBFS else tokens.GOOD
        )
        filled = area.adjusted(1, 1, -1, -1)
        filled.setWidth(filled.width() * self.fill)
        painter.fillRect(filled, QColor(hue))
        peak = area.left() + 1 + (area.width() - 3) * (1.0 - self._peak_dbfs / QUIETEST_DBFS)
        if self._peak_dbfs > QUIETEST_DBFS:
            painter.fillRect(QRectF(peak, area.top() + 1, 2, area.height() - 2), QColor(palette.text))
