"""The recorder process by itself, fed by the test: what cameras and microphones really send, good and bad."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.bench.record import SYNTHETIC_ARM
from app.cli.data.info import episode_facts
from app.dataplane import DataPlane
from app.dataplane.layouts import AUDIO, FRAME_HEADER, JPEG, frame_topic
from app.dataplane.sound import SoundPublisher
from app.session import Session
from app.session.view import Snapshot
from recordings import Dataset, Outcome, encode_jpeg
from recordings.verify import verify_episode
from tests.support.live_session import notices_of

pytestmark = pytest.mark.timeout(120)

PATIENCE_S = 60.0
BLOCK_NS = 30_000_000
PROFILE = f"""{SYNTHETIC_ARM}
[cameras.door]
source = 0
width_px = 64
height_px = 48
rate_hz = 20.0
"""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    (tmp_path / "robot.toml").write_text(PROFILE)
    made = Session(str(tmp_path / "robot.toml"), data_dir=tmp_path / "set", processes=("recorder",))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def plane(session: Session) -> Iterator[DataPlane]:
    made = DataPlane(session.runtime_dir)
    yield made
    made.close()


def wait(session: Session, until: Callable[[Snapshot], bool], what: str) -> Snapshot:
    deadline = time.monotonic() + PATIENCE_S
    while not until(session.snapshot()):
        assert time.monotonic() < deadline, f"{what} did not come about: {session.snapshot()}"
        session.beat()
        time.sleep(0.02)
    return session.snapshot()


def recording(session: Session, task: str) -> str:
    """Begin an episode; its id."""
    wait(session, lambda now: any(process.state == "ready" for process in now.processes), "the recorder")
    session.start_episode(task)
    found = wait(session, lambda now: now.recording is not None, "the episode").recording
    assert found is not None
    return found.episode_id


def sent_sound(sound: SoundPublisher, begin_ns: int, values: Iterable[int]) -> None:
    """Blocks of 30 ms that follow on one another, each of one value."""
    for number, value in enumerate(values):
        sound.send(begin_ns + number * BLOCK_NS, np.full(480, value, np.int16))


def test_sound_is_recorded_with_its_capture_times_gaps_and_losses(
    session: Session, plane: DataPlane, tmp_path: Path
) -> None:
    sound = SoundPublisher(plane)
    episode_id = recording(session, "listen")
    first_ns = time.monotonic_ns()
    sound.send(first_ns - int(30e9), np.full(480, 9, np.int16))  # from before the episode
    sent_sound(sound, first_ns, range(20))
    wait(session, lambda now: session.process_detail("recorder").get("sound_blocks") == 20, "the sound")
    later_ns = first_ns + 20 * BLOCK_NS + int(5e9)  # unplugged for five seconds
    sent_sound(sound, later_ns, range(20, 30))
    sound.send(later_ns, np.full(480, 99, np.int16))  # of a clock that went back
    wait(session, lambda now: session.process_detail("recorder").get("sound_blocks") == 30, "the rest")
    wait(session, lambda now: bool(notices_of(now, "drop:sound")), "the notice of what was left out")
    # More than fits: a recorder that is held up loses the oldest, and says how many.
    pid = session.snapshot().processes[0].pid
    os.kill(pid, signal.SIGSTOP)
    sent_sound(sound, later_ns + 10 * BLOCK_NS, range(30, 30 + AUDIO.depth + 7))
    os.kill(pid, signal.SIGCONT)
    found = wait(session, lambda now: now.recording is not None and now.recording.dropped == 8, "the loss")
    assert "7 of sound did not reach the recording" in [n.what for n in notices_of(found, "drop:sound")]

    session.end_episode("success")
    wait(session, lambda now: now.recording is None, "its end")
    episode = Dataset.open(tmp_path / "set").episode(episode_id)
    track = episode.audio
    assert track is not None
    kept = [*range(30), *range(37, 30 + AUDIO.depth + 7)]
    assert track.samples[track.first_sample].tolist() == kept
    assert len(track.samples) == 480 * len(kept)
    begun_ns = np.where(np.array(kept) < 20, first_ns, later_ns - 20 * BLOCK_NS)
    assert np.array_equal(track.time_ns, begun_ns + np.array(kept) * BLOCK_NS)
    report = verify_episode(episode.info.path)
    assert report.errors == ()
    assert [finding.where for finding in report.findings if finding.what == "gaps in sound"] == ["audio"]
    assert episode_facts(episode)["sound"].startswith(f"{track.duration_s:.1f} s, {len(kept)} blocks")


def test_the_last_sound_of_an_episode_is_waited_for(
    session: Session, plane: DataPlane, tmp_path: Path
) -> None:
    sound = SoundPublisher(plane)
    episode_id = recording(session, "listen")
    ended = threading.Event()

    def speak() -> None:
        """As a sound server does: a tenth of a second late."""
        begin_ns = time.monotonic_ns()
        while not ended.wait(0.03):
            while begin_ns < time.monotonic_ns() - 130_000_000:
                sound.send(begin_ns, np.ones(480, np.int16))
                begin_ns += BLOCK_NS

    speaking = threading.Thread(target=speak)
    speaking.start()
    try:
        wait(session, lambda now: session.process_detail("recorder").get("sound_blocks", 0) > 20, "the sound")
        asked_ns = time.monotonic_ns()
        session.end_episode("success")
        wait(session, lambda now: now.recording is None, "its end")
    finally:
        ended.set()
        speaking.join()
    track = Dataset.open(tmp_path / "set").episode(episode_id).audio
    assert track is not None
    assert track.time_ns[-1] + BLOCK_NS >= asked_ns


def test_a_broken_frame_is_left_out_and_told_once_and_the_episode_goes_on(
    session: Session, plane: DataPlane, tmp_path: Path
) -> None:
    camera = plane.publisher(frame_topic("door", session.profile.cameras["door"]))
    episode_id = recording(session, "watch the door")

    good = encode_jpeg(np.full((48, 64, 3), 90, np.uint8), 80)
    too_large = encode_jpeg(np.full((96, 64, 3), 90, np.uint8), 80)
    for number, jpeg in enumerate((good, b"no picture", good[:10], b"", too_large, good)):
        header = np.zeros(1, FRAME_HEADER)
        header[0] = (time.monotonic_ns(), number, 48, 64, JPEG, 0)
        camera.send(header.tobytes(), jpeg)
    found = wait(
        session, lambda now: now.recording is not None and now.recording.frames == 2, "both good frames"
    )
    assert found.recording is not None
    assert found.recording.dropped == 4
    found = wait(session, lambda now: bool(notices_of(now, "drop:door")), "the notice")
    assert "One of door was left out" in notices_of(found, "drop:door")[0].what
    assert sum("was left out" in line for line in found.log) == 1

    session.end_episode("success")
    wait(session, lambda now: now.recording is None, "its end")
    episode = Dataset.open(tmp_path / "set").episode(episode_id)
    assert episode.attributes.outcome is Outcome.SUCCESS
    assert len(episode.camera("door")) == 2
    assert verify_episode(episode.info.path).errors == ()
