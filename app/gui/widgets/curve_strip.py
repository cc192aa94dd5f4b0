"""Measured against commanded over the last seconds: one thin lane for each arm and one for the body."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app.gui import tokens
from app.gui.joint_rows import Row, Track, rows_of
from app.gui.session_protocol import SessionLike
from app.gui.theme import Theme
from app.gui.traces import TraceBuffer, liveliest
from app.session.view import Snapshot

SHOWN_S = 8.0
_REDRAW_NS = 95_000_000
_HEIGHT_PX = 88
_WORDS_PX = 18


class CurveStrip(QWidget):
    """Shows in each lane the joint that was picked there or, until one is, the one that moves most."""

    def __init__(self, session: SessionLike, theme: Theme) -> None:
        # Here, where the window is up already: the plotting library takes a while to import.
        from app.gui.widgets.curve_lane import CurveLane

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
        self._lanes = [CurveLane(shown_s=SHOWN_S, theme=theme) for _ in self._rows]
        layout = QHBoxLayout(self)
        layout.setContentsMargins(tokens.steps(3), _WORDS_PX, tokens.steps(3), tokens.steps(1))
        layout.setSpacing(tokens.steps(3))
        for lane in self._lanes:
            layout.addWidget(lane)
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
        before = self.tracks
        for lane, row in enumerate(self._rows):
            track = self._picked.get(lane) or liveliest(row, traces, shown=self._shown.get(lane))
            self._shown[lane] = track
            self._lanes[lane].draw(track, traces, now_ns=snapshot.time_ns)
        if self.tracks != before:
            self.update()

    def sizeHint(self) -> QSize:
        """As high as it wants."""
        return QSize(tokens.steps(150), self.full_height_px)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """What each lane shows, above it."""
        painter = QPainter(self)
        for lane, track in self._shown.items():
            row, place = self._rows[lane], self._lanes[lane].geometry()
            box = QRectF(place.left(), 0, place.width(), _WORDS_PX)
            self._paint_words(painter, box, row, track, legend=row is self._rows[-1])

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
