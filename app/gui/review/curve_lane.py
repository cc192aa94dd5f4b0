"""A number of state and action as a curve: measured over sent."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QPainter, QPen

from app.gui import tokens
from app.gui.review.axis import TimeAxis
from app.gui.review.film import Film
from app.gui.review.frames import frame_at
from app.gui.review.lanes import Lane
from app.gui.review.pyramid import Pyramid
from app.gui.review.reach import reach
from app.gui.review.strokes import columns_of, paint_band
from app.gui.theme import Theme
from app.gui.wording import plain_name, signed

_LEAST_SPAN = 0.06
_ROOM_PX = 4


class CurveLane(Lane):
    """One number of state and action: measured over sent."""

    def __init__(self, film: Film, number: int) -> None:
        self._film = film
        self.title = plain_name(film.names[number])
        self._unit = "" if film.units[number] == "1" else film.units[number]
        low, high = film.limits[number]
        whole = high - low if low is not None and high is not None else 1.0
        self._measured = np.ascontiguousarray(film.position[:, number])
        sent = np.ascontiguousarray(film.sent[:, number])
        self._low, self._high = reach(self._measured, sent, least=_LEAST_SPAN * whole)
        self._curves = (Pyramid.of(film.sent_ns, sent), Pyramid.of(film.time_ns, self._measured))

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """Both lines."""
        palette = theme.palette
        painter.setPen(QPen(QColor(palette.line), tokens.LINE_PX))
        painter.drawLine(area.topLeft(), area.topRight())
        inner = area.adjusted(0, _ROOM_PX, 0, -_ROOM_PX)
        columns = columns_of(painter, inner)
        hues = (tokens.ink_of(tokens.TELEOP, palette), palette.text)
        for pyramid, hue in zip(self._curves, hues, strict=True):
            band = pyramid.band(axis.from_ns, axis.to_ns, columns)
            low, high = ((values - self._low) / (self._high - self._low) for values in band)
            paint_band(painter, inner, low, high, QColor(hue))

    def value_at(self, time_ns: int) -> str:
        """The measured value."""
        at = frame_at(self._film.time_ns, time_ns)
        if at < 0 or not np.isfinite(self._measured[at]):
            return "—"
        return f"{signed(float(self._measured[at]))} {self._unit}".strip()
