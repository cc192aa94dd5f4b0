"""What it changes of a reviewer's labels to take in those of a file: one step, so that it can be undone as one."""

from __future__ import annotations

from recordings.labels.formats.clock import MS
from recordings.labels.formats.draft import Loss, lost_spans, told
from recordings.labels.formats.laid_over import laid_over
from recordings.labels.formats.settle import Imported
from recordings.labels.history import Change
from recordings.labels.label import BoxLabel, Label, SpanLabel, State
from recordings.labels.view import EpisodeLabels


def merged(
    labels: EpisodeLabels, imported: Imported, *, replace: bool = False
) -> tuple[tuple[Change, ...], tuple[Loss, ...]]:
    """The changes of one step, and what they do to what is there.

    A label of the file takes the place of the one of its id. The reviewer's other subtasks give way where one of the
    file lies over them; of two in the file, the later row goes first.

    Args:
        labels: The reviewer's, as they stand.
        imported: The file's.
        replace: Of the tiers that the file speaks of, and of boxes if it has any, what it lacks is taken away.
    """
    coming = {label.id for label in imported.labels}
    others = [
        label for label in labels.by_id.values() if label.id not in coming and _spoken_of(label, imported)
    ]
    gone = {label.id for label in others} if replace else set()
    staying = [one for one in labels.by_id.values() if one.id not in coming and one.id not in gone]
    after = laid_over(EpisodeLabels(staying), imported.labels)
    ids = dict.fromkeys((*labels.by_id, *after.by_id))
    changes = tuple(
        Change(labels.by_id.get(one), after.by_id.get(one))
        for one in ids
        if labels.by_id.get(one) != after.by_id.get(one)
    )
    clashing = [
        label
        for label in imported.labels
        if isinstance(label, SpanLabel) and _cut(label, after.by_id.get(label.id))
    ]
    given_way = [one for one in staying if isinstance(one, SpanLabel) and after.by_id.get(one.id) != one]
    there = "labels that were there"
    losses = told(
        lost_spans(
            clashing,
            "subtasks of the file",
            "others of the file lie over them; they are cut, or gone",
            start_ns=imported.start_ns,
        ),
        lost_spans(given_way, there, "they give way to subtasks of the file", start_ns=imported.start_ns),
        Loss(len(gone), there, "the file lacks them; they are taken away"),
        Loss(
            0 if replace else len(others) - len(given_way),
            there,
            "the file lacks them; they stay, unless they are to be replaced",
        ),
    )
    return changes, losses


def _cut(span: SpanLabel, after: Label | None) -> bool:
    """Whether a span lost a millisecond or more; less is where a time that was rounded meets one that was not."""
    return not isinstance(after, SpanLabel) or span.duration_ns - after.duration_ns >= MS


def _spoken_of(label: Label, imported: Imported) -> bool:
    """Whether a label is of a kind that the file has, so that it lacks it on purpose."""
    if isinstance(label, SpanLabel):
        return label.tier in imported.tiers and label.state is State.ACCEPTED
    return isinstance(label, BoxLabel) and any(isinstance(one, BoxLabel) for one in imported.labels)
