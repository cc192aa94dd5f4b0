"""The serial lines: how long their reads take, drawn, and what goes wrong on them."""

from __future__ import annotations

import math

from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QPainter

from app.gui import tokens
from app.gui.robot.condition import UNHEARD, bus_condition
from app.gui.robot.facts import latency_words
from app.gui.robot.pick import Kind, Pick
from app.gui.theme import Theme
from app.gui.widgets.histogram import paint_histogram
from app.gui.widgets.row_board import RowBoard, write
from app.gui.wording import amount, plain_name
from app.session.view import BusView, Snapshot
from drivers.measurement import LATENCY_BIN_MS, LATENCY_BINS
from drivers.profile.schema import RobotProfile

_COUNTS_FROM_PX = 340
_LEAST_BINS = 12


class BusList(RowBoard):
    """A row for each bus of the profile."""

    def __init__(self, profile: RobotProfile, theme: Theme) -> None:
        super().__init__([Pick(Kind.BUS, name) for name in profile.buses], theme, name="Serial lines")
        self._buses: dict[str, BusView] = {}
        self._bins = _LEAST_BINS

    def apply(self, snapshot: Snapshot) -> None:
        """Show the lines of a snapshot."""
        self._buses = {bus.name: bus for bus in snapshot.buses}
        # One scale for all, so that they compare: it reaches well past the slowest hundredth of the slowest line.
        slowest_ms = max(
            (b.latency_p99_ms for b in snapshot.buses if math.isfinite(b.latency_p99_ms)), default=0.0
        )
        wanted = math.ceil(1.5 * slowest_ms / LATENCY_BIN_MS) + 1
        self._bins = min(LATENCY_BINS, max(_LEAST_BINS, wanted))
        self.show_cells([(self._bins, self._buses.get(pick.name)) for pick in self.picks])

    def words_of(self, index: int) -> str:
        """A line in words."""
        name = self.picks[index].name
        bus = self._buses.get(name)
        if bus is None:
            return f"{plain_name(name)}: not heard"
        return f"{plain_name(name)}: {bus_condition(bus).word or 'connected'}, {latency_words(bus)}"

    def paint_cell(self, painter: QPainter, index: int, area: QRectF) -> None:
        """Name over latencies, what went wrong where there is room, the histogram."""
        name = self.picks[index].name
        bus = self._buses.get(name)
        if bus is None or not bus.connected:
            condition = UNHEARD if bus is None else bus_condition(bus)
            room = area.width() - tokens.steps(4)
            self.paint_words(painter, area, condition, plain_name(name), condition.what, width=room)
            return
        painter.setFont(self._small)
        texts_px = painter.fontMetrics().horizontalAdvance("00.0  00.0  00.0 ms")
        plot = self.paint_words(
            painter, area, bus_condition(bus), plain_name(name), latency_words(bus), width=texts_px
        )
        if area.width() >= _COUNTS_FROM_PX:
            counts_px = painter.fontMetrics().horizontalAdvance("00 000 again")
            line = QRectF(plot.left(), area.center().y(), counts_px, 18)
            write(painter, line.translated(0, -18), f"{amount(bus.retries)} again")
            write(painter, line, f"{amount(bus.failures)} failed")
            plot = plot.adjusted(counts_px + tokens.steps(2), 0, 0, 0)
        paint_histogram(painter, plot, bus, self._theme.palette, bins=self._bins)
