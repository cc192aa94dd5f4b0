"""The header of a safetensors file: names, shapes and places of its tensors, read without their data.

The format: 8 bytes of little-endian length, so many bytes of JSON, then the tensors' bytes one after the other. See
https://huggingface.co/docs/safetensors. Read here and not through the library, so that describing a file needs no
torch and a damaged one gets an error that says how.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import msgspec

from policy.checkpoints.errors import CorruptWeights, NotACheckpoint

MAX_HEADER_BYTES = 100_000_000
"""As in the reference reader."""

BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "U16": 16, "I16": 16, "F16": 16, "BF16": 16,
    "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64,
}  # fmt: skip
"""Bits of one number, by the format's name of its dtype."""

DTYPES = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}
"""What weights come in, by the format's name: torch's name."""


@dataclass(frozen=True)
class TensorEntry:
    """One tensor of a file.

    Attributes:
        stored_name: Its name in the file.
        dtype: The format's own name: `F32`, `BF16`, …
        shape: Its axes.
        file: The file that holds it.
    """

    stored_name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path

    @property
    def numbers(self) -> int:
        """How many."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Of its data."""
        return self.numbers * BITS[self.dtype] // 8


@dataclass(frozen=True)
class Header:
    """What one file holds.

    Attributes:
        entries: Tensors by name, in the file's order.
        metadata: Free text by key.
    """

    entries: dict[str, TensorEntry]
    metadata: dict[str, str]


class _Place(msgspec.Struct, frozen=True):
    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


def read_header(path: Path) -> Header:
    """Read a file's header and check that the file is as long as it says.

    Raises:
        NotACheckpoint: There is no such file.
        CorruptWeights: It is cut short, or the header makes no sense.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(MAX_HEADER_BYTES, size - 8):
                what = f"{size} bytes are too few for a header of {length}"
                raise CorruptWeights(path, f"no safetensors file, or cut short: {what}")
            text = file.read(length)
    except OSError as error:
        raise NotACheckpoint(f"cannot read {path}: {error.strerror or error}") from error
    try:
        raw = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        metadata = msgspec.json.decode(raw.pop("__metadata__", msgspec.Raw(b"{}")), type=dict[str, str])
        places = {name: msgspec.json.decode(place, type=_Place) for name, place in raw.items()}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptWeights(path, f"the header is not one of a safetensors file ({error})") from error
    entries = {
        name: TensorEntry(stored_name=name, dtype=place.dtype, shape=place.shape, file=path)
        for name, place in places.items()
    }
    _check_places(path, places, entries, data_bytes=size - 8 - length)
    return Header(entries=entries, metadata=metadata)


def _check_places(
    path: Path, places: dict[str, _Place], entries: dict[str, TensorEntry], *, data_bytes: int
) -> None:
    """Tensors fill the file one after the other, without gaps, to its end."""
    position = 0
    for name, place in sorted(places.items(), key=lambda item: item[1].data_offsets):
        if place.dtype not in BITS:
            raise CorruptWeights(path, f"{name} has the unknown dtype {place.dtype!r}")
        if min(place.shape, default=0) < 0:
            raise CorruptWeights(path, f"{name} has the impossible shape {list(place.shape)}")
        start, end = place.data_offsets
        if start != position or end - start != entries[name].bytes:
            raise CorruptWeights(
                path,
                f"{name}, {place.dtype} {list(place.shape)}, should be the {entries[name].bytes} bytes from {position},"
                f" and the header says {start} to {end}",
            )
        position = end
    if position != data_bytes:
        what = "cut short" if position > data_bytes else "too long"
        raise CorruptWeights(
            path, f"{what}: the header promises {position} bytes of data, there are {data_bytes}"
        )
