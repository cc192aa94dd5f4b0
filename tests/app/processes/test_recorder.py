"""The recorder process by itself, fed by the test: what cameras really send, good and bad."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.bench.record import SYNTHETIC_ARM
from app.dataplane import DataPlane
from app.dataplane.layouts import FRAME_HEADER, JPEG, frame_topic
from app.session import Session
from app.session.view import Snapshot
from recordings import Dataset, Outcome, encode_jpeg
from recordings.verify import verify_episode
from tests.support.live_session import notices_of

pytestmark = pytest.mark.timeout(120)

PATIENCE_S = 60.0
PROFILE = f"""{SYNTHETIC_ARM}
[cameras.door]
source = 0
width_px = 64
height_px = 48
rate_hz = 20.0
"""


def test_a_broken_frame_is_left_out_and_told_once_and_the_episode_goes_on(tmp_path: Path) -> None:
    (tmp_path / "robot.toml").write_text(PROFILE)
    session = Session(str(tmp_path / "robot.toml"), data_dir=tmp_path / "set", processes=("recorder",))
    plane = DataPlane(session.runtime_dir)

    def wait(until: Callable[[Snapshot], bool], what: str) -> Snapshot:
        deadline = time.monotonic() + PATIENCE_S
        while not until(session.snapshot()):
            assert time.monotonic() < deadline, f"{what} did not come about: {session.snapshot()}"
            session.beat()
            time.sleep(0.02)
        return session.snapshot()

    try:
        camera = plane.publisher(frame_topic("door", session.profile.cameras["door"]))
        wait(lambda now: any(process.state == "ready" for process in now.processes), "the recorder")
        session.start_episode("watch the door")
        recording = wait(lambda now: now.recording is not None, "the episode").recording
        assert recording is not None

        good = encode_jpeg(np.full((48, 64, 3), 90, np.uint8), 80)
        too_large = encode_jpeg(np.full((96, 64, 3), 90, np.uint8), 80)
        for number, jpeg in enumerate((good, b"no picture", good[:10], b"", too_large, good)):
            header = np.zeros(1, FRAME_HEADER)
            header[0] = (time.monotonic_ns(), number, 48, 64, JPEG, 0)
            camera.send(header.tobytes(), jpeg)
        found = wait(lambda now: now.recording is not None and now.recording.frames == 2, "both good frames")
        assert found.recording is not None
        assert found.recording.dropped == 4
        found = wait(lambda now: bool(notices_of(now, "drop:door")), "the notice")
        assert "One of door was left out" in notices_of(found, "drop:door")[0].what
        assert sum("was left out" in line for line in found.log) == 1

        session.end_episode("success")
        wait(lambda now: now.recording is None, "its end")
        episode = Dataset.open(tmp_path / "set").episode(recording.episode_id)
        assert episode.attributes.outcome is Outcome.SUCCESS
        assert len(episode.camera("door")) == 2
        assert verify_episode(episode.info.path).errors == ()
    finally:
        plane.close()
        session.close()
