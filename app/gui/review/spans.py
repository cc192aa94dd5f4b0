"""Who drove from when to when; free of Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recordings import ActionSource

_NAMES = {int(source): source.name.lower() for source in ActionSource}


@dataclass(frozen=True, slots=True)
class Span:
    """One source's run of rows, up to the first row of the next."""

    source: str
    start_ns: int
    end_ns: int


def spans_of(time_ns: NDArray[np.int64], codes: NDArray[np.uint8]) -> tuple[Span, ...]:
    """The runs of equal sources.

    Args:
        time_ns: (T,) of the action's rows.
        codes: (T,) `ActionSource`; a code of a later version goes by its number.
    """
    if not len(codes):
        return ()
    starts = [0, *(np.flatnonzero(np.diff(codes.astype(np.int16))) + 1).tolist()]
    ends = [*starts[1:], len(codes) - 1]
    return tuple(
        Span(_NAMES.get(int(codes[start]), str(codes[start])), int(time_ns[start]), int(time_ns[end]))
        for start, end in zip(starts, ends, strict=True)
    )
