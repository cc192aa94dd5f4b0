"""What the cockpit's bench measures with, and a short run of the whole."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from app.bench.cockpit_profile import write_cockpit_profile
from app.bench.memory import growth_per_s
from app.bench.processes import thread_cpu_s
from app.bench.takeovers import following, largest_step
from app.dataplane.layouts import tick_layout
from app.messages import Mode
from app.robot.gate import GatePhase
from drivers.profile import load_profile
from drivers.safety import SafetyLimits


@pytest.mark.parametrize("drivable", [True, False])
def test_the_cockpits_robot_differs_in_its_cameras_and_in_who_drives_the_leaders(
    tmp_path: Path, drivable: bool
) -> None:
    profile = load_profile(str(write_cockpit_profile(tmp_path, drivable=drivable)))
    shipped = load_profile("sim-kitchen")
    assert list(profile.cameras) == list(shipped.cameras)
    for camera in profile.cameras.values():
        assert (camera.source, camera.width_px, camera.height_px, camera.rate_hz) == ("test", 640, 480, 30.0)
    assert [leader.drivable for leader in profile.leaders.values()] == [drivable, drivable]
    assert profile.arms == shipped.arms
    assert profile.buses == shipped.buses


def test_a_steady_leak_counts_in_full_and_a_passing_peak_hardly() -> None:
    t_s = np.arange(0, 100, 2.0)
    held = 200 + 0.05 * t_s
    held[20:28] += 40
    assert growth_per_s(t_s, held) == pytest.approx(0.05, rel=0.2)
    assert growth_per_s(t_s, np.full_like(t_s, 200.0)) == 0.0
    assert math.isnan(growth_per_s([1.0], [200.0]))


def test_one_threads_processor_time_leaves_out_the_others() -> None:
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    other.start()
    try:
        before_s, began_s = thread_cpu_s(threading.current_thread()), time.thread_time()
        sum(range(2_000_000))
        spent_s = time.thread_time() - began_s
        assert thread_cpu_s(threading.current_thread()) - before_s == pytest.approx(spent_s, abs=0.02)
        assert thread_cpu_s(other) < 0.05
    finally:
        over.set()
        other.join()


def test_a_step_is_a_share_of_what_the_profile_lets_its_joint_do_in_a_tick() -> None:
    profile = load_profile("sim-kitchen")
    limits = SafetyLimits.from_profile(profile)
    rows = np.zeros(6, tick_layout(profile.dof))
    rows["tick"] = [1, 2, 3, 4, 9, 10]
    wheel = int(np.flatnonzero(limits.velocity_like)[0])
    rows["sent"][2:, 0] = 0.5 * limits.max_velocity[0] / profile.control_rate_hz
    rows["sent"][3:, wheel] = 0.75 * limits.max_deceleration[wheel] / profile.control_rate_hz
    rows["sent"][4:, 1] = 1.0  # between ticks that do not follow one another
    assert largest_step(profile, rows) == pytest.approx(0.75, rel=1e-4)
    assert largest_step(profile, rows[:3]) == pytest.approx(0.5, rel=1e-4)
    assert math.isnan(largest_step(profile, rows[:1]))


def test_following_leaves_out_gate_ramp_and_other_modes() -> None:
    rows = np.zeros(4, tick_layout(3))
    rows["tick"] = range(4)
    rows["mode"] = [Mode.REPLAY, Mode.TELEOP, Mode.TELEOP, Mode.HOLD]
    rows["gate_phase"] = [GatePhase.CLOSED, GatePhase.RAMPING, GatePhase.FOLLOWING, GatePhase.CLOSED]
    assert following(rows)["tick"].tolist() == [2]


@pytest.mark.timeout(180)
def test_a_short_run_measures_everything(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    options = ["--seconds", "3", "--episodes", "1", "--takeovers", "1", "--warm-up", "1", "--json", str(path)]
    command = [sys.executable, "-m", "app.cli.main", "bench", "cockpit", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    assert path.exists(), ended.stderr
    figures = json.loads(path.read_text())
    # How well they are kept is for an idle machine to say; that they are there and true, for any.
    assert 0 < figures["gui_cpu_share"] < figures["window_process_cpu_share"] < 3
    assert 0 < figures["stall_p999_ms"] <= figures["stall_longest_ms"] + 0.5
    assert 0 < figures["ready_for_next_s"] < 10
    assert 0 < figures["takeover_step_over_limit"] <= 1 + 1e-3
    assert figures["takeover_step_ratio"] > 0
    assert figures["state_rows"] == figures["action_rows"] == figures["ticks"] > 100
    assert figures["camera_rate_hz"] > 5
    assert {"memory_growth_mib", "memory_growth_all_processes_mib", "gui_refresh_hz"} <= figures.keys()
