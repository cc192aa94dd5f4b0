"""Measured against commanded over the last seconds: one thin lane for each arm and one for the body.

Painted with plain polylines, as the pictures are: a plotting scene costs several times as much at this size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.joint_rows import Row, Track, rows_of
from app.gui.session_protocol import SessionLike
from app.gui.theme import Theme
from app.gui.traces import TraceBuffer, Traces, liveliest, spans
from app.session.view import Snapshot

SHOWN_S = 8.0
_REDRAW_NS = 95_000_000
_LEAST_SPAN = 0.06
"""The least share of a joint's range that fills a lane: closer in, a joint at rest would look as if it shook."""

_DIFFERS = 0.005
"""Asked for and sent are told apart from this share of the range on."""

_HEIGHT_PX = 88
_WORDS_PX = 18


class CurveStrip(QWidget):
    """Shows in each lane the joint that was picked there or, until one is, the one that moves most."""

    def __init__(self, session: SessionLike, theme: Theme) -> None:
        super().__init__()
        self._rows = rows_of(session.profile)
        self._theme = theme
        self._buffer = TraceBuffer(session.ticks, kept_s=SHOWN_S)
        self._picked: dict[int, Track] = {}
        self._shown: dict[int, Track] = {}
        self._now_ns = 0
        self._font = tokens.font(tokens.TEXT_SMALL_PX)
        self._bold = tokens.font(tokens.TEXT_SMALL_PX, bold=True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(self.full_height_px)
        self.setAccessibleName("Curves of the last seconds, measured over commanded")

    @property
    def full_height_px(self) -> int:
        """The height that the strip wants."""
        return _HEIGHT_PX

    @property
    def tracks(self) -> tuple[Track, ...]:
        """What the lanes show now, from the left."""
        return tuple(self._shown[lane] for lane in sorted(self._shown))

    def pick(self, index: int) -> frozenset[int]:
        """Show this number of the vector in its lane, or, if it was picked already, leave the lane to itself.

        Returns:
            The numbers that are picked now.
        """
        for lane, row in enumerate(self._rows):
            for track in row.tracks:
                if track.index == index:
                    if self._picked.get(lane) == track:
                        del self._picked[lane]
                    else:
                        self._picked[lane] = track
        self._now_ns = 0
        return frozenset(track.index for track in self._picked.values())

    def pick_next(self) -> frozenset[int]:
        """Go on to the next number, from the first to the last and then to none."""
        order = [track.index for row in self._rows for track in row.tracks]
        last = max((order.index(track.index) for track in self._picked.values()), default=-1)
        self._picked.clear()
        return self.pick(order[last + 1]) if last + 1 < len(order) else frozenset()

    def apply(self, snapshot: Snapshot) -> None:
        """Take the newest ticks, at most ten times a second: nobody sees more of eight seconds."""
        if snapshot.time_ns - self._now_ns < _REDRAW_NS:
            return
        self._now_ns = snapshot.time_ns
        traces = self._buffer.update(snapshot.time_ns)
        for lane, row in enumerate(self._rows):
            self._shown[lane] = self._picked.get(lane) or liveliest(row, traces, shown=self._shown.get(lane))
        self.update()

    def sizeHint(self) -> QSize:
        """As high as it wants."""
        return QSize(tokens.steps(150), self.full_height_px)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Lanes side by side."""
        traces = self._buffer.traces
        if traces is None or not self._shown:
            return
        painter = QPainter(self)
        pad = tokens.steps(3)
        width = (self.width() - pad) / len(self._rows)
        for lane, row in enumerate(self._rows):
            box = QRectF(pad + lane * width, 0, width - pad, self.height())
            self._paint_lane(painter, box, row, self._shown[lane], traces)

    def _paint_lane(self, painter: QPainter, box: QRectF, row: Row, track: Track, traces: Traces) -> None:
        palette = self._theme.palette
        measured_ink, sent_ink = QColor(palette.text), QColor(tokens.ink_of(tokens.TELEOP, palette))
        area = QRectF(box.left(), _WORDS_PX, box.width(), self.height() - _WORDS_PX - tokens.steps(1))
        words = QRectF(box.left(), 0, box.width(), _WORDS_PX)
        self._paint_words(painter, words, row, track, legend=row is self._rows[-1])
        painter.fillRect(area, QColor(palette.panel))
        measured, sent, requested = (
            vectors[:, track.index] for vectors in (traces.position, traces.sent, traces.requested)
        )
        low, high = _range_of(track, measured, sent)
        across = area.right() - (self._now_ns - traces.time_ns) / (SHOWN_S * 1e9) * area.width()

        def line(values: NDArray[np.float32], known: NDArray[np.bool_]) -> None:
            down = area.bottom() - 2 - (values - low) / (high - low) * (area.height() - 4)
            for span in spans(known, traces.time_ns):
                points = zip(across[span].tolist(), down[span].tolist(), strict=True)
                painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))

        painter.setClipRect(area)
        asked = np.isfinite(requested) & (np.abs(requested - sent) > _DIFFERS * (track.high - track.low))
        painter.setPen(QPen(QColor(tokens.ink_of(tokens.WARNING, palette)), 1, Qt.PenStyle.DotLine))
        line(np.nan_to_num(requested), asked)
        painter.setPen(QPen(sent_ink, 1))
        line(np.nan_to_num(sent), np.isfinite(sent))
        painter.setPen(QPen(measured_ink, 1))
        line(np.nan_to_num(measured), np.isfinite(measured))
        painter.setClipping(False)

    def _paint_words(self, painter: QPainter, box: QRectF, row: Row, track: Track, *, legend: bool) -> None:
        palette = self._theme.palette
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self._bold)
        painter.setPen(QColor(palette.text))
        name = f"{row.title}, {track.label}"
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | middle, name)
        left = box.left() + painter.fontMetrics().horizontalAdvance(name) + tokens.steps(4)
        if not legend:
            return
        painter.setFont(self._font)
        right = box.right()
        for words, hue in reversed(
            (("measured", palette.text), ("sent", tokens.TELEOP), ("asked", tokens.WARNING))
        ):
            taken = painter.fontMetrics().horizontalAdvance(words)
            if right - taken - tokens.steps(5) < left:
                return
            painter.setPen(QColor(palette.text_dim))
            painter.drawText(QRectF(right - taken, box.top(), taken, box.height()), int(middle.value), words)
            key = QRectF(right - taken - tokens.steps(4), box.center().y(), tokens.steps(3), 2)
            painter.fillRect(key, QColor(tokens.ink_of(hue, palette)))
            right -= taken + tokens.steps(7)


def _range_of(track: Track, *curves: NDArray[np.float32]) -> tuple[float, float]:
    """What a lane reaches from and to: the curves, and never less than a small share of the joint's range."""
    known = np.concatenate([curve[np.isfinite(curve)] for curve in curves])
    low, high = (float(known.min()), float(known.max())) if len(known) else (track.low, track.high)
    least = _LEAST_SPAN * (track.high - track.low)
    middle, reach = (low + high) / 2, max(high - low, least) / 2
    return middle - reach, middle + reach
