"""Curves of the last seconds: what is kept, which joint is worth watching, and where a line breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.gui import tokens
from app.gui.frame import Frame
from app.gui.joint_rows import Row, Track, rows_of
from app.gui.session_protocol import SessionLike
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.traces import TraceBuffer, Traces, liveliest, with_gaps
from app.gui.widgets.curve_strip import SHOWN_S, CurveStrip
from app.gui.window import Window
from app.session.view import Notice
from tests.support.fake_session import FakeSession, load_fake_profile

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


def test_a_line_breaks_where_nothing_was_measured_and_after_a_gap_in_time() -> None:
    nan = np.nan
    values = np.array([1, 2, nan, 4, 5, 6], np.float32)
    time_ns = np.arange(6) * TICK_NS
    np.testing.assert_array_equal(with_gaps(values, time_ns), values)
    time_ns[4:] += 1_000_000_000
    np.testing.assert_array_equal(with_gaps(values, time_ns), [1, 2, nan, 4, nan, 6])
    assert len(with_gaps(values[:0], time_ns[:0])) == 0


class Rows:
    """What a strip wants of a session: ticks that a test has written."""

    def __init__(self, *, now_s: float) -> None:
        self.profile = load_fake_profile()
        self.now_ns = int(now_s * 1e9)
        layout = [(name, "f4", (self.profile.dof,)) for name in ("position", "sent", "requested")]
        self.rows = np.zeros(int(8 / 0.02), np.dtype([("time_ns", "i8"), *layout]))
        self.rows["time_ns"] = self.now_ns - 8_000_000_000 + np.arange(1, len(self.rows) + 1) * TICK_NS

    def ticks(self, since_ns: int) -> NDArray[np.void]:
        return self.rows[self.rows["time_ns"] > since_ns]


def drawn(strip: CurveStrip, hue: str, *, from_s: float, to_s: float) -> int:
    """How many pixels of a colour the first lane shows between two times, in seconds before now."""
    picture = strip.grab().toImage()
    pad = tokens.steps(3)
    width = (strip.width() - pad) / len(strip.tracks) - pad
    first, last = (int(pad + (1 - before_s / SHOWN_S) * width) for before_s in (from_s, to_s))
    wanted = QColor(hue)
    return sum(
        picture.pixelColor(x, y) == wanted for x in range(first, last) for y in range(20, strip.height())
    )


def strip_of(rows: Rows, theme: Theme, *, width_px: int = 1240) -> CurveStrip:
    strip = CurveStrip(cast("SessionLike", rows), theme)
    strip.resize(width_px, strip.height())
    strip.show()
    QTest.qWait(20)
    strip.apply(replace(FakeSession().snapshot(), time_ns=rows.now_ns))
    return strip


def test_what_was_not_measured_is_not_drawn(theme: Theme) -> None:
    rows = Rows(now_s=100)
    rows.rows["sent"] += 0.3
    rows.rows["position"][200:300] = np.nan  # from four to two seconds ago
    rows.rows["requested"][:] = np.nan
    strip = strip_of(rows, theme)
    measured = theme.palette.text
    assert drawn(strip, measured, from_s=7.9, to_s=4.1) > 100
    assert drawn(strip, measured, from_s=3.9, to_s=2.1) == 0
    assert drawn(strip, measured, from_s=1.9, to_s=0.1) > 50
    assert drawn(strip, tokens.TELEOP, from_s=3.9, to_s=2.1) > 50
    assert drawn(strip, tokens.WARNING, from_s=7.9, to_s=0.1) == 0


def test_what_was_asked_for_is_drawn_where_it_differs_from_what_was_sent(theme: Theme) -> None:
    rows = Rows(now_s=100)
    rows.rows["sent"] = np.linspace(0, 1, 400)[:, None]
    shoulder = rows_of(rows.profile)[0].tracks[0]
    rows.rows["requested"] = rows.rows["sent"]
    rows.rows["requested"][:200] += 0.004 * (shoulder.high - shoulder.low)  # too little to be worth a line
    rows.rows["requested"][200:300] -= 0.2
    strip = strip_of(rows, theme)
    strip.pick(shoulder.index)
    strip.apply(replace(FakeSession().snapshot(), time_ns=rows.now_ns))
    assert strip.tracks[0] == shoulder
    assert drawn(strip, tokens.WARNING, from_s=3.9, to_s=2.1) > 20
    assert drawn(strip, tokens.WARNING, from_s=7.9, to_s=4.1) == 0


def test_curves_follow_the_theme(theme: Theme) -> None:
    rows = Rows(now_s=100)
    rows.rows["sent"] += 0.3
    strip = strip_of(rows, theme)
    theme.toggle()
    assert drawn(strip, theme.palette.text, from_s=7.9, to_s=0.1) > 100
    assert drawn(strip, tokens.ink_of(tokens.TELEOP, theme.palette), from_s=7.9, to_s=0.1) > 100
    assert drawn(strip, theme.palette.panel, from_s=7.9, to_s=0.1) > 1000


def test_a_strip_of_any_height_shows_what_it_has(theme: Theme) -> None:
    rows = Rows(now_s=100)
    strip = strip_of(rows, theme)
    for height_px in range(1, strip.full_height_px + 1):
        strip.setFixedHeight(height_px)
        rows.now_ns += 100_000_000
        strip.apply(replace(FakeSession().snapshot(), time_ns=rows.now_ns))
        assert strip.grab().height() == height_px


def test_a_robot_not_heard_yet_draws_nothing(theme: Theme) -> None:
    rows = Rows(now_s=100)
    rows.rows = rows.rows[:0]
    strip = strip_of(rows, theme)
    assert drawn(strip, theme.palette.text, from_s=7.9, to_s=0.1) == 0


def test_the_mouse_leaves_the_curves_and_the_keys_alone(frame: Frame) -> None:
    frame.refresh()
    strip = frame.drive_page.curves
    before, focused = strip.grab().toImage(), QApplication.focusWidget()
    place = strip.mapTo(frame, strip.rect().center())
    for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
        at = frame.childAt(place)
        assert at is not None
        QTest.mouseClick(at, button, pos=at.mapFrom(frame, place))
    assert QApplication.focusWidget() is focused
    assert QApplication.activePopupWidget() is None
    assert strip.grab().toImage() == before


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
