"""Cutting an episode into spans: marking while it plays, naming, splitting, merging, moving edges; free of Qt."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.gui.labels.desk import NO_FRAMES, LabelDesk
from app.gui.review.frames import step_from
from recordings.labels import SpanLabel, Tier, edits
from recordings.labels.edits import Edge

PALETTE_KEYS = 9
"""Texts that have a number key."""

NOTE_NS = 1_000_000_000
"""How long a note is until its edges are moved."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A span that has a beginning and no end yet."""

    start_ns: int
    tier: Tier
    text: str = ""


class Segmenting:
    """What the segmentation keys do, to the labels on a desk.

    Attributes:
        lag_s: how late the reviewer's finger is; while it plays, marks are set so much earlier.
        chained: the end of a span is the beginning of the next, so that no gaps arise.
        palette: texts by number key.
        snap_targets: (N,) moments worth snapping to, in order.
    """

    def __init__(self, desk: LabelDesk) -> None:
        self._desk = desk
        self._begun: Begun | None = None
        self._of: Hashable = None
        self._waiting: dict[Hashable, Begun] = {}
        self.lag_s = 0.0
        self.chained = False
        self.palette: tuple[str, ...] = ()
        self.snap_targets: NDArray[np.int64] = NO_FRAMES

    @property
    def begun(self) -> Begun | None:
        """The span that has no end yet."""
        return self._begun

    def turn(self, of: Hashable) -> None:
        """Go on with these labels; what was begun in others waits there, and what was begun here goes on."""
        if self._begun is not None:
            self._waiting[self._of] = self._begun
        self._of = of
        self._begin(self._waiting.pop(of, None))

    def mark(self, position_ns: int, *, playing: bool, tier: Tier = Tier.SUBTASK) -> None:
        """Begin a span here, or end the one that was begun, which is then chosen.

        Args:
            position_ns: the playhead.
            playing: it moves, so the mark is set earlier by the reviewer's lag.
            tier: of a span that begins.
        """
        if not self._desk.ready:
            return
        at = self._desk.stretch.within(position_ns - (round(self.lag_s * 1e9) if playing else 0))
        begun = self._begun
        if begun is None:
            self._begin(Begun(at, tier))
            self._desk.select("")
            return
        start, end = min(begun.start_ns, at), max(begun.start_ns, at)
        if end - start < edits.LEAST_NS:
            return
        self._begin(Begun(end, begun.tier) if self.chained and end == at else None)
        changes = edits.put_span(self._desk.kept_labels, begun.tier, start, end, begun.text)
        self._desk.do(changes, "mark a span", choose_new=True)

    def cancel(self) -> None:
        """Forget the beginning that has no end."""
        self._begin(None)

    def name(self, text: str) -> None:
        """Give a text to the chosen label; where none is, to the span that is being made."""
        chosen = self._desk.selected
        if chosen is not None:
            self._desk.do(edits.set_text(self._desk.kept_labels, chosen.id, text), "name a label")
        else:
            self.name_begun(text)

    def name_begun(self, text: str) -> None:
        """Give a text to the span that is being made, whatever is chosen."""
        if self._begun is not None:
            self._begin(replace(self._begun, text=text))

    def name_by_key(self, number: int) -> None:
        """The same with the palette's text of a number key, from 1."""
        if 1 <= number <= len(self.palette):
            self.name(self.palette[number - 1])

    def note(self, position_ns: int, text: str) -> None:
        """A note at a moment, chosen then."""
        end = max(self._desk.stretch.within(position_ns + NOTE_NS), position_ns + edits.LEAST_NS)
        changes = edits.put_span(self._desk.kept_labels, Tier.NOTE, position_ns, end, text)
        self._desk.do(changes, "write a note", choose_new=True)

    def remove(self) -> None:
        """Take the chosen label away; a beginning without an end goes first."""
        chosen = self._desk.selected
        if self._begun is not None:
            self.cancel()
        elif chosen is not None:
            self._desk.do(edits.remove(self._desk.kept_labels, [chosen.id]), "take a label away")

    def split(self, position_ns: int) -> None:
        """Cut the span of a moment in two there, the chosen one or the subtask; the second part is chosen."""
        chosen = self._desk.selected_span
        span = chosen if chosen is not None and chosen.holds(position_ns) else None
        span = span or self._desk.kept_labels.subtask_at(position_ns)
        if span is not None:
            changes = edits.split(self._desk.kept_labels, span.id, position_ns)
            self._desk.do(changes, "split", choose_new=True)

    def merge(self) -> None:
        """Make the chosen span one with the next of its tier."""
        span = self._desk.selected_span
        spans = self._desk.kept_labels.spans(span.tier) if span is not None else ()
        if span is None or span not in spans[:-1]:
            return
        follower = spans[spans.index(span) + 1]
        self._desk.do(edits.merge(self._desk.kept_labels, [span.id, follower.id]), "merge")

    def set_edge(self, edge: Edge, to_ns: int) -> None:
        """Move an edge of the chosen span to a moment."""
        span = self._desk.selected_span
        if span is not None:
            self.drop_edge(span.id, edge, to_ns)

    def nudge(self, edge: Edge, frames: int) -> None:
        """Move an edge of the chosen span so many stored frames."""
        span = self._desk.selected_span
        if span is not None:
            self.set_edge(edge, step_from(self._desk.stretch.frames_ns, edge_of(span, edge), frames))

    def snap(self, position_ns: int) -> None:
        """Move the edge of the chosen span that is nearest to the playhead to the nearest moment worth it."""
        span = self._desk.selected_span
        if span is not None:
            near_start = abs(span.start_ns - position_ns) <= abs(span.end_ns - position_ns)
            edge: Edge = "start" if near_start else "end"
            self.set_edge(edge, self.nearest_target(edge_of(span, edge)))

    def nearest_target(self, time_ns: int, *, within_ns: int | None = None) -> int:
        """The moment worth snapping to that is nearest; the moment itself where none is near enough."""
        targets = self.snap_targets
        if not len(targets):
            return time_ns
        at = int(np.searchsorted(targets, time_ns))
        near = targets[max(at - 1, 0) : at + 1].tolist()
        best = int(min(near, key=lambda target: abs(target - time_ns)))
        return best if within_ns is None or abs(best - time_ns) <= within_ns else time_ns

    def drag_edge(self, label_id: str, edge: Edge, to_ns: int) -> None:
        """Show an edge where it is being dragged to."""
        labels = self._desk.kept_labels
        if label_id in labels.by_id:
            to_ns = self._desk.stretch.within(to_ns)
            self._desk.preview(edits.move_edge(labels, label_id, edge, to_ns))

    def drop_edge(self, label_id: str, edge: Edge, to_ns: int) -> None:
        """Move an edge to a moment for good, in one step."""
        labels = self._desk.kept_labels
        if label_id in labels.by_id:
            changes = edits.move_edge(labels, label_id, edge, self._desk.stretch.within(to_ns))
            self._desk.do(changes, "move an edge")

    def fill_gaps(self) -> None:
        """Draw every subtask out to the next, the first and last to the episode's ends."""
        stretch = self._desk.stretch
        changes = edits.fill_gaps(self._desk.kept_labels, Tier.SUBTASK, stretch.start_ns, stretch.end_ns)
        self._desk.do(changes, "close the gaps")

    def _begin(self, begun: Begun | None) -> None:
        self._begun = begun
        self._desk.touch()


def edge_of(span: SpanLabel, edge: Edge) -> int:
    """When a span's edge is."""
    return span.start_ns if edge == "start" else span.end_ns
