"""The control loop: how late its ticks are, drawn, and the processes with what they take of the processor."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.robot.troubles import LOST_STATES
from app.gui.session_protocol import SessionLike
from app.gui.theme import Theme
from app.gui.widgets.label import Label
from app.gui.widgets.row_board import write
from app.gui.wording import amount
from app.session.view import ProcessView, Snapshot

PLOT_PX = 96
"""The least height of the plot."""
_ROW_PX = 20
_MARK_PX = 14
_USUAL_ROWS = 5


class ProcessRows(QWidget):
    """A line for each process: its shape and state, and a bar of its share of a core."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: tuple[tuple[str, str, int], ...] = ()
        self._font = tokens.font(tokens.TEXT_SMALL_PX)
        self.setAccessibleName("Processes")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_ROW_PX * _USUAL_ROWS)
        theme.changed.connect(self.update)

    def apply(self, processes: tuple[ProcessView, ...]) -> None:
        """Show the processes of a snapshot."""
        shown = tuple((process.name, process.state, round(100 * process.cpu_share)) for process in processes)
        if shown != self._shown:
            self._shown = shown
            self.setFixedHeight(_ROW_PX * max(_USUAL_ROWS, len(shown)))
            self.setAccessibleDescription(
                ", ".join(f"{name} {state} {share} %" for name, state, share in shown)
            )
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The lines."""
        painter = QPainter(self)
        painter.setFont(self._font)
        palette = self._theme.palette
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        middle = Qt.AlignmentFlag.AlignVCenter
        share_px = painter.fontMetrics().horizontalAdvance("100 %") + tokens.steps(1)
        for number, (name, state, share) in enumerate(self._shown):
            row = QRectF(0, number * _ROW_PX, self.width(), _ROW_PX)
            lost = state in LOST_STATES
            painter.setPen(QColor(palette.text))
            painter.drawText(row, left | middle, name)
            painter.setPen(QColor(tokens.ink_of(tokens.ALARM, palette) if lost else palette.text_dim))
            said = QRectF(row.width() * 0.3, row.top(), row.width() * 0.36, _ROW_PX)
            if lost:
                octagon = self._theme.pixmap(
                    "mdi6.alert-octagon", _MARK_PX, tokens.ink_of(tokens.ALARM, palette)
                )
                painter.drawPixmap(QPointF(said.left(), row.center().y() - _MARK_PX / 2), octagon)
                said = said.adjusted(_MARK_PX + tokens.steps(1), 0, 0, 0)
            write(painter, said, state)
            painter.setPen(QColor(palette.text_dim))
            painter.drawText(row, right | middle, f"{share} %")
            bar = QRectF(row.width() * 0.68, row.center().y() - 2, row.width() * 0.32 - share_px, 4)
            painter.fillRect(bar, QColor(palette.line))
            bar.setWidth(bar.width() * min(1.0, share / 100))
            painter.fillRect(bar, QColor(palette.text_dim))


class LoopPanel(QWidget):
    """Rate and late ticks in words, the plot of lateness, the processes."""

    def __init__(self, session: SessionLike, theme: Theme) -> None:
        # Here, where the window is up already: the plotting library takes a while to import.
        from app.gui.widgets.jitter_plot import LATE_MS, SHOWN_S, JitterPlot

        super().__init__()
        self._session = session
        self._shown_ns = int(SHOWN_S * 1e9)
        self.words = Label(size_px=tokens.TEXT_SMALL_PX)
        self.plot = JitterPlot(theme)
        self.plot.setFixedHeight(PLOT_PX)
        self._scale = Label(size_px=tokens.TEXT_SMALL_PX, dim=True)
        self._late_ms = LATE_MS
        self.processes = ProcessRows(theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.steps(1))
        column.addWidget(self.words)
        column.addWidget(self.plot)
        column.addWidget(self._scale)
        column.addSpacing(tokens.steps(1))
        column.addWidget(self.processes)
        column.addStretch()

    def set_plot_height(self, plot_px: int) -> None:
        """Make the plot so high."""
        self.plot.setFixedHeight(plot_px)

    def apply(self, snapshot: Snapshot) -> None:
        """Show the loop and the processes of a snapshot."""
        loop = snapshot.loop
        scheduling = "" if loop.realtime or not loop.ticks else ", no real-time priority"
        self.words.say(
            f"{loop.rate_hz:.1f} Hz, {amount(loop.late_ticks)} of {amount(loop.ticks)} late, "
            f"worst {loop.max_lateness_ms:.1f} ms{scheduling}"
            if loop.ticks
            else "no tick is heard"
        )
        rows = self._session.ticks(snapshot.time_ns - self._shown_ns)
        self.plot.draw(rows["time_ns"], rows["lateness_ns"], now_ns=snapshot.time_ns)
        self._scale.say(f"last 10 s, up to {self.plot.top_ms:g} ms; dashed: {self._late_ms:g} ms")
        self.processes.apply(snapshot.processes)
