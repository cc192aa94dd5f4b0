from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget

from app.gui.catalogue.groups import STOP_PRESSED
from app.gui.frame import Frame
from app.messages import Mode
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
NONE = Qt.KeyboardModifier.NoModifier


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    focused = QApplication.focusWidget()  # compared with None: an empty combo box counts as false
    target = focused if focused is not None else QApplication.activeWindow()
    assert target is not None
    QTest.keyClick(target, key, modifiers)


@pytest.mark.parametrize(
    ("key", "modifiers", "call"),
    [
        (Key.Key_T, NONE, ("set_mode", Mode.TELEOP)),
        (Key.Key_T, CTRL, ("set_mode", Mode.TELEOP)),
        (Key.Key_H, NONE, ("set_mode", Mode.HOLD)),
        (Key.Key_R, NONE, ("begin", False)),
        (Key.Key_G, NONE, ("run_script", "pick up the plate", 0)),
        (Key.Key_0, CTRL, ("reset_world", 0)),
        (Key.Key_Minus, NONE, ("set_speed", 0.5)),
        (Key.Key_Equal, NONE, ("set_speed", 1.0)),
        (Key.Key_Home, CTRL, ("home_lifts",)),
    ],
)
def test_keys_of_the_drive_page(
    frame: Frame, session: FakeSession, key: Qt.Key, modifiers: Qt.KeyboardModifier, call: tuple[object, ...]
) -> None:
    session.homed = False
    frame.refresh()
    press(key, modifiers)
    assert session.calls[-1] == call
    assert session.calls[:-1] in ([], [("set_plan", session.collection.plan)])


@pytest.mark.parametrize(
    ("key", "call"),
    [
        (Key.Key_S, ("judge", "success", "ep-000001")),
        (Key.Key_F, ("judge", "failure", "ep-000001")),
        (Key.Key_N, ("judge", "unset", "ep-000001")),
        (Key.Key_R, ("judge", "unset", "ep-000001")),
        (Key.Key_Backspace, ("judge", "discard", "ep-000001")),
    ],
)
def test_keys_that_end_a_recording(
    frame: Frame, session: FakeSession, key: Qt.Key, call: tuple[object, ...]
) -> None:
    session.record("x")
    frame.refresh()
    press(key)
    assert session.calls[-1] == call
    assert session.recording is None


def test_nothing_ends_that_has_not_begun(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    for key in (Key.Key_S, Key.Key_F, Key.Key_Backspace, Key.Key_X):
        press(key)
    assert session.calls == []


def test_letters_typed_into_the_task_are_text_and_ctrl_still_acts(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    press(Key.Key_Slash)
    line = frame.task.lineEdit()
    assert line is not None
    assert QApplication.focusWidget() in (frame.task, line)
    QTest.keyClicks(QApplication.focusWidget(), "rest")
    assert frame.task.words == "rest"
    assert session.calls == []
    press(Key.Key_R, CTRL)
    assert session.collection.plan.task == "rest"
    assert session.calls[-1] == ("begin", False)


def test_keys_that_edit_text_do_nothing_else_there(frame: Frame, session: FakeSession) -> None:
    session.fill_episodes()
    session.trash_episode("ep-000003")
    session.record("wipe")
    session.calls.clear()
    frame.refresh()
    press(Key.Key_Slash)
    for key in (Key.Key_Backspace, Key.Key_Z, Key.Key_X, Key.Key_Home):
        press(key, CTRL)
        press(key)
    assert session.calls == []


def test_enter_in_the_task_gives_the_keys_back(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    press(Key.Key_Slash)
    QTest.keyClicks(QApplication.focusWidget(), "wipe")
    press(Key.Key_Return)
    press(Key.Key_R)
    assert session.collection.plan.task == "wipe"
    assert session.calls[-1] == ("begin", False)


WHERE = {
    "drive": lambda frame: None,
    "episodes": lambda frame: frame.go_to("episodes"),
    "task": lambda frame: frame.task.setFocus(),
    "task list": lambda frame: frame.task.showPopup(),
    "palette": lambda frame: frame.palette_overlay.open(),
    "keys": lambda frame: frame.keys_overlay.open_for("drive", "Drive"),
    "detail": lambda frame: frame.details.open(),
    "notes": lambda frame: (frame.go_to("episodes"), frame.episodes_page.detail.notes.setFocus()),
    "driving": lambda frame: frame.driving.toggle(),
}


@pytest.mark.parametrize("where", WHERE)
def test_escape_stops_from_everywhere(frame: Frame, session: FakeSession, where: str) -> None:
    session.fill_episodes()
    session.mode = Mode.TELEOP
    frame.refresh()
    WHERE[where](frame)
    QTest.qWait(20)
    popup: QWidget | None = QApplication.activePopupWidget()
    if popup is not None:
        QTest.keyClick(popup, Key.Key_Escape)
    else:
        press(Key.Key_Escape)
    assert session.calls[-1] == ("stop", STOP_PRESSED)
    assert session.mode is Mode.STOPPED
    assert not frame.palette_overlay.isVisible()
    if popup is not None:
        frame.task.hidePopup()


def test_enter_held_releases_and_tapped_does_not(frame: Frame, session: FakeSession) -> None:
    session.stop("test")
    frame.refresh()
    press(Key.Key_Return)
    QTest.qWait(900)
    assert session.mode is Mode.STOPPED
    QTest.keyPress(frame, Key.Key_Return)
    assert wait_until(lambda: session.mode is Mode.HOLD)
    QTest.keyRelease(frame, Key.Key_Return)


def test_no_mode_is_left_from_stopped_by_a_mode_key(frame: Frame, session: FakeSession) -> None:
    session.stop("test")
    frame.refresh()
    session.calls.clear()
    for key in (Key.Key_H, Key.Key_T, Key.Key_K, Key.Key_G):
        press(key)
    assert session.calls == []


def test_the_palette_does_what_is_typed(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    press(Key.Key_K, CTRL)
    assert frame.palette_overlay.isVisible()
    QTest.keyClicks(QApplication.focusWidget(), "teleop")
    press(Key.Key_Return)
    assert session.calls == [("set_mode", Mode.TELEOP)]
    assert not frame.palette_overlay.isVisible()


def test_the_palettes_arrows_choose(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    press(Key.Key_K, CTRL)
    QTest.keyClicks(QApplication.focusWidget(), "page")
    press(Key.Key_Down)
    press(Key.Key_Up)
    assert frame.palette_overlay.list.currentRow() == 0


def test_the_question_mark_shows_the_keys_of_the_page(frame: Frame) -> None:
    frame.refresh()
    QTest.keyClicks(frame, "?")
    assert frame.keys_overlay.isVisible()
    QTest.keyClicks(frame, "?")
    assert not frame.keys_overlay.isVisible()


def test_every_action_on_a_button_has_its_key_in_the_overlay_or_none(frame: Frame) -> None:
    for action in frame.actions_registry.everywhere():
        assert action.title
        assert action.group


def test_pages_by_key(frame: Frame) -> None:
    press(Key.Key_3, CTRL)
    assert frame.page_id == "episodes"
    press(Key.Key_1, CTRL)
    assert frame.page_id == "drive"


def test_tab_reaches_stop(frame: Frame) -> None:
    reached = set()
    for _ in range(60):
        QTest.keyClick(QApplication.focusWidget() or frame, Key.Key_Tab)
        reached.add(QApplication.focusWidget())
    assert frame.foot.stop_button in reached
