"""One key each: what it means in every phase, and that it never hits another episode than the one seen."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QPushButton

from app.collection.view import Phase
from app.gui.frame import Frame
from app.gui.widgets.action_button import ActionButton
from app.messages import Mode
from tests.support.fake_session import FakeSession

Key = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier
LAST = {"aim": "x-0036", "last_id": "x-0036", "last_outcome": "success"}


def press(frame: Frame, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(frame, key, modifiers)


EACH: list[tuple[Phase, Qt.Key, list[tuple[object, ...]]]] = [
    (Phase.IDLE, Key.Key_R, [("begin", False)]),
    (Phase.COUNTDOWN, Key.Key_R, [("cancel",)]),
    (Phase.ALIGNING, Key.Key_R, [("cancel",)]),
    (Phase.STARTING, Key.Key_R, []),
    (Phase.CLOSING, Key.Key_R, []),
    (Phase.RESETTING, Key.Key_R, [("begin", False)]),
    (Phase.COUNTDOWN, Key.Key_Backspace, [("cancel",)]),
    (Phase.ALIGNING, Key.Key_Backspace, [("cancel",)]),
    (Phase.RESETTING, Key.Key_Backspace, [("judge", "discard", "x-0036")]),
    (Phase.RESETTING, Key.Key_S, [("judge", "success", "x-0036")]),
    (Phase.RESETTING, Key.Key_F, [("judge", "failure", "x-0036")]),
    (Phase.COUNTDOWN, Key.Key_F, [("judge", "failure", "x-0036")]),
    (Phase.STARTING, Key.Key_Backspace, []),
    (Phase.RESETTING, Key.Key_N, [("judge", "unset", "x-0036")]),
    (Phase.RESETTING, Key.Key_B, [("take_back",)]),
    (Phase.IDLE, Key.Key_B, [("take_back",)]),
]


def test_each_key_follows_the_phase(frame: Frame, session: FakeSession) -> None:
    for phase, key, calls in EACH:
        session.be(phase, **LAST)
        session.calls.clear()
        frame.refresh()
        press(frame, key)
        assert (phase, key, session.calls) == (phase, key, calls)


def test_shift_r_records_at_once(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    press(frame, Key.Key_R, SHIFT)
    assert session.calls == [("begin", True)]


def test_a_judgement_hits_the_episode_that_was_seen(frame: Frame, session: FakeSession) -> None:
    session.be(Phase.RESETTING, **LAST)
    frame.refresh()
    session.be(Phase.RECORDING)  # the next one has begun; the operator has not seen it yet
    session.collection = session.collection.__class__(phase=Phase.RECORDING, aim="x-0037", last_id="x-0036")
    press(frame, Key.Key_F)
    assert session.calls == [("judge", "failure", "x-0036")]


def test_nothing_is_judged_before_there_is_an_episode(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    for key in (Key.Key_S, Key.Key_F, Key.Key_N, Key.Key_Backspace, Key.Key_B):
        press(frame, key)
    assert session.calls == []


def test_one_that_was_thrown_away_can_be_brought_back(frame: Frame, session: FakeSession) -> None:
    session.be(Phase.RESETTING, **{**LAST, "last_outcome": "discarded"})
    frame.refresh()
    press(frame, Key.Key_Backspace)
    assert session.calls == []
    assert frame.drive_page.record.buttons()["record.take_back"] == "Bring back"
    assert frame.drive_page.record.last == "no. 0036: discarded – B brings it back"
    press(frame, Key.Key_B)
    press(frame, Key.Key_S)
    assert session.calls == [("take_back",), ("judge", "success", "x-0036")]


def test_the_panel_says_which_episode_the_keys_change(frame: Frame, session: FakeSession) -> None:
    session.be(Phase.RESETTING, **LAST)
    frame.refresh()
    assert frame.drive_page.record.last == "no. 0036: success – change it with S F ⌫"
    session.be(Phase.RECORDING)
    frame.refresh()
    assert frame.drive_page.record.last == ""


def test_the_buttons_follow_the_phase(frame: Frame, session: FakeSession) -> None:
    record = frame.drive_page.record
    shown = {}
    for phase in Phase:
        session.be(phase)
        frame.refresh()
        shown[phase] = record.buttons()
    assert shown[Phase.IDLE] == {"record.start": "Record"}
    assert shown[Phase.COUNTDOWN] == shown[Phase.ALIGNING] == {"record.start": "Cancel"}
    assert set(shown[Phase.RECORDING]) == {"record.success", "record.failure", "record.drop", "record.end"}
    assert shown[Phase.RESETTING]["record.start"] == "Record the next one now"


def test_a_click_does_what_the_key_does(frame: Frame, session: FakeSession) -> None:
    session.be(Phase.RESETTING, **LAST)
    frame.refresh()
    button = next(
        button
        for button in frame.drive_page.record.findChildren(QPushButton)
        if isinstance(button, ActionButton) and button.action_id == "record.failure"
    )
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert session.calls == [("judge", "failure", "x-0036")]


def test_from_a_robot_that_moves_by_itself_one_takes_over(frame: Frame, session: FakeSession) -> None:
    button = teleop_button(frame)
    for mode in (Mode.REPLAY, Mode.VERBAL, Mode.AUTONOMOUS):
        session.mode = mode
        session.calls.clear()
        frame.refresh()
        assert button.title == "Take over"
        assert button.lit is (mode is Mode.REPLAY)  # else two modes would look as if they were on
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert session.calls == [("set_mode", Mode.TELEOP)]


def test_what_follows_a_take_over_is_called_an_intervention(frame: Frame, session: FakeSession) -> None:
    session.mode, session.intervening = Mode.TELEOP, True
    frame.refresh()
    assert frame.drive_page.banner.word == "Intervention"
    assert teleop_button(frame).title == "Teleoperate"
    session.intervening = False
    frame.refresh()
    assert frame.drive_page.banner.word == "Teleoperate"


def teleop_button(frame: Frame) -> ActionButton:
    return next(
        button for button in frame.foot.findChildren(ActionButton) if button.action_id == "mode.teleop"
    )


def test_a_script_says_what_is_shown_where_the_operator_has_not(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    frame.actions_registry.trigger("script.run")
    first = session.collection.plan.task
    assert first == "pick up the plate"
    frame.collecting.change(task="my own words")
    session.script = ""
    frame.refresh()
    frame.actions_registry.trigger("script.run")
    assert session.collection.plan.task == "my own words"
