"""When samples were captured, from when their blocks arrived."""

from __future__ import annotations

from collections import deque

BLOCKS_SEEN = 16
"""Blocks (half a second) of which the promptest tells the time of all: a processor that is busy delays any one block,
but seldom so many in a row. So long it takes until sound that was lost unnoticed is no longer stamped too early."""
BELIEVED_AFTER_S = 2.0
"""A sound server's delay is believed so long after the stream's start: PulseAudio's ALSA plug-in (seen with 16.1) tells
half a second at first, and takes a second to come down to the truth."""
LONGEST_AGE_S = 0.3
"""A delay that is longer than that of any headset is no delay but nonsense, as is one below zero."""
_STEP_NS = 1_000_000
"""The least between two stamps, whatever is believed: times in a recording increase."""


class SampleClock:
    """Stamps blocks that follow on one another. Samples come evenly; their arrival does not.

    Args:
        block_s: length of a block.
    """

    def __init__(self, block_s: float) -> None:
        self._block_ns = round(block_s * 1e9)
        self._began_ns: int | None = None
        self._count = 0
        self._offsets: deque[int] = deque(maxlen=BLOCKS_SEEN)
        self._last_ns = 0

    def stamp(self, arrived_ns: int, *, age_s: float = 0.0, interrupted: bool = False) -> int:
        """When the last sample of the next block was captured, monotonic.

        Args:
            arrived_ns: when the block was handed over, monotonic.
            age_s: how long before that its last sample was captured, as the sound server tells.
            interrupted: whether sound before this block was lost.
        """
        if self._began_ns is None:
            self._began_ns = arrived_ns
        if interrupted:
            self._offsets.clear()
        believed = arrived_ns - self._began_ns > BELIEVED_AFTER_S * 1e9 and 0.0 < age_s < LONGEST_AGE_S
        captured_ns = arrived_ns - (int(age_s * 1e9) if believed else 0)
        self._count += 1
        self._offsets.append(captured_ns - self._count * self._block_ns)
        even_ns = min(self._offsets) + self._count * self._block_ns
        self._last_ns = max(even_ns, self._last_ns + _STEP_NS)
        return self._last_ns
