"""The `zarr.json` files, written by hand: creating forty arrays takes 2 ms this way and 0.2 s through the library."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from recordings.errors import naming_disk_errors
from recordings.files import write_at
from recordings.layout import FRAMES_PER_SHARD, ROWS_PER_CHUNK, Table
from recordings.spec import CameraSpec, EpisodeSpec, FrameEncoding

Json = dict[str, Any]

_METADATA = "zarr.json"


def write_group(folder: Path, attributes: Json | None = None) -> None:
    """Create or replace the metadata of a group."""
    _replace_json(folder, {"zarr_format": 3, "node_type": "group", "attributes": attributes or {}})


def write_array(
    folder: Path,
    *,
    shape: tuple[int, ...],
    chunk_shape: tuple[int, ...],
    dtype: np.dtype[Any],
    dimension_names: tuple[str, ...],
    attributes: Json | None = None,
    codecs: list[Json] | None = None,
) -> None:
    """Create or replace the metadata of an array; uncompressed little-endian chunks unless `codecs` says otherwise.

    Chunk files are flat (`c.3.0`), which spares a folder for each chunk of rows.
    """
    is_float = np.issubdtype(dtype, np.floating)
    _overwrite_json(
        folder,
        {
            "zarr_format": 3,
            "node_type": "array",
            "shape": list(shape),
            "data_type": dtype.name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunk_shape)}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
            "fill_value": 0.0 if is_float else 0,
            "codecs": codecs if codecs is not None else [_bytes_codec(dtype)],
            "dimension_names": list(dimension_names),
            "attributes": attributes or {},
        },
    )


def write_table(episode: Path, table: Table, *, rows: int, payload_values: int = 0) -> None:
    """Create or replace the metadata of a table's group and columns, with their lengths."""
    folder = episode / table.path
    if not (folder / _METADATA).exists():
        write_group(folder)
    for name in table.columns:
        column = table.row[name]
        attributes: Json = dict(table.attributes.get(name, {}))
        if name in table.units:
            attributes["units"] = table.units[name]
        write_array(
            folder / name,
            shape=(rows, *column.shape),
            chunk_shape=(ROWS_PER_CHUNK, *column.shape),
            dtype=column.base,
            dimension_names=("row", "number")[: 1 + len(column.shape)],
            attributes=attributes,
        )
    if table.payload is not None:
        write_array(
            folder / table.payload.array,
            shape=(payload_values,),
            chunk_shape=(table.payload.values_per_chunk,),
            dtype=table.payload.dtype,
            dimension_names=("value",),
            attributes={"run_lengths": table.payload.count_column},
        )


def write_frames(
    episode: Path, camera: CameraSpec, spec: EpisodeSpec, *, frames: int, missing: list[int]
) -> None:
    """Create or replace the metadata of a camera's sharded frames.

    Args:
        episode: The episode's folder.
        camera: Size of the frames.
        spec: Encoding of the frames.
        frames: Number of frames.
        missing: Rows whose frame was lost and reads as zeros.
    """
    shape = (camera.height_px, camera.width_px, 3)
    sharding = {
        "name": "sharding_indexed",
        "configuration": {
            "chunk_shape": [1, *shape],
            "codecs": [_frame_codec(spec)],
            "index_codecs": [_bytes_codec(np.dtype("<u8")), {"name": "crc32c"}],
            "index_location": "end",
        },
    }
    write_array(
        episode / "cameras" / camera.name / "frames",
        shape=(frames, *shape),
        chunk_shape=(FRAMES_PER_SHARD, *shape),
        dtype=np.dtype("u1"),
        dimension_names=("row", "y", "x", "rgb"),
        attributes={"missing": missing} if missing else {},
        codecs=[sharding],
    )


def read_attributes(folder: Path) -> Json:
    """Attributes of a group or array.

    Raises:
        OSError: There is no such file.
        ValueError: It is not the JSON of a zarr node.
    """
    return _attributes_of(_read_json(folder), folder)


def update_attributes(folder: Path, changes: Json, *, durable: bool = True) -> None:
    """Change some attributes of a node in one atomic replacement; every other key stays as it was.

    Several processes may do so at once: each waits for the other, so that no change is lost.

    Args:
        folder: The node's folder.
        changes: New values by key.
        durable: Wait until they are on the disk. Not needed while a journal can restore the rest.
    """
    with _alone_with(folder / _METADATA):
        node = _read_json(folder)
        node["attributes"] = _attributes_of(node, folder) | changes
        _replace_json(folder, node, durable=durable)


def read_shape(folder: Path) -> tuple[int, ...]:
    """Shape of an array, from its metadata."""
    shape = _read_json(folder).get("shape")
    if not isinstance(shape, list):
        raise ValueError(f"{folder / _METADATA} is not the metadata of an array: it has no shape")
    return tuple(int(length) for length in shape)


def _bytes_codec(dtype: np.dtype[Any]) -> Json:
    return (
        {"name": "bytes"} if dtype.itemsize == 1 else {"name": "bytes", "configuration": {"endian": "little"}}
    )


def _frame_codec(spec: EpisodeSpec) -> Json:
    if spec.frame_encoding is FrameEncoding.JPEGXL:
        return {"name": "imagecodecs_jpegxl", "configuration": {"effort": 1, "lossless": True}}
    return {"name": "imagecodecs_jpeg", "configuration": {"level": spec.jpeg_quality, "subsampling": "420"}}


def _attributes_of(node: Json, folder: Path) -> Json:
    attributes = node.get("attributes", {})
    if not isinstance(attributes, dict):
        raise ValueError(
            f"{folder / _METADATA}: attributes should be an object, found {type(attributes).__name__}"
        )
    return attributes


def _read_json(folder: Path) -> Json:
    path = folder / _METADATA
    try:
        return msgspec.json.decode(path.read_bytes(), type=Json)
    except msgspec.DecodeError as error:
        raise ValueError(f"{path} is no valid JSON object: {error}") from error


def _overwrite_json(folder: Path, content: Json) -> None:
    """Write an array's metadata in place, a third of the cost of replacing it; lengths only grow while recording.

    Should it tear, the journal is still there or repair knows the lengths from the rows.
    """
    path = folder / _METADATA
    data = _encode(content)
    with naming_disk_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            write_at(file, data, 0)
            os.ftruncate(file, len(data))
        finally:
            os.close(file)


def _encode(content: Json) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=2)


@contextmanager
def _alone_with(path: Path) -> Iterator[None]:
    """Keep other processes from changing a file that is there, and is changed by being replaced."""
    while True:
        with naming_disk_errors(path), path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                yield
                return


def _replace_json(folder: Path, content: Json, *, durable: bool = False) -> None:
    path = folder / _METADATA
    with naming_disk_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{_METADATA}.draft"
        try:
            with draft.open("wb") as file:
                file.write(_encode(content))
                if durable:  # without, a power cut may leave the new name with nothing in it
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(draft, path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
