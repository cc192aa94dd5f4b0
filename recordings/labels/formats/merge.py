"""What it changes of a reviewer's labels to take in those of a file: one step, so that it can be undone as one."""

from __future__ import annotations

from collections.abc import Iterable

from recordings.labels import edits
from recordings.labels.formats.clock import MS
from recordings.labels.formats.draft import Loss, told
from recordings.labels.formats.settle import Imported
from recordings.labels.history import Change, History
from recordings.labels.label import BoxLabel, Label, SpanLabel, State, Tier
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
    after = _laid_over(
        EpisodeLabels(one for one in labels.by_id.values() if one.id not in coming | gone), imported.labels
    )
    ids = dict.fromkeys((*labels.by_id, *after.by_id))
    changes = tuple(
        Change(labels.by_id.get(one), after.by_id.get(one))
        for one in ids
        if labels.by_id.get(one) != after.by_id.get(one)
    )
    clashing = sum(_cut(label, after.by_id.get(label.id)) for label in imported.labels)
    given_way = sum(
        after.by_id.get(one.id) != one for one in labels.by_id.values() if one.id not in coming | gone
    )
    losses = told(
        Loss(clashing, "subtasks of the file", "others of the file lie over them; they are cut, or gone"),
        Loss(given_way, "labels that were there", "they give way to subtasks of the file"),
        Loss(len(gone), "labels that were there", "the file lacks them; they are taken away"),
        Loss(
            0 if replace else len(others) - given_way,
            "labels that were there",
            "the file lacks them; they stay, unless they are to be replaced",
        ),
    )
    return changes, losses


def _cut(label: Label, after: Label | None) -> bool:
    """Whether a label lost a millisecond or more; less is where a time that was rounded meets one that was not."""
    if isinstance(label, SpanLabel) and isinstance(after, SpanLabel):
        return label.duration_ns - after.duration_ns >= MS
    return after != label


def _laid_over(labels: EpisodeLabels, others: Iterable[Label]) -> EpisodeLabels:
    """Labels with others put over them, one after another."""
    history = History()
    history.labels = labels
    for other in others:
        settled = (
            isinstance(other, SpanLabel) and other.tier is Tier.SUBTASK and other.state is State.ACCEPTED
        )
        changes = (
            edits.accept(history.labels, other)
            if settled and isinstance(other, SpanLabel)
            else edits.replace(history.labels, (other,))
        )
        if (step := history.step(changes, "import", utc_ns=0)) is not None:
            history.take(step)
    return history.labels


def _spoken_of(label: Label, imported: Imported) -> bool:
    """Whether a label is of a kind that the file has, so that it lacks it on purpose."""
    if isinstance(label, SpanLabel):
        return label.tier in imported.tiers and label.state is State.ACCEPTED
    return isinstance(label, BoxLabel) and any(isinstance(one, BoxLabel) for one in imported.labels)
