from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtGui import QColor

from app.gui.review import reader as reading
from app.gui.review.film import read_film, read_rest
from app.gui.review.reader import Reader, Still
from recordings import CameraFrames
from tests.recordings.recorded import FRAME_NS, START_NS, closed_episode

FIRST_NS = START_NS + 3_000_000


def moment(frame: int) -> int:
    return FIRST_NS + frame * FRAME_NS


def wait(condition: Callable[[], bool], timeout_s: float = 5.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return closed_episode(tmp_path_factory.mktemp("recorded") / "set", ticks=400)  # 200 frames of two cameras


@pytest.fixture
def episode(recorded: Path, tmp_path: Path) -> Path:
    """The same episode for every test, to damage as it likes."""
    return Path(shutil.copytree(recorded, tmp_path / "episode"))


@pytest.fixture
def reader(episode: Path) -> Iterator[Reader]:
    made = Reader(episode)
    assert wait(lambda: made.film is not None and made.film.is_whole)
    yield made
    made.close()
    assert made.join(5.0)


def seen(reader: Reader, camera: int, frame: int, velocity: float = 0.0) -> Still:
    reader.want(moment(frame), velocity)
    assert wait(lambda: reader.still(camera, moment(frame), velocity) is not None)
    still = reader.still(camera, moment(frame), velocity)
    assert still is not None
    return still


def number_in(still: Still) -> float:
    assert still.image is not None
    return QColor(still.image.pixel(4, 4)).red() / 7


@pytest.mark.parametrize("frame", [0, 1, 149, 150, 199])
def test_every_camera_shows_the_stored_frame_of_the_moment(reader: Reader, frame: int) -> None:
    for camera in (0, 1):
        still = seen(reader, camera, frame)
        assert still.index == frame
        assert still.time_ns == moment(frame)
        assert number_in(still) == pytest.approx(frame * 7 % 250 / 7, abs=0.3)


def test_the_film_holds_what_was_recorded(reader: Reader) -> None:
    film = reader.film
    assert film is not None
    assert [camera.camera.name for camera in film.cameras] == ["front", "left-wrist"]
    assert film.position.shape == (400, 4)
    assert film.sent[7].tolist() == [7.5, 8.5, 9.5, 10.5]
    assert [span.source for span in film.spans] == ["teleop"]
    assert film.start_ns == FIRST_NS
    assert film.end_ns == max(START_NS + 399 * 20_000_000, moment(199))
    assert film.problems == ()


def test_what_comes_next_is_decoded_before_it_is_due(reader: Reader) -> None:
    seen(reader, 0, 10, velocity=1.0)
    assert wait(lambda: reader.still(1, moment(10 + reading.AHEAD), 1.0) is not None)
    assert reader.still(0, moment(10 - 1), 1.0) is None
    seen(reader, 0, 100, velocity=-1.0)
    assert wait(lambda: reader.still(0, moment(95), -1.0) is not None)


def test_past_the_speed_of_life_every_so_manyth_frame_stands_for_the_others(reader: Reader) -> None:
    still = seen(reader, 0, 21, velocity=8.0)
    assert still.index == 16
    assert wait(lambda: reader.still(0, moment(40), 8.0) is not None)


def test_the_newest_wish_wins(episode: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turn = threading.Semaphore(0)
    begun: list[tuple[str, int]] = []
    frame = CameraFrames.frame

    def slowly(self: CameraFrames, index: int) -> np.ndarray:
        begun.append((self.camera.name, index))
        turn.acquire(timeout=5)
        return frame(self, index)

    monkeypatch.setattr(CameraFrames, "frame", slowly)
    reader = Reader(episode)
    assert wait(lambda: reader.film is not None)
    reader.want(moment(10), 0.0)
    assert wait(lambda: len(begun) == 2), "one in each thread"
    for wanted in (20, 30, 190):  # scrubbing, faster than anything can be decoded
        reader.want(moment(wanted), 0.0)
    turn.release()
    turn.release()
    assert wait(lambda: len(begun) == 4)
    assert set(begun[:2]) == {("front", 10), ("left-wrist", 10)}, "those that they were at"
    assert set(begun[2:]) == {("front", 190), ("left-wrist", 190)}
    reader.close()
    turn.release()
    turn.release()
    assert reader.join(5.0)


def test_pictures_are_there_before_the_rows_are_checked(
    episode: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    monkeypatch.setattr(reading, "read_rest", lambda *parts: (goes_on.wait(10), read_rest(*parts))[1])
    reader = Reader(episode)
    assert wait(lambda: reader.film is not None)
    assert number_in(seen(reader, 1, 33)) == pytest.approx(33 * 7 % 250 / 7, abs=0.3)
    film = reader.film
    assert film is not None
    assert not film.is_whole
    assert len(film.position) == len(film.events) == len(film.spans) == 0
    before = reader.progress
    goes_on.set()
    assert wait(lambda: reader.film is not None and reader.film.is_whole)
    assert reader.progress > before
    assert reader.film is not None
    assert len(reader.film.position) == 400
    assert reader.film.cameras == film.cameras
    reader.close()
    assert reader.join(5.0)


def test_rows_that_were_damaged_are_never_shown(episode: Path) -> None:
    path = episode / "state/position/c.0.0"
    data = bytearray(path.read_bytes())
    data[16 * 123] ^= 0x01
    path.write_bytes(data)
    film = read_film(episode)
    assert len(film.position) == 0
    assert len(film.sent) == 400
    assert film.problems[0].startswith("row 123 of state")


def test_near_frames_are_decoded_when_it_stands_and_not_while_it_is_scrubbed(reader: Reader) -> None:
    for frame in range(20, 150, 10):
        seen(reader, 0, frame)
        seen(reader, 1, frame)
    assert reader.decoded <= 2 * 13 + 8, "little but what was asked for"
    assert wait(lambda: reader.still(1, moment(141), 0.0) is not None)
    assert wait(lambda: reader.still(0, moment(138), 0.0) is not None)


def test_it_knows_when_every_camera_is_there(reader: Reader) -> None:
    assert not reader.has_all(moment(5), 0.0)
    seen(reader, 0, 5)
    assert wait(lambda: reader.has_all(moment(5), 0.0))
    assert reader.has_all(FIRST_NS - 1, 0.0), "before the first frame there is none to wait for"


def test_memory_is_bounded(episode: Path) -> None:
    one = 32 * 24 * 4
    reader = Reader(episode, budget_bytes=20 * one)
    assert wait(lambda: reader.film is not None)
    for frame in range(0, 200, 5):
        seen(reader, 0, frame)
    assert reader._held_bytes <= 20 * one
    assert len(reader._held) <= 20
    reader.close()
    assert reader.join(5.0)


def test_a_damaged_frame_says_so_and_the_others_are_shown(episode: Path) -> None:
    (shard, *_) = sorted(episode.glob("cameras/front/frames/c.0*"))
    sizes = np.fromfile(episode / "cameras/front/nbytes/c.0", "<u4", count=200)
    data = bytearray(shard.read_bytes())
    data[int(sizes[:12].sum() + 30)] ^= 0xFF
    shard.write_bytes(data)
    reader = Reader(episode)
    assert wait(lambda: reader.film is not None)
    still = seen(reader, 0, 12)
    assert still.image is None
    assert "does not match its checksum; run verify" in still.problem
    assert seen(reader, 0, 13).image is not None
    assert seen(reader, 1, 12).image is not None
    reader.close()
    assert reader.join(5.0)


def test_a_part_that_is_lost_is_told_and_the_rest_is_read(episode: Path) -> None:
    (episode / "state/position/c.0.0").unlink()
    (episode / "cameras/left-wrist/time_ns/c.0").unlink()
    film = read_film(episode)
    assert [camera.camera.name for camera in film.cameras] == ["front"]
    assert film.position.shape == (0, 4)
    assert len(film.sent) == 400
    assert len(film.problems) == 2
    assert all("run repair" in problem for problem in film.problems)


def test_what_cannot_be_opened_says_why_and_its_thread_has_ended(episode: Path) -> None:
    (episode / "zarr.json").write_text("{")
    reader = Reader(episode)
    assert reader.join(5.0)
    assert reader.film is None
    assert "zarr.json" in reader.problem
    assert reader.still(0, 0, 0.0) is None


def test_closing_does_not_wait(reader: Reader) -> None:
    reader.want(moment(50), 1.0)
    begun = time.monotonic()
    reader.close()
    assert time.monotonic() - begun < 0.1
    assert reader.join(5.0)
