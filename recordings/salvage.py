"""Everything that can still be proved of a damaged episode: rows from its columns, frames from its shards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recordings import layout, metadata
from recordings.attributes import EpisodeAttributes
from recordings.checksum import crc32c
from recordings.columns import chunk_name
from recordings.errors import DamagedData
from recordings.layout import CHECKSUM, FRAMES_PER_SHARD, ROWS_PER_CHUNK, Rows, Table
from recordings.prefix import run_payloads, sound_rows
from recordings.shard import read_index, shard_path


@dataclass(frozen=True)
class SalvagedTable:
    """A table's rows from its columns.

    Attributes:
        rows: Rows up to the first that does not match its checksum.
        payload: Their runs.
        cut: Rows behind it that were there by the arrays' lengths.
    """

    rows: Rows
    payload: bytes
    cut: Rows


@dataclass(frozen=True)
class Piece:
    """Where a frame lies in its shard file; `size` 0 means that it is missing."""

    offset: int
    size: int


@dataclass(frozen=True)
class SalvagedFrames:
    """A camera's frames as the shards prove them.

    Attributes:
        rows: Rows up to the last sound frame; a frame lost in between has `nbytes` 0.
        pieces: Where each row's frame lies now.
        missing: Rows whose frame is lost.
        cut: Rows behind the last sound frame.
        bad_shards: Shards whose file must change, with the reason.
    """

    rows: Rows
    pieces: tuple[Piece, ...]
    missing: tuple[int, ...]
    cut: Rows
    bad_shards: dict[int, str]


def salvage_table(episode: Path, table: Table, *, complete: bool) -> SalvagedTable:
    """Read a table's columns as far as they prove right, whatever their metadata says of lengths.

    A complete episode's rows end where the longest of its columns says; an incomplete one's lengths are not written
    yet, so the checksums alone decide.
    """
    folder = episode / table.path
    columns = {
        name: _available(folder / name, table.row[name].base, table.row[name].shape) for name in table.columns
    }
    count = min(len(values) for values in columns.values())
    if complete:
        count = min(count, max((_length_or_zero(folder / name) for name in table.columns), default=0))
    rows = np.zeros(count, dtype=table.row)
    for name, values in columns.items():
        rows[name] = values[:count]
    payload = b""
    if table.payload is not None:
        payload_folder = folder / table.payload.array
        payload = _available(
            payload_folder, table.payload.dtype, (), table.payload.values_per_chunk
        ).tobytes()
    sound = sound_rows(table, rows, run_payloads(table, rows, payload))
    kept = next((index for index, is_sound in enumerate(sound) if not is_sound), count)
    if table.payload is not None:
        values_kept = int(rows[table.payload.count_column][:kept].astype(np.int64).sum())
        payload = payload[: values_kept * table.payload.dtype.itemsize]
    return SalvagedTable(rows[:kept], payload, rows[kept:] if complete else rows[:0])


def salvage_camera_rows(episode: Path, table: Table, *, complete: bool) -> Rows:
    """A camera's rows from its columns, not yet checked, since their checksums cover the frames too."""
    folder = episode / table.path
    columns = {name: _available(folder / name, table.row[name].base, ()) for name in table.columns}
    count = min(len(values) for values in columns.values())
    if complete:
        count = min(count, max((_length_or_zero(folder / name) for name in table.columns), default=0))
    rows = np.zeros(count, dtype=table.row)
    for name, values in columns.items():
        rows[name] = values[:count]
    return rows if complete else rows[: int(np.count_nonzero(rows["time_ns"]))]


def salvage_frames(episode: Path, table: Table, rows: Rows) -> SalvagedFrames:
    """Check every frame of a camera against its row, by the shard's index or else by the rows' sizes."""
    folder = episode / table.path / "frames"
    rows = rows.copy()
    pieces: list[Piece] = []
    sound: list[bool] = []
    bad_shards: dict[int, str] = {}
    for start in range(0, len(rows), FRAMES_PER_SHARD):
        shard = start // FRAMES_PER_SHARD
        part = rows[start : start + FRAMES_PER_SHARD]
        path = shard_path(folder, shard)
        shard_pieces = _pieces_by_size(part)
        try:
            index = read_index(path)
        except DamagedData as error:
            bad_shards[shard] = str(error)
        else:
            if not _matches(index, shard_pieces):
                bad_shards[shard] = f"{path}: index and rows differ"
            shard_pieces = [Piece(int(offset), int(size)) for offset, size in index[: len(part)]]
            part["nbytes"] = [piece.size for piece in shard_pieces]
        data = path.read_bytes() if path.exists() else b""
        for row, piece in zip(part, shard_pieces, strict=True):
            frame = data[piece.offset : piece.offset + piece.size]
            sound.append(crc32c(frame, row.tobytes()[: table.covered_bytes]) == row[CHECKSUM])
        pieces += shard_pieces
    return _up_to_last_sound(table, rows, pieces, sound, bad_shards)


def _up_to_last_sound(
    table: Table, rows: Rows, pieces: list[Piece], sound: list[bool], bad_shards: dict[int, str]
) -> SalvagedFrames:
    kept = max((index + 1 for index, is_sound in enumerate(sound) if is_sound), default=0)
    times = rows["time_ns"].tolist()
    missing = []
    for index in range(kept):
        if sound[index]:
            if not pieces[index].size:
                missing.append(index)
            continue
        following = next(times[later] for later in range(index + 1, kept) if sound[later])
        if not (times[index - 1] if index else 0) < times[index] < following:
            kept = index  # the row's own time is wrong: nothing says when this frame was
            break
        missing.append(index)
        pieces[index] = Piece(0, 0)
        rows["nbytes"][index] = 0
        rows[CHECKSUM][index] = crc32c(rows[index].tobytes()[: table.covered_bytes])
        bad_shards.setdefault(index // FRAMES_PER_SHARD, f"frame {index} does not match its checksum")
    if kept < len(rows):
        bad_shards.setdefault(kept // FRAMES_PER_SHARD, f"frames from {kept} on do not match their checksums")
    return SalvagedFrames(rows[:kept], tuple(pieces[:kept]), tuple(missing), rows[kept:], bad_shards)


def _pieces_by_size(rows: Rows) -> list[Piece]:
    sizes = rows["nbytes"].astype(np.int64)
    starts = np.cumsum(sizes) - sizes
    return [Piece(int(start), int(size)) for start, size in zip(starts, sizes, strict=True)]


def _matches(index: NDArray[np.uint64], pieces: list[Piece]) -> bool:
    expected = [(piece.offset if piece.size else 0, piece.size) for piece in pieces]
    expected += [(0, 0)] * (FRAMES_PER_SHARD - len(pieces))
    return bool(np.array_equal(index, np.asarray(expected, dtype=np.uint64)))


def _available(
    folder: Path, dtype: np.dtype[np.generic], inner: tuple[int, ...], chunk_length: int = ROWS_PER_CHUNK
) -> NDArray[np.generic]:
    """All whole values in a column's chunk files, up to the first file that is absent or short."""
    per_value = int(np.prod(inner, dtype=np.int64))
    parts: list[NDArray[np.generic]] = [np.zeros((0, *inner), dtype=dtype)]
    for chunk in range(1 << 31):
        path = folder / chunk_name(chunk, 1 + len(inner))
        if not path.exists():
            break
        values = np.fromfile(path, dtype=dtype, count=chunk_length * per_value)
        whole = len(values) // per_value
        parts.append(values[: whole * per_value].reshape(whole, *inner))
        if whole < chunk_length:
            break
    return np.concatenate(parts)


def _length_or_zero(array: Path) -> int:
    try:
        return metadata.read_shape(array)[0]
    except (OSError, ValueError):
        return 0


def tables_without_frames(attributes: EpisodeAttributes) -> list[Table]:
    """Every table of an episode but the cameras'."""
    return [
        table
        for kind, tables in layout.tables(attributes).items()
        if kind < layout.Kind.CAMERA
        for table in tables
    ]
