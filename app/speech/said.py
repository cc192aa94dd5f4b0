"""What was said: a stretch of sound that is to be read, or one of which nothing came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PUSH, HANDS_FREE = "push", "hands-free"
"""How an utterance was marked: by a key that was held, or by the detector of speech."""


@dataclass(frozen=True, slots=True)
class Said:
    """An utterance, whole.

    Attributes:
        number: names it in its session.
        by: `PUSH` or `HANDS_FREE`.
        began_ns, ended_ns: of its sound, monotonic.
        samples: (n,) int16 mono at 16 kHz.
        note: what is to be known of it, such as that it was cut; empty for nothing.
    """

    number: int
    by: str
    began_ns: int
    ended_ns: int
    samples: NDArray[np.int16]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Unsaid:
    """An utterance that came to nothing.

    Attributes:
        number: names it in its session.
        by: `PUSH` or `HANDS_FREE`.
        began_ns, ended_ns: monotonic.
        reason: why, and what to do.
        lost: whether something went wrong, rather than that there was nothing to read.
    """

    number: int
    by: str
    began_ns: int
    ended_ns: int
    reason: str
    lost: bool = False
