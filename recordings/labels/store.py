"""Where labels lie: `labels/<reviewer>/<episode id>.jsonl` in the dataset, apart from what was recorded."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

from recordings import metadata
from recordings.errors import RecordingError, naming_disk_errors
from recordings.labels.editor import LabelEditor
from recordings.labels.journal import LabelJournal, read_history
from recordings.labels.label import Progress
from recordings.labels.view import EpisodeLabels

FINAL = "final"
"""The reviewer under whose name adjudicated labels stand."""

BEST = "best"
"""Instead of a reviewer's name: the labels to train on, by `LabelStore.best`. Nobody can be called so."""

_REVIEWER = re.compile(r"[^\W_][\w.-]{0,63}")
_TAKEN = frozenset({BEST, "zarr.json"})
_SUFFIX = ".jsonl"
_DECIDING = (frozenset({Progress.ACCEPTED}), frozenset({Progress.DONE}), frozenset(Progress))


class ReviewerNameRefused(RecordingError):
    """A reviewer's name is the name of a folder, so not everything will do."""


class LabelStore:
    """The labels of a dataset.

    Args:
        dataset: The dataset's folder.

    Attributes:
        path: Of the folder with the labels; it need not be there.
    """

    def __init__(self, dataset: Path | str) -> None:
        self.path = Path(dataset) / "labels"

    def reviewers(self) -> list[str]:
        """Those who have labelled anything, by name; `FINAL` comes last.

        A folder that no reviewer can have, such as a file manager's `ann (copy)`, is nobody's.

        Raises:
            OSError: The disk refuses it; a folder that cannot be looked into is not passed over, its labels may count.
        """
        if not self.path.is_dir():
            return []
        folders = [folder for folder in self.path.iterdir() if _can_be_called(folder.name)]
        names = sorted(folder.name for folder in folders if folder.is_dir() and _has_labels(folder))
        return sorted(names, key=lambda name: name == FINAL)

    def episodes(self, reviewer: str) -> list[str]:
        """Ids of the episodes that a reviewer has labelled."""
        return sorted(path.stem for path in self._folder(reviewer).glob(f"*{_SUFFIX}"))

    def journal_path(self, reviewer: str, episode_id: str) -> Path:
        """The file of a reviewer's labels of an episode; it need not be there.

        Raises:
            ReviewerNameRefused: No folder may have this name.
        """
        return self._folder(reviewer) / f"{episode_id}{_SUFFIX}"

    def read(self, reviewer: str, episode_id: str) -> EpisodeLabels:
        """A reviewer's labels of an episode; empty where there are none.

        Raises:
            ReviewerNameRefused: No folder may have this name.
            OSError: The disk refuses it.
        """
        return read_history(self.journal_path(reviewer, episode_id)).labels

    def best(self, episode_id: str) -> EpisodeLabels | None:
        """The labels to train on; None where nobody has labelled the episode, or nobody has decided between several.

        They are the final ones, unless their judgement says that they are still open; else those of the one reviewer
        whose work is accepted; else done; else there at all. Work that was rejected does not count. Final labels that
        are damaged count as they are, for the step that is lost may be the one that decided; and so do anybody's of
        which nothing can be read: others' are not taken for them.

        Raises:
            OSError: The disk refuses it.
        """
        found = self.whose_best(episode_id)
        return found[1] if found is not None else None

    def whose_best(self, episode_id: str) -> tuple[str, EpisodeLabels] | None:
        """The labels to train on, as `best` finds them, after the name of their reviewer; raises as it does."""
        found = {
            name: labels for name in self.reviewers() if not (labels := self.read(name, episode_id)).untouched
        }
        final = found.pop(FINAL, None)
        if final is not None and (final.damage or not _still_open(final)):
            return FINAL, final
        for progress in _DECIDING:
            fitting = [
                (name, labels)
                for name, labels in found.items()
                if labels.episode.progress in progress - {Progress.REJECTED}
            ]
            if fitting:
                return fitting[0] if len(fitting) == 1 else None
        return None

    def edit(self, reviewer: str, episode_id: str) -> LabelEditor:
        """Open a reviewer's labels of an episode for changing; they are made where there are none.

        Raises:
            ReviewerNameRefused: No folder may have this name.
            LabelsInUse: Another window or program has them open.
            FolderNotWritable: The dataset refuses new files.
            DiskFull: There is no room.
        """
        return LabelEditor(self.open_journal(reviewer, episode_id))

    def open_journal(self, reviewer: str, episode_id: str) -> LabelJournal:
        """The journal alone, for a caller that appends in a thread of its own; raises as `edit` does."""
        path = self.journal_path(reviewer, episode_id)
        self._make_folder(path.parent)
        return LabelJournal(path)

    def make(self) -> None:
        """Make the group that labels lie in where there is none yet.

        Raises:
            FolderNotWritable: The dataset refuses new files.
            DiskFull: There is no room.
        """
        if not (self.path / "zarr.json").is_file():
            metadata.write_group(self.path, {"purpose": "what reviewers say of the episodes"})

    def _folder(self, reviewer: str) -> Path:
        if not _can_be_called(reviewer):
            raise ReviewerNameRefused(
                f"a reviewer cannot be called {reviewer!r}: take up to 64 letters, digits, dots, dashes and"
                f" underscores, beginning with a letter or digit, and neither of {', '.join(sorted(_TAKEN))}"
            )
        return self.path / reviewer

    def _make_folder(self, folder: Path) -> None:
        """Folders as plain zarr expects them: a group, and in it empty arrays, whose files it does not look at."""
        if (folder / "zarr.json").is_file():
            return
        self.make()
        with naming_disk_errors(folder):
            metadata.write_array(
                folder,
                shape=(0,),
                chunk_shape=(1,),
                dtype=np.dtype("u1"),
                dimension_names=("byte",),
                attributes={"purpose": "one reviewer's labels, a journal for each episode"},
            )


def _still_open(labels: EpisodeLabels) -> bool:
    """Whether the reviewer says so; who says nothing of the whole may just not have been asked."""
    return "episode" in labels.by_id and labels.episode.progress is Progress.OPEN


def _can_be_called(name: str) -> bool:
    return _REVIEWER.fullmatch(name) is not None and name not in _TAKEN


def _has_labels(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return any(entry.name.endswith(_SUFFIX) for entry in entries)
