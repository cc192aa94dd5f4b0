from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QApplication

from app.gui.episodes.thumbnail_files import NoPicture, ThumbnailFiles
from app.gui.episodes.thumbnails import SMALL_KEPT, Thumbnails, cache_folder
from recordings import Dataset
from tests.recordings.recorded import closed_episode
from tests.support.qt_waiting import wait_until


@pytest.fixture
def thumbnails(qapp: QApplication, tmp_path: Path) -> Thumbnails:
    made = Thumbnails(tmp_path / "cache")
    made.of(str(tmp_path / "set"))
    return made


def test_the_middle_frame_is_shown_and_kept_as_a_file(tmp_path: Path, thumbnails: Thumbnails) -> None:
    episode = closed_episode(tmp_path / "set", ticks=40)  # 20 frames, the tenth in the middle
    assert thumbnails.small(episode.name) is None
    assert wait_until(lambda: thumbnails.arrived() == [episode.name])
    image = thumbnails.small(episode.name)
    assert image is not None
    assert abs(QColor(image.pixel(5, 5)).red() - 10 * 7) <= 2
    (file,) = (tmp_path / "cache").rglob("*.jpg")
    again = Thumbnails(tmp_path / "cache")
    again.of(str(tmp_path / "set"))
    for frames in episode.glob("cameras/front/frames/c.*"):
        frames.unlink()
    assert again.large(episode.name) is None
    assert wait_until(lambda: again.arrived() == [episode.name])
    assert again.large(episode.name) is not None, f"{file} was not used"
    thumbnails.close()
    again.close()


def test_a_damaged_frame_gives_its_place_to_the_next(tmp_path: Path) -> None:
    episode = closed_episode(tmp_path / "set", ticks=40)
    _spoil(episode, frame=10)
    picture = ThumbnailFiles(tmp_path / "set", tmp_path / "cache").picture(episode.name)
    assert abs(int(picture[0, 0, 0]) - 11 * 7) <= 2


def test_frames_that_are_lost_say_so_and_are_looked_for_again(tmp_path: Path, thumbnails: Thumbnails) -> None:
    episode = closed_episode(tmp_path / "set", ticks=40)
    (shard,) = episode.glob("cameras/front/frames/c.*")
    shard.rename(tmp_path / "away")
    thumbnails.small(episode.name)
    assert wait_until(lambda: thumbnails.arrived() == [episode.name])
    assert thumbnails.small(episode.name) is None
    assert "run repair" in thumbnails.problem(episode.name)
    assert not list((tmp_path / "cache").rglob("*.jpg"))
    (tmp_path / "away").rename(shard)
    thumbnails.forget(episode.name)
    thumbnails.small(episode.name)
    assert wait_until(lambda: thumbnails.arrived() == [episode.name])
    assert thumbnails.small(episode.name) is not None
    thumbnails.close()


def test_in_the_trash_it_is_still_seen(tmp_path: Path) -> None:
    episode = closed_episode(tmp_path / "set", ticks=10)
    Dataset.open(tmp_path / "set").trash(episode.name)
    assert ThumbnailFiles(tmp_path / "set", tmp_path / "cache").picture(episode.name).shape == (24, 32, 3)


def test_an_episode_that_is_gone_has_no_picture(tmp_path: Path) -> None:
    closed_episode(tmp_path / "set", ticks=10)
    with pytest.raises(NoPicture):
        ThumbnailFiles(tmp_path / "set", tmp_path / "cache").picture("20200101-000000-0001")


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    episode = closed_episode(tmp_path / "set", ticks=10)
    (tmp_path / "cache").write_text("not a folder")
    assert ThumbnailFiles(tmp_path / "set", tmp_path / "cache").picture(episode.name).shape == (24, 32, 3)


def test_the_oldest_files_are_pruned(tmp_path: Path) -> None:
    closed_episode(tmp_path / "set", ticks=10)
    closed_episode(tmp_path / "set", ticks=10)
    files = ThumbnailFiles(tmp_path / "set", tmp_path / "cache")
    names = [info.id for info in Dataset.open(tmp_path / "set").episodes()]
    for name in names:
        files.picture(name)
    files.prune(kept=1)
    assert len(list((tmp_path / "cache").rglob("*.jpg"))) == 1


def test_memory_is_bounded(qapp: QApplication, tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path / "cache")
    thumbnails.of(str(tmp_path / "set"))
    for number in range(SMALL_KEPT + 50):
        thumbnails._done.append((str(tmp_path / "set"), str(number), "gone"))
    thumbnails.arrived()
    assert len(thumbnails._small) == SMALL_KEPT
    assert len(thumbnails._problems) == SMALL_KEPT


def test_the_files_are_among_the_users_caches(qapp: QApplication) -> None:
    assert cache_folder().parts[-2:] == ("understudy", "thumbnails")


def _spoil(episode: Path, *, frame: int) -> None:
    """Flip a byte in the middle of a frame."""
    sizes = np.fromfile(episode / "cameras/front/nbytes/c.0", "<u4", count=20)
    (shard,) = episode.glob("cameras/front/frames/c.*")
    data = bytearray(shard.read_bytes())
    data[int(sizes[:frame].sum() + sizes[frame] // 2)] ^= 0xFF
    shard.write_bytes(data)
