"""What the benches measure with: each ruler must read a known length, and say no where the answer is no."""

from __future__ import annotations

import itertools
import math
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from app.bench import stillness
from app.bench.figures import Bound, Figures
from app.bench.kill import loss_before
from app.bench.skew import camera_state_skew_s
from app.bench.stillness import Watcher
from app.bench.tracking import delay_s, rms_error
from app.config import SessionConfig, write_config
from app.dataplane import DataPlane
from app.dataplane.layouts import tick_layout, tick_topic
from app.messages import Mode
from recordings import Episode
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


@pytest.mark.parametrize("skew_s", [-0.03, 0.0, 0.02, 0.08])
def test_a_known_skew_between_pictures_and_state_is_found(skew_s: float) -> None:
    def opening(t_s: np.ndarray) -> np.ndarray:
        return np.asarray(0.5 + 0.4 * np.sin(2 * np.pi * t_s**1.3))

    state_s, frame_s = np.arange(1, 5, 1 / RATE_HZ), np.arange(1, 5, 1 / 30)
    shades = (200 * opening(frame_s - skew_s)).astype(np.uint8)
    frames = SimpleNamespace(
        time_ns=(frame_s * 1e9).astype(np.int64), frame=lambda index: np.full((8, 8, 3), shades[index])
    )
    state = SimpleNamespace(time_ns=(state_s * 1e9).astype(np.int64), position=opening(state_s)[:, None])
    episode = cast(Episode, SimpleNamespace(state=state, camera=lambda name: frames))
    found_s = camera_state_skew_s(episode, "right_wrist", 0, (10**9, 5 * 10**9))
    assert found_s == pytest.approx(skew_s, abs=0.008)


def test_the_worst_stream_is_what_a_kill_has_cost() -> None:
    def episode(*, front_ns: list[int]) -> Episode:
        return cast(
            Episode,
            SimpleNamespace(
                action=SimpleNamespace(time_ns=[10_000_000, 90_000_000, 140_000_000]),
                attributes=SimpleNamespace(cameras=[SimpleNamespace(name="front")]),
                camera=lambda name: SimpleNamespace(time_ns=front_ns),
            ),
        )

    assert loss_before(episode(front_ns=[70_000_000, 120_000_000]), 100_000_000) == pytest.approx(30.0)
    assert loss_before(episode(front_ns=[95_000_000]), 100_000_000) == pytest.approx(10.0)
    assert loss_before(episode(front_ns=[120_000_000]), 100_000_000) == math.inf


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
