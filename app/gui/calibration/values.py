"""Live values of the servos that a step looks at: name, count, and the angle by the present profile."""

from __future__ import annotations

import math

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QGridLayout, QWidget

from app.gui import tokens
from app.gui.widgets.label import Label
from drivers.calibration.probe import Probe
from drivers.calibration.procedure import PoseStep, Step

_HEADS = ("", "ticks", "now")


class LiveValues(QWidget):
    """A row for each servo; only words that changed are laid out again."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(tokens.steps(5))
        self._grid.setVerticalSpacing(tokens.steps(1))
        self._grid.setColumnStretch(0, 1)
        self._probes: tuple[Probe, ...] = ()
        self._cells: list[tuple[Label, Label]] = []

    def show_step(self, step: Step | None) -> None:
        """Rows for this step's servos."""
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._cells.clear()
        self._probes = step.probes if isinstance(step, PoseStep) else ()
        if not self._probes:
            return
        for column, head in enumerate(_HEADS):
            self._add(Label(head, size_px=tokens.TEXT_SMALL_PX, dim=True).fit(), 0, column)
        for row, probe in enumerate(self._probes, start=1):
            name, ticks, value = Label(probe.label).fit(), Label(dim=True).fit(), Label().fit()
            for column, label in enumerate((name, ticks, value)):
                self._add(label, row, column)
            self._cells.append((ticks, value))

    def show_ticks(self, counts: tuple[float, ...]) -> None:
        """The newest counts; NaN, or none at all, where nothing was read."""
        for place, (probe, (ticks, value)) in enumerate(zip(self._probes, self._cells, strict=True)):
            count = counts[place] if place < len(counts) else math.nan
            if math.isnan(count):
                ticks.say("–")
                value.say("no answer")
                continue
            ticks.say(f"{count:.0f}".replace("-", "−"))
            value.say(_worded(probe, count))

    def _add(self, label: Label, row: int, column: int) -> None:
        side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
        label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(label, row, column)


def _worded(probe: Probe, count: float) -> str:
    value = (count - probe.axis.zero_ticks) * probe.axis.value_per_tick
    if (probe.axis.minimum, probe.axis.maximum) == (0.0, 1.0):
        return f"{value:.0%} open".replace("-", "−")
    return f"{math.degrees(value):+.1f}°".replace("-", "−")
