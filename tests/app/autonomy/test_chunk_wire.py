"""What a policy answers is checked, and arrives at the robot as it was meant."""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from app.autonomy.chunk_wire import SPARE_ROWS, BadChunk, checked_actions, packed, trimmed
from app.messages import Mode
from app.robot.chunks import parse_chunk
from policy.types import ActionChunk

STEP_NS = 20_000_000


def chunk(actions: NDArray[np.generic], step_ns: int = STEP_NS) -> ActionChunk:
    return ActionChunk(actions, 7 + step_ns * np.arange(len(actions), dtype=np.int64), "lift")  # type: ignore[arg-type]


def test_what_is_packed_is_what_the_robot_reads() -> None:
    now_ns = time.monotonic_ns()
    actions, step_ns = checked_actions(chunk(np.arange(20.0).reshape(10, 2)), width=2)
    parts = packed(
        actions,
        chunk=3,
        observed_ns=now_ns - 5,
        first_ns=now_ns + 9,
        step_ns=step_ns,
        applied_ns=17,
        mode=Mode.VERBAL,
        final=True,
        subtask="öffne die Lade",
    )
    read = parse_chunk(np.concatenate(parts), dof=2, now_ns=now_ns)
    np.testing.assert_array_equal(read.actions, actions)
    assert (read.number, read.observed_ns, read.first_ns, read.step_ns) == (
        3,
        now_ns - 5,
        now_ns + 9,
        STEP_NS,
    )
    assert (read.applied_ns, read.mode, read.final) == (17, Mode.VERBAL, True)
    assert read.subtask.decode() == "öffne die Lade"


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (chunk(np.zeros((10, 3))), r"\[10, 3\]; this robot takes floats \[T, 2\]"),
        (chunk(np.zeros(10)), r"\[10\]"),
        (chunk(np.zeros((10, 2), np.int64)), "int64"),
        (chunk(np.zeros((1, 2))), "1 steps; 2 to 128"),
        (chunk(np.zeros((200, 2))), "200 steps"),
        (chunk(np.where(np.arange(20).reshape(10, 2) == 7, np.nan, 0.0)), "nan at step 3, entry 1"),
        (chunk(np.where(np.arange(20).reshape(10, 2) == 4, -np.inf, 0.0)), "-inf at step 2, entry 0"),
        (chunk(np.zeros((10, 2)), step_ns=0), "no rate"),
        (chunk(np.zeros((10, 2)), step_ns=10**9), "no rate"),
        (ActionChunk(np.zeros((3, 2)), np.array([0, 1, 90]) * STEP_NS, "lift"), "no rate"),
        (ActionChunk(np.zeros((3, 2)), np.arange(4) * STEP_NS, "lift"), r"\(4,\) times for 3 steps"),
    ],
)
def test_what_is_no_chunk_is_named(bad: ActionChunk, why: str) -> None:
    with pytest.raises(BadChunk, match=why):
        checked_actions(bad, width=2)


def test_a_final_chunk_ends_when_nothing_moves_any_more_and_not_before_it_can_have_arrived() -> None:
    moving = np.concatenate([np.linspace(0.0, 1.0, 11), np.ones(39)])[:, None]
    assert len(trimmed(moving, passed=0)) == 12
    assert trimmed(moving, passed=0)[-1, 0] == 1.0
    assert len(trimmed(moving, passed=5)) == 5 + SPARE_ROWS
    assert len(trimmed(np.ones((50, 2)), passed=0)) == SPARE_ROWS
    assert len(trimmed(np.arange(50.0)[:, None], passed=3)) == 50
    assert len(trimmed(np.ones((50, 2)), passed=49)) == 50
