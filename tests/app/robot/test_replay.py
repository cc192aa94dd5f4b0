"""Replaying: a calm approach, then every action once."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.robot.replay import APPROACH_SPEED, SHORTEST_APPROACH_S, Replay

RATE_HZ = 50.0
SPEEDS = np.array([False, False, True])


def replay(start: list[float], actions: np.ndarray) -> Replay:
    return Replay(actions, start=np.array(start, np.float32), speeds=SPEEDS, control_rate_hz=RATE_HZ)


def all_of(one: Replay) -> np.ndarray:
    steps = []
    while not one.done:
        steps.append(one.step())
        assert len(steps) < 5000
    return np.array(steps)


vector = st.lists(st.floats(-3, 3, width=32), min_size=3, max_size=3)


@given(start=vector, first=vector, length=st.integers(1, 30))
def test_the_approach_is_calm_and_continuous_and_the_actions_follow_exactly(
    start: list[float], first: list[float], length: int
) -> None:
    actions = np.array(first, np.float32) + np.linspace(0, 0.1, length, dtype=np.float32)[:, None]
    steps = all_of(replay(start, actions))
    approach = steps[:-length]
    assert np.array_equal(steps[-length:], actions)
    assert len(approach) >= SHORTEST_APPROACH_S * RATE_HZ
    assert not approach[:, 2].any()
    way = np.vstack([np.array(start, np.float32), approach])[:, :2]
    # The blend's greatest speed is one and a half times its mean.
    assert np.abs(np.diff(way, axis=0)).max() <= 1.5 * APPROACH_SPEED / RATE_HZ * 1.02
    assert np.allclose(approach[-1, :2], actions[0, :2], atol=1e-5)


def test_progress_counts_the_actions_and_not_the_approach() -> None:
    one = replay([0, 0, 0], np.ones((10, 3), np.float32))
    seen = []
    while not one.done:
        seen.append(one.progress)
        one.step()
    assert seen[0] == 0.0
    assert seen == sorted(seen)
    assert one.progress == 1.0
