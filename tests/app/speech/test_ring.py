"""The last of what was heard, cut by the time of capture."""

from __future__ import annotations

import numpy as np
import pytest

from app.speech.ring import SoundRing

START_NS = 7_000_000_000
BLOCK_NS = 30_000_000
MS = 1_000_000


def filled(blocks: range, *, seconds: float = 40.0) -> SoundRing:
    """Blocks of 480 samples, each sample its own number."""
    ring = SoundRing(seconds=seconds)
    for block in blocks:
        ring.take(START_NS + block * BLOCK_NS, np.arange(480 * block, 480 * (block + 1)).astype(np.int16))
    return ring


def test_what_is_cut_begins_and_ends_at_the_sample() -> None:
    ring = filled(range(20))
    cut = ring.between(START_NS + 45 * MS, START_NS + 100 * MS)
    assert cut.tolist() == list(range(45 * 16, 100 * 16))
    assert (ring.begin_ns, ring.end_ns) == (START_NS, START_NS + 20 * BLOCK_NS)


def test_a_gap_is_as_long_as_it_was_and_silent() -> None:
    ring = filled(range(2))
    ring.take(START_NS + 5 * BLOCK_NS, np.full(480, 7, np.int16))
    cut = ring.between(START_NS + BLOCK_NS, START_NS + 6 * BLOCK_NS)
    assert cut.tolist() == [*range(480, 960), *[0] * (3 * 480), *[7] * 480]
    assert ring.covered(START_NS + BLOCK_NS, START_NS + 6 * BLOCK_NS) == pytest.approx(2 / 5)


def test_what_is_not_there_is_silent_and_not_covered() -> None:
    ring = filled(range(2))
    assert ring.between(START_NS - BLOCK_NS, START_NS + 4 * BLOCK_NS).tolist() == [
        *[0] * 480,
        *range(960),
        *[0] * 960,
    ]
    assert ring.covered(START_NS - BLOCK_NS, START_NS) == 0.0
    assert SoundRing().covered(0, 5) == 0.0
    assert (SoundRing().begin_ns, SoundRing().end_ns, len(SoundRing().between(5, 5))) == (0, 0, 0)


def test_it_keeps_the_last_seconds_only() -> None:
    ring = filled(range(1000), seconds=3.0)
    assert ring.end_ns - ring.begin_ns == pytest.approx(3e9, abs=BLOCK_NS)


def test_a_clock_that_goes_back_begins_anew() -> None:
    ring = filled(range(10))
    ring.take(START_NS, np.full(480, 3, np.int16))
    assert (ring.begin_ns, ring.end_ns) == (START_NS, START_NS + BLOCK_NS)
