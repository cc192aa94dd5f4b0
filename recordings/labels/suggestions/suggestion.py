"""A suggestion: a proposed subtask with an id that the same suggestion has each time it is made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from recordings.labels.label import Origin, SpanLabel, State, Tier
from recordings.labels.view import EpisodeLabels

CUTS = frozenset({"gripper", "pause"})
"""Kinds that say where something begins and ends, not what it is."""


def suggestion(
    kind: str,
    start_ns: int,
    end_ns: int,
    text: str,
    *,
    source: str = "",
    confidence: float | None = None,
    thumb: int = 0,
) -> SpanLabel:
    """A proposed subtask.

    Args:
        kind: Where it comes from, see `Origin.by`.
        start_ns: Its first moment.
        end_ns: The first moment that is not its own.
        text: What is done; empty where only the times are suggested.
        source: See `Origin.source`.
        confidence: 0 to 1, None where nothing is known of it. It is cut to that range.
        thumb: What an expert judged while it was recorded.
    """
    if confidence is not None:
        confidence = min(1.0, max(0.0, confidence))
    return SpanLabel(
        suggestion_id(kind, start_ns, end_ns, text),
        Tier.SUBTASK,
        start_ns,
        end_ns,
        text,
        State.PROPOSED,
        Origin(kind, source, confidence),
        thumb,
    )


def suggestion_id(kind: str, start_ns: int, end_ns: int, text: str) -> str:
    """12 hexadecimal digits that kind, times and text decide alone."""
    return hashlib.sha256(f"{kind}\0{start_ns}\0{end_ns}\0{text}".encode()).hexdigest()[:12]


def with_text(span: SpanLabel, text: str) -> SpanLabel:
    """The same suggestion with a text, and the id that belongs to it."""
    return msgspec.structs.replace(
        span, id=suggestion_id(span.origin.by, span.start_ns, span.end_ns, text), text=text
    )


def still_open(suggestions: Iterable[SpanLabel], labels: EpisodeLabels) -> tuple[SpanLabel, ...]:
    """Those that nobody has answered yet, in order of time.

    Left out are those that stand among the labels, accepted, changed since or refused; those that share half of the
    shorter with a label of the same text; and cuts where half of the segment is labelled already.
    """
    kept = [span for span in suggestions if span.id not in labels.by_id and not _answered(span, labels)]
    return tuple(sorted(kept, key=lambda span: (span.start_ns, span.end_ns, span.origin.by, span.id)))


def _answered(span: SpanLabel, labels: EpisodeLabels) -> bool:
    shared = [(label, label.overlap_ns(span.start_ns, span.end_ns)) for label in labels.subtasks]
    if span.origin.by in CUTS and 2 * sum(overlap for _, overlap in shared) >= span.duration_ns:
        return True
    return any(
        label.text == span.text and 2 * overlap >= min(label.duration_ns, span.duration_ns) > 0
        for label, overlap in shared
        if overlap
    )
