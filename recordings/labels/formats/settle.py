"""What a file says, held against the episode and the labels that are there: labels, and what of it is no label."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec

from recordings.labels.formats.clock import MS, EpisodeClock
from recordings.labels.formats.draft import Draft, FileNotUnderstood, Loss, SpanRow, fitted, lost_spans, told
from recordings.labels.label import BoxLabel, EpisodeLabel, Label, Origin, SpanLabel, Tier, new_id
from recordings.labels.view import EpisodeLabels

_AFTER_THE_NAME = re.compile(r"@.*|[-_ ]?\d+$")
_EPISODE_ID = EpisodeLabel().id


@dataclass(frozen=True)
class Imported:
    """Labels as a file has them, ready to be taken in.

    Attributes:
        labels: Each inside of the episode; subtasks may still lie over one another.
        tiers: Those that the file speaks of.
        losses: What was left out of the file, or changed, and why.
        start_ns: The episode's, which times are told from.
    """

    labels: tuple[Label, ...]
    tiers: frozenset[Tier]
    losses: tuple[Loss, ...]
    start_ns: int


def tier_named(name: str, tiers: Mapping[str, Tier]) -> Tier | None:
    """Our tier by the name that a file has for it: by `tiers`, or ours in any case, plural, numbered, `@somebody`.

    A tier without a name is one of subtasks.
    """
    if name in tiers:
        return tiers[name]
    plain = _AFTER_THE_NAME.sub("", name.strip().casefold())
    return {"": Tier.SUBTASK, **{one: tier for tier in Tier for one in (tier.value, f"{tier.value}s")}}.get(
        plain
    )


def settled(
    draft: Draft,
    clock: EpisodeClock,
    existing: EpisodeLabels,
    *,
    file: str,
    kind: str,
    tiers: Mapping[str, Tier],
    visible: Callable[[str], str],
) -> Imported:
    """Labels of a draft.

    Args:
        draft: What the file says.
        clock: The episode's.
        existing: The reviewer's labels; one that a file without ns still has as it was keeps its ns.
        file: Its name, for origins and errors.
        kind: The format's name, for origins.
        tiers: What the file's names of tiers mean, beyond our own.
        visible: How a text is shown in the format.

    Raises:
        FileNotUnderstood: An id stands twice, or is another kind of label's.
    """
    outside = _Outside(clock)
    unknown: Counter[str] = Counter()
    labels: list[Label] = []
    for row in draft.spans:
        tier = tier_named(row.tier, tiers)
        if tier is None:
            unknown[row.tier] += 1
            continue
        label = existing.by_id.get(row.id)
        if not draft.exact and isinstance(label, SpanLabel) and label.tier is tier:
            row = fitted(row, label, clock, visible_text=visible(label.text))
        if (span := outside.cut_span(row)) is not None:
            labels.append(_label(span, tier, Origin(kind, file)))
    for _, other in draft.others:
        kept = outside.cut_box(other) if isinstance(other, BoxLabel) else other
        if kept is not None:
            labels.append(kept)
    _refuse_ids(draft, file)
    known_names = ", ".join(tier.value for tier in Tier)
    strange = (
        Loss(
            count,
            f"spans of the tier {name!r}",
            f"it is none of {known_names}; say which one is meant with --tier",
        )
        for name, count in unknown.items()
    )
    spoken_of = (tier_named(name, tiers) for name in draft.tiers)
    return Imported(
        tuple(labels),
        frozenset(tier for tier in spoken_of if tier is not None),
        (*draft.losses, *strange, *outside.losses),
        clock.start_ns,
    )


class _Outside:
    """Brings labels inside of the episode, and counts what it does."""

    def __init__(self, clock: EpisodeClock) -> None:
        self._clock = clock
        self._gone: list[SpanRow] = []
        self._cut: list[SpanRow] = []
        self._keys = self._boxes = 0

    def cut_span(self, row: SpanRow) -> SpanRow | None:
        """The part inside, None for nothing; less than a millisecond is what rounding does, and is not told."""
        start_ns, end_ns = max(row.start_ns, self._clock.start_ns), min(row.end_ns, self._clock.end_ns)
        if end_ns <= start_ns:
            self._gone.append(row)
            return None
        if max(start_ns - row.start_ns, row.end_ns - end_ns) >= MS:
            self._cut.append(row)
        return replace(row, start_ns=start_ns, end_ns=end_ns)

    def cut_box(self, box: BoxLabel) -> BoxLabel | None:
        """The box with the key frames inside, None for none."""
        keys = tuple(key for key in box.keys if self._clock.start_ns <= key.time_ns < self._clock.end_ns)
        self._keys += len(box.keys) - len(keys)
        self._boxes += not keys
        return msgspec.structs.replace(box, keys=keys) if keys else None

    @property
    def losses(self) -> tuple[Loss, ...]:
        """What was cut and what was left out."""
        start_ns = self._clock.start_ns
        why = "they are outside of the episode and are left out"
        beyond = "they reach beyond the episode and are cut at its ends"
        return told(
            lost_spans(self._gone, "spans", why, start_ns=start_ns),
            lost_spans(self._cut, "spans", beyond, start_ns=start_ns),
            Loss(self._keys, "key frames of boxes", why),
            Loss(self._boxes, "boxes", "none of their key frames is left"),
        )


def _label(row: SpanRow, tier: Tier, origin: Origin) -> SpanLabel:
    return SpanLabel(
        row.id or new_id(),
        tier,
        row.start_ns,
        row.end_ns,
        row.text,
        row.state,
        row.origin or origin,
        row.thumb,
    )


def _refuse_ids(draft: Draft, file: str) -> None:
    lines: dict[str, int] = {}
    for line, label_id, judges in _ids(draft):
        if label_id in lines:
            first = f"as in line {lines[label_id]}" if lines[label_id] else "twice"
            raise FileNotUnderstood(
                file, line, f"the id {label_id!r} stands there {first}; empty it where the label is a new one"
            )
        if judges != (label_id == _EPISODE_ID):
            raise FileNotUnderstood(
                file,
                line,
                f"the id {label_id!r}: the judgement of the episode has the id {_EPISODE_ID!r}, and only it",
            )
        lines[label_id] = line


def _ids(draft: Draft) -> Iterator[tuple[int, str, bool]]:
    yield from ((row.line, row.id, False) for row in draft.spans if row.id)
    yield from ((line, other.id, isinstance(other, EpisodeLabel)) for line, other in draft.others)
