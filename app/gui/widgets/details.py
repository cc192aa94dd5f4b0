"""Behind the status line: processes, serial lines, cameras and the log."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app.gui import tokens
from app.gui.widgets.label import Label, rule
from app.gui.widgets.overlay import Overlay
from app.gui.wording import age, amount, millis, plain_name
from app.session.view import Snapshot

_REDRAW_NS = 250_000_000


class Table(QWidget):
    """A heading and rows of words; the labels stay, their words change."""

    def __init__(self, headings: Sequence[str]) -> None:
        super().__init__()
        self._headings = tuple(headings)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(tokens.steps(5))
        self._grid.setVerticalSpacing(tokens.steps(1))
        for column, heading in enumerate(headings):
            self._grid.addWidget(Label(heading, size_px=tokens.TEXT_SMALL_PX, dim=True).fit(), 0, column)
        self._grid.setColumnStretch(len(headings), 1)
        self._cells: list[list[Label]] = []

    def fill(self, rows: Sequence[Sequence[str]]) -> None:
        """Show these rows."""
        while len(self._cells) < len(rows):
            labels = [Label(bold=column == 0).fit() for column in range(len(self._headings))]
            for column, label in enumerate(labels):
                self._grid.addWidget(label, len(self._cells) + 1, column)
            self._cells.append(labels)
        for labels, row in zip(self._cells, rows, strict=False):
            for label, words in zip(labels, row, strict=True):
                label.say(words)
        for labels in self._cells[len(rows) :]:
            for label in labels:
                label.say("")


class Details(Overlay):
    """Updated a few times a second, and only while it is open."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host, width_px=tokens.steps(270), height_px=tokens.steps(170))
        self._updated_ns = 0
        self._log: tuple[str, ...] = ()
        self._processes = Table(("process", "state", "processor", ""))
        self._buses = Table(("serial line", "state", "median", "99 %", "retries", "failures", "last error"))
        self._cameras = Table(("camera", "size", "rate", "age", "dropped"))
        self._loop = Label(dim=True)
        self._window = Label(dim=True)
        self._text = QPlainTextEdit()
        self._text.setObjectName("log")
        self._text.setReadOnly(True)
        self._text.setFont(tokens.font(tokens.TEXT_SMALL_PX))
        self._text.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._text.setAccessibleName("Log")
        top = QHBoxLayout()
        top.setSpacing(tokens.steps(8))
        left = QVBoxLayout()
        left.addWidget(self._processes)
        left.addStretch()
        right = QVBoxLayout()
        right.addWidget(self._cameras)
        right.addStretch()
        top.addLayout(left, stretch=1)
        top.addLayout(right, stretch=1)
        self.body.addWidget(Label("Health", size_px=tokens.TEXT_TITLE_PX, bold=True))
        self.body.addWidget(self._loop)
        self.body.addWidget(self._window)
        self.body.addLayout(top)
        self.body.addWidget(rule())
        self.body.addWidget(self._buses)
        self.body.addWidget(rule())
        self.body.addWidget(Label("log", size_px=tokens.TEXT_SMALL_PX, dim=True))
        self.body.addWidget(self._text, stretch=1)

    def apply(self, snapshot: Snapshot, *, window_hz: float, window_ms: float) -> None:
        """Follow the snapshot while open."""
        if not self.isVisible() or snapshot.time_ns - self._updated_ns < _REDRAW_NS:
            return
        self._updated_ns = snapshot.time_ns
        loop = snapshot.loop
        scheduling = (
            "real-time scheduling"
            if loop.realtime
            else "no real-time scheduling: the system does not allow it"
        )
        self._loop.say(
            f"control loop {loop.rate_hz:.1f} Hz, {amount(loop.ticks)} ticks, {amount(loop.late_ticks)} late, "
            f"worst {loop.max_lateness_ms:.1f} ms, {scheduling}"
        )
        self._window.say(f"window {window_hz:.1f} Hz, {window_ms:.1f} ms a refresh")
        self._processes.fill(
            [
                (process.name, process.state, f"{process.cpu_share:.0%}", process.detail)
                for process in snapshot.processes
            ]
        )
        self._buses.fill(
            [
                (
                    plain_name(bus.name),
                    "connected" if bus.connected else "lost",
                    millis(bus.latency_p50_ms),
                    millis(bus.latency_p99_ms),
                    amount(bus.retries),
                    amount(bus.failures),
                    bus.last_error,
                )
                for bus in snapshot.buses
            ]
        )
        self._cameras.fill(
            [
                (
                    plain_name(camera.name),
                    f"{camera.width_px} × {camera.height_px}",
                    f"{camera.rate_hz:.1f} Hz",
                    f"frozen for {age(camera.age_ms)}" if camera.stale else f"{camera.age_ms:.0f} ms",
                    amount(camera.dropped),
                )
                for camera in snapshot.cameras
            ]
        )
        if snapshot.log != self._log:
            self._log = snapshot.log
            self._text.setPlainText("\n".join(snapshot.log))
            bar = self._text.verticalScrollBar()
            if bar is not None:
                bar.setValue(bar.maximum())
