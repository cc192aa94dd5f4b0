"""Remembers what was read of episodes, so that listing thousands again costs a look at each file's stamp."""

from __future__ import annotations

import os
from pathlib import Path

from recordings.info import EpisodeInfo, info_of

_METADATA = "zarr.json"
Stamp = tuple[int, int, int]


class InfoCache:
    """Holds the line of each complete episode for as long as its attributes' file stays the same one.

    Attributes are changed by replacing that file, so its inode, time and size tell. An episode that is not complete, or
    cannot be read, is looked at every time. One thread at a time may use it.
    """

    def __init__(self) -> None:
        self._held: dict[Path, tuple[Stamp, EpisodeInfo]] = {}

    def infos(self, folder: Path, names: list[str]) -> list[EpisodeInfo]:
        """The lines of these episodes in a folder, in this order."""
        paths = [folder / name for name in names]
        infos = [self._info(path) for path in paths]
        present = set(paths)
        for gone in [path for path in self._held if path.parent == folder and path not in present]:
            del self._held[gone]
        return infos

    def _info(self, path: Path) -> EpisodeInfo:
        stamp = _stamp(path)
        held = self._held.get(path)
        if held is not None and stamp is not None and held[0] == stamp:
            return held[1]
        info = info_of(path)
        if stamp is not None and info.complete and info.problem is None:
            self._held[path] = (stamp, info)
        return info


def _stamp(path: Path) -> Stamp | None:
    try:
        status = os.stat(path / _METADATA)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
