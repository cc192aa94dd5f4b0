"""Another reviewer's subtasks as a lane to look at, hatched where they differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

from app.gui import tokens
from app.gui.labels.comparing import stretch_at
from app.gui.labels.lanes import SpanTierLane
from app.gui.review.axis import TimeAxis
from app.gui.theme import Theme, with_alpha
from recordings.labels import EpisodeLabels, SpanLabel
from recordings.labels.adjudicate import Stretch

_LEAST_PX = 2


class OtherLane(SpanTierLane):
    """Nothing in it can be moved.

    Args:
        name: of the reviewer.
        labels: theirs, as they are now.
        differing: the stretches to hatch, as they are now, in order.
    """

    def __init__(
        self,
        name: str,
        labels: Callable[[], EpisodeLabels],
        differing: Callable[[], Sequence[Stretch]],
    ) -> None:
        super().__init__(name)
        self._labels = labels
        self._differing = differing

    def spans(self) -> Sequence[SpanLabel]:
        """The subtasks that count."""
        return self._labels().subtasks

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """The bars, and the hatching over them and over gaps."""
        super().paint(painter, area, axis, theme)
        hue = QColor(tokens.ink_of(tokens.WARNING, theme.palette))
        painter.setPen(QPen(hue, tokens.LINE_PX))
        drawn_to = area.left() - 1
        for stretch in self._differing():
            left = max(area.left() + axis.share_of(stretch.start_ns) * area.width(), area.left())
            right = min(area.left() + axis.share_of(stretch.end_ns) * area.width(), area.right())
            if right <= left or right < drawn_to + 1:
                continue
            drawn_to = right
            box = QRectF(
                left, area.top() + _LEAST_PX, max(right - left, _LEAST_PX), area.height() - 2 * _LEAST_PX
            )
            painter.fillRect(box, with_alpha(hue.name(), tokens.FILL_ALPHA // 2))
            painter.setBrush(hue)
            painter.setBrush(Qt.BrushStyle.BDiagPattern)
            painter.drawRect(box)

    def value_at(self, time_ns: int) -> str:
        """The text there, and whether it differs."""
        words = super().value_at(time_ns)
        return f"{words or 'nothing'} ≠" if self._differs(time_ns) else words

    def tip_at(self, time_ns: int, slack_ns: int) -> str:
        """The whole of it."""
        words = super().tip_at(time_ns, slack_ns)
        return "\n".join(line for line in (words, "differs" if self._differs(time_ns) else "") if line)

    def _differs(self, time_ns: int) -> bool:
        return stretch_at(self._differing(), time_ns) is not None
