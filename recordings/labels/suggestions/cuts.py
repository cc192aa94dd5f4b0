"""From cuts to segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from recordings.labels.label import SpanLabel
from recordings.labels.suggestions.suggestion import suggestion

LEAST_SEGMENT_NS = 500_000_000
"""Cuts that are closer to one another, or to an end, count as one."""


@dataclass(frozen=True)
class Cut:
    """A moment at which one thing ends and another begins: why, and how sure that is, 0 to 1."""

    time_ns: int
    why: str
    confidence: float


def segments(kind: str, cuts: Sequence[Cut], ends: tuple[int, int]) -> tuple[SpanLabel, ...]:
    """Suggested spans without texts, from end to end; none where nothing cuts.

    A segment's source is why it ends, or of the last one why it begins; its confidence is that of its weaker cut.

    Args:
        kind: Of the suggestion.
        cuts: In order of time.
        ends: First and last moment of the episode.
    """
    kept: list[Cut] = []
    for cut in cuts:
        after_ns = kept[-1].time_ns if kept else ends[0]
        if cut.time_ns - after_ns >= LEAST_SEGMENT_NS and ends[1] - cut.time_ns >= LEAST_SEGMENT_NS:
            kept.append(cut)
    if not kept:
        return ()
    edges = [Cut(ends[0], "", 1.0), *kept, Cut(ends[1], "", 1.0)]
    return tuple(
        suggestion(
            kind,
            before.time_ns,
            after.time_ns,
            "",
            source=after.why or before.why,
            confidence=min(before.confidence, after.confidence),
        )
        for before, after in pairwise(edges)
    )
