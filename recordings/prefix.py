"""The longest prefix of rows that their checksums prove."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from pathlib import Path

from recordings.checksum import crc32c
from recordings.layout import CHECKSUM, FRAMES_PER_SHARD, Rows, Table
from recordings.shard import shard_path


def sound_rows(table: Table, rows: Rows, payloads: Iterable[bytes]) -> Iterator[bool]:
    """For each row whether it matches its checksum together with its payload (empty where the table has none)."""
    covered = table.covered_bytes
    packed = memoryview(rows.tobytes())
    size = table.row.itemsize
    stored = rows[CHECKSUM].tolist()
    for index, payload in enumerate(payloads):
        start = index * size
        yield crc32c(payload, bytes(packed[start : start + covered])) == stored[index]


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
