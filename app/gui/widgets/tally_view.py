"""What was done today of this task by this operator: a bar towards the number wanted, and how well it goes."""

from __future__ import annotations

import math

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.collection.view import Tally
from app.gui import tokens
from app.gui.theme import Theme
from app.gui.wording import amount, counted, length

_BAR_PX = 8


def tally_words(tally: Tally) -> str:
    """How well it goes: "92 % success   41 ± 6 s"; what is not known yet is left out."""
    parts = []
    if math.isfinite(tally.success_rate):
        parts.append(f"{tally.success_rate:.0%} success")
    if math.isfinite(tally.mean_s):
        spread = f" ± {round(tally.spread_s)} s" if math.isfinite(tally.spread_s) else ""
        parts.append(length(tally.mean_s) + spread)
    return "   ".join(parts)


class TallyView(QWidget):
    """Painted; the bar is there when a number is wanted."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._tally: Tally | None = None
        self._font = tokens.font(tokens.TEXT_PX)
        self._bold = tokens.font(tokens.TEXT_PX, bold=True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)
        self.apply(Tally())

    @property
    def words(self) -> str:
        """Everything it says."""
        return self.accessibleName()

    def apply(self, tally: Tally) -> None:
        """Follow the counts."""
        if repr(tally) == repr(self._tally):  # NaN is never equal to itself
            return
        self._tally = tally
        self.setFixedHeight(
            tokens.TEXT_PX + tokens.steps(2) + (_BAR_PX + tokens.steps(1)) * bool(tally.target)
        )
        self.setAccessibleName(f"Today: {self._done()}   {tally_words(tally)}".strip())
        self.update()

    def sizeHint(self) -> QSize:
        """One line, and the bar."""
        return QSize(tokens.steps(50), self.height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Count at the left, how well at the right, the bar below."""
        tally = self._tally
        if tally is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        line = QRectF(0, 0, self.width(), tokens.TEXT_PX + tokens.steps(2))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self._bold)
        painter.setPen(QColor(palette.text))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | middle, f"Today {self._done()}")
        painter.setFont(self._font)
        painter.setPen(QColor(palette.text_dim))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | middle, tally_words(tally))
        if not tally.target:
            return
        bar = QRectF(0, self.height() - _BAR_PX, self.width(), _BAR_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.line))
        painter.drawRoundedRect(bar, _BAR_PX / 2, _BAR_PX / 2)
        if tally.episodes:
            full = QRectF(bar)
            full.setWidth(max(_BAR_PX, bar.width() * min(1.0, tally.episodes / tally.target)))
            painter.setBrush(QColor(tokens.GOOD if tally.episodes >= tally.target else tokens.TELEOP))
            painter.drawRoundedRect(full, _BAR_PX / 2, _BAR_PX / 2)

    def _done(self) -> str:
        tally = self._tally or Tally()
        if tally.target:
            done = " ✓" if tally.episodes >= tally.target else ""
            return f"{amount(tally.episodes)}/{amount(tally.target)}{done}"
        return counted(tally.episodes, "episode")
