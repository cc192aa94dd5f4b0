"""The sound as the timeline shows it: how loud it was, and where nothing was heard."""

from __future__ import annotations

from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QPainter

from app.gui.review.axis import TimeAxis
from app.gui.review.lanes import Lane
from app.gui.review.sound import Sound
from app.gui.review.strokes import columns_of, paint_band
from app.gui.theme import Theme

HEIGHT_PX = 36
_ROOM_PX = 2


class SoundLane(Lane):
    """The waveform, by capture time; a gap is left empty."""

    title = "sound"
    height_px = HEIGHT_PX

    def __init__(self, sound: Sound) -> None:
        self._sound = sound

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """From the least to the greatest in each column."""
        inner = area.adjusted(0, _ROOM_PX, 0, -_ROOM_PX)
        band = self._sound.band(axis.from_ns, axis.to_ns, columns_of(painter, inner))
        low, high = ((values / self._sound.peak + 1) / 2 for values in band)
        paint_band(painter, inner, low, high, QColor(theme.palette.text_dim))

    def value_at(self, time_ns: int) -> str:
        """Whether there is any."""
        return "" if self._sound.has(time_ns) else "none"

    def tip_at(self, time_ns: int, slack_ns: int) -> str:
        """A gap's length."""
        for start_ns, end_ns in self._sound.gaps:
            if start_ns <= time_ns < end_ns:
                return f"No sound for {(end_ns - start_ns) / 1e9:.2f} s"
        return ""
