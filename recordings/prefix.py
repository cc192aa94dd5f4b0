"""The longest prefix of rows that their checksums prove."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate, islice, pairwise
from pathlib import Path

import numpy as np

from recordings.checksum import extend_crc32c
from recordings.layout import CHECKSUM, FRAMES_PER_SHARD, Rows, Table
from recordings.shard import shard_path

_ROWS_AT_ONCE = 1024


def sound_rows(table: Table, rows: Rows, payloads: Iterable[bytes]) -> Iterator[bool]:
    """For each row whether it matches its checksum together with its payload (empty where the table has none)."""
    parts = np.dtype([("covered", f"V{table.covered_bytes}"), (CHECKSUM, "<u4")])
    waiting = iter(payloads)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        packed = np.frombuffer(rows[start : start + _ROWS_AT_ONCE].tobytes(), parts)
        # Slicing row by row in Python would take twice as long as the checksums.
        sealed = zip(packed["covered"].tolist(), packed[CHECKSUM].tolist(), strict=True)
        for payload, (covered, stored) in zip(islice(waiting, len(packed)), sealed, strict=False):
            begun = extend_crc32c(0, payload) if payload else 0
            yield extend_crc32c(begun, covered) == stored


def run_payloads(table: Table, rows: Rows, values: bytes) -> Iterator[bytes]:
    """Each row's run of payload bytes; cut short where `values` ends."""
    if table.payload is None:
        yield from (b"" for _ in range(len(rows)))
        return
    item_bytes = table.payload.dtype.itemsize
    counts = rows[table.payload.count_column].tolist()
    for start, end in pairwise(accumulate(counts, initial=0)):
        yield values[start * item_bytes : end * item_bytes]


def frame_payloads(frames_folder: Path, rows: Rows, first: int = 0) -> Iterator[bytes]:
    """Encoded bytes of each frame from row `first` on (the first of a shard); cut short where the file ends."""
    sizes = rows["nbytes"].tolist()
    for start in range(first, len(sizes), FRAMES_PER_SHARD):
        shard_sizes = sizes[start : start + FRAMES_PER_SHARD]
        path = shard_path(frames_folder, start // FRAMES_PER_SHARD)
        try:
            file = path.open("rb")
        except FileNotFoundError:
            yield from (b"" for _ in shard_sizes)
            continue
        with file:
            for size in shard_sizes:
                yield file.read(size)
