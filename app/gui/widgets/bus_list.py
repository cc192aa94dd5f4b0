"""The serial lines: how long their reads take, drawn, and what goes wrong on them."""

from __future__ import annotations

import math

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter

from app.gui import tokens
from app.gui.robot.condition import Level, bus_condition
from app.gui.robot.pick import Kind, Pick
from app.gui.theme import Theme
from app.gui.widgets.board import Board
from app.gui.widgets.histogram import paint_histogram
from app.gui.wording import amount, plain_name
from app.session.view import BusView, Snapshot
from drivers.measurement import LATENCY_BIN_MS, LATENCY_BINS
from drivers.profile.schema import RobotProfile

ROW_PX = 44
_GAP_PX = 4
_COUNTS_FROM_PX = 420
_LEAST_BINS = 12


class BusList(Board):
    """A row for each bus of the profile."""

    def __init__(self, profile: RobotProfile, theme: Theme) -> None:
        super().__init__([Pick(Kind.BUS, name) for name in profile.buses], theme, name="Serial lines")
        self._buses: dict[str, BusView] = {}
        self._bins = _LEAST_BINS
        self.setFixedHeight(len(self.picks) * (ROW_PX + _GAP_PX))

    def place(self, index: int) -> QRectF:
        """Rows of one height."""
        return QRectF(0, index * (ROW_PX + _GAP_PX), self.width(), ROW_PX)

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(tokens.steps(70), self.height())

    def apply(self, snapshot: Snapshot) -> None:
        """Show the lines of a snapshot."""
        self._buses = {bus.name: bus for bus in snapshot.buses}
        # One scale for all, so that they compare: it reaches well past the slowest hundredth of the slowest line.
        slowest_ms = max((bus.latency_p99_ms for bus in snapshot.buses if bus.latency_counts), default=0.0)
        wanted = 0 if math.isnan(slowest_ms) else math.ceil(1.5 * slowest_ms / LATENCY_BIN_MS) + 1
        self._bins = min(LATENCY_BINS, max(_LEAST_BINS, wanted))
        self.show_cells([(self._bins, self._buses.get(pick.name)) for pick in self.picks])

    def words_of(self, index: int) -> str:
        """A line in words."""
        name = self.picks[index].name
        bus = self._buses.get(name)
        if bus is None:
            return f"{plain_name(name)}: not heard"
        condition = bus_condition(bus)
        return f"{plain_name(name)}: {condition.word or 'connected'}, {latency_words(bus)}"

    def paint_cell(self, painter: QPainter, index: int, area: QRectF) -> None:
        """Name over latencies on the left, the histogram on the right."""
        name = self.picks[index].name
        bus = self._buses.get(name)
        palette = self._theme.palette
        condition = bus_condition(bus) if bus is not None else None
        level = condition.level if condition is not None else Level.WELL
        self.paint_plate(painter, area, level)
        inner = area.adjusted(tokens.steps(2), tokens.steps(1), -tokens.steps(2), -tokens.steps(1))
        middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        upper = QRectF(inner.left(), inner.top() + 1, inner.width(), 18)
        lower = upper.translated(0, 18)
        if level >= Level.WARNING:
            self.paint_mark(painter, level, upper.left(), upper.center().y(), 14)
            upper = upper.adjusted(14 + tokens.steps(1), 0, 0, 0)
        painter.setFont(self._small_bold)
        painter.setPen(QColor(palette.text))
        painter.drawText(upper, middle, plain_name(name))
        painter.setFont(self._small)
        painter.setPen(QColor(palette.text_dim))
        if bus is None:
            painter.drawText(lower, middle, "not heard")
            return
        if condition is not None and not bus.connected:
            words = painter.fontMetrics().elidedText(
                f"{condition.word}: {condition.what}", Qt.TextElideMode.ElideRight, int(lower.width())
            )
            painter.drawText(lower, middle, words)
            return
        painter.drawText(lower, middle, latency_words(bus))
        texts_px = painter.fontMetrics().horizontalAdvance("00.0  00.0  00.0 ms") + tokens.steps(3)
        plot = inner.adjusted(texts_px, 2, 0, -2)
        if inner.width() >= _COUNTS_FROM_PX:
            counts_px = painter.fontMetrics().horizontalAdvance("000 000 again") + tokens.steps(3)
            counts = QRectF(inner.left() + texts_px, upper.top(), counts_px, 18)
            painter.drawText(counts, middle, f"{amount(bus.retries)} again")
            painter.drawText(counts.translated(0, 18), middle, f"{amount(bus.failures)} failed")
            plot = plot.adjusted(counts_px, 0, 0, 0)
        paint_histogram(painter, plot, bus, palette, bins=self._bins)


def latency_words(bus: BusView) -> str:
    """The median, the 95th and the 99th percentile: "0.6  1.1  1.4 ms"."""
    if math.isnan(bus.latency_p50_ms):
        return "no read yet"
    return f"{bus.latency_p50_ms:.1f}  {bus.latency_p95_ms:.1f}  {bus.latency_p99_ms:.1f} ms"
