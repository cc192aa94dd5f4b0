"""How loud it is: what a level meter shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FULL_SCALE = 32768.0
SILENT_DBFS = -96.0
"""Of 16-bit sound; a meter's lower end."""
_CLIPS_AT = 32_700


@dataclass(frozen=True, slots=True)
class Level:
    """Loudness over a short while, in decibels below full scale.

    Attributes:
        rms_dbfs: of the sound as a whole.
        peak_dbfs: of its loudest sample.
        clipped: samples that hit the end of the scale.
    """

    rms_dbfs: float = SILENT_DBFS
    peak_dbfs: float = SILENT_DBFS
    clipped: int = 0


def level_of(samples: NDArray[np.int16]) -> Level:
    """The level of (n,) int16 samples."""
    if len(samples) == 0:
        return Level()
    sound = samples.astype(np.float64)
    peak = float(np.abs(sound).max())
    return Level(
        rms_dbfs=_dbfs(math.sqrt(float(np.mean(sound * sound)))),
        peak_dbfs=_dbfs(peak),
        clipped=int(np.count_nonzero(np.abs(sound) >= _CLIPS_AT)),
    )


def _dbfs(amplitude: float) -> float:
    return max(SILENT_DBFS, 20.0 * math.log10(max(amplitude, 1e-3) / FULL_SCALE))
