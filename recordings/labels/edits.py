"""What a reviewer's actions change, worked out from the labels as they stand; nothing here changes anything.

Each function gives the changes of one step, for `LabelEditor.apply`. Subtasks never overlap: what is put or moved goes
before what it would lie over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

import msgspec

from recordings.errors import RecordingError
from recordings.labels.history import Change
from recordings.labels.label import BoxLabel, EpisodeLabel, Label, Origin, SpanLabel, State, Tier, new_id
from recordings.labels.view import EpisodeLabels

LEAST_NS = 20_000_000
"""The shortest span that an edge can be moved to: one tick of control."""

Edge = Literal["start", "end"]
L = TypeVar("L", bound=SpanLabel | BoxLabel)


class UnknownLabel(RecordingError):
    """No label of the kind has this id."""


def put_span(
    labels: EpisodeLabels,
    tier: Tier,
    start_ns: int,
    end_ns: int,
    text: str,
    *,
    origin: Origin | None = None,
) -> tuple[Change, ...]:
    """A new span. Subtasks that it lies over give way: cut short, cut in two, or gone.

    Raises:
        ValueError: It ends before it begins.
    """
    span = SpanLabel(new_id(), tier, start_ns, end_ns, text, origin=origin or Origin())
    return (*_making_room(labels, span), Change(None, span))


def clear(labels: EpisodeLabels, start_ns: int, end_ns: int) -> tuple[Change, ...]:
    """No subtask from one moment to another: those that lie there give way, as to a new one.

    Raises:
        ValueError: It ends before it begins.
    """
    return _making_room(labels, SpanLabel("", Tier.SUBTASK, start_ns, end_ns))


def remove(labels: EpisodeLabels, label_ids: Iterable[str]) -> tuple[Change, ...]:
    """Labels taken away; raises `UnknownLabel`."""
    return tuple(Change(_label(labels, label_id), None) for label_id in label_ids)


def set_text(labels: EpisodeLabels, label_id: str, text: str) -> tuple[Change, ...]:
    """Another text for a span or a box; raises `UnknownLabel`."""
    label = _label(labels, label_id)
    if isinstance(label, EpisodeLabel):
        raise UnknownLabel("the judgement of the episode has no text; change its comment")
    return (Change(label, _edited(label, text=text)),)


def split(labels: EpisodeLabels, label_id: str, at_ns: int) -> tuple[Change, ...]:
    """A span cut in two at a moment; no change where the moment is not within it. Raises `UnknownLabel`."""
    span = _span(labels, label_id)
    if not span.start_ns < at_ns < span.end_ns:
        return ()
    second = msgspec.structs.replace(span, id=new_id(), start_ns=at_ns, thumb=0)
    return (Change(span, _edited(span, end_ns=at_ns)), Change(None, _edited(second)))


def merge(labels: EpisodeLabels, label_ids: Iterable[str]) -> tuple[Change, ...]:
    """Spans of one tier made one, from the first's start to the last's end, with the first text that is not empty.

    Raises:
        UnknownLabel: One of them is not there.
        ValueError: They are of several tiers.
    """
    spans = sorted((_span(labels, label_id) for label_id in label_ids), key=lambda span: span.start_ns)
    if len(spans) < 2:
        return ()
    if len({span.tier for span in spans}) > 1:
        raise ValueError("only spans of one tier can be merged")
    text = next((span.text for span in spans if span.text), "")
    whole = _edited(spans[0], end_ns=max(span.end_ns for span in spans), text=text)
    gone = {span.id for span in spans}
    return (
        *_making_room(labels, whole, apart_from=gone),
        *(Change(span, None) for span in spans[1:]),
        Change(spans[0], whole),
    )


def move_edge(
    labels: EpisodeLabels, label_id: str, edge: Edge, to_ns: int, *, together: bool = True
) -> tuple[Change, ...]:
    """A span's start or end moved. It stops short of its other edge, and of a neighbour's far one.

    Args:
        labels: As they stand.
        label_id: Of the span.
        edge: Which of its two.
        to_ns: Where to.
        together: A neighbour that touches it there keeps touching it; else it only gives way.

    Raises:
        UnknownLabel: No span has this id.
    """
    span = _span(labels, label_id)
    before, after = _neighbours(labels, span)
    if edge == "start":
        to_ns = min(to_ns, span.end_ns - LEAST_NS)
        if before is None or (before.end_ns <= to_ns and not (together and before.end_ns == span.start_ns)):
            return (Change(span, _edited(span, start_ns=to_ns)),)
        to_ns = max(to_ns, min(before.start_ns + LEAST_NS, span.start_ns))
        return (Change(before, _edited(before, end_ns=to_ns)), Change(span, _edited(span, start_ns=to_ns)))
    to_ns = max(to_ns, span.start_ns + LEAST_NS)
    if after is None or (after.start_ns >= to_ns and not (together and after.start_ns == span.end_ns)):
        return (Change(span, _edited(span, end_ns=to_ns)),)
    to_ns = min(to_ns, max(after.end_ns - LEAST_NS, span.end_ns))
    return (Change(after, _edited(after, start_ns=to_ns)), Change(span, _edited(span, end_ns=to_ns)))


def move(labels: EpisodeLabels, label_id: str, by_ns: int) -> tuple[Change, ...]:
    """A whole span moved; subtasks that it comes to lie over give way. Raises `UnknownLabel`."""
    span = _span(labels, label_id)
    moved = _edited(span, start_ns=span.start_ns + by_ns, end_ns=span.end_ns + by_ns)
    return (*_making_room(labels, moved, apart_from={span.id}), Change(span, moved))


def fill_gaps(labels: EpisodeLabels, tier: Tier, start_ns: int, end_ns: int) -> tuple[Change, ...]:
    """Every span of a tier drawn out to where the next begins, the first and the last to the episode's ends."""
    spans = labels.spans(tier)
    starts = [min(start_ns, spans[0].start_ns), *(span.start_ns for span in spans[1:])] if spans else []
    ends = [*starts[1:], max(end_ns, spans[-1].end_ns)] if spans else []
    return tuple(
        Change(span, _edited(span, start_ns=start, end_ns=max(end, span.end_ns)))
        for span, start, end in zip(spans, starts, ends, strict=True)
        if (start, max(end, span.end_ns)) != (span.start_ns, span.end_ns)
    )


def accept(labels: EpisodeLabels, suggestion: SpanLabel) -> tuple[Change, ...]:
    """A suggestion taken as a label, with its origin; subtasks that it lies over give way."""
    taken = msgspec.structs.replace(suggestion, state=State.ACCEPTED)
    before = labels.by_id.get(suggestion.id)
    return (*_making_room(labels, taken, apart_from={taken.id}), Change(before, taken))


def reject(labels: EpisodeLabels, suggestion: SpanLabel) -> tuple[Change, ...]:
    """A suggestion refused, and remembered so."""
    return (
        Change(labels.by_id.get(suggestion.id), msgspec.structs.replace(suggestion, state=State.REJECTED)),
    )


def rename(labels: EpisodeLabels, texts: Mapping[str, str]) -> tuple[Change, ...]:
    """Every label whose text is one of the keys gets the text it maps to."""
    return tuple(
        Change(label, msgspec.structs.replace(label, text=texts[label.text]))
        for label in labels.by_id.values()
        if not isinstance(label, EpisodeLabel) and texts.get(label.text, label.text) != label.text
    )


def judge(labels: EpisodeLabels, **judged: Any) -> tuple[Change, ...]:
    """Some fields of the judgement of the whole episode changed, by `EpisodeLabel`'s names."""
    before = labels.by_id.get("episode")
    return (Change(before, msgspec.structs.replace(labels.episode, **judged)),)


def replace(labels: EpisodeLabels, others: Iterable[Label]) -> tuple[Change, ...]:
    """Labels put as they are, in place of those of the same ids; nothing gives way."""
    return tuple(Change(labels.by_id.get(label.id), label) for label in others)


def _label(labels: EpisodeLabels, label_id: str) -> Label:
    try:
        return labels.by_id[label_id]
    except KeyError:
        raise UnknownLabel(
            f"no label {label_id!r} among {len(labels)}; it may have been taken away"
        ) from None


def _span(labels: EpisodeLabels, label_id: str) -> SpanLabel:
    label = _label(labels, label_id)
    if not isinstance(label, SpanLabel):
        raise UnknownLabel(f"the label {label_id!r} is no span of time")
    return label


def _edited(label: L, **fields: Any) -> L:
    """The label with other fields; one that was suggested or imported says that it has been changed."""
    origin = (
        label.origin if label.origin.by == "human" else msgspec.structs.replace(label.origin, edited=True)
    )
    return msgspec.structs.replace(label, origin=origin, **fields)


def _neighbours(labels: EpisodeLabels, span: SpanLabel) -> tuple[SpanLabel | None, SpanLabel | None]:
    """The subtasks before and after one; none in tiers whose spans may overlap."""
    if span.tier is not Tier.SUBTASK or span.state is not State.ACCEPTED:
        return None, None
    spans = labels.subtasks
    at = spans.index(span)
    return (spans[at - 1] if at else None), (spans[at + 1] if at + 1 < len(spans) else None)


def _making_room(
    labels: EpisodeLabels, span: SpanLabel, *, apart_from: Iterable[str] = ()
) -> tuple[Change, ...]:
    if span.tier is not Tier.SUBTASK:
        return ()
    changes: list[Change] = []
    spared = set(apart_from)
    for other in labels.subtasks:
        if other.id in spared or not other.overlap_ns(span.start_ns, span.end_ns):
            continue
        left = other.start_ns < span.start_ns
        right = other.end_ns > span.end_ns
        if left:
            changes.append(Change(other, _edited(other, end_ns=span.start_ns)))
            if right:
                rest = msgspec.structs.replace(other, id=new_id(), start_ns=span.end_ns, thumb=0)
                changes.append(Change(None, _edited(rest)))
        elif right:
            changes.append(Change(other, _edited(other, start_ns=span.end_ns)))
        else:
            changes.append(Change(other, None))
    return tuple(changes)
