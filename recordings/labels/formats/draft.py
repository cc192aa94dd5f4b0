"""What a file says, before it is held against the episode: rows with their lines, and what was passed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from recordings.errors import RecordingError
from recordings.labels.formats.clock import MS, EpisodeClock
from recordings.labels.label import BoxLabel, EpisodeLabel, Label, Origin, SpanLabel, State

NAMED = 3
"""How many of those that are lost are named; the others are counted."""

NAME_LENGTH = 40
"""Of a text, as much as tells it from others."""


class FileNotUnderstood(RecordingError):
    """A file of labels says something that makes no sense; nothing of it is taken.

    Args:
        file: Its name.
        line: Which line, from 1; 0 for the file as a whole.
        problem: What it says, and what to do.
    """

    def __init__(self, file: str, line: int, problem: str) -> None:
        super().__init__(f"{file}, line {line}: {problem}" if line else f"{file}: {problem}")


@dataclass(frozen=True)
class Loss:
    """Something that does not come along, or not as it was.

    Attributes:
        count: How many.
        what: Of what.
        why: Why, and what becomes of them.
        which: The first few of them; none where their number says enough.
    """

    count: int
    what: str
    why: str
    which: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = f"{self.count} {self.what}: {self.why}"
        if not self.which:
            return said
        more = self.count - len(self.which)
        return f"{said}: {', '.join(self.which)}{f' and {more} more' if more > 0 else ''}"


def told(*losses: Loss) -> tuple[Loss, ...]:
    """Those that count anything."""
    return tuple(loss for loss in losses if loss.count)


@dataclass(frozen=True)
class SpanRow:
    """A span as a file has it, with capture times.

    Attributes:
        line: Where in the file.
        tier: What the file calls its tier; empty where it says nothing.
        start_ns, end_ns: Capture times; they may lie outside of the episode.
        text: Its text.
        id: Of the label that it was, empty for a new one.
        state, thumb: As in `SpanLabel`.
        origin: Where the file says that it came from; None where it says nothing.
    """

    line: int
    tier: str
    start_ns: int
    end_ns: int
    text: str
    id: str = ""
    state: State = State.ACCEPTED
    origin: Origin | None = None
    thumb: int = 0


@dataclass(frozen=True)
class Draft:
    """All that a file says.

    Attributes:
        spans: Spans, whose tiers are yet to be understood.
        others: Boxes and the judgement of the episode, each with its line.
        tiers: Names of the tiers that the file speaks of, empty ones too.
        exact: Whether it holds ns; else a label that the reviewer still has keeps its own, where the ms are the same.
        losses: What was passed over.
    """

    spans: Sequence[SpanRow]
    others: Sequence[tuple[int, BoxLabel | EpisodeLabel]] = ()
    tiers: frozenset[str] = frozenset()
    exact: bool = True
    losses: tuple[Loss, ...] = ()


def lost_spans(spans: Sequence[SpanRow | SpanLabel], what: str, why: str, *, start_ns: int) -> Loss:
    """A loss that names the first few by text and time, so that they can be found.

    Args:
        spans: All of them.
        what: Of what.
        why: Why, and what becomes of them.
        start_ns: The episode's, which times are told from.
    """
    return Loss(len(spans), what, why, tuple(_which(span, start_ns) for span in spans[:NAMED]))


def _which(span: SpanRow | SpanLabel, start_ns: int) -> str:
    text = " ".join(span.text.split())
    shown = text if len(text) <= NAME_LENGTH else f"{text[: NAME_LENGTH - 1].rstrip()}…"
    return f'"{shown}" ({(span.start_ns - start_ns) / 1e9:.3f} to {(span.end_ns - start_ns) / 1e9:.3f} s)'


def fitted(row: SpanRow, known: SpanLabel, clock: EpisodeClock, *, visible_text: str) -> SpanRow:
    """A row of whole milliseconds with what is known of its label: an edge that was not moved keeps its ns.

    Args:
        row: As read.
        known: The label that it was.
        clock: The one that its ms were counted by.
        visible_text: The label's text as the format shows it: a row that has it was not written anew.
    """
    were = clock.shown_ms(known.start_ns, known.end_ns)
    now = clock.shown_ms(row.start_ns, row.end_ns)
    found = replace(
        row,
        start_ns=known.start_ns if now[0] == were[0] else row.start_ns,
        end_ns=known.end_ns if now[1] == were[1] else row.end_ns,
        text=known.text if row.text == visible_text else row.text.strip(),
        id=known.id,
        state=known.state,
        thumb=known.thumb,
        origin=known.origin,
    )
    if found.end_ns <= found.start_ns:  # one edge was moved to within a millisecond of the other
        found = replace(found, start_ns=row.start_ns, end_ns=row.end_ns)
    same = (found.start_ns, found.end_ns, found.text) == (known.start_ns, known.end_ns, known.text)
    if same or known.origin.by == "human":
        return found
    return replace(found, origin=msgspec.structs.replace(known.origin, edited=True))


def not_shown(labels: Sequence[Label]) -> tuple[Loss, ...]:
    """What a format that holds only spans of accepted text leaves out."""
    unsettled = [
        label for label in labels if not isinstance(label, EpisodeLabel) and label.state is not State.ACCEPTED
    ]
    boxes = [label for label in labels if isinstance(label, BoxLabel) and label.state is State.ACCEPTED]
    judged = [label for label in labels if isinstance(label, EpisodeLabel)]
    return told(
        Loss(len(boxes), "boxes", "the format holds none; CSV and JSON do"),
        Loss(len(judged), "judgement of the episode", "the format holds none; CSV and JSON do"),
        Loss(
            len(unsettled), "suggestions not accepted", "only what counts is written; CSV and JSON hold all"
        ),
    )


def uneven(spans: Sequence[SpanLabel], clock: EpisodeClock) -> int:
    """How many spans have an edge that is no whole millisecond from the start."""
    return sum(
        (span.start_ns - clock.start_ns) % MS != 0 or (span.end_ns - clock.start_ns) % MS != 0
        for span in spans
    )


def early(spans: Sequence[SpanLabel], clock: EpisodeClock) -> Loss:
    """Spans from before the episode's start, where a format counts from there."""
    before = sum(span.start_ns < clock.start_ns for span in spans)
    return Loss(
        before, "spans from before the start", "the format counts from there; they are shown from 0 on"
    )


def without_origin(spans: Sequence[SpanLabel]) -> int:
    """How many spans say more of where they came from than that a person made them."""
    return sum(span.origin != Origin() for span in spans)
