"""An episode's folder before its first row: all or nothing."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import msgspec

from recordings import attributes as episode_attributes
from recordings import layout, metadata
from recordings.attributes import EpisodeAttributes
from recordings.errors import EpisodeExists, naming_disk_errors
from recordings.journal import JournalWriter, is_locked
from recordings.layout import Kind
from recordings.spec import EpisodeSpec

_SUFFIX = ".starting"
_ABANDONED_AFTER_S = 60.0


def start_episode(folder: Path, spec: EpisodeSpec) -> JournalWriter:
    """Lay out an empty episode and return its journal, which holds the spec.

    It is made under a hidden name and then renamed, so that a crash in between leaves no episode that cannot be read.

    Raises:
        EpisodeExists: The folder is there already.
        FolderNotWritable: The dataset refuses new files.
        DiskFull: There is no room for even an empty episode.
    """
    start = folder.with_name(f".{folder.name}{_SUFFIX}")
    attributes = episode_attributes.started(spec, folder.name)
    if folder.exists():
        raise EpisodeExists(f"{folder} is there already; choose another id")
    _remove_abandoned(folder.parent)
    with naming_disk_errors(folder):
        try:
            start.mkdir()
        except FileExistsError as error:
            raise EpisodeExists(f"{folder} is being made by somebody else; choose another id") from error
    journal: JournalWriter | None = None
    try:
        journal = JournalWriter(start)
        journal.append(Kind.SPEC, 0, msgspec.json.encode(episode_attributes.to_json(attributes)))
        write_metadata(start, attributes)
        start.rename(folder)
    except BaseException:
        if journal is not None:
            os.close(journal.file)
        shutil.rmtree(start, ignore_errors=True)
        raise
    journal.episode = folder
    return journal


def write_metadata(folder: Path, attributes: EpisodeAttributes) -> None:
    """Write the `zarr.json` of every group and array, with length 0; sound has its own made with its first block."""
    metadata.write_group(folder, episode_attributes.to_json(attributes))
    metadata.write_group(folder / "cameras")
    for tables in layout.tables(attributes).values():
        for table in tables:
            if not table.made_with_first_row:
                metadata.write_table(folder, table, rows=0)
    for camera in attributes.cameras:
        metadata.write_frames(folder, camera, attributes, frames=0, missing=[])


def _remove_abandoned(episodes: Path) -> None:
    """Remove what a crash between making and renaming has left a while ago; it never held a row."""
    for start in episodes.glob(f".*{_SUFFIX}"):
        if time.time() - start.stat().st_mtime > _ABANDONED_AFTER_S and not is_locked(start):
            shutil.rmtree(start, ignore_errors=True)
