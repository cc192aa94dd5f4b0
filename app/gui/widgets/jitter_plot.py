"""How late each tick of the control loop was over the last seconds, with the line from which it counts as late."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QSizePolicy

from app.gui import tokens
from app.gui.theme import Theme
from app.gui.traces import with_gaps
from app.processes.realtime import LATE_S

LATE_MS = LATE_S * 1e3
SHOWN_S = 10.0
_LEAST_TOP_MS = 1.25 * LATE_MS


class JitterPlot(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph ships no types
    """A bare view box, for the reason told at `CurveLane`.

    Args:
        theme: whose colours it wears, also after a change.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.top_ms = _LEAST_TOP_MS
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Lateness of the control loop over the last ten seconds")
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False)
        self._box.disableAutoRange()
        self._box.setXRange(-SHOWN_S, 0, padding=0)
        self._box.setYRange(0, self.top_ms, padding=0)
        self.setCentralItem(self._box)
        self._limit = pg.InfiniteLine(pos=LATE_MS, angle=0)
        self._curve = pg.PlotDataItem(connect="finite", skipFiniteCheck=True, antialias=False)
        self._box.addItem(self._limit)
        self._box.addItem(self._curve)
        theme.changed.connect(self._recolour)
        self._recolour()

    def draw(self, time_ns: NDArray[np.int64], lateness_ns: NDArray[np.int64], *, now_ns: int) -> None:
        """Draw the ticks of the last seconds.

        Args:
            time_ns: (n,) of the ticks.
            lateness_ns: (n,) by how much each was late.
            now_ns: the time at the right edge.
        """
        known = len(time_ns) > 1
        self._curve.setVisible(known)
        if not known:
            return
        lateness_ms = (lateness_ns / 1e6).astype(np.float32)
        top_ms = max(_LEAST_TOP_MS, 1.1 * float(lateness_ms.max()))
        # The scale steps rather than creeps, so that one can read it.
        top_ms = _LEAST_TOP_MS * 2 ** np.ceil(np.log2(top_ms / _LEAST_TOP_MS))
        if top_ms != self.top_ms:
            self.top_ms = float(top_ms)
            self._box.setYRange(0, self.top_ms, padding=0)
        self._curve.setData((time_ns - now_ns) / 1e9, with_gaps(lateness_ms, time_ns))

    def _recolour(self) -> None:
        palette = self._theme.palette
        self.setBackground(palette.panel)
        self._curve.setPen(palette.text_dim, width=tokens.LINE_PX)
        late = tokens.ink_of(tokens.WARNING, palette)
        self._limit.setPen(late, width=tokens.LINE_PX, style=Qt.PenStyle.DashLine)
