"""What the timeline's lanes show: who drove, what happened, where pictures are missing, and curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.gui import tokens
from app.gui.episodes.summary import SOURCE_WORDS
from app.gui.review.axis import TimeAxis
from app.gui.review.decimate import drawn, reach
from app.gui.review.film import Film
from app.gui.review.frames import frame_at, gaps
from app.gui.review.spans import Span
from app.gui.theme import Theme, with_alpha
from app.gui.wording import clock, plain_name, sentence, signed
from recordings import Event

SOURCE_HUES = {
    "hold": tokens.HOLD,
    "teleop": tokens.TELEOP,
    "verbal": tokens.VERBAL,
    "policy": tokens.AUTONOMOUS,
    "replay": tokens.HOLD,
    "intervention": tokens.ALARM,
}
_LEAST_SPAN = 0.06
_ROOM_PX = 4
_EVENT_PX = 9


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

    def grip_at(self, time_ns: int, slack_ns: int) -> Grip | None:
        """What the pointer takes hold of there, if anything."""
        return None

    def choose_at(self, time_ns: int) -> str:
        """Choose what a click there is meant for; its id, empty where it is meant for the playhead."""
        return ""

    def span_box(self, label_id: str, area: QRectF, axis: TimeAxis) -> QRectF | None:
        """Where in its area the lane draws what has this id; None when it does not."""
        return None


class RulerLane(Lane):
    """The time."""

    height_px = 22
    legend = True

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

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """One bar a span, with its word where there is room."""
        painter.setFont(tokens.font(tokens.TEXT_SMALL_PX, bold=True))
        metrics = painter.fontMetrics()
        for span in self._spans:
            left = area.left() + max(0.0, axis.share_of(span.start_ns)) * area.width()
            right = area.left() + min(1.0, axis.share_of(span.end_ns)) * area.width()
            if right <= left:
                continue
            box = QRectF(left, area.top() + 2, max(right - left - 1, 1), area.height() - 4)
            hue = SOURCE_HUES.get(span.source, tokens.HOLD)
            painter.fillRect(box, QColor(hue))
            word = SOURCE_WORDS.get(span.source, span.source)
            if metrics.horizontalAdvance(word) + tokens.steps(2) <= box.width():
                painter.setPen(QColor(tokens.ON_ALARM if hue == tokens.ALARM else tokens.ON_HUE))
                inner = box.adjusted(tokens.steps(1), 0, 0, 0)
                painter.drawText(inner, int(Qt.AlignmentFlag.AlignVCenter.value), word)

    def value_at(self, time_ns: int) -> str:
        """Who drives."""
        for span in self._spans:
            if span.start_ns <= time_ns < span.end_ns:
                return SOURCE_WORDS.get(span.source, span.source)
        return ""

    def tip_at(self, time_ns: int, slack_ns: int) -> str:
        """Who drives, and for how long."""
        for span in self._spans:
            if span.start_ns <= time_ns < span.end_ns:
                word = SOURCE_WORDS.get(span.source, span.source)
                return f"{sentence(word)}, {(span.end_ns - span.start_ns) / 1e9:.1f} s"
        return ""


class EventLane(Lane):
    """What happened: a mark each, a triangle for what went wrong."""

    title = "events"
    height_px = 20

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = tuple(events)

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """Marks."""
        painter.setPen(Qt.PenStyle.NoPen)
        middle, half = area.center().y(), _EVENT_PX / 2
        for event in self.events:
            share = axis.share_of(event.time_ns)
            if not 0 <= share <= 1:
                continue
            x = area.left() + share * area.width()
            bad = is_trouble(event)
            painter.setBrush(
                QColor(tokens.ink_of(tokens.WARNING, theme.palette) if bad else theme.palette.text_dim)
            )
            top, low = QPointF(x, middle - half), middle + half
            if bad:
                painter.drawPolygon(QPolygonF([top, QPointF(x + half, low), QPointF(x - half, low)]))
            else:
                side = [top, QPointF(x + half, middle), QPointF(x, low), QPointF(x - half, middle)]
                painter.drawPolygon(QPolygonF(side))

    def tip_at(self, time_ns: int, slack_ns: int) -> str:
        """The messages near there."""
        near = [event for event in self.events if abs(event.time_ns - time_ns) <= slack_ns]
        return "\n".join(f"{event.source}: {event.message}" for event in near[:6])


class GapLane(Lane):
    """Where cameras have nothing to show; only there when some have not."""

    title = "no picture"
    height_px = 16

    def __init__(self, film: Film) -> None:
        self.gaps = [
            (camera.camera.name, start, end)
            for camera in film.cameras
            for start, end in gaps(camera.time_ns, camera.camera.rate_hz, camera.missing, end_ns=film.end_ns)
        ]

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """Hatched, so that it is told apart without its hue."""
        brush = QColor(tokens.ink_of(tokens.WARNING, theme.palette))
        for _, start, end in self.gaps:
            left = area.left() + max(0.0, axis.share_of(start)) * area.width()
            right = area.left() + min(1.0, axis.share_of(end)) * area.width()
            if right > left:
                box = QRectF(left, area.top() + 3, max(right - left, 2), area.height() - 6)
                painter.fillRect(box, with_alpha(brush.name(), tokens.FILL_ALPHA))
                painter.setBrush(brush)
                painter.setBrush(Qt.BrushStyle.BDiagPattern)
                painter.setPen(QPen(brush, tokens.LINE_PX))
                painter.drawRect(box)

    def value_at(self, time_ns: int) -> str:
        """Which camera, or how many."""
        names = [plain_name(name) for name, start, end in self.gaps if start < time_ns < end]
        return names[0] if len(names) == 1 else f"{len(names)} cameras" if names else ""

    def tip_at(self, time_ns: int, slack_ns: int) -> str:
        """Which cameras, and for how long."""
        near = [gap for gap in self.gaps if gap[1] - slack_ns < time_ns < gap[2] + slack_ns]
        return "\n".join(
            f"{plain_name(name)}: no frame for {(end - start) / 1e9:.2f} s" for name, start, end in near
        )


class CurveLane(Lane):
    """One number of state and action: measured over sent."""

    def __init__(self, film: Film, number: int) -> None:
        self._film = film
        self._number = number
        self.title = plain_name(film.names[number])
        self._unit = "" if film.units[number] == "1" else film.units[number]
        low, high = film.limits[number]
        whole = high - low if low is not None and high is not None else 1.0
        self._low, self._high = reach(self._measured, self._sent, least=_LEAST_SPAN * whole)

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """Both lines."""
        palette = theme.palette
        painter.setPen(QPen(QColor(palette.line), tokens.LINE_PX))
        painter.drawLine(area.topLeft(), area.topRight())
        inner = area.adjusted(0, _ROOM_PX, 0, -_ROOM_PX)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for times, values, hue in (
            (self._film.sent_ns, self._sent, tokens.ink_of(tokens.TELEOP, palette)),
            (self._film.time_ns, self._measured, palette.text),
        ):
            if not len(times):
                continue
            x, y = drawn(times, values, axis.from_ns, axis.to_ns, max(1, int(inner.width())))
            down = inner.bottom() - (y - self._low) / (self._high - self._low) * inner.height()
            painter.setPen(QPen(QColor(hue), tokens.LINE_PX))
            for line in _unbroken(inner.left() + x, down):
                painter.drawPolyline(line)

    def value_at(self, time_ns: int) -> str:
        """The measured value."""
        at = frame_at(self._film.time_ns, time_ns)
        if at < 0 or not np.isfinite(self._measured[at]):
            return "—"
        return f"{signed(float(self._measured[at]))} {self._unit}".strip()

    @property
    def _measured(self) -> np.ndarray:
        return self._film.position[:, self._number]

    @property
    def _sent(self) -> np.ndarray:
        return self._film.sent[:, self._number]


def is_trouble(event: Event) -> bool:
    """Whether an event says that something went wrong."""
    return event.kind in ("fault", "late", "drop", "process") or event.data.get("level") in (
        "warning",
        "error",
    )


def _unbroken(x: np.ndarray, y: np.ndarray) -> list[QPolygonF]:
    """The lines between NaNs."""
    good = np.isfinite(y)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], good, [False])).astype(np.int8)))
    return [
        QPolygonF([QPointF(a, b) for a, b in zip(x[start:end].tolist(), y[start:end].tolist(), strict=True)])
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]
