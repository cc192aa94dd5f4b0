"""What the recording itself proposes, to be taken or refused by a key; free of Qt."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from app.gui.labels.desk import LabelDesk, with_changes
from recordings.labels import Change, EpisodeLabels, SpanLabel, State, edits
from recordings.labels.suggestions import without_overlaps
from recordings.labels.suggestions.suggestion import still_open


class Suggesting:
    """Proposals beside the labels on a desk. One that was taken or refused is in the labels, and is not made again."""

    def __init__(self, desk: LabelDesk) -> None:
        self._desk = desk
        self._proposed: tuple[SpanLabel, ...] = ()
        self._open: tuple[SpanLabel, ...] = ()
        self._open_for: EpisodeLabels | None = None

    @property
    def open(self) -> tuple[SpanLabel, ...]:
        """What is neither taken nor refused, in order of time; of those that lie over one another the likeliest.

        Where a label is already, nothing is proposed: to take a suggestion changes no label that is there.
        """
        labels = self._desk.kept_labels
        if labels is not self._open_for:
            self._open_for = labels
            spared = (_beside_labels(one, labels) for one in still_open(self._proposed, labels))
            self._open = without_overlaps(one for one in spared if one is not None)
        return self._open

    def offer(self, suggestions: Iterable[SpanLabel]) -> None:
        """Propose these from now on."""
        proposed = (one for one in suggestions if one.state is State.PROPOSED)
        self._proposed = tuple(sorted(proposed, key=lambda one: (one.start_ns, one.end_ns, one.id)))
        self._open_for = None
        self._desk.touch()

    def at(self, position_ns: int) -> SpanLabel | None:
        """The proposal of a moment; where there is none, the next after it."""
        left = self.open
        here = [one for one in left if one.holds(position_ns)]
        later = [one for one in left if one.start_ns > position_ns]
        found = here or later
        return found[0] if found else None

    def take(self, position_ns: int) -> SpanLabel | None:
        """Make the proposal of this moment a label, which is chosen then; returns it."""
        one = self.at(position_ns)
        if one is not None:
            self._desk.do(edits.accept(self._desk.labels, one), "take a suggestion")
            self._desk.select(one.id)
        return one

    def take_all(self) -> None:
        """Make all proposals labels in one step, but for those that lie over a label that is there."""
        labels = self._desk.labels
        changes: list[Change] = []
        for one in self.open:
            if not any(span.overlap_ns(one.start_ns, one.end_ns) for span in labels.spans(one.tier)):
                more = edits.accept(labels, one)
                labels = with_changes(labels, more)
                changes += more
        self._desk.do(changes, "take every suggestion")

    def refuse(self, position_ns: int) -> SpanLabel | None:
        """Refuse the proposal of this moment for good; returns it."""
        one = self.at(position_ns)
        if one is not None:
            self._desk.do(edits.reject(self._desk.labels, one), "refuse a suggestion")
        return one


def _beside_labels(suggestion: SpanLabel, labels: EpisodeLabels) -> SpanLabel | None:
    """The longest part of a suggestion that lies beside the labels of its tier; None where that is less than half."""
    free = [(suggestion.start_ns, suggestion.end_ns)]
    for label in labels.spans(suggestion.tier):
        free = [
            part
            for start, end in free
            for part in ((start, min(end, label.start_ns)), (max(start, label.end_ns), end))
            if part[0] < part[1]
        ]
    start, end = max(free, key=lambda part: part[1] - part[0], default=(0, 0))
    if 2 * (end - start) < suggestion.duration_ns:
        return None
    return msgspec.structs.replace(suggestion, start_ns=start, end_ns=end)
