"""A plot of the curve strip: nothing to click, no axes, only the last seconds up to now."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QSizePolicy

from app.gui import tokens
from app.gui.joint_rows import Track
from app.gui.theme import Theme
from app.gui.traces import Traces, with_gaps

_LEAST_SPAN = 0.06
"""The least share of a joint's range that fills a lane: closer in, a joint at rest would look as if it shook."""

_DIFFERS = 0.005
"""Asked for and sent are told apart from this share of the range on."""

_ROOM = 0.03
"""The share of a lane's height that stays free above and below its curves."""


class CurveLane(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph ships no types
    """The plot of one number of the vector.

    A bare view box fills it, without a graphics layout: with pyqtgraph 0.14's `GraphicsLayoutWidget`, PyQt 6.11
    crashed in the grid layout's destructor when the window was deleted. That can go once it is safe to delete.

    Args:
        shown_s: how far back it reaches.
        theme: whose colours it wears, also after a change.
    """

    def __init__(self, *, shown_s: float, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False)
        self._box.disableAutoRange()
        self._box.setXRange(-shown_s, 0, padding=0)
        self.setCentralItem(self._box)
        self._asked, self._sent, self._measured = (self._add_curve() for _ in range(3))
        theme.changed.connect(self._recolour)
        self._recolour()

    def draw(self, track: Track, traces: Traces, *, now_ns: int) -> None:
        """Draw a number's last seconds.

        Args:
            track: the number.
            traces: the ticks to draw.
            now_ns: the time at the right edge.
        """
        measured, sent, requested = (
            vectors[:, track.index] for vectors in (traces.position, traces.sent, traces.requested)
        )
        differs = np.abs(requested - sent) > _DIFFERS * (track.high - track.low)
        ago_s = (traces.time_ns - now_ns) / 1e9
        self._box.setYRange(*_range_of(track, measured, sent), padding=_ROOM)
        for curve, values in (
            (self._asked, np.where(differs, requested, np.nan)),
            (self._sent, sent),
            (self._measured, measured),
        ):
            drawn = with_gaps(values, traces.time_ns)
            known = bool(np.isfinite(drawn).any())
            curve.setVisible(known)  # a curve of nothing but NaN has no bounds
            if known:
                curve.setData(ago_s, drawn)

    def _add_curve(self) -> pg.PlotDataItem:
        """A curve on top of those before it."""
        curve = pg.PlotDataItem(connect="finite", skipFiniteCheck=True, antialias=False)
        self._box.addItem(curve)
        return curve

    def _recolour(self) -> None:
        palette = self._theme.palette
        self.setBackground(palette.panel)
        asked, sent = (tokens.ink_of(hue, palette) for hue in (tokens.WARNING, tokens.TELEOP))
        self._asked.setPen(asked, width=tokens.LINE_PX, style=Qt.PenStyle.DotLine)
        self._sent.setPen(sent, width=tokens.LINE_PX)
        self._measured.setPen(palette.text, width=tokens.LINE_PX)


def _range_of(track: Track, *curves: NDArray[np.float32]) -> tuple[float, float]:
    """What a lane reaches from and to: the curves, and never less than a small share of the joint's range."""
    known = np.concatenate([curve[np.isfinite(curve)] for curve in curves])
    low, high = (float(known.min()), float(known.max())) if len(known) else (track.low, track.high)
    least = _LEAST_SPAN * (track.high - track.low)
    middle, reach = (low + high) / 2, max(high - low, least) / 2
    return middle - reach, middle + reach
