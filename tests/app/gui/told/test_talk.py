"""Push to talk: held by key, pedal or button, and let go by whatever takes the key away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QPushButton

from app.gui.frame import Frame
from app.messages import Mode
from tests.app.gui.told.keys import focused, hold, let_go, press, repeat, write
from tests.support.fake_session import FakeSession

Key = Qt.Key


def talks(session: FakeSession) -> list[bool]:
    return [call[1] for call in session.calls if call[0] == "talk"]


@pytest.mark.parametrize("key", [Key.Key_Space, Key.Key_F8])
def test_the_key_talks_for_as_long_as_it_is_down(verbal: Frame, session: FakeSession, key: Qt.Key) -> None:
    hold(key)
    assert talks(session) == [True]
    repeat(key)
    repeat(key)
    assert talks(session) == [True]
    let_go(key)
    assert talks(session) == [True, False]


def test_the_level_is_seen_while_it_is_held(verbal: Frame, session: FakeSession) -> None:
    button = verbal.drive_page.told_tray.talk_button
    verbal.refresh()
    assert button.level == 0
    assert button.words == "Hold to talk"
    hold(Key.Key_Space)
    session.voice.level_dbfs = -20.0
    verbal.refresh()
    assert 0.4 < button.level < 0.9
    assert button.words == "Talking"
    let_go(Key.Key_Space)
    verbal.refresh()
    assert button.level == 0


LOSSES: dict[str, Callable[[Frame], None]] = {
    "another page": lambda frame: frame.go_to("episodes"),
    "another window": lambda frame: QApplication.sendEvent(
        frame.window(), QEvent(QEvent.Type.WindowDeactivate)
    ),
    "a text field": lambda frame: frame.task.setFocus(),
    "stop": lambda frame: frame.stop(),
    "the end": lambda frame: frame.end(),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_whatever_takes_the_key_away_lets_go(verbal: Frame, session: FakeSession, loss: str) -> None:
    hold(Key.Key_Space)
    LOSSES[loss](verbal)
    assert talks(session) == [True, False]
    assert not verbal.told.talk.on


def test_a_key_that_is_still_down_writes_nothing_into_a_field(verbal: Frame, session: FakeSession) -> None:
    hold(Key.Key_Space)
    verbal.drive_page.told_tray.line.begin()
    for _ in range(3):
        repeat(Key.Key_Space, " ")
    let_go(Key.Key_Space)
    assert verbal.drive_page.told_tray.line.text() == ""
    write("pick up")
    press(Key.Key_Space)
    write("it")
    assert verbal.drive_page.told_tray.line.text() == "pick up it"
    assert talks(session) == [True, False]


def test_a_pedal_talks_while_text_is_typed_and_space_is_a_space(verbal: Frame, session: FakeSession) -> None:
    verbal.desk.bindings.add("voice.talk", "key:F13")
    verbal.drive_page.told_tray.line.begin()
    write("pick up")
    hold(Key.Key_F13)
    repeat(Key.Key_F13)
    assert talks(session) == [True]
    let_go(Key.Key_F13)
    assert talks(session) == [True, False]
    press(Key.Key_Space)
    assert talks(session) == [True, False]
    assert verbal.drive_page.told_tray.line.text() == "pick up "


def test_two_that_are_held_are_one_talk(verbal: Frame, session: FakeSession) -> None:
    hold(Key.Key_Space)
    hold(Key.Key_F8)
    let_go(Key.Key_Space)
    assert talks(session) == [True]
    let_go(Key.Key_F8)
    assert talks(session) == [True, False]


def test_space_presses_the_button_that_has_the_focus(verbal: Frame, session: FakeSession) -> None:
    verbal.foot._modes[Mode.HOLD].setFocus(Qt.FocusReason.TabFocusReason)
    press(Key.Key_Space)
    assert talks(session) == []
    assert session.mode is Mode.HOLD


def test_the_button_on_the_screen_is_held(verbal: Frame, session: FakeSession) -> None:
    button = verbal.drive_page.told_tray.talk_button
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    assert talks(session) == [True]
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    assert talks(session) == [True, False]
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    button.hide()
    assert talks(session) == [True, False, True, False]


def test_the_button_is_held_by_the_keys_of_who_uses_no_mouse(verbal: Frame, session: FakeSession) -> None:
    verbal.drive_page.told_tray.talk_button.setFocus(Qt.FocusReason.TabFocusReason)
    hold(Key.Key_Space)
    assert talks(session) == [True]
    verbal.setFocus()
    assert talks(session) == [True, False]


def test_only_on_the_drive_page(verbal: Frame, session: FakeSession) -> None:
    verbal.go_to("episodes")
    press(Key.Key_Space)
    press(Key.Key_F8)
    assert talks(session) == []


def test_where_the_voice_is_off_it_says_so_and_offers_it(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    press(Key.Key_Space)
    frame.refresh()
    assert talks(session) == []
    assert "the voice is off" in frame.told.refusals.words
    [button] = [one for one in frame.notices.findChildren(QPushButton) if one.text() == "Switch it on"]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert session.voice.wanted is not None
    frame.refresh()
    assert frame.told.refusals.words == ""
    frame.setFocus()
    press(Key.Key_Space)
    assert talks(session) == [True, False]


@pytest.mark.parametrize(
    ("state", "words"),
    [("loading", "not loaded yet"), ("downloading", "not loaded yet"), ("no model", "Nobody listens")],
)
def test_before_the_recogniser_is_loaded_nobody_talks(
    verbal: Frame, session: FakeSession, state: str, words: str
) -> None:
    session.voice.state = state
    verbal.refresh()
    press(Key.Key_Space)
    assert talks(session) == []
    assert words in verbal.told.refusals.words


def test_what_is_said_without_the_mode_is_shown_for_a_moment_and_not_done(
    verbal: Frame, session: FakeSession
) -> None:
    session.mode = Mode.TELEOP
    verbal.refresh()
    side = verbal.drive_page.told_side
    assert not side.isVisible()
    press(Key.Key_Space)
    verbal.refresh()
    assert side.spoken.isVisible()
    assert side.spoken.words[0] == "“pick up the plate”"
    assert "Only shown: L has it done" in side.spoken.words[1]
    assert not side.card.isVisible()
    assert session.autonomy.current is None
    assert focused() is not None
