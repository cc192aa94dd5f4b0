"""Boxes through time: key frames and what lies between them, in view and out of it, each camera by its own frames."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint
from PyQt6.QtTest import QTest

from app.gui.frame import Frame
from app.gui.labels.box_overlay import BoxOverlay
from app.gui.labels.box_scene import Standing
from app.gui.pages.review import ReviewPage
from recordings.labels import Seen
from tests.app.gui.labels.box_page import (
    ALT,
    FRONT_NS,
    LEFT,
    MS,
    NONE,
    Key,
    assert_painted_at,
    at,
    box_page,
    boxes,
    drag,
    draw_cup,
    edges,
    nearly,
    press,
    record_episode,
    stand_at,
)
from tests.recordings.recorded import START_NS
from tests.support.fake_session import FakeSession


@pytest.fixture
def session(tmp_path: Path) -> FakeSession:
    return record_episode(tmp_path / "set")


@pytest.fixture
def page(frame: Frame) -> ReviewPage:
    return box_page(frame)


@pytest.fixture
def front(page: ReviewPage) -> BoxOverlay:
    return page.labelling.sight.overlays["front"]


@pytest.fixture
def wrist(page: ReviewPage) -> BoxOverlay:
    return page.labelling.sight.overlays["left-wrist"]


def test_a_box_is_moved_two_frames_later_and_lies_between_in_the_frame_between(
    page: ReviewPage, front: BoxOverlay
) -> None:
    draw_cup(front)
    stand_at(page, 4 * FRONT_NS)
    (shown,) = front.shown
    assert shown.standing is Standing.AWAY, "the chosen box is offered where it was last"
    drag(front, at(front, 0.3, 0.4), at(front, 0.5, 0.5))
    (box,) = boxes(page)
    assert [key.time_ns for key in box.keys] == [START_NS + n * FRONT_NS for n in (2, 4)]
    assert edges(box.keys[1]) == nearly(front, 0.4, 0.4, 0.65, 0.65)
    assert box.keys[1].right - box.keys[1].left == pytest.approx(box.keys[0].right - box.keys[0].left)
    stand_at(page, 3 * FRONT_NS)
    (shown,) = front.shown
    assert shown.standing is Standing.BETWEEN
    middle = [(a + b) / 2 for a, b in zip(edges(box.keys[0]), edges(box.keys[1]), strict=True)]
    assert edges(shown.key) == pytest.approx(middle)
    assert_painted_at(page, front, box.id)
    press(Key.Key_Z)
    assert len(boxes(page)[0].keys) == 1, "the drag was one step"
    assert boxes(page)[0].text == "cup"


def test_hidden_out_of_view_and_back_in_view(page: ReviewPage, front: BoxOverlay) -> None:
    draw_cup(front)
    stand_at(page, 4 * FRONT_NS)
    press(Key.Key_H, modifiers=ALT)
    stand_at(page, 6 * FRONT_NS)
    press(Key.Key_O, modifiers=ALT)
    stand_at(page, 10 * FRONT_NS)
    drag(front, at(front, 0.3, 0.4), at(front, 0.4, 0.4))
    seen = [(key.time_ns - START_NS) // FRONT_NS for key in boxes(page)[0].keys]
    assert seen == [2, 4, 6, 10]
    ways = [key.seen for key in boxes(page)[0].keys]
    assert ways == [Seen.VISIBLE, Seen.OCCLUDED, Seen.OUT, Seen.VISIBLE], "who is dragged is in view again"
    front_shown = {}
    QTest.mouseClick(front, LEFT, NONE, at(front, 0.95, 0.95))
    for frame in (3, 5, 8, 10):
        stand_at(page, frame * FRONT_NS)
        front_shown[frame] = [box.key.seen for box in front.shown]
    assert front_shown == {3: [Seen.VISIBLE], 5: [Seen.OCCLUDED], 8: [], 10: [Seen.VISIBLE]}
    page.labelling.desk.select(boxes(page)[0].id)
    stand_at(page, 4 * FRONT_NS)
    press(Key.Key_V, modifiers=ALT)
    assert boxes(page)[0].keys[1].seen is Seen.VISIBLE
    for _ in range(4):
        press(Key.Key_Z)
    assert [key.seen for key in boxes(page)[0].keys] == [Seen.VISIBLE]


def test_key_frames_are_held_gone_to_and_taken_away(page: ReviewPage, front: BoxOverlay) -> None:
    draw_cup(front)
    for frame in (5, 9):
        stand_at(page, frame * FRONT_NS)
        press(Key.Key_C, modifiers=ALT)
    assert len(boxes(page)[0].keys) == 3
    stand_at(page, 5 * FRONT_NS + 5 * MS)
    places = []
    for key in (Key.Key_Left, Key.Key_Left, Key.Key_Right, Key.Key_Right, Key.Key_Right):
        press(key, modifiers=ALT)
        places.append((page.position_ns - START_NS) // FRONT_NS)
    assert places == [2, 2, 5, 9, 9]
    stand_at(page, 5 * FRONT_NS)
    press(Key.Key_Delete, modifiers=ALT)
    assert [(key.time_ns - START_NS) // FRONT_NS for key in boxes(page)[0].keys] == [2, 9]
    press(Key.Key_Delete)
    assert boxes(page) == ()
    press(Key.Key_Z, Key.Key_Z)
    assert len(boxes(page)[0].keys) == 3


def test_each_camera_has_its_own_boxes_and_its_own_frames(
    page: ReviewPage, front: BoxOverlay, wrist: BoxOverlay
) -> None:
    draw_cup(front)
    stand_at(page, 500 * MS)
    drag(wrist, at(wrist, 0.5, 0.5), at(wrist, 0.9, 0.9))
    press(Key.Key_2)
    assert [[box.text for box in overlay.shown] for overlay in (front, wrist)] == [[], ["plate"]]
    plate = page.labelling.desk.selected_box
    assert plate is not None
    assert plate.camera == "left-wrist"
    assert plate.keys[0].time_ns == START_NS + 491 * MS, "a frame of the wrist's, not of the main camera's"
    assert edges(plate.keys[0]) == nearly(wrist, 0.5, 0.5, 0.9, 0.9)
    stand_at(page, 700 * MS)
    press(Key.Key_C, modifiers=ALT)
    plate = page.labelling.desk.selected_box
    assert plate is not None
    assert plate.keys[1].time_ns == START_NS + 671 * MS


def test_taking_hold_lets_it_stand(page: ReviewPage, front: BoxOverlay) -> None:
    press(Key.Key_Space)
    player = page.player
    assert player is not None
    assert player.playing
    QTest.qWait(100)
    QTest.mousePress(front, LEFT, NONE, at(front, 0.2, 0.2))
    assert not player.playing
    QTest.mouseMove(front, at(front, 0.5, 0.5))
    QTest.mouseRelease(front, LEFT, NONE, at(front, 0.5, 0.5))
    (box,) = boxes(page)
    assert box.keys[0].time_ns == front.frame_ns


def test_boxes_are_chosen_in_their_lane_even_of_one_key_frame(
    page: ReviewPage, front: BoxOverlay, frame: Frame
) -> None:
    draw_cup(front)
    drag(front, at(front, 0.6, 0.6), at(front, 0.8, 0.8))
    press(Key.Key_2)
    frame.refresh()
    QTest.qWait(50)
    lanes, areas = page.timeline.lanes, page.timeline._areas()
    ((lane, area),) = [(one, place) for one, place in zip(lanes, areas, strict=True) if one.title == "boxes"]
    assert area.height() == lane.height_px
    x = round(page.timeline._x_of(START_NS + 2 * FRONT_NS))
    chosen = []
    for row in range(2):
        y = round(area.top() + (row + 0.5) / 2 * area.height())
        QTest.mouseClick(page.timeline, LEFT, NONE, QPoint(x + 3, y))
        chosen.append(page.labelling.desk.selected)
    assert chosen == list(boxes(page))
