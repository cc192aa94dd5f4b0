"""Curves of the last seconds: what is kept, which joint is worth watching, and where a line breaks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.gui.frame import Frame
from app.gui.joint_rows import Row, Track
from app.gui.settings import Settings
from app.gui.traces import TraceBuffer, Traces, liveliest, spans
from app.gui.window import Window
from app.session.view import Notice
from tests.support.fake_session import FakeSession

TICK_NS = 20_000_000
LAYOUT = np.dtype([("time_ns", "i8"), *((name, "f4", (2,)) for name in ("position", "sent", "requested"))])
SHOULDER, ELBOW = Track(0, "shoulder", -1.0, 1.0, "rad"), Track(1, "elbow", -2.0, 2.0, "rad")
ROW = Row("left arm", (SHOULDER, ELBOW))


def ticks(first: int, last: int) -> NDArray[np.void]:
    rows = np.zeros(last - first, LAYOUT)
    rows["time_ns"] = np.arange(first, last) * TICK_NS
    return rows


def moving(shoulder_rad: float, elbow_rad: float) -> Traces:
    sent = np.linspace((0, 0), (shoulder_rad, elbow_rad), 50).astype(np.float32)
    return Traces(np.arange(50) * TICK_NS, sent, sent, sent)


def test_only_new_ticks_are_asked_for_and_old_ones_let_go() -> None:
    asked: list[int] = []

    def read(since_ns: int) -> NDArray[np.void]:
        asked.append(since_ns)
        return ticks(since_ns // TICK_NS + 1, len(asked) * 100)

    buffer = TraceBuffer(read, kept_s=2.0)
    buffer.update(100 * TICK_NS)
    traces = buffer.update(150 * TICK_NS)
    assert asked[1] == 99 * TICK_NS
    assert np.all(np.diff(traces.time_ns) == TICK_NS)
    assert (traces.time_ns[0], traces.time_ns[-1]) == (50 * TICK_NS, 199 * TICK_NS)
    assert len(traces.sent) == len(traces.requested) == len(traces.position) == 150


def test_the_joint_that_moves_most_of_its_range_is_shown() -> None:
    assert liveliest(ROW, moving(0.5, 0.5), shown=None) == SHOULDER
    assert liveliest(ROW, moving(0.1, 1.0), shown=None) == ELBOW


def test_what_is_shown_only_changes_for_clearly_more() -> None:
    assert liveliest(ROW, moving(0.5, 1.2), shown=SHOULDER) == SHOULDER
    assert liveliest(ROW, moving(0.5, 1.9), shown=SHOULDER) == ELBOW


def test_a_line_is_never_drawn_across_what_was_not_measured() -> None:
    known = np.array([True, True, False, True, False, True, True, True])
    time_ns = np.arange(8) * TICK_NS
    assert spans(known, time_ns) == [slice(0, 2), slice(5, 8)]
    time_ns[7] += 1_000_000_000
    assert spans(known, time_ns) == [slice(0, 2), slice(5, 7)]


def test_a_click_on_a_joint_shows_its_curve_and_a_second_one_lets_it_go(frame: Frame) -> None:
    page = frame.drive_page
    frame.refresh()
    elbow = next(track for track in page.joints.rows[0].tracks if track.label == "elbow")
    at = page.joints.place_of(elbow.index).center().toPoint()
    QTest.mouseClick(page.joints, Qt.MouseButton.LeftButton, pos=at)
    frame.refresh()
    assert page.curves.tracks[0] == elbow
    assert page.joints.watched == {elbow.index}
    QTest.mouseClick(page.joints, Qt.MouseButton.LeftButton, pos=at)
    assert page.joints.watched == frozenset()


def test_a_key_goes_through_all_the_joints_and_back_to_none(frame: Frame) -> None:
    page = frame.drive_page
    frame.refresh()
    seen = []
    for _ in range(sum(len(row.tracks) for row in page.joints.rows)):
        frame.actions_registry.trigger("view.watch")
        seen += sorted(page.joints.watched)
    assert sorted(seen) == sorted(track.index for row in page.joints.rows for track in row.tracks)
    frame.actions_registry.trigger("view.watch")
    assert page.joints.watched == frozenset()


def test_folding_the_curves_is_remembered(frame: Frame, settings: Settings) -> None:
    assert frame.drive_page.curves.isVisible()
    frame.actions_registry.trigger("view.curves")
    assert not frame.drive_page.curves.isVisible()
    assert not settings.curves
    frame.actions_registry.trigger("view.curves")
    assert frame.drive_page.curves.isVisible()


def test_a_small_window_keeps_its_pictures_instead(
    open_window: Callable[[FakeSession], Window], session: FakeSession
) -> None:
    window = open_window(session)
    window.resize(1366, 768)
    QTest.qWait(50)
    assert window.frame is not None
    assert not window.frame.drive_page.curves.isVisible()


def test_lines_of_trouble_leave_the_pictures_where_they_are(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    QTest.qWait(50)
    before = [tile.geometry() for tile in frame.drive_page.cameras.tiles]
    for count in (1, 2, 3, 5):
        session.notices = tuple(
            Notice(key=f"bus:{i}", level="error", what=f"Bus {i} is lost") for i in range(count)
        )
        frame.refresh()
        QTest.qWait(50)
        assert frame.notices.isVisible()
        assert [tile.geometry() for tile in frame.drive_page.cameras.tiles] == before


def test_why_the_robot_holds_stands_at_its_mode(frame: Frame, session: FakeSession) -> None:
    session.notices = (Notice(key="mode", level="warning", what="Holding: no answer from left_follower"),)
    frame.refresh()
    assert frame.drive_page.banner.meaning == "No answer from left follower"
    assert not frame.notices.isVisible()
    frame.go_to("episodes")
    frame.refresh()
    assert frame.notices.isVisible()
