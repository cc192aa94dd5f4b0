"""Boxes drawn, carried on and changed by the pointer and the keys, over the pictures of the review."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.gui import tokens
from app.gui.frame import Frame
from app.gui.labels.box_geometry import HANDLES, PictureArea
from app.gui.labels.box_overlay import BoxOverlay
from app.gui.labels.box_scene import Standing, handle_under, handles_of
from app.gui.pages.review import ReviewPage
from recordings import ActionSource, Dataset, Outcome, encode_jpeg
from recordings.labels import BoxKey, BoxLabel, EpisodeLabels, LabelStore, Seen
from recordings.labels.boxes import put_box
from tests.recordings.recorded import HEIGHT, SIZE, START_NS, TICK_NS, WIDTH, spec
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until
from tests.support.recorded_session import RecordedSession

Key = Qt.Key
ALT, SHIFT, NONE = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)
LEFT = Qt.MouseButton.LeftButton
MS = 1_000_000
FRONT_NS = 40 * MS
WRIST_LAG_NS = 11 * MS
GREY = 128


@pytest.fixture
def session(tmp_path: Path) -> FakeSession:
    """An episode of four seconds; the wrist's camera is slower than the main one, and has frames of its own times."""
    dataset = Dataset.open(tmp_path / "set", create=True)
    writer = dataset.create_episode(spec())
    grey = encode_jpeg(np.full((HEIGHT, WIDTH, 3), GREY, np.uint8), 95)
    rows = np.zeros(SIZE, np.float32)
    for tick in range(200):
        time_ns = START_NS + tick * TICK_NS
        writer.append_tick(
            time_ns=time_ns,
            position=rows,
            velocity=rows,
            effort=rows,
            action_time_ns=time_ns,
            requested=rows,
            sent=rows,
            source=ActionSource.TELEOP,
            subtask=-1,
            chunk=0,
        )
        if tick % 2 == 0:
            writer.append_frame("front", time_ns, grey)
        if tick % 3 == 0:
            writer.append_frame("left-wrist", time_ns + WRIST_LAG_NS, grey)
    writer.close(Outcome.UNSET)
    writer.wait_settled()
    return RecordedSession(dataset.path)


@pytest.fixture
def page(frame: Frame) -> ReviewPage:
    frame.refresh()
    frame.go_to("review")
    frame.setFocus()
    page = frame.review_page
    assert wait_until(lambda: page.open_film is not None and page.labelling.desk.ready)
    assert wait_until(lambda: page.labelling._prompter is None)
    page.labelling.boxes.offer(("cup", "plate"))
    stand_at(page, 2 * FRONT_NS)
    return page


@pytest.fixture
def front(page: ReviewPage) -> BoxOverlay:
    return page.labelling.sight.overlays["front"]


@pytest.fixture
def wrist(page: ReviewPage) -> BoxOverlay:
    return page.labelling.sight.overlays["left-wrist"]


def stand_at(page: ReviewPage, after_ns: int) -> None:
    """Go there, and wait until every camera shows its frame of the moment."""
    page._seek(START_NS + after_ns)
    wanted = [START_NS + after_ns // FRONT_NS * FRONT_NS, START_NS + _wrist_frame_ns(after_ns)]

    def there() -> bool:
        page._tick()
        return [tile.still.time_ns if tile.still is not None else 0 for tile in page.grid.tiles] == wanted

    assert wait_until(there)


def _wrist_frame_ns(after_ns: int) -> int:
    return (after_ns - WRIST_LAG_NS) // (3 * TICK_NS) * 3 * TICK_NS + WRIST_LAG_NS


def at(overlay: BoxOverlay, across: float, down: float) -> QPoint:
    """The pixel nearest to a place in the picture."""
    area = overlay.area
    return QPointF(area.left + across * area.width, area.top + down * area.height).toPoint()


def drag(overlay: BoxOverlay, one: QPoint, other: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
    QTest.mousePress(overlay, LEFT, modifiers, one)
    QTest.mouseMove(overlay, (one + other) / 2)
    QTest.mouseMove(overlay, other)
    QTest.mouseRelease(overlay, LEFT, modifiers, other)


def press(*keys: Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    for key in keys:
        QTest.keyClick(QApplication.focusWidget(), key, modifiers)


def boxes(page: ReviewPage) -> tuple[BoxLabel, ...]:
    return page.labelling.desk.labels.boxes


def edges(key: BoxKey) -> tuple[float, float, float, float]:
    return key.left, key.top, key.right, key.bottom


def nearly(overlay: BoxOverlay, *shares: float) -> object:
    """Shares as exactly as pixels tell them apart."""
    return pytest.approx(shares, abs=1 / min(overlay.area.width, overlay.area.height))


def draw_cup(overlay: BoxOverlay, left: float = 0.2, top: float = 0.3) -> None:
    """A named box of a quarter of the picture's width and height."""
    drag(overlay, at(overlay, left, top), at(overlay, left + 0.25, top + 0.25))
    press(Key.Key_1)


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


def assert_painted_at(page: ReviewPage, overlay: BoxOverlay, box_id: str) -> None:
    """The chosen box's edges are on screen where they are said to be, in the hue of what is chosen."""
    place = overlay.place_of(box_id)
    assert place is not None
    tile = overlay.parentWidget()
    assert tile is not None
    image = tile.grab().toImage()
    hue = QColor(tokens.TELEOP)
    for x, y in (
        (place.left(), place.top() + place.height() * 0.25),
        (place.right(), place.top() + place.height() * 0.25),
        (place.left() + place.width() * 0.75, place.bottom()),
    ):
        near = [QPoint(round(x) + dx, round(y) + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        assert any(_alike(image.pixelColor(point), hue) for point in near), f"no edge at {x:.1f}, {y:.1f}"
    inside = image.pixelColor(place.center().toPoint())
    assert not _alike(inside, hue)


def _alike(one: QColor, other: QColor) -> bool:
    off = (one.red() - other.red(), one.green() - other.green(), one.blue() - other.blue())
    return max(map(abs, off)) < 40


def _is_grey(image: QImage, x: int, y: int) -> bool:
    return abs(image.pixelColor(x, y).red() - GREY) < 4
