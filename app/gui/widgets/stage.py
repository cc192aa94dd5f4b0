"""Over the front camera, to be read from two metres: countdown, recording, reset, and what to do now."""

from __future__ import annotations

import math

from PyQt6.QtCore import QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QWidget

from app.gui import tokens
from app.gui.phases import Large
from app.gui.theme import with_alpha

_FULL_TURN = 360 * 16
_QUARTER_TURN = 90 * 16


class Stage(QWidget):
    """Lies over the tile that it is told; clicks go through it, and it costs nothing while it says nothing."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self._large = Large()
        self._badge_font = tokens.font(tokens.TEXT_TITLE_PX, bold=True)
        self._words_font = tokens.font(tokens.TEXT_BANNER_PX, bold=True)
        self._more_font = tokens.font(tokens.TEXT_TITLE_PX)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setVisible(False)

    @property
    def shown(self) -> Large:
        """What it says now."""
        return self._large

    def apply(self, large: Large, *, over: QRect) -> None:
        """Say this over a part of the host."""
        if self.geometry() != over:
            self.setGeometry(over)
        if repr(large) == repr(self._large):  # NaN is never equal to itself
            return
        self._large = large
        words = (large.badge, large.figure, large.words, large.more)
        self.setAccessibleName(", ".join(part for part in words if part))
        self.setVisible(any(words))
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Badge, figure, words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._large.badge:
            self._paint_badge(painter)
        if self._large.figure:
            self._paint_figure(painter)
        elif self._large.words or self._large.more:
            self._paint_words(painter, self.height() - tokens.steps(6), from_below=True)

    def _paint_badge(self, painter: QPainter) -> None:
        metrics = QFontMetricsF(self._badge_font)
        dot = tokens.TEXT_LARGE_PX
        pad = tokens.steps(3)
        room = self.width() - 2 * tokens.steps(3)
        words_px = min(metrics.horizontalAdvance(self._large.badge) + 1, room - dot - 3 * pad)
        width, height = words_px + dot + 3 * pad, metrics.height() + tokens.steps(3)
        plate = QRectF(self.width() - width - tokens.steps(3), tokens.steps(3), width, height)
        self._paint_plate(painter, plate)
        circle = QRectF(plate.left() + pad, plate.center().y() - dot / 2, dot, dot)
        painter.setPen(QPen(QColor(tokens.ALARM if self._large.recording else tokens.DARK.text_dim), 2))
        painter.setBrush(QColor(tokens.ALARM) if self._large.recording else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(circle)
        painter.setFont(self._badge_font)
        painter.setPen(QColor(tokens.DARK.text))
        line = plate.adjusted(dot + 2 * pad, 0, 0, 0)
        words = metrics.elidedText(self._large.badge, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_figure(self, painter: QPainter) -> None:
        font = tokens.figure_font(self.height())
        metrics = QFontMetricsF(font)
        side = 1.25 * metrics.height()
        disc = QRectF((self.width() - side) / 2, (self.height() - side) / 2 - tokens.steps(8), side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(with_alpha(tokens.PICTURE_GROUND, tokens.STALE_ALPHA))
        painter.drawEllipse(disc)
        if math.isfinite(self._large.share):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.TELEOP), tokens.EDGE_PX, cap=Qt.PenCapStyle.FlatCap))
            turn = round(_FULL_TURN * min(1.0, max(0.0, self._large.share)))
            painter.drawArc(disc.adjusted(4, 4, -4, -4), _QUARTER_TURN, turn)
        painter.setFont(font)
        painter.setPen(QColor(tokens.DARK.text))
        painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, self._large.figure)
        self._paint_words(painter, disc.bottom() + tokens.steps(3), from_below=False)

    def _paint_words(self, painter: QPainter, edge_y: float, *, from_below: bool) -> None:
        """Up to two lines on one plate, below an edge or above it."""
        lines = [
            (words, font)
            for words, font in (
                (self._large.words, self._words_font),
                (self._large.more, self._more_font),
            )
            if words
        ]
        if not lines:
            return
        pad = tokens.steps(4)
        most = self.width() - 2 * tokens.steps(3) - 2 * pad
        measured = [
            (words, font, QFontMetricsF(font))
            for words, font in ((words, self._fitting(words, font, most)) for words, font in lines)
        ]
        width = min(most, max(metrics.horizontalAdvance(words) + 1 for words, _, metrics in measured))
        height = sum(metrics.height() for _, _, metrics in measured) + pad
        top = edge_y - height if from_below else min(edge_y, self.height() - height - tokens.steps(3))
        plate = QRectF((self.width() - width) / 2 - pad, top, width + 2 * pad, height)
        self._paint_plate(painter, plate)
        painter.setPen(QColor(tokens.DARK.text))
        line_top = plate.top() + pad / 2
        for words, font, metrics in measured:
            painter.setFont(font)
            line = QRectF(plate.left() + pad, line_top, width, metrics.height())
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, width)
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, shown)
            line_top += metrics.height()

    def _fitting(self, words: str, font: QFont, most_px: float) -> QFont:
        """The font, or the smaller of the two where the words would not fit in it."""
        return font if QFontMetricsF(font).horizontalAdvance(words) <= most_px else self._more_font

    @staticmethod
    def _paint_plate(painter: QPainter, plate: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(with_alpha(tokens.PICTURE_GROUND, tokens.STALE_ALPHA))
        painter.drawRoundedRect(plate, tokens.CORNER_PX, tokens.CORNER_PX)
