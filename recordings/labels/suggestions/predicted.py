"""Suggested by a model: subtasks that the policy's high level named itself, followed or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from recordings.episode import Episode
from recordings.labels.label import SpanLabel
from recordings.labels.suggestions.extent import extent
from recordings.labels.suggestions.suggestion import suggestion
from recordings.labels.suggestions.told import Told, not_covered, parsed

OVERRIDDEN = "overridden"
"""The source of what a model would have done while a person had something else done."""

_LONGEST_SILENCE_NS = 3_000_000_000
"""The high level is asked every second; what it said does not stand for longer than this without being said again."""


class ProposalData(msgspec.Struct, frozen=True):
    """The data of a `proposal` event; see docs/voice.md."""

    asked_ns: int
    text: str
    verdict: str
    probability: float = 0.0


@dataclass
class _Run:
    """A text named several times on end."""

    start_ns: int
    last_ns: int
    end_ns: int
    text: str
    probabilities: list[float]


def suggest_predicted(episode: Episode, told: Sequence[Told], rows: Sequence[Told]) -> tuple[SpanLabel, ...]:
    """What the model had done, surest where it said so again and again; and what it would have had done."""
    said = _proposals(episode)
    named = [one for one in told if one.by_model]
    named += [row for row in not_covered(rows, told) if row.by_model]
    found = [
        suggestion(
            "predicted",
            one.start_ns,
            one.end_ns,
            one.text,
            source=one.origin,
            confidence=_mean_probability(one, said),
            thumb=one.thumb,
        )
        for one in named
    ]
    found += [
        suggestion(
            "predicted",
            run.start_ns,
            run.end_ns,
            run.text,
            source=OVERRIDDEN,
            confidence=float(np.mean(run.probabilities)),
        )
        for run in _overridden(episode, said)
    ]
    return tuple(found)


def _proposals(episode: Episode) -> list[ProposalData]:
    parsed_all = (parsed(event.data, ProposalData) for event in episode.events if event.kind == "proposal")
    return sorted((one for one in parsed_all if one is not None), key=lambda one: one.asked_ns)


def _mean_probability(told: Told, said: Sequence[ProposalData]) -> float | None:
    """Of the answers that named it while it was in force; the one that began it was asked for before."""
    same = [
        one.probability
        for one in said
        if one.text == told.text and one.verdict == "same" and told.start_ns <= one.asked_ns < told.end_ns
    ]
    first = [told.confidence] if told.confidence is not None else []
    return float(np.mean([*first, *same])) if first or same else None


def _overridden(episode: Episode, said: Sequence[ProposalData]) -> list[_Run]:
    """Stretches in which the model named something else than the person; each answer stands until the next one."""
    ends = extent(episode)
    runs: list[_Run] = []
    for one in said:
        if ends is None or one.verdict != OVERRIDDEN or not ends[0] <= one.asked_ns < ends[1]:
            continue
        last = runs[-1] if runs else None
        if last is not None and one.asked_ns - last.last_ns <= _LONGEST_SILENCE_NS:
            last.end_ns = one.asked_ns
        if last is not None and last.text == one.text and last.end_ns == one.asked_ns:
            last.last_ns = one.asked_ns
            last.probabilities.append(one.probability)
        else:
            runs.append(_Run(one.asked_ns, one.asked_ns, one.asked_ns, one.text, [one.probability]))
    return [run for run in runs if run.end_ns > run.start_ns and run.text != "done"]
