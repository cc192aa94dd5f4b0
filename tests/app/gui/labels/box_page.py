"""The Review page with an episode to draw boxes in, and what a pointer and keys do there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.gui import tokens
from app.gui.frame import Frame
from app.gui.labels.box_overlay import BoxOverlay
from app.gui.pages.review import ReviewPage
from recordings import ActionSource, Dataset, Outcome, encode_jpeg
from recordings.labels import BoxKey, BoxLabel
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


def record_episode(folder: Path) -> FakeSession:
    """An episode of four seconds; the wrist's camera is slower than the main one, and has frames of its own times."""
    dataset = Dataset.open(folder, create=True)
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


def box_page(frame: Frame) -> ReviewPage:
    """The page, two texts on the number keys, and the playhead at a frame of the main camera."""
    frame.refresh()
    frame.go_to("review")
    frame.setFocus()
    page = frame.review_page
    assert wait_until(lambda: page.open_film is not None and page.labelling.desk.ready)
    assert wait_until(lambda: page.labelling._prompter is None)
    page.labelling.boxes.offer(("cup", "plate"))
    stand_at(page, 2 * FRONT_NS)
    return page


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
