"""Another name for a subtask or an object, in all labels of a dataset at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from recordings.errors import RecordingError
from recordings.labels import edits
from recordings.labels.history import Change
from recordings.labels.journal import LabelsInUse
from recordings.labels.label import BoxLabel, SpanLabel
from recordings.labels.store import LabelStore
from recordings.labels.view import EpisodeLabels
from recordings.labels.vocabulary import Of, belongs, pin, pinned


@dataclass(frozen=True)
class Changed:
    """Labels that have another text now, of one reviewer in one episode.

    Attributes:
        reviewer: Whose.
        episode_id: Of which episode.
        labels: How many.
        before: The text that each had, by its id: what `take_back` gives them.
    """

    reviewer: str
    episode_id: str
    labels: int
    before: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Left:
    """Labels that still have the old text, and why; `in_use` where another window or program writes them."""

    reviewer: str
    episode_id: str
    why: str
    in_use: bool = False


@dataclass(frozen=True)
class Renamed:
    """What a renaming did, and what it could not do.

    Attributes:
        changed: Each is one step of its journal, which its reviewer can undo.
        left: To be renamed again once the reason is gone. The rest stays renamed.
        texts: What was renamed to what.
        palette: The palette as it was before.
        of: Which vocabulary.
    """

    changed: tuple[Changed, ...]
    left: tuple[Left, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    palette: tuple[str, ...] = ()
    of: Of = "subtasks"

    @property
    def words(self) -> str:
        """Both in words, a line for each that was left."""
        count = sum(one.labels for one in self.changed)
        journals = len(self.changed)
        done = f"{count} {'label' if count == 1 else 'labels'} renamed in {journals} of {journals + len(self.left)}"
        done += " journals" if not self.left else " journals; rename again when these can be written:"
        return "\n".join([done, *(f"  {one.episode_id} by {one.reviewer}: {one.why}" for one in self.left)])


def rename(
    store: LabelStore,
    texts: Mapping[str, str],
    *,
    of: Of = "subtasks",
    apart_from: Collection[tuple[str, str]] = (),
) -> Renamed:
    """Give every label whose text is one of the keys the text it maps to; all at once, so two can change places.

    Every reviewer's labels are changed, whatever their state, in one step a journal; the palette too. What was recorded
    stays as it was told. A journal that cannot be written is left and told of; the others are renamed all the same.

    Args:
        store: The labels.
        texts: What is renamed to what.
        of: Which vocabulary.
        apart_from: Reviewers and episodes whose labels the caller has open, to rename them by `renaming`.

    Raises:
        ValueError: A new text is empty.
        OSError: The disk does not let the labels be listed.
    """
    if any(not new.strip() for new in texts.values()):
        raise ValueError("a text cannot be renamed to nothing; take the labels away instead")
    journals = [(name, episode_id) for name in store.reviewers() for episode_id in store.episodes(name)]
    changed, left = _in_each(
        store,
        [journal for journal in journals if journal not in apart_from],
        lambda labels, _: renaming(labels, texts, of=of),
    )
    kept = pinned(store, of)
    if any(text in texts for text in kept):
        pin(store, (texts.get(text, text) for text in kept), of)
    return Renamed(changed, left, texts, kept, of)


def take_back(
    store: LabelStore, renamed: Renamed, *, apart_from: Collection[tuple[str, str]] = ()
) -> Renamed:
    """Give the labels that were renamed the texts that they had, and the palette its own; others keep theirs.

    A label that was given yet another text since, or taken away, stays as it is. Arguments and errors are those of
    `rename`; for labels that the caller has open there is `taking_back`.
    """
    before = {(one.reviewer, one.episode_id): one.before for one in renamed.changed}
    changed, left = _in_each(
        store,
        [journal for journal in before if journal not in apart_from],
        lambda labels, journal: taking_back(labels, before[journal], renamed.texts),
    )
    if pinned(store, renamed.of) != renamed.palette and any(
        text in renamed.texts for text in renamed.palette
    ):
        pin(store, renamed.palette, renamed.of)
    return Renamed(changed, left, of=renamed.of)


def renaming(labels: EpisodeLabels, texts: Mapping[str, str], *, of: Of = "subtasks") -> tuple[Change, ...]:
    """The changes of one episode's labels, for those that are open in the caller's own editor."""
    return tuple(change for change in edits.rename(labels, texts) if belongs(change.after, of))


def taking_back(
    labels: EpisodeLabels, before: Mapping[str, str], texts: Mapping[str, str]
) -> tuple[Change, ...]:
    """The changes that give labels the texts they had before they were renamed."""
    return tuple(
        Change(label, msgspec.structs.replace(label, text=before[label.id]))
        for label in labels.by_id.values()
        if isinstance(label, SpanLabel | BoxLabel)
        and label.id in before
        and label.text == texts.get(before[label.id])
    )


def texts_before(changes: Iterable[Change]) -> dict[str, str]:
    """The text that each label had, by its id."""
    return {one.id: one.before.text for one in changes if isinstance(one.before, SpanLabel | BoxLabel)}


def _in_each(
    store: LabelStore,
    journals: Iterable[tuple[str, str]],
    changes_of: Callable[[EpisodeLabels, tuple[str, str]], tuple[Change, ...]],
) -> tuple[tuple[Changed, ...], tuple[Left, ...]]:
    """One step in each journal that has something to change."""
    changed: list[Changed] = []
    left: list[Left] = []
    for journal in journals:
        try:
            if not changes_of(store.read(*journal), journal):
                continue
            with store.edit(*journal) as editor:
                changes = changes_of(editor.labels, journal)  # as they stand now that nobody else can write
                editor.apply(changes, "rename")
        except (RecordingError, OSError) as error:
            left.append(Left(*journal, str(error), in_use=isinstance(error, LabelsInUse)))
        else:
            changed.append(Changed(*journal, len(changes), texts_before(changes)))
    return tuple(changed), tuple(left)
