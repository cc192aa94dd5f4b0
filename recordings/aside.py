"""Where repair keeps the bytes it cuts: arrays of bytes in the episode's `aside` group, so nothing is destroyed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recordings import metadata
from recordings.errors import naming_disk_errors


def keep_bytes(episode: Path, name: str, data: bytes, reason: str) -> Path:
    """Copy bytes aside; returns the array's folder."""
    folder = _new_array(episode, name)
    with naming_disk_errors(folder):
        folder.mkdir(parents=True)
        (folder / "c.0").write_bytes(data)
    _describe(folder, len(data), reason)
    return folder


def keep_file(episode: Path, name: str, file: Path, reason: str) -> Path:
    """Move a whole file aside; returns the array's folder."""
    folder = _new_array(episode, name)
    with naming_disk_errors(folder):
        folder.mkdir(parents=True)
        file.rename(folder / "c.0")
    _describe(folder, (folder / "c.0").stat().st_size, reason)
    return folder


def _new_array(episode: Path, name: str) -> Path:
    group = episode / "aside"
    if not (group / "zarr.json").exists():
        metadata.write_group(group, {"purpose": "bytes that repair has cut; safe to delete"})
    folder = group / name
    number = 2
    while folder.exists():
        folder = group / f"{name}-{number}"
        number += 1
    return folder


def _describe(folder: Path, size: int, reason: str) -> None:
    metadata.write_array(
        folder,
        shape=(size,),
        chunk_shape=(max(size, 1),),
        dtype=np.dtype("u1"),
        dimension_names=("byte",),
        attributes={"reason": reason},
    )
