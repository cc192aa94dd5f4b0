"""From many suggestions to one way through the episode, for taking them all at once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from recordings.labels.label import SpanLabel

_ORDER = ("spoken", "predicted", "earlier", "gripper", "pause")
_UNKNOWN_CONFIDENCE = 0.5


def without_overlaps(suggestions: Iterable[SpanLabel]) -> tuple[SpanLabel, ...]:
    """Suggestions that do not overlap, in order of time: those with a text first, then by kind, then by confidence."""
    taken: list[SpanLabel] = []  # in order of time, so that only the neighbours of a place are looked at
    for span in sorted(suggestions, key=_worth):
        place = bisect_left(taken, span.start_ns, key=lambda other: other.start_ns)
        beside = taken[max(0, place - 1) : place + 1]
        if not any(other.overlap_ns(span.start_ns, span.end_ns) for other in beside):
            taken.insert(place, span)
    return tuple(taken)


def _worth(span: SpanLabel) -> tuple[bool, int, float, int, str]:
    origin = span.origin
    kind = _ORDER.index(origin.by) if origin.by in _ORDER else len(_ORDER)
    confidence = _UNKNOWN_CONFIDENCE if origin.confidence is None else origin.confidence
    return not span.text, kind, -confidence, span.start_ns, span.id
