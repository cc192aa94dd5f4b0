"""What of the topic `chunk` a robot believes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messages import Mode
from app.robot.chunks import ChunkError, parse_chunk
from tests.app.robot.chunk_cases import payload

DOF = 18
NOW_NS = 10**12
STILL = np.full((50, DOF), 0.25)


def test_a_good_one_comes_back_as_it_was_sent() -> None:
    actions = np.random.default_rng(0).normal(size=(50, DOF)).astype(np.float32)
    chunk = parse_chunk(payload(actions, now_ns=NOW_NS, chunk=12, final=1), dof=DOF, now_ns=NOW_NS)
    assert np.array_equal(chunk.actions, actions)
    assert (chunk.number, chunk.final, chunk.mode, chunk.subtask) == (
        12,
        True,
        Mode.VERBAL,
        b"pick up the cup",
    )


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"dof": 7}, "50 × 7"),
        ({"rows": 0}, "0 × 18"),
        ({"rows": 49}, "bytes of actions"),
        ({"rows": 100_000}, "100000 × 18"),
        ({"mode": int(Mode.TELEOP)}, "mode 2"),
        ({"step_ns": 0}, "from step to step"),
        ({"step_ns": -20_000_000}, "from step to step"),
        ({"step_ns": 3_600_000_000_000}, "from step to step"),
        ({"observed_ns": NOW_NS - 10_000_000_000}, "10.0 s ago"),
        ({"observed_ns": NOW_NS + 1_000_000}, "ago"),
        ({"first_ns": NOW_NS + 60_000_000_000}, "60.0 s after"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_value(header: dict[str, int], why: str) -> None:
    with pytest.raises(ChunkError, match=why):
        parse_chunk(payload(STILL, now_ns=NOW_NS, **header), dof=DOF, now_ns=NOW_NS)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused_with_its_place(value: float) -> None:
    actions = STILL.copy()
    actions[30, 4] = value
    with pytest.raises(ChunkError, match="at step 30, entry 4"):
        parse_chunk(payload(actions, now_ns=NOW_NS), dof=DOF, now_ns=NOW_NS)


@given(st.binary(max_size=4000))
def test_no_bytes_at_all_do_more_than_be_refused(noise: bytes) -> None:
    with pytest.raises(ChunkError):
        parse_chunk(np.frombuffer(noise, np.uint8), dof=DOF, now_ns=NOW_NS)
