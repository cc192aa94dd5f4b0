"""Another name for a subtask or an object, in all labels of a dataset at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recordings.errors import RecordingError
from recordings.labels import edits
from recordings.labels.history import Change
from recordings.labels.store import LabelStore
from recordings.labels.view import EpisodeLabels
from recordings.labels.vocabulary import Of, belongs, pin, pinned


@dataclass(frozen=True)
class Changed:
    """Labels that have another text now, of one reviewer in one episode."""

    reviewer: str
    episode_id: str
    labels: int


@dataclass(frozen=True)
class Left:
    """Labels that still have the old text, and why."""

    reviewer: str
    episode_id: str
    why: str


@dataclass(frozen=True)
class Renamed:
    """What a renaming did, and what it could not do.

    Attributes:
        changed: Each is one step of its journal, which its reviewer can undo.
        left: To be renamed again once the reason is gone. The rest stays renamed.
    """

    changed: tuple[Changed, ...]
    left: tuple[Left, ...]

    @property
    def words(self) -> str:
        """Both in words, a line for each that was left."""
        count = sum(one.labels for one in self.changed)
        journals = len(self.changed)
        done = f"{count} {'label' if count == 1 else 'labels'} renamed in {journals} of {journals + len(self.left)}"
        done += " journals" if not self.left else " journals; rename again when these can be written:"
        return "\n".join([done, *(f"  {one.episode_id} by {one.reviewer}: {one.why}" for one in self.left)])


def rename(store: LabelStore, texts: Mapping[str, str], *, of: Of = "subtasks") -> Renamed:
    """Give every label whose text is one of the keys the text it maps to; all at once, so two can change places.

    Every reviewer's labels are changed, whatever their state, in one step a journal; the palette too. What was recorded
    stays as it was told. A journal that cannot be written is left and told of; the others are renamed all the same.

    Raises:
        ValueError: A new text is empty.
        OSError: The disk does not let the labels be listed.
    """
    if any(not new.strip() for new in texts.values()):
        raise ValueError("a text cannot be renamed to nothing; take the labels away instead")
    changed: list[Changed] = []
    left: list[Left] = []
    for reviewer in store.reviewers():
        for episode_id in store.episodes(reviewer):
            try:
                count = _rename_in(store, reviewer, episode_id, texts, of)
            except (RecordingError, OSError) as error:
                left.append(Left(reviewer, episode_id, str(error)))
            else:
                if count:
                    changed.append(Changed(reviewer, episode_id, count))
    kept = pinned(store, of)
    if any(text in texts for text in kept):
        pin(store, (texts.get(text, text) for text in kept), of)
    return Renamed(tuple(changed), tuple(left))


def renaming(labels: EpisodeLabels, texts: Mapping[str, str], *, of: Of = "subtasks") -> tuple[Change, ...]:
    """The changes of one episode's labels, for those that are open in the caller's own editor."""
    return tuple(change for change in edits.rename(labels, texts) if belongs(change.after, of))


def _rename_in(store: LabelStore, reviewer: str, episode_id: str, texts: Mapping[str, str], of: Of) -> int:
    if not renaming(store.read(reviewer, episode_id), texts, of=of):
        return 0
    with store.edit(reviewer, episode_id) as editor:
        changes = renaming(editor.labels, texts, of=of)  # as they stand now that nobody else can write
        editor.apply(changes, "rename")
        return len(changes)
