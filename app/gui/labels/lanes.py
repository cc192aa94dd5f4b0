"""The tiers of labels as lanes of the timeline: to look at, to choose from, and to drag edges in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

from app.gui import tokens
from app.gui.labels.desk import LabelDesk
from app.gui.labels.segmenting import Segmenting, edge_of
from app.gui.labels.span_index import SpanIndex
from app.gui.labels.suggesting import Suggesting
from app.gui.review.axis import TimeAxis
from app.gui.review.lanes import Grip, Lane
from app.gui.theme import Theme, with_alpha
from recordings.labels import SpanLabel, Tier
from recordings.labels.edits import Edge

UNNAMED = "?"
_LEAST_TEXT_PX = 14
_MARGIN_PX = 2
_NARROW_PX = 2 * _MARGIN_PX


class SpanTierLane(Lane):
    """Spans of one kind, one bar each; what is narrower than a pixel is drawn with its neighbours.

    Args:
        title: at its left.
        dashed: drawn apart, as what is only proposed.
    """

    height_px = 26

    def __init__(self, title: str, *, dashed: bool = False) -> None:
        self.title = title
        self._dashed = dashed
        self._known = SpanIndex(())

    def spans(self) -> Sequence[SpanLabel]:
        """What it shows, in order of time."""
        raise NotImplementedError(f"{type(self).__name__} has no spans")

    @property
    def chosen_id(self) -> str:
        """The span drawn as chosen; none for the empty id."""
        return ""

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """The bars within the axis, with their texts where there is room."""
        painter.setFont(tokens.font(tokens.TEXT_SMALL_PX))
        index, chosen_id = self._index, self.chosen_id
        chosen = index.number_of(chosen_id) if chosen_id else None
        narrow: list[QRectF] = []
        for number in index.told_apart(axis.from_ns, axis.to_ns, area.width()):
            box = _box_of(index.spans[number], area, axis)
            if box is None or number == chosen:
                continue
            if box.width() <= _NARROW_PX:
                narrow.append(box)
            else:
                self._paint_bar(painter, box, index.spans[number], number, theme)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.palette.text_dim))
        if narrow:
            painter.drawRects(*narrow)
        if chosen is not None and (box := _box_of(index.spans[chosen], area, axis)) is not None:
            self._paint_bar(painter, box, index.spans[chosen], chosen, theme, is_chosen=True)

    def value_at(self, time_ns: int) -> str:
        """The text there."""
        span = self._at(time_ns)
        return (span.text or UNNAMED) if span is not None else ""

    def tip_at(self, time_ns: int, slack_ns: int) -> str:
        """The text, how long, and where it came from."""
        span = self._at(time_ns)
        if span is None:
            return ""
        words = [span.text or "not named yet", f"{span.duration_ns / 1e9:.2f} s"]
        if span.origin.by != "human":
            sure = f", {span.origin.confidence:.0%} sure" if span.origin.confidence is not None else ""
            changed = ", changed since" if span.origin.edited else ""
            words.append(f"from: {span.origin.by}{sure}{changed}")
        if span.thumb:
            words.append("thumb up" if span.thumb > 0 else "thumb down")
        return "\n".join(words)

    def span_box(self, label_id: str, area: QRectF, axis: TimeAxis) -> QRectF | None:
        """Where a span of the lane is drawn; None when it is not there."""
        number = self._index.number_of(label_id)
        return _place_of(self._index.spans[number], area, axis) if number is not None else None

    @property
    def _index(self) -> SpanIndex:
        """Of the spans as they are now."""
        spans = self.spans()
        if spans is not self._known.spans:
            self._known = SpanIndex(spans)
        return self._known

    def _at(self, time_ns: int) -> SpanLabel | None:
        return self._index.at(time_ns)

    def _paint_bar(
        self,
        painter: QPainter,
        box: QRectF,
        span: SpanLabel,
        number: int,
        theme: Theme,
        *,
        is_chosen: bool = False,
    ) -> None:
        palette = theme.palette
        if self._dashed:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(palette.text_dim), tokens.LINE_PX, Qt.PenStyle.DashLine))
        else:
            painter.setBrush(QColor(palette.line if number % 2 else palette.raised))
            painter.setPen(QPen(QColor(palette.text_dim), tokens.LINE_PX))
        painter.drawRoundedRect(box, _MARGIN_PX, _MARGIN_PX)
        if is_chosen:
            painter.setBrush(with_alpha(tokens.TELEOP, tokens.FILL_ALPHA))
            painter.setPen(QPen(QColor(tokens.ink_of(tokens.TELEOP, palette)), tokens.FOCUS_PX))
            painter.drawRoundedRect(box, _MARGIN_PX, _MARGIN_PX)
        room = box.width() - tokens.steps(2)
        if room < _LEAST_TEXT_PX:
            return
        thumb = {1: "▲ ", -1: "▼ "}.get(span.thumb, "")
        words = painter.fontMetrics().elidedText(
            thumb + (span.text or UNNAMED), Qt.TextElideMode.ElideRight, int(room)
        )
        painter.setPen(QColor(palette.text_dim if self._dashed or not span.text else palette.text))
        painter.drawText(
            box.adjusted(tokens.steps(1), 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter.value), words
        )


class ReadSpansLane(SpanTierLane):
    """Spans of the recording, which nobody changes here: what was said, for one."""

    def __init__(self, title: str, spans: Sequence[SpanLabel]) -> None:
        super().__init__(title)
        self._spans = tuple(sorted(spans, key=lambda span: span.start_ns))

    def spans(self) -> Sequence[SpanLabel]:
        """As read."""
        return self._spans


class SuggestionLane(SpanTierLane):
    """What is proposed. A click takes the playhead's place as what `Tab` and `X` are about."""

    def __init__(self, suggesting: Suggesting) -> None:
        super().__init__("suggested", dashed=True)
        self._suggesting = suggesting

    def spans(self) -> Sequence[SpanLabel]:
        """What is neither taken nor refused."""
        return self._suggesting.open


class LabelLane(SpanTierLane):
    """A tier of the reviewer's: a click chooses a span, and its edges can be dragged.

    Args:
        title: at its left.
        tier: which.
        desk: whose labels.
        segmenting: moves the edges.
    """

    height_px = 30

    def __init__(self, title: str, tier: Tier, desk: LabelDesk, segmenting: Segmenting) -> None:
        super().__init__(title)
        self._tier = tier
        self._desk = desk
        self._segmenting = segmenting

    def spans(self) -> Sequence[SpanLabel]:
        """Those of the tier that count."""
        return self._desk.labels.spans(self._tier)

    @property
    def chosen_id(self) -> str:
        """The desk's choice."""
        chosen = self._desk.selected
        return chosen.id if chosen is not None else ""

    def paint(self, painter: QPainter, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
        """The spans, and the beginning of the one that has no end yet."""
        super().paint(painter, area, axis, theme)
        begun = self._segmenting.begun
        if begun is None or begun.tier is not self._tier:
            return
        x = area.left() + axis.share_of(begun.start_ns) * area.width()
        ink = QColor(tokens.ink_of(tokens.TELEOP, theme.palette))
        painter.fillRect(QRectF(x - 1, area.top(), tokens.FOCUS_PX, area.height()), ink)
        painter.setPen(ink)
        words = f"{begun.text or UNNAMED} …"
        place = QRectF(x + tokens.steps(1), area.top(), area.right() - x, area.height())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter.value), words)

    def grip_at(self, time_ns: int, slack_ns: int) -> Grip | None:
        """The edge that is near enough to be dragged; of the chosen span before others."""
        if not self._desk.ready:
            return None
        near: list[tuple[int, bool, SpanLabel, Edge]] = []
        edges: tuple[Edge, Edge] = ("start", "end")
        for span in self._index.near(time_ns, slack_ns):
            for edge in edges:
                off = abs(edge_of(span, edge) - time_ns)
                if off <= slack_ns:
                    near.append((off, span.id != self.chosen_id, span, edge))
        if not near:
            return None
        _, _, span, edge = min(near, key=lambda found: (found[1], found[0]))
        return EdgeGrip(span.id, edge, self._segmenting)

    def choose_at(self, time_ns: int, *, slack_ns: int = 0, down: float = 0.5) -> str:
        """Choose the span there; none where there is none."""
        span = self._at(time_ns)
        self._desk.select(span.id if span is not None else "")
        return span.id if span is not None else ""


@dataclass(frozen=True, slots=True)
class EdgeGrip(Grip):
    """An edge between finger and thumb."""

    label_id: str
    edge: Edge
    segmenting: Segmenting

    def drag(self, time_ns: int, slack_ns: int) -> None:
        """Show it there, or at the moment near there that is worth snapping to."""
        to_ns = self.segmenting.nearest_target(time_ns, within_ns=slack_ns)
        self.segmenting.drag_edge(self.label_id, self.edge, to_ns)

    def drop(self, time_ns: int, slack_ns: int) -> None:
        """Leave it there."""
        to_ns = self.segmenting.nearest_target(time_ns, within_ns=slack_ns)
        self.segmenting.drop_edge(self.label_id, self.edge, to_ns)


def _place_of(span: SpanLabel, area: QRectF, axis: TimeAxis) -> QRectF | None:
    """Where a span is in its lane; None out of view."""
    left = max(area.left() + axis.share_of(span.start_ns) * area.width(), area.left())
    right = min(area.left() + axis.share_of(span.end_ns) * area.width(), area.right())
    return QRectF(left, area.top(), right - left, area.height()) if right > left else None


def _box_of(span: SpanLabel, area: QRectF, axis: TimeAxis) -> QRectF | None:
    """Its bar, less a pixel, so that it is told from the next."""
    place = _place_of(span, area, axis)
    if place is None:
        return None
    height = area.height() - 2 * _MARGIN_PX
    return QRectF(place.left(), area.top() + _MARGIN_PX, max(place.width() - 1, 1), height)
