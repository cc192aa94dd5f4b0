"""A robot that is not all there: what is missing is named, and what is there works."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

import drivers.profile
from app.messages import Mode
from app.session import Session
from app.session.view import Snapshot
from tests.drivers.robot_lines import far_end
from tests.support.far_end import sim_kitchen
from tests.support.live_session import notices_of

pytestmark = pytest.mark.timeout(120)

PROFILE = (Path(drivers.profile.__file__).parents[1] / "profiles" / "sim-kitchen.toml").read_text()
WITHOUT_CAMERAS = re.sub(r"\[cameras\.[^\[]*", "", PROFILE)
PATIENCE_S = 60.0


@contextmanager
def session_of(
    tmp_path: Path, profile: str, processes: tuple[str, ...]
) -> Iterator[tuple[Session, Callable[[Callable[[Snapshot], bool], str], Snapshot]]]:
    """A session of a changed profile and a few of its processes, and how to wait for something in it."""
    (tmp_path / "robot.toml").write_text(profile)
    session = Session(str(tmp_path / "robot.toml"), data_dir=tmp_path / "set", processes=processes)

    def wait(until: Callable[[Snapshot], bool], what: str) -> Snapshot:
        deadline = time.monotonic() + PATIENCE_S
        while not until(session.snapshot()):
            assert time.monotonic() < deadline, f"{what} did not come about: {session.snapshot()}"
            session.beat()
            time.sleep(0.02)
        return session.snapshot()

    try:
        yield session, wait
    finally:
        session.close()


def test_a_bus_that_is_not_there_is_named_and_the_others_work(tmp_path: Path, runtime_dir: Path) -> None:
    """Here the robot counts as a real one, whose adapters are pseudo-terminals, all but one."""
    profile = re.sub(r"\[simulation\][^\[]*", "", WITHOUT_CAMERAS)
    profile = profile.replace('"sim:left_follower"', '"/dev/no-such-adapter"')
    with far_end(sim_kitchen(), runtime_dir, lift_start_m=0.01) as end:
        for bus in end.lines:
            profile = profile.replace(f'"sim:{bus}"', f'"{end.resolve_port(bus)}"')
        with session_of(tmp_path, profile, ("robot",)) as (session, wait):
            wait(
                lambda now: any("4 of 5 buses are ready; not left_follower" in x for x in now.log), "the tree"
            )
            notice = notices_of(wait(lambda now: bool(notices_of(now, "bus:")), "a notice"), "bus:")[0]
            assert notice.what == "The bus left_follower is lost"
            tree = (session.runtime_dir / "logs" / "robot.log").read_text()
            assert "left_follower on /dev/no-such-adapter" in tree
            assert "9 of 9 servos ready" in tree
            wait(lambda now: now.tick is not None and np.isfinite(now.tick.position[7:]).all(), "the others")
            tick = session.snapshot().tick
            assert tick is not None
            assert np.isnan(tick.position[:7]).all()
            session.set_mode(Mode.TELEOP)
            wait(
                lambda now: any("no answer from left_follower" in n.what for n in notices_of(now, "command")),
                "the refusal",
            )


def test_a_camera_that_is_not_there_is_named_with_the_reason_and_taken_up_when_it_comes(
    tmp_path: Path,
) -> None:
    video = tmp_path / "door.avi"
    camera = f'\n[cameras.door]\nsource = "{video}"\nwidth_px = 64\nheight_px = 48\nrate_hz = 20.0\n'
    with session_of(tmp_path, WITHOUT_CAMERAS + camera, ("cameras",)) as (session, wait):
        found = wait(lambda now: bool(notices_of(now, "camera:door")), "the notice")
        [notice] = notices_of(found, "camera:door")
        assert notice.what.startswith("The camera door has delivered nothing for")
        assert str(video) in notice.what
        assert notice.action == "reopen_camera door"
        write_video(video)
        session.do(notice.action)
        wait(lambda now: not notices_of(now, "camera:door"), "its return")
        wait(lambda now: session.frame("door") is not None, "a picture")
        wait(lambda now: now.cameras[0].rate_hz > 0, "a rate")
        figures = session.process_detail("cameras")["cameras"]["door"]
        assert figures["error"] == ""
        assert str(video) in figures["last_error"]


def write_video(path: Path) -> None:
    """Ten seconds of changing grey, put in place whole."""
    unfinished = path.with_suffix(".part.avi")
    writer = cv2.VideoWriter(str(unfinished), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (64, 48))
    for number in range(200):
        writer.write(np.full((48, 64, 3), number % 256, np.uint8))
    writer.release()
    unfinished.rename(path)
