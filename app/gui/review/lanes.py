"""What the timeline's lanes are, and those of time: who drove, what happened, where pictures are missing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.gui import tokens
from app.gui.episodes.summary import SOURCE_WORDS
from app.gui.review.axis import TimeAxis
from app.gui.review.bars import Bars
from app.gui.review.film import Film
from app.gui.review.frames import gaps
from app.gui.review.spans import Span
from app.gui.review.strokes import columns_of, paint_columns
from app.gui.theme import Theme, with_alpha
from app.gui.wording import clock, plain_name, sentence
from recordings import Event

SOURCE_HUES = {
    "hold": tokens.HOLD,
    "teleop": tokens.TELEOP,
    "verbal": tokens.VERBAL,
    "policy": tokens.AUTONOMOUS,
    "replay": tokens.HOLD,
    "intervention": tokens.ALARM,
}
_EVENT_PX = 9
_EVENT_APART_PX = 2
_TOLD_MOST = 6


class Grip(Protocol):
    """Something in a lane that the pointer has hold of."""

    def drag(self, time_ns: int, slack_ns: int) -> None:
        """The pointer is there now; `slack_ns` is how near is near enough to snap."""

    def drop(self, time_ns: int, slack_ns: int) -> None:
        """The pointer has let go there."""


class Lane:
    """One lane of the timeline. It paints itself once for a view; only the playhead moves over it.

    Attributes:
        title: at its left.
        height_px: its height; 0 shares what is left.
        legend: whether what the lines of the curves are is said at its left.
    """

    title = ""
    height_px = 0
    legend = False

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """Draw what lies within the axis."""
        raise NotImplementedError(f"{type(self).__name__} shows nothing")

    def value_at(self, time_ns: int) -> str:
        """What it says of a moment, in a few words; beside its title while the playhead is there."""
        return ""

    def tip_at(self, time_ns: int, slack_ns: int) -> str:
        """The whole story of a moment, for the pointer; `slack_ns` is how near is near enough."""
        return ""

    def readout_at(self, time_ns: int) -> str:
        """What is written in the lane at the pointer, wherever over the lanes that is."""
        return ""

    def grip_at(self, time_ns: int, slack_ns: int) -> Grip | None:
        """What the pointer takes hold of there, if anything."""
        return None

    def choose_at(self, time_ns: int, *, slack_ns: int = 0, down: float = 0.5) -> str:
        """Choose what a click there is meant for; its id, empty where it is meant for the playhead.

        Args:
            time_ns: when.
            slack_ns: how near is near enough.
            down: how far down in the lane, 0 to 1.
        """
        return ""

    def span_box(self, label_id: str, area: QRectF, axis: TimeAxis) -> QRectF | None:
        """Where in its area the lane draws what has this id; None when it does not."""
        return None


class EmptyLane(Lane):
    """Keeps the place of one that is not known yet; of one without a height of its own, unless told."""

    def __init__(self, height_px: int = 0) -> None:
        self.height_px = height_px

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """Nothing."""


class RulerLane(Lane):
    """The time."""

    height_px = 22
    legend = True

    def __init__(self, film: Film) -> None:
        self._film = film

    def readout_at(self, time_ns: int) -> str:
        """A moment in the episode, and when it was captured."""
        return f"{clock((time_ns - self._film.start_ns) / 1e9)}   {self._film.wall_words(time_ns)}"

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """Round moments, each with a mark."""
        painter.setFont(tokens.font(tokens.TEXT_SMALL_PX))
        width = painter.fontMetrics().horizontalAdvance("00:00.0") + tokens.steps(6)
        for time_ns, seconds in axis.ticks(max(1, int(area.width() / width))):
            x = area.left() + axis.share_of(time_ns) * area.width()
            painter.setPen(QColor(theme.palette.line))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.setPen(QColor(theme.palette.text_dim))
            box = QRectF(x + tokens.steps(1), area.top(), width, area.height())
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter.value), clock(seconds))


class SpanLane(Lane):
    """Who drove, by hue and by word."""

    title = "who drove"
    height_px = 24

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = tuple(spans)
        self._bars = Bars([span.start_ns for span in self._spans], [span.end_ns for span in self._spans])
        self._sources = sorted({span.source for span in self._spans})
        places = {source: place for place, source in enumerate(self._sources)}
        self._place = np.array([places[span.source] for span in self._spans], np.int64)

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """One bar a span, with its word where there is room."""
        if not self._spans:
            return
        hues = [SOURCE_HUES.get(source, tokens.HOLD) for source in self._sources]
        colours = np.array([QColor(hue).rgba() for hue in hues], np.uint32)
        shown = self._bars.columns(axis.from_ns, axis.to_ns, columns_of(painter, area))
        coloured = np.where(shown >= 0, colours[self._place[shown]], 0).astype(np.uint32)
        paint_columns(painter, area.adjusted(0, 2, 0, -2), coloured)
        painter.setFont(tokens.font(tokens.TEXT_SMALL_PX, bold=True))
        metrics, room = painter.fontMetrics(), tokens.steps(2)
        width = max(1, round(area.width()))
        words = [SOURCE_WORDS.get(source, source) for source in self._sources]
        needed = [metrics.horizontalAdvance(word) + room + 1 for word in words]
        for index, left, right in self._bars.wide(axis.from_ns, axis.to_ns, width, least_px=min(needed)):
            place = self._place[index]
            if right - left >= needed[place]:
                on_alarm = hues[place] == tokens.ALARM
                painter.setPen(QColor(tokens.ON_ALARM if on_alarm else tokens.ON_HUE))
                box = QRectF(area.left() + left + room / 2, area.top(), right - left, area.height())
                painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter.value), words[place])

    def value_at(self, time_ns: int) -> str:
        """Who drives."""
        at = self._bars.at(time_ns)
        return SOURCE_WORDS.get(self._spans[at].source, self._spans[at].source) if at >= 0 else ""

    def tip_at(self, time_ns: int, slack_ns: int) -> str:
        """Who drives, and for how long."""
        at = self._bars.at(time_ns)
        if at < 0:
            return ""
        span = self._spans[at]
        return f"{sentence(self.value_at(time_ns))}, {(span.end_ns - span.start_ns) / 1e9:.1f} s"


class EventLane(Lane):
    """What happened: a mark each, a triangle for what went wrong."""

    title = "events"
    height_px = 20

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = tuple(sorted(events, key=lambda event: event.time_ns))
        self._time_ns = np.array([event.time_ns for event in self.events], np.int64)
        self._bad = np.array([is_trouble(event) for event in self.events], np.bool_)

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """Marks; of several in one place, one of what went wrong."""
        painter.setPen(Qt.PenStyle.NoPen)
        middle, half = area.center().y(), _EVENT_PX / 2
        first, last = bisect_left(self._time_ns, axis.from_ns), bisect_right(self._time_ns, axis.to_ns)
        shares = (self._time_ns[first:last] - axis.from_ns) / axis.span_ns
        places = np.round(shares * area.width() / _EVENT_APART_PX)
        bad = self._bad[first:last]
        for wrong, hue in (
            (False, theme.palette.text_dim),
            (True, tokens.ink_of(tokens.WARNING, theme.palette)),
        ):
            marks = np.unique(places[bad]) if wrong else np.setdiff1d(places, places[bad])
            painter.setBrush(QColor(hue))
            for x in (area.left() + _EVENT_APART_PX * marks).tolist():
                top, low = QPointF(x, middle - half), middle + half
                if wrong:
                    painter.drawPolygon(QPolygonF([top, QPointF(x + half, low), QPointF(x - half, low)]))
                else:
                    side = [top, QPointF(x + half, middle), QPointF(x, low), QPointF(x - half, middle)]
                    painter.drawPolygon(QPolygonF(side))

    def tip_at(self, time_ns: int, slack_ns: int) -> str:
        """The messages near there."""
        first = bisect_left(self._time_ns, time_ns - slack_ns)
        last = bisect_right(self._time_ns, time_ns + slack_ns)
        near = self.events[first : min(last, first + _TOLD_MOST)]
        return "\n".join(f"{event.source}: {event.message}" for event in near)


class GapLane(Lane):
    """Where cameras have nothing to show; only there when some have not."""

    title = "no picture"
    height_px = 16

    def __init__(self, film: Film) -> None:
        self.gaps = {
            camera.camera.name: found
            for camera in film.cameras
            if (found := gaps(camera.time_ns, camera.camera.rate_hz, camera.missing, end_ns=film.end_ns))
        }
        self._bars = {
            name: Bars([start for start, _ in found], [end for _, end in found])
            for name, found in self.gaps.items()
        }

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """Hatched, so that it is told apart without its hue."""
        hue = QColor(tokens.ink_of(tokens.WARNING, theme.palette))
        columns = max(1, round(area.width()))
        empty = np.zeros(columns, np.bool_)
        for bars in self._bars.values():
            empty |= bars.columns(axis.from_ns, axis.to_ns, columns) >= 0
        edges = np.flatnonzero(np.diff(np.concatenate(([False], empty, [False])).astype(np.int8)))
        for left, right in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            box = QRectF(area.left() + left, area.top() + 3, max(right - left, 2), area.height() - 6)
            painter.fillRect(box, with_alpha(hue.name(), tokens.FILL_ALPHA))
            painter.setBrush(hue)
            painter.setBrush(Qt.BrushStyle.BDiagPattern)
            painter.setPen(QPen(hue, tokens.LINE_PX))
            painter.drawRect(box)

    def value_at(self, time_ns: int) -> str:
        """Which camera, or how many."""
        names = [plain_name(name) for name, bars in self._bars.items() if bars.at(time_ns) >= 0]
        return names[0] if len(names) == 1 else f"{len(names)} cameras" if names else ""

    def tip_at(self, time_ns: int, slack_ns: int) -> str:
        """Which cameras, and for how long."""
        near = [
            (name, *self.gaps[name][at])
            for name, bars in self._bars.items()
            for at in bars.near(time_ns, slack_ns)[:_TOLD_MOST]
        ]
        return "\n".join(
            f"{plain_name(name)}: no frame for {(end - start) / 1e9:.2f} s" for name, start, end in near
        )


def is_trouble(event: Event) -> bool:
    """Whether an event says that something went wrong."""
    return event.kind in ("fault", "late", "drop", "process") or event.data.get("level") in (
        "warning",
        "error",
    )
