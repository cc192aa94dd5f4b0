"""What was told while recording: the subtasks in force, put together from their events and from the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from recordings.episode import Episode
from recordings.labels.suggestions.extent import extent
from recordings.spec import ActionSource

ROWS = "rows"
"""The source of a suggestion that the rows' own subtasks make alone."""

_SHORT_GAP_NS = 250_000_000
"""Rows without a subtask between two chunks of the same one; shorter, they do not part it."""

_REPLACED_NS = 50_000_000
"""The end of a subtask that is told this shortly before the next one is of being replaced by it."""

T = TypeVar("T", bound=msgspec.Struct)


class SubtaskData(msgspec.Struct, frozen=True):
    """The data of a `subtask` event; see docs/voice.md."""

    applied_ns: int
    state: str
    text: str
    origin: str = ""
    confidence: float | None = None
    utterance: int = 0
    first_action_ns: int = 0
    gave_up: str = ""


class ThumbData(msgspec.Struct, frozen=True):
    """The data of a `thumb` event."""

    applied_ns: int
    thumb: int


@dataclass(frozen=True)
class Told:
    """A subtask that was in force.

    Attributes:
        start_ns: Its first action, or when it was applied.
        end_ns: When it was done, ended, or another came; at the latest the episode's end.
        text: What it was.
        origin: Who named it (`voice`, `key`, `typed`, `model`, `remote`, `task`), or `ROWS`, or empty: not known.
        confidence: Of the recogniser or the model, None where not known.
        utterance: Number of the utterance, 0 for none.
        thumb: As an expert judged it last.
        gave_up: Why it was not carried out to its end; empty where it was.
    """

    start_ns: int
    end_ns: int
    text: str
    origin: str = ""
    confidence: float | None = None
    utterance: int = 0
    thumb: int = 0
    gave_up: str = ""

    @property
    def by_model(self) -> bool:
        """Whether the policy named it itself."""
        return self.origin in ("model", "remote")


def parsed(data: Mapping[str, Any], kind: type[T]) -> T | None:
    """An event's data, None where it is of another kind than ours."""
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError:
        return None


def told_subtasks(episode: Episode) -> tuple[Told, ...]:
    """Every subtask that was in force, in order of time, by its events; one told before the episode began as well.

    One that another replaced lasts until the other's first action: until then the robot goes on with it.
    """
    ends = extent(episode)
    if ends is None:
        return ()
    events = [
        (event.time_ns, data)
        for event in episode.events
        if event.kind == "subtask" and (data := parsed(event.data, SubtaskData)) is not None
    ]
    thumbs = {
        thumb.applied_ns: thumb.thumb
        for event in episode.events
        if event.kind == "thumb" and (thumb := parsed(event.data, ThumbData)) is not None
    }
    numbers = sorted({data.applied_ns for _, data in events})
    found: list[Told] = []
    next_applied_ns = next_start_ns = ends[1]
    for number in reversed(numbers):
        told = _put_together([one for one in events if one[1].applied_ns == number], number, next_applied_ns)
        replaced = told.end_ns >= next_applied_ns - _REPLACED_NS
        start_ns = max(told.start_ns, ends[0])
        end_ns = min(next_start_ns if replaced else told.end_ns, ends[1])
        if told.text and start_ns < end_ns:
            judged = max(-1, min(1, thumbs.get(number, 0)))
            found.append(replace(told, start_ns=start_ns, end_ns=end_ns, thumb=judged))
        next_applied_ns, next_start_ns = number, told.start_ns
    return tuple(reversed(found))


def told_by_rows(episode: Episode) -> tuple[Told, ...]:
    """What `action.subtask` says: stretches of rows that went out under one text.

    Those of the task as a whole, which a policy carries out when nobody names subtasks, are left out.
    """
    rows, ends = episode.action, extent(episode)
    if ends is None or not len(rows.subtask):
        return ()
    changes = np.flatnonzero(np.diff(rows.subtask)) + 1
    found: list[Told] = []
    for start, end in zip([0, *changes], [*changes, len(rows.subtask)], strict=True):
        which = int(rows.subtask[start])
        if not 0 <= which < len(episode.subtasks):
            continue
        text = episode.subtasks[which]
        last_ns = int(rows.time_ns[end]) if end < len(rows.subtask) else ends[1]
        span = Told(
            max(int(rows.time_ns[start]), ends[0]),
            min(last_ns, ends[1]),
            text,
            _named_by(rows.source[start:end]),
        )
        if span.end_ns <= span.start_ns or (span.by_model and text == episode.attributes.task):
            continue
        if found and found[-1].text == text and span.start_ns - found[-1].end_ns <= _SHORT_GAP_NS:
            found[-1] = replace(found[-1], end_ns=span.end_ns)
        else:
            found.append(span)
    return tuple(found)


def not_covered(rows: Sequence[Told], events: Sequence[Told]) -> tuple[Told, ...]:
    """Those of the rows of which the events do not say half already."""

    def covered_ns(row: Told) -> int:
        same = (told for told in events if told.text == row.text)
        return sum(max(0, min(row.end_ns, told.end_ns) - max(row.start_ns, told.start_ns)) for told in same)

    return tuple(row for row in rows if 2 * covered_ns(row) < row.end_ns - row.start_ns)


def _named_by(sources: NDArray[np.uint8]) -> str:
    """Who named what most of some rows went out under: only an autonomous policy does so itself."""
    return "model" if 2 * np.count_nonzero(sources == ActionSource.POLICY) > len(sources) else ROWS


def _put_together(events: list[tuple[int, SubtaskData]], applied_ns: int, next_ns: int) -> Told:
    start_ns, end_ns = applied_ns, next_ns
    text = origin = gave_up = ""
    confidence: float | None = None
    utterance = 0
    for time_ns, data in events:
        text, origin = data.text or text, data.origin or origin
        gave_up = data.gave_up or gave_up
        if data.state == "applied":
            confidence, utterance = data.confidence, data.utterance
        elif data.state == "acting":
            start_ns = data.first_action_ns or time_ns
        elif data.state in ("done", "ended"):
            end_ns = min(end_ns, time_ns)
    return Told(start_ns, end_ns, text, origin, confidence, utterance, gave_up=gave_up)
