"""SIGKILL to each process of a session: seen, named, started again, and missed by no other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.messages import Mode
from app.runtime import create_runtime_dir, remove_runtime_dir
from recordings import Dataset
from recordings.repair import repair_episode
from recordings.verify import verify_episode
from tests.support.live_session import LiveSession, live_session

pytestmark = pytest.mark.timeout(240)

DRIVES_ON = {"recorder": True, "cameras": True, "hands": True, "robot": False, "simworld": False}
SEEN_WITHIN_S = 5.0
"""It is a tenth of a second on a machine that has time."""
ENDS_S = 30.0


def kill(live: LiveSession, name: str) -> int:
    """Kill a process; gives the time of it."""
    pid = next(process.pid for process in live.now.processes if process.name == name)
    killed_ns = time.monotonic_ns()
    os.kill(pid, signal.SIGKILL)
    return killed_ns


def is_running_again(live: LiveSession, name: str, not_pid: int) -> bool:
    process = next(process for process in live.now.processes if process.name == name)
    return process.pid not in (0, not_pid) and process.state in ("running", "ready", "recording")


@pytest.mark.parametrize("name", sorted(DRIVES_ON))
def test_a_killed_process_is_named_started_again_and_missed_by_no_other(tmp_path: Path, name: str) -> None:
    data_dir = tmp_path / "set"
    with live_session(data_dir) as live:
        live.warm_up()
        first = live.start_episode(f"kill {name}")
        time.sleep(0.5)
        pid = next(process.pid for process in live.now.processes if process.name == name)
        killed_ns = kill(live, name)
        notice = live.notice(f"process:{name}")
        assert notice.what == f"The {name} process is lost: killed by signal 9"
        assert notice.remedy.startswith("it is started again by itself")
        assert notice.since_ns - killed_ns < SEEN_WITHIN_S * 1e9
        assert any(f"The {name} process is lost" in line for line in live.now.log)
        if DRIVES_ON[name]:
            assert live.now.mode is Mode.TELEOP
        live.wait(lambda now: is_running_again(live, name, pid), "its return")
        live.no_notice("process:")
        if name == "simworld":
            # Its servos lost their power, and with it the count of turns that the lift's height is told by.
            home = live.notice("homing")
            assert home.action_label
            live.session.do(home.action)
            live.no_notice("homing")
        live.make_ready()
        if DRIVES_ON[name]:
            assert live.now.mode is Mode.TELEOP
        else:
            live.wait(lambda now: now.mode is Mode.HOLD, "hold")
        time.sleep(0.5)
        assert [line for line in live.now.log if "process is lost" in line] == [notice.what]
        check_first(live, first, killed_ns, by_recorder=name != "recorder")

        live.hold()
        live.wait(lambda now: all(n.level != "error" for n in now.notices), "quiet")
        live.follow()
        second = live.start_episode("the next one")
        time.sleep(0.5)
        episode = live.end_episode(second)
        assert len(episode.action.time_ns) > 10
        assert all(len(episode.camera(c.name).time_ns) > 3 for c in episode.attributes.cameras)
        live.hold()


def test_an_emergency_stop_outlives_the_process_that_keeps_it(tmp_path: Path) -> None:
    with live_session(tmp_path / "set") as live:
        live.warm_up()
        live.session.stop("the red button")
        live.wait(lambda now: now.mode is Mode.STOPPED, "the stop")
        pid = next(process.pid for process in live.now.processes if process.name == "robot")
        kill(live, "robot")
        live.notice("process:robot")
        live.wait(lambda now: is_running_again(live, "robot", pid), "its return")
        live.wait(
            lambda now: any("stopped before its process was lost" in n.what for n in now.notices), "the stop"
        )
        assert live.now.mode is Mode.STOPPED
        height_m = live.world.truth().lift_m
        time.sleep(0.5)
        assert live.now.mode is Mode.STOPPED
        # The lift keeps its zero, and does not go looking for it with the arms wherever they are.
        assert live.now.homed
        assert abs(live.world.truth().lift_m - height_m) < 0.002
        live.hold()


def check_first(live: LiveSession, episode_id: str, killed_ns: int, *, by_recorder: bool) -> None:
    """The episode that was running is whole: closed in good order, or mended without losing what was written."""
    path = live.data_dir / "episodes" / episode_id
    if by_recorder:
        episode = live.end_episode(episode_id)
    else:
        live.wait(lambda now: now.recording is None, "no recording")
        repair_episode(path)
        assert verify_episode(path).errors == ()
        episode = Dataset.open(live.data_dir).episode(episode_id)
    streams = [np.asarray(episode.action.time_ns)]
    streams += [np.asarray(episode.camera(camera.name).time_ns) for camera in episode.attributes.cameras]
    for times in streams:
        assert (np.diff(times) > 0).all()
        assert killed_ns - times[times <= killed_ns][-1] < 1e9
        if by_recorder:
            assert times[-1] > killed_ns


def test_without_its_owner_the_episode_is_closed_and_everything_ends_by_itself(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app.bench.owner", str(tmp_path / "set"), "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        told = json.loads(owner.stdout.readline())
        processes = {name: psutil.Process(pid) for name, pid in told["pids"].items()}
        time.sleep(0.5)
        owner.kill()
        owner.wait(ENDS_S)
    del processes["window"]
    deadline = time.monotonic() + ENDS_S
    while (left := running(processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == {}
    path = tmp_path / "set" / "episodes" / told["episode_id"]
    assert Dataset.open(tmp_path / "set").episode(told["episode_id"]).attributes.complete
    assert verify_episode(path).errors == ()
    runtime_dir = Path(told["runtime_dir"])
    remove_runtime_dir(create_runtime_dir())
    assert not runtime_dir.exists()


def running(processes: dict[str, psutil.Process]) -> dict[str, str]:
    """State of those that have not ended; one that ended may still wait for somebody to notice."""
    states = {}
    for name, process in processes.items():
        try:
            states[name] = process.status()
        except psutil.NoSuchProcess:
            continue
    return {name: state for name, state in states.items() if state != psutil.STATUS_ZOMBIE}
