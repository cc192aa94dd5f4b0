"""Rows of one table on their way into its columns."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from recordings import metadata
from recordings.checksum import extend_crc32c
from recordings.columns import write_rows, write_values
from recordings.errors import TimeNotIncreasing
from recordings.layout import Table

_CHECKSUM = struct.Struct("<I")
ROWS_PER_BATCH = 256


class TableWriter:
    """Collects rows that are already safe in the journal and writes them into the columns a batch at a time.

    A column is a file of its own, so writing each row at once would take a dozen calls a tick; 256 rows take as many.
    """

    def __init__(self, episode: Path, table: Table, *, ordered: bool = True) -> None:
        self._episode = episode
        self.table = table
        self._ordered = ordered
        self._rows: list[bytes] = []
        self._payloads: list[bytes] = []
        self._written = 0
        self.count = 0
        self._values_written = 0
        self.first_ns = 0
        self.last_ns = 0

    def admit(self, time_ns: int) -> None:
        """Make ready for a row of this time; whatever can be refused is refused here, before the journal has it.

        Raises:
            TimeNotIncreasing: The time is not after the last one (for tables in no order: not positive).
            DiskFull: The rows collected so far do not fit into the columns.
        """
        if time_ns <= (self.last_ns if self._ordered else 0):
            raise TimeNotIncreasing(self.table.path, time_ns=time_ns, last_ns=self.last_ns)
        if len(self._rows) >= ROWS_PER_BATCH:
            self.flush()

    def seal(self, values: bytes, payload: bytes = b"") -> bytes:
        """The packed row: the columns' bytes and their checksum, which begins with the payload's."""
        return values + _CHECKSUM.pack(extend_crc32c(extend_crc32c(0, payload), values))

    def add(self, time_ns: int, row: bytes, payload: bytes = b"") -> None:
        """Take a row that the journal has."""
        if not self.count:
            self.first_ns = time_ns
        self.count += 1
        self.last_ns = time_ns
        self._rows.append(row)
        if payload:
            self._payloads.append(payload)

    def flush(self) -> None:
        """Write all collected rows into the columns.

        Raises:
            DiskFull: They stay collected, and the journal has them.
        """
        if not self._rows:
            return
        rows = np.frombuffer(b"".join(self._rows), dtype=self.table.row)
        write_rows(self._episode, self.table, self._written, rows)
        values = self._payload_values()
        if self.table.payload is not None:
            folder = self._episode / self.table.path / self.table.payload.array
            write_values(folder, self._values_written, values, self.table.payload.values_per_chunk)
        self._written += len(rows)
        self._values_written += len(values)
        self._rows.clear()
        self._payloads.clear()

    def finish(self) -> None:
        """Write what is left, then the lengths."""
        self.flush()
        metadata.write_table(
            self._episode, self.table, rows=self._written, payload_values=self._values_written
        )

    def _payload_values(self) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
        dtype = self.table.payload.dtype if self.table.payload is not None else np.dtype("u1")
        return np.frombuffer(b"".join(self._payloads), dtype=dtype)
