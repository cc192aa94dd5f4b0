"""Inputs in a real window: presses reach the action of the right page, pedals drive, a rebinding shows at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.collection.view import Phase
from app.gui.frame import Frame
from app.gui.settings import Settings
from app.gui.widgets.action_button import ActionButton
from app.gui.window import Window
from app.inputs.store import FILE_NAME, load_overrides
from app.messages import Mode
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until

Key = Qt.Key


def give(frame: Frame, session: FakeSession, *triggers: str) -> None:
    session.pressed += triggers
    frame.refresh()


def test_a_gamepad_begins_an_episode_and_judges_it(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    give(frame, session, "pad:start")
    assert session.recording is not None
    frame.refresh()
    give(frame, session, "pad:a")
    assert session.calls[-1][:2] == ("judge", "success")


def test_a_trigger_counts_only_on_its_actions_page(frame: Frame, session: FakeSession) -> None:
    frame.go_to("episodes")
    give(frame, session, "pad:start", "grip:both-held")
    assert session.calls == []
    give(frame, session, "pad:y")
    assert session.calls == [("set_mode", Mode.TELEOP)]


def test_a_gamepad_stops_on_every_page(frame: Frame, session: FakeSession) -> None:
    for page_id in frame.pages:
        session.mode = Mode.HOLD
        frame.go_to(page_id)
        give(frame, session, "pad:guide")
        assert session.mode is Mode.STOPPED


def test_what_cannot_be_done_now_is_not_done_by_a_trigger(frame: Frame, session: FakeSession) -> None:
    give(frame, session, "pad:a", "pad:b", "pad:back")
    assert session.calls == []


def test_the_session_knows_what_stops_without_the_window(frame: Frame, session: FakeSession) -> None:
    assert {"key:Esc", "pad:guide"} <= session.stop_triggers
    frame.desk.bindings.add("mode.stop", "word:halt")
    assert "word:halt" in session.stop_triggers


def test_a_rebinding_is_on_the_button_and_under_the_finger_at_once(
    frame: Frame, session: FakeSession
) -> None:
    frame.refresh()
    button = next(b for b in frame.findChildren(ActionButton) if b.action_id == "mode.teleop")
    narrow = button.sizeHint().width()
    frame.desk.bindings.add("mode.teleop", "key:Media Play")
    for trigger in ("key:T", "key:Ctrl+T"):
        frame.desk.bindings.remove("mode.teleop", trigger)
    assert button.key == "Media Play"
    assert button.sizeHint().width() > narrow
    QTest.keyClick(frame, Key.Key_T)
    assert session.calls == []
    QTest.keyClick(frame, Key.Key_MediaPlay)
    assert session.calls == [("set_mode", Mode.TELEOP)]
    frame.desk.bindings.reset_all()
    assert button.key == "T"


def test_a_pedal_works_while_text_is_typed_and_a_letter_is_text(frame: Frame, session: FakeSession) -> None:
    frame.desk.bindings.add("mode.teleop", "key:F13")
    frame.desk.bindings.add("mode.teleop", "key:J")
    frame.refresh()
    frame.task.setFocus()
    QTest.qWait(20)
    QTest.keyClick(QApplication.focusWidget(), Key.Key_J)
    assert session.calls == []
    assert frame.task.currentText().lower() == "j"
    QTest.keyClick(QApplication.focusWidget(), Key.Key_F13)
    assert session.calls == [("set_mode", Mode.TELEOP)]


def test_a_pedal_that_means_two_things_does_neither_and_says_so(frame: Frame, session: FakeSession) -> None:
    frame.desk.bindings.add("mode.teleop", "key:F13")
    frame.desk.bindings.add("record.start", "key:F13")
    frame.refresh()
    QTest.keyClick(frame, Key.Key_F13)
    assert session.calls == []
    assert "F13 means “Record” and “Teleoperate”" in frame.toast.text()


def test_stop_goes_before_what_it_clashes_with(frame: Frame, session: FakeSession) -> None:
    frame.desk.bindings.add("mode.stop", "key:F13")
    frame.desk.bindings.add("record.start", "key:F13")
    frame.refresh()
    QTest.keyClick(frame, Key.Key_F13)
    assert session.mode is Mode.STOPPED
    assert session.recording is None


def test_what_is_bound_is_there_in_the_next_window(
    open_window: Callable[[FakeSession], Window], settings: Settings
) -> None:
    first = open_window(FakeSession(moving=False))
    assert first.frame is not None
    first.frame.desk.bindings.add("mode.teleop", "key:F13")
    first.close()
    stored = load_overrides(settings.folder / FILE_NAME)
    assert stored.overrides == {"mode.teleop": ("key:T", "key:Ctrl+T", "pad:y", "key:F13")}
    second = open_window(FakeSession(moving=False))
    assert second.frame is not None
    assert "key:F13" in second.frame.actions_registry["mode.teleop"].triggers


# -- feet ------------------------------------------------------------------------------------------------------


@pytest.fixture
def pedals(frame: Frame, session: FakeSession) -> Frame:
    frame.desk.bindings.add("feet.forward", "key:F13")
    frame.desk.bindings.add("feet.lift_up", "key:A")
    session.mode = Mode.TELEOP
    frame.refresh()
    return frame


def test_a_pedal_drives_while_it_is_down(pedals: Frame, session: FakeSession) -> None:
    QTest.keyPress(pedals, Key.Key_F13)
    assert wait_until(lambda: len(session.jogs) >= 4)
    assert all(jog.base_twist[0] > 0 and not jog.lift_m_s for jog in session.jogs)
    QTest.keyPress(pedals, Key.Key_A)
    assert session.jogs[-1].lift_m_s > 0
    QTest.keyRelease(pedals, Key.Key_F13)
    QTest.keyRelease(pedals, Key.Key_A)
    assert session.jogs[-1].base_twist == (0.0, 0.0, 0.0)
    count = len(session.jogs)
    QTest.qWait(120)
    assert len(session.jogs) == count
    assert not pedals.driving.on


@pytest.mark.parametrize("loss", ["mode", "page", "stop", "focus"])
def test_a_pedal_that_is_lost_sight_of_stops(pedals: Frame, session: FakeSession, loss: str) -> None:
    QTest.keyPress(pedals, Key.Key_F13)
    if loss == "mode":
        session.mode = Mode.HOLD
        pedals.refresh()
    elif loss == "page":
        pedals.go_to("episodes")
    elif loss == "stop":
        QTest.keyClick(pedals, Key.Key_Escape)
    else:
        pedals.task.setFocus()
        QTest.qWait(20)
    assert session.jogs[-1].base_twist == (0.0, 0.0, 0.0)
    count = len(session.jogs)
    QTest.qWait(100)
    assert len(session.jogs) == count


def test_a_pedal_does_nothing_where_the_robot_is_not_seen_or_not_led(
    pedals: Frame, session: FakeSession
) -> None:
    pedals.go_to("episodes")
    QTest.keyClick(pedals, Key.Key_F13)
    pedals.go_to("drive")
    session.mode = Mode.HOLD
    pedals.refresh()
    QTest.keyClick(pedals, Key.Key_F13)
    assert session.jogs == []


# -- the gesture on screen ---------------------------------------------------------------------------------------


def test_the_gesture_under_way_says_what_it_will_do(frame: Frame, session: FakeSession) -> None:
    session.gesture = ("both-held", 0.1)
    frame.refresh()
    assert frame.gesture_ring.words == ""
    session.gesture = ("both-held", 0.5)
    frame.refresh()
    assert frame.gesture_ring.words == "Keep both closed to record"
    session.collection = replace(session.collection, phase=Phase.COUNTDOWN)
    frame.refresh()
    assert frame.gesture_ring.words == "Keep both closed to give up"
    session.record("wipe")
    frame.refresh()
    assert frame.gesture_ring.words == "Keep both closed to end"
    session.gesture = ("", 0.0)
    frame.refresh()
    assert frame.gesture_ring.words == ""


def test_a_gesture_that_means_nothing_shows_nothing(frame: Frame, session: FakeSession) -> None:
    frame.desk.bindings.remove("record.start", "grip:both-held")
    session.gesture = ("both-held", 0.9)
    frame.refresh()
    assert frame.gesture_ring.words == ""
    frame.desk.bindings.add("mode.hold", "grip:both-held")
    frame.refresh()
    assert frame.gesture_ring.words == "Keep both closed: Hold"
