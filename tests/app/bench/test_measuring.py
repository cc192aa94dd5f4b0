"""What the benches measure with: each ruler must read a known length, and say no where the answer is no."""

from __future__ import annotations

import itertools
import math
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from app.bench import stillness
from app.bench.figures import Bound, Figures
from app.bench.stillness import Watcher
from app.bench.tracking import delay_s, rms_error
from app.config import SessionConfig, write_config
from app.dataplane import DataPlane
from app.dataplane.layouts import tick_layout, tick_topic
from app.messages import Mode
from tests.support.far_end import sim_kitchen

RATE_HZ = 50.0


def motion(t_s: np.ndarray) -> np.ndarray:
    """(T, 2): two joints that move without a period, and alike in nothing."""
    return np.stack([np.sin(1.7 * t_s**1.3), 0.5 * np.cos(2.3 * t_s) + 0.2 * t_s], axis=1).astype(np.float32)


@pytest.mark.parametrize("delay", [-0.04, 0.0, 0.06, 0.13])
def test_a_known_delay_is_found(delay: float) -> None:
    t_s = np.arange(1, 11, 1 / RATE_HZ)
    assert delay_s(motion(t_s), motion(t_s - delay), rate_hz=RATE_HZ) == pytest.approx(delay, abs=0.004)


def test_a_delay_is_found_through_gaps_and_not_where_nothing_moves() -> None:
    t_s = np.arange(1, 11, 1 / RATE_HZ)
    leader, follower = motion(t_s), motion(t_s - 0.06)
    follower[::7] = np.nan
    assert delay_s(leader, follower, rate_hz=RATE_HZ) == pytest.approx(0.06, abs=0.004)
    assert math.isnan(delay_s(np.zeros_like(leader), follower, rate_hz=RATE_HZ))


def test_the_worst_joint_counts_and_gaps_do_not() -> None:
    leader = np.zeros((100, 3), np.float32)
    follower = leader + np.array([0.01, -0.2, 0.0], np.float32)
    follower[::9] = np.nan
    assert rms_error(leader, follower) == pytest.approx(0.2)


def test_a_figure_that_is_no_number_has_missed_its_bound() -> None:
    assert not Bound(at_most=1.0).kept(math.nan)
    figures = Figures()
    figures.add("nan", math.nan, at_least=0.0)
    figures.add("kept", 0.5, at_least=0.5, at_most=0.5)
    figures.add("free", 7.0)
    figures.add("above", 2, at_most=1)
    assert figures.missed() == ["nan", "above"]


@pytest.mark.parametrize(
    ("holds_after_s", "speed", "obeys", "rests"),
    [
        (0.0, 0.0, False, True),
        (0.0, 1.0, False, False),
        (0.0, 1.0, True, True),
        (math.inf, 0.0, False, False),
        (1.0, 0.0, False, False),
    ],
)
def test_a_robot_rests_only_when_it_soon_says_that_it_holds_and_sends_one_pose(
    holds_after_s: float,
    speed: float,
    obeys: bool,
    rests: bool,
    runtime_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stillness, "REST_MAY_TAKE_S", 0.5)
    profile = sim_kitchen()
    write_config(
        runtime_dir, SessionConfig(profile="sim-kitchen", data_dir=str(runtime_dir / "set"), owner_pid=1)
    )
    plane = DataPlane(runtime_dir)
    ticks = plane.publisher(tick_topic(profile))
    ended = threading.Event()

    began = time.monotonic()

    def tick() -> None:
        row = np.zeros(1, tick_layout(profile.dof))
        for number in itertools.count():
            holds = time.monotonic() - began >= holds_after_s
            row["mode"] = Mode.HOLD if holds else Mode.TELEOP
            row["tick"], row["sent"] = number, speed * number / RATE_HZ
            if obeys:  # as in a world that came back: it is told to stay where it is found
                row["position"] = row["sent"]
            ticks.send(row.view(np.uint8))
            if ended.wait(1 / RATE_HZ):
                return

    try:
        with Watcher(runtime_dir) as watcher:
            thread = threading.Thread(target=tick, name="ticks")
            thread.start()
            time.sleep(0.1)
            held, _ = watcher.rests(time.monotonic_ns(), watch_s=1.5, has_world=False)
            assert held is rests
    finally:
        ended.set()
        thread.join()
        plane.close()
