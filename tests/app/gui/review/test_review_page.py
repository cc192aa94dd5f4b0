from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.gui.frame import Frame
from app.gui.pages.review import ReviewPage
from app.gui.review import reader as reading
from app.gui.review.curve_lane import CurveLane
from app.gui.review.film import read_rest
from app.gui.review.timeline import GUTTER_PX
from app.gui.settings import Settings
from app.gui.window import Window
from app.messages import Mode
from recordings import CameraFrames
from tests.recordings.recorded import FRAME_NS, START_NS
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until
from tests.support.recorded_session import RecordedSession, record_set

Key = Qt.Key
FIRST_NS = START_NS + 3_000_000


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record_set(tmp_path_factory.mktemp("recorded") / "set", ticks=(100, 150, 200))


@pytest.fixture
def folder(recorded: Path, tmp_path: Path) -> Path:
    """The same three episodes for every test, to do with as it likes."""
    return Path(shutil.copytree(recorded, tmp_path / "set"))


@pytest.fixture
def session(folder: Path) -> FakeSession:
    return RecordedSession(folder)


@pytest.fixture
def page(frame: Frame) -> ReviewPage:
    """The newest episode, open."""
    frame.refresh()
    frame.go_to("episodes")
    press(Key.Key_Return)
    assert frame.page_id == "review"
    assert wait_until(lambda: shown(frame.review_page) == [0, 0] and frame.review_page.is_read)
    return frame.review_page


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(QApplication.focusWidget(), key, modifiers)


def shown(page: ReviewPage) -> list[int]:
    """The number of the frame in each tile; -1 where there is none."""
    page._tick()
    return [tile.still.index if tile.still is not None else -1 for tile in page.grid.tiles]


def position(page: ReviewPage) -> int:
    assert page.player is not None
    return page.player.position_ns


def test_enter_on_the_list_plays_that_episode(page: ReviewPage, session: FakeSession) -> None:
    assert page.episode_id == session.episodes[0].episode_id
    assert page.player is not None
    assert page.player.end_ns == START_NS + 199 * 20_000_000


def test_space_plays_and_pauses_all_cameras_in_step(page: ReviewPage) -> None:
    press(Key.Key_Space)
    assert page.player is not None
    assert page.player.playing
    assert wait_until(lambda: shown(page)[0] >= 5)
    press(Key.Key_Space)
    assert not page.player.playing
    stood = position(page)
    expected = (stood - FIRST_NS) // FRAME_NS
    assert wait_until(lambda: shown(page) == [expected, expected])
    QTest.qWait(60)
    assert position(page) == stood


def test_j_k_and_l_belong_to_the_player(page: ReviewPage, session: FakeSession, frame: Frame) -> None:
    assert page.player is not None
    press(Key.Key_End)
    press(Key.Key_J)
    assert page.player.velocity == -1.0
    press(Key.Key_J)
    assert page.player.velocity == -2.0
    press(Key.Key_L)
    assert page.player.velocity == 1.0
    press(Key.Key_K)
    assert page.player.velocity == 0.0
    assert session.calls == []
    assert not frame.details.isVisible()


def test_frame_steps_home_and_end(page: ReviewPage) -> None:
    press(Key.Key_Right)
    press(Key.Key_Right)
    assert wait_until(lambda: shown(page) == [2, 2])
    assert position(page) == FIRST_NS + 2 * FRAME_NS
    press(Key.Key_Left)
    assert wait_until(lambda: shown(page) == [1, 1])
    press(Key.Key_End)
    assert wait_until(lambda: shown(page) == [99, 99])
    press(Key.Key_Home)
    assert position(page) == FIRST_NS


def test_speeds_and_loop(page: ReviewPage) -> None:
    assert page.player is not None
    QTest.keyClicks(QApplication.focusWidget(), "...")
    assert page.player.rate == 8.0
    QTest.keyClicks(QApplication.focusWidget(), ",")
    assert page.player.rate == 4.0
    press(Key.Key_O)
    assert page.player.loop


def test_a_click_and_a_drag_seek(page: ReviewPage) -> None:
    line = page.timeline
    assert page.player is not None
    middle = GUTTER_PX + (line.width() - GUTTER_PX) // 2
    QTest.mousePress(line, Qt.MouseButton.LeftButton, pos=QPoint(middle, 60))
    halfway = (page.player.start_ns + page.player.end_ns) // 2
    assert abs(position(page) - halfway) < 20_000_000
    QTest.mouseMove(line, QPoint(line.width() - 1, 60))
    QTest.mouseRelease(line, Qt.MouseButton.LeftButton, pos=QPoint(line.width() - 1, 60))
    press(Key.Key_BracketLeft)
    assert position(page) == START_NS + 100 * 20_000_000, "the last event"
    press(Key.Key_BracketLeft)
    assert position(page) < START_NS + 100 * 20_000_000


def test_the_pictures_do_not_wait_for_the_curves_and_keep_their_places(
    frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    monkeypatch.setattr(reading, "read_rest", lambda *parts: (goes_on.wait(20), read_rest(*parts))[1])
    frame.refresh()
    frame.go_to("review")
    page = frame.review_page
    assert wait_until(lambda: shown(page) == [0, 0])
    assert not page.is_read
    press(Key.Key_Right)
    assert wait_until(lambda: shown(page) == [1, 1])
    lanes, places = len(page.timeline.lanes), [tile.geometry() for tile in page.grid.tiles]
    goes_on.set()
    assert wait_until(lambda: page.is_read)
    assert wait_until(lambda: any(isinstance(lane, CurveLane) for lane in page.timeline.lanes))
    assert len(page.timeline.lanes) == lanes
    assert [tile.geometry() for tile in page.grid.tiles] == places
    assert position(page) == FIRST_NS + FRAME_NS
    assert page.player is not None
    assert page.player.end_ns == START_NS + 199 * 20_000_000


def test_a_frame_that_takes_long_to_read_is_said_to_be_read(
    page: ReviewPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    frame_of = CameraFrames.frame

    def slowly(self: CameraFrames, index: int) -> np.ndarray:
        goes_on.wait(20)
        return frame_of(self, index)

    monkeypatch.setattr(CameraFrames, "frame", slowly)
    press(Key.Key_End)
    tile = page.grid.tiles[0]
    assert tile.state == "", "nothing flashes while it may come at once"
    assert wait_until(lambda: tile.state == "Reading")
    assert tile.still is not None
    assert tile.still.index == 0
    goes_on.set()
    assert wait_until(lambda: tile.still is not None and tile.still.index == 99)
    assert tile.state == ""


def test_the_slowest_is_a_tenth_of_life(page: ReviewPage) -> None:
    assert page.player is not None
    for _ in range(9):
        press(Key.Key_Comma)
    assert page.player.rate == 0.1
    press(Key.Key_Period)
    assert page.player.rate == 0.25


def test_a_loop_is_over_the_chosen_label(page: ReviewPage) -> None:
    assert page.player is not None
    assert wait_until(lambda: page.labelling.desk.ready)
    for at in (1_000, 1_400):
        page.timeline.sought.emit(START_NS + at * 1_000_000)
        press(Key.Key_Return)
    desk = page.labelling.desk
    (label,) = desk.labels.subtasks
    desk.select(label.id)
    page.timeline.sought.emit(label.start_ns)
    press(Key.Key_O)
    press(Key.Key_Space)
    seen: list[int] = []

    def has_looped() -> bool:
        seen.append(position(page))
        return sum(later < earlier for earlier, later in pairwise(seen)) >= 2

    assert wait_until(has_looped)
    assert max(seen) <= label.end_ns
    assert min(seen) >= label.start_ns
    press(Key.Key_O)
    assert wait_until(lambda: position(page) > label.end_ns), "without the loop it goes on"


def test_the_view_follows_the_playhead_but_not_from_where_one_looks(page: ReviewPage) -> None:
    line = page.timeline
    for _ in range(4):
        page.zoom(0.5)
    press(Key.Key_End)
    assert line.axis.to_ns == line.axis.end_ns, "a jump is followed"
    press(Key.Key_Home)
    assert line.axis.from_ns == line.axis.start_ns
    press(Key.Key_Space)
    assert wait_until(lambda: line.axis.from_ns > line.axis.start_ns), "and so is playing"
    line.axis.pan(3.0)
    line.redraw()
    looked_at = line.axis.from_ns
    assert position(page) < looked_at
    QTest.qWait(200)
    assert line.axis.from_ns == looked_at, "the view stays where somebody has moved it"


def test_pointing_tells_the_time(page: ReviewPage) -> None:
    line, film = page.timeline, page.open_film
    assert film is not None
    line.grab()
    before = line.grab(QRect(GUTTER_PX, 0, line.width() - GUTTER_PX, 20)).toImage()
    x = GUTTER_PX + (line.width() - GUTTER_PX) // 2
    QTest.mouseMove(line, QPoint(x, line.height() - 4))
    assert wait_until(
        lambda: line.grab(QRect(GUTTER_PX, 0, line.width() - GUTTER_PX, 20)).toImage() != before
    )
    time_ns = line.axis.time_at(0.5)
    said = line.lanes[0].readout_at(time_ns)
    assert said.startswith("00:01.9")
    assert said.endswith(film.wall_words(time_ns))
    line.leaveEvent(None)
    assert line.grab(QRect(GUTTER_PX, 0, line.width() - GUTTER_PX, 20)).toImage() == before


def test_page_keys_go_through_the_list(page: ReviewPage, session: FakeSession) -> None:
    ids = [episode.episode_id for episode in session.episodes]
    press(Key.Key_PageDown)
    assert page.episode_id == ids[1]
    assert wait_until(lambda: page.open_film is not None and page.open_film.episode_id == ids[1])
    press(Key.Key_PageDown)
    press(Key.Key_PageDown)
    assert page.episode_id == ids[2]
    press(Key.Key_PageUp)
    assert page.episode_id == ids[1]


def test_judging_flagging_and_notes(page: ReviewPage, session: FakeSession, frame: Frame) -> None:
    press(Key.Key_F)
    press(Key.Key_G)
    frame.refresh()
    assert session.episodes[0].outcome == "failure"
    assert session.episodes[0].tags == ("plates", "flagged")
    press(Key.Key_N)
    QTest.keyClicks(QApplication.focusWidget(), "slipped, just so")
    frame.go_to("drive")
    assert session.episodes[0].notes == "slipped, just so"
    for _ in range(3):
        press(Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    frame.refresh()
    assert (session.episodes[0].outcome, session.episodes[0].tags) == ("unset", ("plates",))
    assert session.episodes[0].notes == ""


def test_replay_goes_to_the_robots_eyes(page: ReviewPage, session: FakeSession, frame: Frame) -> None:
    press(Key.Key_P)
    assert frame.page_id == "review", "a letter alone moves no robot"
    press(Key.Key_P, modifiers=Qt.KeyboardModifier.ControlModifier)
    assert session.calls[-1] == ("replay", page.episode_id)
    assert frame.page_id == "drive"


def test_stop_and_hold_mean_the_same_here(page: ReviewPage, session: FakeSession) -> None:
    press(Key.Key_H)
    assert session.calls[-1] == ("set_mode", Mode.HOLD)
    press(Key.Key_Escape)
    assert session.calls[-1][0] == "stop"


def test_dropping_goes_on_to_the_next(page: ReviewPage, session: FakeSession, frame: Frame) -> None:
    ids = [episode.episode_id for episode in session.episodes]
    press(Key.Key_Delete, modifiers=Qt.KeyboardModifier.ControlModifier)
    frame.refresh()
    assert [episode.episode_id for episode in session.trashed] == [ids[0]]
    assert page.episode_id == ids[1]


def test_back_to_the_list_chooses_what_was_played(page: ReviewPage, frame: Frame) -> None:
    press(Key.Key_PageDown)
    played = page.episode_id
    press(Key.Key_Backspace)
    assert frame.page_id == "episodes"
    assert frame.episodes_page.chosen is not None
    assert frame.episodes_page.chosen.episode_id == played


def test_away_it_stands_and_comes_back_where_it_was(page: ReviewPage, frame: Frame) -> None:
    assert page.player is not None
    press(Key.Key_Right)
    press(Key.Key_Right)
    press(Key.Key_Space)
    frame.go_to("drive")
    assert not page.player.playing
    stood = position(page)
    frame.go_to("review")
    assert position(page) == stood
    index = (stood - FIRST_NS) // FRAME_NS
    assert wait_until(lambda: shown(page) == [index, index])


def test_curves_are_chosen_and_remembered(page: ReviewPage, settings: Settings) -> None:
    assert page._show is not None
    before = page._show.drawn
    assert len(before) == 3
    page._toggle_number(before[0])
    assert page._show.drawn == before[1:]
    assert settings.review_joints == before[1:]
    page._toggle_number(None)
    assert page._show.drawn == before


def test_a_damaged_frame_shows_its_number_and_what_to_do(page: ReviewPage, folder: Path) -> None:
    episode = folder / "episodes" / page.episode_id
    (shard,) = episode.glob("cameras/front/frames/c.*")
    shard.rename(folder / "away")
    press(Key.Key_End)
    tile = page.grid.tiles[0]
    assert wait_until(lambda: shown(page) == [99, 99])
    assert tile.state.startswith("Frame 99 is damaged")
    assert "run repair" in tile.state.lower()
    assert page.grid.tiles[1].state == ""


def test_an_episode_that_cannot_be_opened_says_what_to_do(
    frame: Frame, folder: Path, session: FakeSession
) -> None:
    episode_id = session.episodes[0].episode_id
    (folder / "episodes" / episode_id / "zarr.json").write_text("{")
    frame.refresh()
    frame.go_to("review")
    page = frame.review_page
    frame.refresh()
    assert wait_until(lambda: page._saying._title.text() == "This episode cannot be opened")
    assert f"understudy data repair {episode_id}" in page._saying._why.text()
    press(Key.Key_PageDown)
    assert wait_until(lambda: page.open_film is not None)
    assert page._pages.currentIndex() == 0


def test_without_episodes_it_says_how_to_begin(open_window: Callable[[FakeSession], Window]) -> None:
    window = open_window(FakeSession(moving=False))
    assert window.frame is not None
    window.frame.go_to("review")
    window.frame.refresh()
    assert window.frame.review_page._saying._title.text() == "Nothing to review yet"
