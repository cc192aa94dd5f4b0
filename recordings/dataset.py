"""A dataset: a folder of episodes, and a trash to undo from."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from recordings import metadata
from recordings.episode import Episode
from recordings.errors import EpisodeExists, NotADataset, UnknownEpisode, naming_disk_errors
from recordings.info import EpisodeInfo, info_of
from recordings.info_cache import InfoCache
from recordings.journal import refuse_if_locked
from recordings.layout import FORMAT_NAME, FORMAT_VERSION
from recordings.spec import EpisodeSpec, Outcome
from recordings.writer import EpisodeWriter

_DATASET_FORMAT = f"{FORMAT_NAME}-dataset"
_ID = re.compile(r"(?P<stamp>\d{8}-\d{6})-(?P<number>\d+)", re.ASCII)


class Dataset:
    """Episodes in one folder, which plain zarr opens as a group. Make one with `Dataset.open`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._episodes = path / "episodes"
        self._trash = path / "trash"
        self._infos = InfoCache()

    @classmethod
    def open(cls, path: Path | str, *, create: bool = False) -> Dataset:
        """Open a dataset, or with `create` make an empty one where there is none.

        Raises:
            NotADataset: There is none, or the folder holds something else.
            FolderNotWritable: It cannot be created here.
            DiskFull: There is no room for it.
        """
        path = Path(path)
        with naming_disk_errors(path):
            is_there = (path / "zarr.json").exists()
        if not is_there:
            if not create:
                raise NotADataset(f"{path} holds no dataset; pass create=True to start one there")
            _create(path)
        try:
            attributes = metadata.read_attributes(path)
        except (OSError, ValueError) as error:
            raise NotADataset(f"{path}: cannot read the dataset's attributes: {error}") from error
        version = attributes.get("format_version")
        if (
            attributes.get("format") != _DATASET_FORMAT
            or not isinstance(version, int)
            or version > FORMAT_VERSION
        ):
            raise NotADataset(
                f"{path} is {attributes.get('format')!r} version {version!r}; "
                f"this software reads {_DATASET_FORMAT!r} up to version {FORMAT_VERSION}"
            )
        return cls(path)

    def create_episode(self, spec: EpisodeSpec) -> EpisodeWriter:
        """Begin an episode with an id that sorts after all others and is not taken, trash included.

        The id begins with UTC date and time, or with those of the last episode where the clock has been set back.

        Raises:
            FolderNotWritable: The dataset refuses new files.
            DiskFull: There is no room for even an empty episode.
        """
        taken = [match for name in self._all_names() if (match := _ID.fullmatch(name))]
        stamp = max([datetime.now(UTC).strftime("%Y%m%d-%H%M%S"), *(match["stamp"] for match in taken)])
        number = 1 + max((int(match["number"]) for match in taken), default=0)
        while True:
            try:
                return EpisodeWriter(self._episodes / f"{stamp}-{number:04d}", spec)
            except EpisodeExists:  # another process was faster
                number += 1

    def episodes(self) -> list[EpisodeInfo]:
        """Every episode by id, from attributes alone: unfinished and unreadable ones are listed and say so."""
        return self._infos.infos(self._episodes, _names(self._episodes))

    def episode(self, episode_id: str) -> Episode:
        """Open an episode for reading.

        Raises:
            UnknownEpisode: There is none of this id outside the trash.
            NotAnEpisode: Its attributes cannot be read.
        """
        return Episode(self._folder_of(episode_id))

    def trashed(self) -> list[EpisodeInfo]:
        """Episodes in the trash, by id."""
        return self._infos.infos(self._trash, _names(self._trash))

    def trash(self, episode_id: str) -> None:
        """Move an episode to the trash.

        Raises:
            UnknownEpisode: There is none of this id.
            EpisodeInUse: It is being written.
        """
        folder = self._folder_of(episode_id)
        if not info_of(folder).complete:
            refuse_if_locked(folder)
        if not self._trash.exists():
            metadata.write_group(self._trash)
        _move(folder, self._trash / episode_id)

    def restore(self, episode_id: str) -> None:
        """Take an episode back from the trash.

        Raises:
            UnknownEpisode: The trash holds none of this id.
        """
        if episode_id not in _names(self._trash):
            raise UnknownEpisode(f"no episode {episode_id!r} in the trash of {self.path}")
        _move(self._trash / episode_id, self._episodes / episode_id)

    def delete(self, episode_id: str) -> None:
        """Delete an episode from the trash, for good.

        It is renamed first, so that one whose deletion is cut off is not listed again with holes in it.

        Raises:
            UnknownEpisode: The trash holds none of this id; only what was dropped before can be deleted.
        """
        if episode_id not in _names(self._trash):
            raise UnknownEpisode(f"no episode {episode_id!r} in the trash of {self.path}")
        going = self._trash / f".deleted-{episode_id}"
        _move(self._trash / episode_id, going)
        with naming_disk_errors(going):
            for rest in self._trash.glob(".deleted-*"):
                shutil.rmtree(rest)

    def set_outcome(self, episode_id: str, outcome: Outcome) -> None:
        """Change how an episode was judged."""
        metadata.update_attributes(self._folder_of(episode_id), {"outcome": outcome.value})

    def set_tags(self, episode_id: str, tags: Sequence[str]) -> None:
        """Replace an episode's tags."""
        metadata.update_attributes(self._folder_of(episode_id), {"tags": list(tags)})

    def set_notes(self, episode_id: str, notes: str) -> None:
        """Replace an episode's notes."""
        metadata.update_attributes(self._folder_of(episode_id), {"notes": notes})

    def _all_names(self) -> list[str]:
        return [*_names(self._episodes), *_names(self._trash)]

    def _folder_of(self, episode_id: str) -> Path:
        if episode_id not in _names(self._episodes):
            raise UnknownEpisode(f"no episode {episode_id!r} in {self.path}; `episodes()` lists them")
        return self._episodes / episode_id


def _create(path: Path) -> None:
    with naming_disk_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise NotADataset(f"{path} is not empty and holds no dataset; choose an empty or new folder")
    metadata.write_group(path / "episodes")
    metadata.write_group(path, {"format": _DATASET_FORMAT, "format_version": FORMAT_VERSION})


def _names(folder: Path) -> list[str]:
    if not folder.exists():
        return []
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def _move(source: Path, target: Path) -> None:
    with naming_disk_errors(target):
        source.rename(target)
