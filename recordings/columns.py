"""Uncompressed chunk files of row tables: written in place a batch at a time, read back as packed rows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recordings.errors import DamagedData, naming_disk_errors
from recordings.files import write_at
from recordings.layout import ROWS_PER_CHUNK, Rows, Table


def write_rows(episode: Path, table: Table, first_row: int, rows: Rows) -> None:
    """Write packed rows into the table's columns from `first_row` on; writing the same rows again is harmless."""
    for name in table.columns:
        folder = episode / table.path / name
        dimensions = 1 + len(table.row[name].shape)
        write_values(folder, first_row, np.ascontiguousarray(rows[name]), ROWS_PER_CHUNK, dimensions)


def read_rows(episode: Path, table: Table, count: int) -> Rows:
    """Read the first `count` rows of a table as packed records.

    Raises:
        DamagedData: A chunk file is absent or too short.
    """
    rows = np.zeros(count, dtype=table.row)
    for name in table.columns:
        column = table.row[name]
        folder = episode / table.path / name
        rows[name] = read_values(folder, count, ROWS_PER_CHUNK, column.base, column.shape)
    return rows


def write_values(
    folder: Path, first: int, values: NDArray[Any], chunk_length: int, dimensions: int = 1
) -> None:
    """Write values into chunk files of an array from index `first` on, making the files as they are needed.

    Plain zarr wants whole chunks, so each file has its full length from the start; what is not yet written is a hole.
    """
    done = 0
    item_bytes = values[:1].nbytes
    while done < len(values):
        chunk, offset = divmod(first + done, chunk_length)
        run = values[done : done + chunk_length - offset]
        path = folder / chunk_name(chunk, dimensions)
        with naming_disk_errors(path):
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                if os.fstat(file).st_size < chunk_length * item_bytes:
                    os.ftruncate(file, chunk_length * item_bytes)
                write_at(file, run.tobytes(), offset * item_bytes)
            finally:
                os.close(file)
        done += len(run)


def read_values(
    folder: Path, count: int, chunk_length: int, dtype: np.dtype[Any], inner: tuple[int, ...] = ()
) -> NDArray[Any]:
    """Read the first `count` values of an array, shape (count, *inner).

    Raises:
        DamagedData: A chunk file is absent or too short.
    """
    values = np.empty((count, *inner), dtype=dtype)
    for chunk, start in enumerate(range(0, count, chunk_length)):
        path = folder / chunk_name(chunk, 1 + len(inner))
        run = values[start : start + chunk_length]
        try:
            found = np.fromfile(path, dtype=dtype, count=run.size)
        except FileNotFoundError as error:
            raise DamagedData(f"{path} is absent, so rows from {start} on are lost; run repair") from error
        if found.size < run.size:
            raise DamagedData(f"{path} has {found.nbytes} of the {run.nbytes} bytes it needs; run repair")
        run[...] = found.reshape(run.shape)
    return values


def chunk_name(chunk: int, dimensions: int) -> str:
    """File name of a chunk: its position along the rows, and 0 along every other dimension."""
    return ".".join(["c", str(chunk), *["0"] * (dimensions - 1)])
