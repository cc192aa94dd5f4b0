"""How many action rows each source asked for: what hours by source are added up from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recordings import metadata
from recordings.columns import read_values
from recordings.layout import ROWS_PER_CHUNK
from recordings.spec import ActionSource

CODES = 256
"""`action/source` is one byte."""

_NAMES = {int(source): source.name.lower() for source in ActionSource}


def count_sources(codes: NDArray[np.uint8]) -> dict[str, int]:
    """Rows by the name of who asked, such as `{"teleop": 750}`.

    Args:
        codes: (T,) as stored in `action/source`.
    """
    return named_sources(np.bincount(codes, minlength=CODES))


def named_sources(rows: NDArray[np.integer[Any]]) -> dict[str, int]:
    """Rows by name, from rows by code; a code of a later version goes by its number.

    Args:
        rows: (256,) how many rows have each code.
    """
    return {_NAMES.get(code, str(code)): int(rows[code]) for code in np.flatnonzero(rows).tolist()}


def read_sources(episode: Path) -> dict[str, int]:
    """The same from a complete episode's folder, for one whose attributes do not say it; rows are not checked.

    Raises:
        DamagedData: A chunk file is absent or too short.
        OSError: There is no such column.
        ValueError: Its metadata cannot be read.
    """
    folder = episode / "action" / "source"
    (count,) = metadata.read_shape(folder)
    return count_sources(read_values(folder, count, ROWS_PER_CHUNK, np.dtype("u1")))
