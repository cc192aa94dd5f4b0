"""From several reviewers' subtasks to the final ones: where they agree, where not, and whose is taken there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise

import msgspec

from recordings.labels import edits
from recordings.labels.decided import REVIEWER, Decided, forget, refuse
from recordings.labels.history import Change, History
from recordings.labels.label import Origin, Progress, SpanLabel, Tier, new_id
from recordings.labels.store import LabelStore
from recordings.labels.view import EpisodeLabels

NEAR_NS = 200_000_000
"""Two reviewers' edges that are this near are taken for the same one, in the middle of both."""


@dataclass(frozen=True)
class Stretch:
    """A part of an episode in which each reviewer says one thing.

    Attributes:
        start_ns: Its first moment.
        end_ns: The first moment that is not its own.
        spans: What each reviewer has there, by name; None for nothing. A span may be longer than the stretch.
    """

    start_ns: int
    end_ns: int
    spans: Mapping[str, SpanLabel | None]

    @property
    def texts(self) -> dict[str, str | None]:
        """What each reviewer says, None for nothing."""
        return {name: span.text if span is not None else None for name, span in self.spans.items()}

    @property
    def agreed(self) -> bool:
        """Whether all say the same."""
        return len(set(self.texts.values())) == 1


def compare(sides: Mapping[str, EpisodeLabels], *, near_ns: int = NEAR_NS) -> tuple[Stretch, ...]:
    """The episode in stretches, in order of time, without those of which nobody says anything.

    Args:
        sides: Two reviewers' labels or more, by name.
        near_ns: A difference that is shorter than this, between stretches that are agreed, is none: it is halved
            between its neighbours.
    """
    edges = {
        edge for labels in sides.values() for span in labels.subtasks for edge in (span.start_ns, span.end_ns)
    }
    if not edges:
        return ()
    # Before and after all labels nobody says anything, and that is agreed.
    outer = (min(edges) - near_ns - 1, *sorted(edges), max(edges) + near_ns + 1)
    stretches = [
        Stretch(start, end, {name: labels.subtask_at(start) for name, labels in sides.items()})
        for start, end in pairwise(outer)
    ]
    runs = [list(run) for _, run in groupby(stretches, key=lambda stretch: stretch.agreed)]
    for before, run, after in zip(runs, runs[1:], runs[2:], strict=False):
        if run[0].agreed or run[-1].end_ns - run[0].start_ns >= near_ns:
            continue
        middle_ns = (run[0].start_ns + run[-1].end_ns) // 2
        before[-1] = Stretch(before[-1].start_ns, middle_ns, before[-1].spans)
        after[0] = Stretch(middle_ns, after[0].end_ns, after[0].spans)
        run.clear()
    return tuple(one for run in runs for one in run if any(span is not None for span in one.spans.values()))


def take(final: EpisodeLabels, stretch: Stretch, reviewer: str) -> tuple[Change, ...]:
    """What one reviewer says of a stretch made final there; what was final there gives way.

    It is joined to what is final beside it where it is the same subtask of that reviewer's that goes on. Where the
    reviewer says nothing, what the others say is kept as refused, so that it is known to be decided.

    Raises:
        ValueError: The reviewer is none of those compared.
    """
    if reviewer not in stretch.spans:
        raise ValueError(f"{reviewer!r} was not compared; choose one of {', '.join(stretch.spans)}")
    if stretch.spans[reviewer] is None:
        refusals = refuse(stretch.start_ns, stretch.end_ns, stretch.texts)
        return (*_put(final, stretch, [reviewer]), *refusals)
    return _put(final, stretch, [reviewer])


def leave(final: EpisodeLabels, stretch: Stretch) -> tuple[Change, ...]:
    """A stretch decided as it stands: what is final there stays, and what reviewers say is kept as refused."""
    return (
        *forget(final, stretch.start_ns, stretch.end_ns),
        *refuse(stretch.start_ns, stretch.end_ns, stretch.texts),
    )


def take_agreed(final: EpisodeLabels, stretches: Iterable[Stretch]) -> tuple[Change, ...]:
    """All stretches that are agreed made final, in one step."""
    history = History()
    history.labels = final
    changes: list[Change] = []
    for stretch in stretches:
        if stretch.agreed:
            more = _put(history.labels, stretch, list(stretch.spans))
            step = history.step(more, "agreed", utc_ns=0)
            if step is not None:
                history.take(step)
                changes += step.changes
    return tuple(changes)


def take_beside(sides: Mapping[str, EpisodeLabels]) -> tuple[Change, ...]:
    """What reviewers say beside subtasks made final: notes and boxes.

    Of each camera, the boxes of one name are those of the first reviewer who has any.

    Args:
        sides: Each reviewer's labels, by name.
    """
    changes: list[Change] = []
    whose: dict[tuple[str, str], str] = {}
    for name, labels in sides.items():
        origin = Origin(REVIEWER, name)
        for tier in Tier:
            if tier is not Tier.SUBTASK:
                spans = (msgspec.structs.replace(span, origin=origin) for span in labels.spans(tier))
                changes += (Change(None, span) for span in spans)
        for box in labels.boxes:
            if whose.setdefault((box.camera, box.text), name) == name:
                changes.append(Change(None, msgspec.structs.replace(box, origin=origin)))
    return tuple(changes)


def take_edited(
    final: EpisodeLabels, start_ns: int, end_ns: int, text: str, *, reviewer: str
) -> tuple[Change, ...]:
    """Something else than anybody says made final.

    Args:
        final: The final labels as they stand.
        start_ns: From when.
        end_ns: To when.
        text: What it is.
        reviewer: Whose it was before it was changed; empty for nobody's.

    Raises:
        ValueError: It ends before it begins.
    """
    origin = Origin(REVIEWER, reviewer, edited=True) if reviewer else Origin()
    return edits.put_span(final, Tier.SUBTASK, start_ns, end_ns, text, origin=origin)


def is_decided(final: EpisodeLabels, stretch: Stretch) -> bool:
    """Whether something is final throughout a stretch, or it was decided that nothing is to be there."""
    return Decided(final).throughout(stretch.start_ns, stretch.end_ns)


def sides_of(final: EpisodeLabels, stretch: Stretch) -> tuple[str, ...]:
    """The reviewers whose side is the final one throughout a stretch; none where it is another or several.

    Where nothing is final, these are those who say nothing if that was decided, and none if it is still open.
    """
    if not is_decided(final, stretch):
        return ()
    inside = {stretch.start_ns}
    for span in final.subtasks:
        inside |= {edge for edge in (span.start_ns, span.end_ns) if stretch.start_ns < edge < stretch.end_ns}
    there = [final.subtask_at(time_ns) for time_ns in inside]
    said = {span.text if span is not None else None for span in there}
    return tuple(name for name, text in stretch.texts.items() if said == {text})


def decide_work(
    store: LabelStore, reviewer: str, episode_id: str, progress: Progress, comment: str = ""
) -> None:
    """Accept or reject a reviewer's work on an episode, with a reason; a step that the reviewer can see, and undo.

    Raises:
        LabelsInUse: The reviewer, or somebody else, has them open.
        DiskFull: There is no room.
    """
    with store.edit(reviewer, episode_id) as editor:
        judged = {"progress": progress, **({"comment": comment} if comment else {})}
        editor.apply(edits.judge(editor.labels, **judged), f"work {progress.value}")


def _put(final: EpisodeLabels, stretch: Stretch, reviewers: list[str]) -> tuple[Change, ...]:
    """What reviewers who agree say of a stretch made final, and what was refused there forgotten."""
    forgotten = forget(final, stretch.start_ns, stretch.end_ns)
    cleared = edits.clear(final, stretch.start_ns, stretch.end_ns)
    spans = [span for name in reviewers if (span := stretch.spans[name]) is not None]
    if not spans:
        return (*forgotten, *cleared)
    text = spans[0].text
    history = History()
    history.labels = final
    step = history.step(cleared, "make room", utc_ns=0)
    rest = history.take(step) if step is not None else final
    before = _beside(rest, text, stretch.start_ns, before=True)
    after = _beside(rest, text, stretch.end_ns, before=False)
    if not any(span.start_ns < stretch.start_ns for span in spans):
        before = None
    if not any(span.end_ns > stretch.end_ns for span in spans):
        after = None
    whole = SpanLabel(
        before.id if before is not None else after.id if after is not None else new_id(),
        Tier.SUBTASK,
        before.start_ns if before is not None else stretch.start_ns,
        after.end_ns if after is not None else stretch.end_ns,
        text,
        origin=Origin(REVIEWER, _sources([before, after], reviewers)),
        thumb=next((span.thumb for span in spans if span.thumb), 0),
    )
    gone = [Change(span, None) for span in (before, after) if span is not None and span.id != whole.id]
    replaced = before if before is not None else after
    return (*forgotten, *cleared, *gone, Change(replaced, whole))


def _beside(final: EpisodeLabels, text: str, edge_ns: int, *, before: bool) -> SpanLabel | None:
    span = final.subtask_at(edge_ns - 1 if before else edge_ns)
    if span is None or span.text != text or span.origin.by != REVIEWER:
        return None
    return span if (span.end_ns if before else span.start_ns) == edge_ns else None


def _sources(joined: Iterable[SpanLabel | None], reviewers: Iterable[str]) -> str:
    """Whose it is: names in order, each once."""
    names = [name for span in joined if span is not None for name in span.origin.source.split(", ")]
    return ", ".join(dict.fromkeys([*names, *reviewers]))
