"""Boxes drawn, named, shaped and chosen in one frame by the pointer and the keys, to the pixel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, QPointF
from PyQt6.QtGui import QImage
from PyQt6.QtTest import QTest

from app.gui.frame import Frame
from app.gui.labels.box_geometry import HANDLES, PictureArea
from app.gui.labels.box_overlay import BoxOverlay
from app.gui.labels.box_scene import handle_under, handles_of
from app.gui.pages.review import ReviewPage
from recordings.labels import BoxKey, EpisodeLabels, LabelStore
from recordings.labels.boxes import put_box
from tests.app.gui.labels.box_page import (
    FRONT_NS,
    GREY,
    LEFT,
    NONE,
    SHIFT,
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
)
from tests.recordings.recorded import HEIGHT, START_NS, WIDTH
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until


@pytest.fixture
def session(tmp_path: Path) -> FakeSession:
    return record_episode(tmp_path / "set")


@pytest.fixture
def page(frame: Frame) -> ReviewPage:
    return box_page(frame)


@pytest.fixture
def front(page: ReviewPage) -> BoxOverlay:
    return page.labelling.sight.overlays["front"]


def kept(page: ReviewPage, session: FakeSession) -> EpisodeLabels:
    store = LabelStore(Path(page._dataset))
    return store.read(page.labelling.reviewer, session.episodes[0].episode_id)


def test_a_box_is_drawn_named_by_its_number_and_kept(
    page: ReviewPage, front: BoxOverlay, session: FakeSession
) -> None:
    one, other = at(front, 0.5, 0.6), at(front, 0.2, 0.3)
    QTest.mousePress(front, LEFT, NONE, one)
    QTest.mouseMove(front, other)
    assert boxes(page) == (), "nothing is a label before the pointer lets go"
    QTest.mouseRelease(front, LEFT, NONE, other)
    line = page.labelling.sight.line
    assert line.isVisible()
    assert line.hasFocus()
    press(Key.Key_2)
    assert not line.isVisible()
    (box,) = boxes(page)
    assert (box.text, box.camera) == ("plate", "front")
    (key,) = box.keys
    assert key.time_ns == START_NS + 2 * FRONT_NS, "of the stored frame that is shown"
    assert edges(key) == nearly(front, 0.2, 0.3, 0.5, 0.6)
    press(Key.Key_1)
    assert boxes(page)[0].text == "cup", "numbers go on naming the chosen box"
    assert wait_until(lambda: kept(page, session).boxes == boxes(page))


def test_a_name_is_written_over_the_box_and_has_a_number_from_then_on(
    page: ReviewPage, front: BoxOverlay, frame: Frame
) -> None:
    drag(front, at(front, 0.2, 0.3), at(front, 0.5, 0.6))
    line = page.labelling.sight.line
    place = front.place_of(boxes(page)[0].id)
    assert place is not None
    assert line.mapTo(page.grid, QPoint(0, 0)).x() == front.mapTo(page.grid, place.topLeft().toPoint()).x()
    QTest.keyClicks(line, "fork 2")
    press(Key.Key_Return)
    assert boxes(page)[0].text == "fork 2"
    frame.refresh()
    cells = [cell.text for cell in page.panel.board._cells]
    assert cells[:3] == ["cup", "plate", "fork 2"]
    QTest.mouseDClick(front, LEFT, NONE, at(front, 0.3, 0.4))
    assert line.isVisible()
    QTest.keyClicks(line, "knife")
    frame.setFocus()
    assert boxes(page)[0].text == "knife", "going elsewhere keeps it"


def test_while_it_is_dragged_it_is_seen_and_nothing_is_kept(page: ReviewPage, front: BoxOverlay) -> None:
    draw_cup(front)
    before = page.labelling.desk.undoable_utc_ns
    QTest.mousePress(front, LEFT, NONE, at(front, 0.3, 0.4))
    QTest.mouseMove(front, at(front, 0.4, 0.5))
    QTest.mouseMove(front, at(front, 0.5, 0.6))
    assert edges(front.shown[0].key) == nearly(front, 0.4, 0.5, 0.65, 0.75)
    assert edges(page.labelling.desk.kept_labels.boxes[0].keys[0]) == nearly(front, 0.2, 0.3, 0.45, 0.55)
    assert page.labelling.desk.undoable_utc_ns == before
    press(Key.Key_Delete)
    assert boxes(page) == ()
    QTest.mouseRelease(front, LEFT, NONE, at(front, 0.5, 0.6))
    assert boxes(page) == (), "what was taken away meanwhile stays away"


@pytest.mark.parametrize("handle", HANDLES)
def test_handles_move_their_edges_and_no_others(
    page: ReviewPage, front: BoxOverlay, handle: tuple[int, int]
) -> None:
    draw_cup(front, 0.3, 0.3)
    area, before = front.area, boxes(page)[0].keys[0]
    grip = QPointF(*area.handle_at(before, handle)).toPoint()
    drag(front, grip, grip + QPoint(round(0.1 * area.width), round(0.1 * area.height)))
    (after,) = boxes(page)[0].keys
    by = [0.1 if which in (-1, 1) else 0.0 for which in handle]
    expected = list(edges(before))
    for axis, which in enumerate(handle):
        if which:
            expected[axis if which < 0 else axis + 2] += by[axis]
    assert edges(after) == nearly(front, *expected)


def test_a_small_box_has_room_for_its_corners_and_to_be_moved() -> None:
    area = PictureArea(0, 0, 200, 200)
    small, wide = BoxKey(0, 0.4, 0.4, 0.5, 0.5), BoxKey(0, 0.1, 0.4, 0.9, 0.5)
    assert handles_of(small, area) == ((-1, -1), (1, -1), (1, 1), (-1, 1))
    assert [handle for handle in handles_of(wide, area) if 0 in handle] == [(0, -1), (0, 1)]
    assert handle_under(small, area, 90, 90) is None, "its middle is to be taken hold of"
    assert handle_under(small, area, 77, 78) == (-1, -1), "a handle also reaches beyond the box"
    assert handle_under(small, area, 70, 90) is None


def test_a_box_stays_in_the_picture_and_keeps_a_size(page: ReviewPage, front: BoxOverlay) -> None:
    draw_cup(front)
    size = [boxes(page)[0].keys[0].right - boxes(page)[0].keys[0].left]
    drag(front, at(front, 0.3, 0.4), at(front, 3.0, -2.0))
    (key,) = boxes(page)[0].keys
    assert (key.right, key.top) == (1.0, 0.0)
    assert key.right - key.left == pytest.approx(size[0])
    corner = QPointF(*front.area.handle_at(key, (-1, 1))).toPoint()
    drag(front, corner, at(front, 2.0, -1.0))
    (key,) = boxes(page)[0].keys
    assert edges(key) == pytest.approx((0.99, 0.0, 1.0, 0.01))
    drag(front, at(front, 0.5, 0.5), at(front, -1.0, 2.0))
    drawn = page.labelling.desk.selected_box
    assert drawn is not None
    assert edges(drawn.keys[0]) == nearly(front, 0.0, 0.5, 0.5, 1.0)


def test_a_drag_that_is_too_small_is_a_click_and_chooses(page: ReviewPage, front: BoxOverlay) -> None:
    draw_cup(front)
    chosen = page.labelling.desk.selected
    assert chosen is not None
    drag(front, at(front, 0.8, 0.8), at(front, 0.805, 0.95))
    assert len(boxes(page)) == 1, "narrower than a hundredth of the picture"
    assert page.labelling.desk.selected is None
    drag(front, at(front, 0.3, 0.4), at(front, 0.3, 0.4) + QPoint(2, 2))
    assert page.labelling.desk.selected == chosen, "and has not moved"


def test_of_boxes_within_one_another_the_smallest_is_chosen_first(
    page: ReviewPage, front: BoxOverlay
) -> None:
    drag(front, at(front, 0.1, 0.1), at(front, 0.9, 0.9))
    press(Key.Key_2)
    drag(front, at(front, 0.4, 0.4), at(front, 0.6, 0.6), SHIFT)
    press(Key.Key_1)
    plate, cup = sorted(boxes(page), key=lambda box: box.text != "plate")
    assert (plate.text, cup.text) == ("plate", "cup")
    assert edges(plate.keys[0]) == nearly(front, 0.1, 0.1, 0.9, 0.9), "Shift draws instead of moving"
    QTest.mouseClick(front, LEFT, NONE, at(front, 0.95, 0.95))
    chosen = []
    for _ in range(3):
        QTest.mouseClick(front, LEFT, NONE, at(front, 0.5, 0.5))
        chosen.append(page.labelling.desk.selected)
    assert chosen == [cup, plate, cup]


@pytest.mark.parametrize("size", [(641, 203), (199, 487), (333, 250), (1001, 751)])
def test_letterboxed_pictures_and_boxes_agree_to_the_pixel(
    page: ReviewPage, front: BoxOverlay, size: tuple[int, int]
) -> None:
    tile = page.grid.tiles[0]
    tile.resize(*size)
    assert (front.width(), front.height()) == size
    bare = tile.grab().toImage()
    grey = [(x, y) for y in range(size[1]) for x in range(size[0]) if _is_grey(bare, x, y)]
    picture = tile.picture
    assert min(x for x, _ in grey) == picture.left()
    assert max(x for x, _ in grey) == picture.right()
    assert min(y for _, y in grey) == picture.top()
    assert max(y for _, y in grey) == picture.bottom()
    assert abs(picture.width() * HEIGHT - picture.height() * WIDTH) <= max(WIDTH, HEIGHT)
    one, other = picture.topLeft() + QPoint(37, 41), picture.topLeft() + QPoint(101, 97)
    drag(front, one, other)
    press(Key.Key_1)
    (box,) = boxes(page)
    place = front.place_of(box.id)
    assert place is not None
    assert (place.left(), place.top()) == pytest.approx((one.x(), one.y()), abs=0.01)
    assert (place.right(), place.bottom()) == pytest.approx((other.x(), other.y()), abs=0.01)
    assert_painted_at(page, front, box.id)


def test_labels_that_cannot_be_changed_are_shown_and_left_alone(
    page: ReviewPage, front: BoxOverlay, session: FakeSession, other_desk: LabelStore
) -> None:
    page.panel.reviewer.setText("bob")
    page.panel.reviewer.editingFinished.emit()
    desk = page.labelling.desk
    assert wait_until(lambda: (desk.poll(), len(desk.labels.boxes) == 1)[1])
    assert not desk.ready
    assert [box.text for box in front.shown] == ["held by another"]
    drag(front, at(front, 0.3, 0.3), at(front, 0.6, 0.6))
    drag(front, at(front, 0.7, 0.7), at(front, 0.9, 0.9))
    QTest.mouseDClick(front, LEFT, NONE, at(front, 0.3, 0.3))
    assert not page.labelling.sight.line.isVisible()
    assert edges(boxes(page)[0].keys[0]) == (0.2, 0.2, 0.5, 0.5)
    assert len(boxes(page)) == 1


@pytest.fixture
def other_desk(page: ReviewPage, session: FakeSession) -> Iterator[LabelStore]:
    """Another window that has Bob's labels, with one box in the frame that is shown."""
    store = LabelStore(Path(page._dataset))
    with store.edit("bob", session.episodes[0].episode_id) as editor:
        key = BoxKey(START_NS + 2 * FRONT_NS, 0.2, 0.2, 0.5, 0.5)
        editor.apply(put_box("front", "held by another", key), "draw a box")
        yield store


def _is_grey(image: QImage, x: int, y: int) -> bool:
    return abs(image.pixelColor(x, y).red() - GREY) < 4
