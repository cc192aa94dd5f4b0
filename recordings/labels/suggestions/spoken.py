"""Suggested by what a person told the robot: by voice, by a key, or typed."""

from __future__ import annotations

from collections.abc import Sequence

from recordings.labels.label import SpanLabel
from recordings.labels.suggestions.suggestion import suggestion
from recordings.labels.suggestions.told import ROWS, Told, not_covered

_PERSON = frozenset({"voice", "key", "typed"})
_GIVEN_UP = 0.5
"""Of the confidence where the policy gave the subtask up: it was tried, and up to where is not known."""


def suggest_spoken(told: Sequence[Told], rows: Sequence[Told]) -> tuple[SpanLabel, ...]:
    """Subtasks that a person named, with the expert's thumb; and those that only the rows still tell of.

    The source of one that was said is the number of its utterance.
    """
    named = [one for one in told if one.origin in _PERSON]
    named += [row for row in not_covered(rows, told) if row.origin == ROWS]
    return tuple(
        suggestion(
            "spoken",
            one.start_ns,
            one.end_ns,
            one.text,
            source=str(one.utterance) if one.utterance else one.origin,
            confidence=_confidence(one),
            thumb=one.thumb,
        )
        for one in named
    )


def _confidence(told: Told) -> float | None:
    if told.confidence is None or not told.gave_up:
        return told.confidence
    return told.confidence * _GIVEN_UP
