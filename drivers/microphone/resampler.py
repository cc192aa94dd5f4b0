"""Sound at a device's own rate, to 16 kHz."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from drivers.microphone.capture import BLOCK_S, RATE_HZ


class Resampler:
    """Blocks of `BLOCK_S` at another rate, to 16 kHz; half a block late, so that no block has edges.

    Args:
        rate_hz: of what is taken; three hundredths of a second must be whole samples, as they are at 44.1 and 48 kHz.
    """

    DELAY_NS = int(BLOCK_S / 2 * 1e9)

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._last = np.zeros(round(BLOCK_S * rate_hz))

    def take(self, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        """The next block, (480,)."""
        both = np.concatenate([self._last, samples.astype(np.float64)])
        self._last = both[len(self._last) :]
        count = round(BLOCK_S * RATE_HZ)
        found = resample_poly(both, RATE_HZ, self._rate_hz)[count // 2 : count // 2 + count]
        return np.asarray(np.clip(np.rint(found), -32768, 32767), np.int16)
