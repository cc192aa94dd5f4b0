"""The palette of subtasks on number keys, answers to a question, typing, and putting right what was heard."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.gui.catalogue.groups import STOP_PRESSED
from app.gui.frame import Frame
from app.gui.settings import Settings
from app.gui.told import telling
from app.gui.window import Window
from app.messages import Mode
from tests.app.gui.told.keys import press, write
from tests.support.fake_policy import KNOWN
from tests.support.fake_session import FakeSession
from tests.support.fake_voice import NOISE, UNCLEAR

Key = Qt.Key
ALT = Qt.KeyboardModifier.AltModifier


def board(frame: Frame) -> tuple[str, ...]:
    frame.refresh()
    return frame.drive_page.told_tray.board.words


def test_a_number_has_its_subtask_done(verbal: Frame, session: FakeSession) -> None:
    assert board(verbal) == KNOWN[:9]
    press(Key.Key_3)
    assert session.calls == [("tell", KNOWN[2], "key", False)]
    verbal.refresh()
    assert verbal.drive_page.told_side.card.words[2] == KNOWN[2]


def test_a_click_does_the_same(verbal: Frame, session: FakeSession) -> None:
    verbal.refresh()
    QTest.qWait(20)
    numbers = verbal.drive_page.told_tray.board
    QTest.mouseClick(numbers, Qt.MouseButton.LeftButton, pos=numbers.place(4).center().toPoint())
    assert session.calls == [("tell", KNOWN[4], "key", False)]


def test_an_open_question_leaves_the_subtask_in_force_to_be_seen(verbal: Frame, session: FakeSession) -> None:
    verbal.window().resize(1280, 800)
    session.record("x")
    session.autonomy.apply("open the drawer", "key")
    session.voice.say(UNCLEAR)
    for _ in range(2):
        verbal.refresh()
        QTest.qWait(20)
    side = verbal.drive_page.told_side
    assert side.spoken.asks
    assert side.card.isVisible()
    assert side.card.brief
    assert side.card.words[2] == "open the drawer"
    press(Key.Key_0)
    for _ in range(2):
        verbal.refresh()
        QTest.qWait(20)
    assert not side.card.brief
    assert side.card._good.isVisible()


def test_zero_turns_the_page_and_numbers_follow(verbal: Frame, session: FakeSession) -> None:
    more = verbal.drive_page.told_tray.more
    assert more == "Page 1 of 2: 0 turns to the next"
    press(Key.Key_0)
    assert board(verbal) == KNOWN[9:]
    press(Key.Key_2)
    press(Key.Key_9)
    assert session.calls == [("tell", KNOWN[10], "key", False)]
    press(Key.Key_0)
    assert board(verbal) == KNOWN[:9]


def test_a_subtask_keeps_its_number(verbal: Frame) -> None:
    for key in (Key.Key_5, Key.Key_1, Key.Key_7):
        press(key)
        assert board(verbal) == KNOWN[:9]


def test_numbers_do_nothing_where_the_robot_takes_no_subtasks(verbal: Frame, session: FakeSession) -> None:
    session.mode = Mode.TELEOP
    verbal.refresh()
    press(Key.Key_1)
    assert session.calls == []


def test_what_is_typed_filters_and_enter_has_it_done(
    verbal: Frame, session: FakeSession, settings: Settings
) -> None:
    press(Key.Key_I)
    line = verbal.drive_page.told_tray.line
    assert line.hasFocus()
    write("put cup")
    assert board(verbal) == ("put the cup in the sink",)
    write(" away")
    assert board(verbal) == ()
    press(Key.Key_Return)
    assert session.calls == [("tell", "put cup away", "typed", False)]
    assert not line.hasFocus()
    assert line.text() == ""
    assert board(verbal) == KNOWN[:9]
    assert settings.remembered("subtask") == ("put cup away",)
    press(Key.Key_0)
    assert board(verbal)[-1] == "put cup away"


def test_while_one_types_digits_are_text_and_alt_chooses(verbal: Frame, session: FakeSession) -> None:
    press(Key.Key_I)
    write("cup 2")
    assert verbal.drive_page.told_tray.line.text() == "cup 2"
    assert session.calls == []
    press(Key.Key_Backspace)
    press(Key.Key_Backspace)
    assert board(verbal) == ("pick up the cup", "put the cup in the sink")
    press(Key.Key_2, ALT)
    assert session.calls == [("tell", "put the cup in the sink", "key", False)]
    verbal.refresh()
    assert not verbal.drive_page.told_tray.line.hasFocus()
    assert board(verbal) == KNOWN[:9]


def test_escape_stops_and_gives_nothing(verbal: Frame, session: FakeSession) -> None:
    press(Key.Key_I)
    write("pick up the cup")
    press(Key.Key_Escape)
    assert session.calls == [("stop", STOP_PRESSED)]
    assert verbal.drive_page.told_tray.line.text() == ""
    assert not verbal.drive_page.told_tray.line.hasFocus()


def test_going_elsewhere_gives_nothing(verbal: Frame, session: FakeSession) -> None:
    press(Key.Key_I)
    write("pick up the cup")
    verbal.task.setFocus()
    assert session.calls == []
    assert verbal.told.telling.filter == ""


def test_a_question_takes_the_number_keys_until_it_is_answered(verbal: Frame, session: FakeSession) -> None:
    session.voice.say(UNCLEAR)
    verbal.refresh()
    side = verbal.drive_page.told_side
    assert side.spoken.words[0] == "Which one was it?"
    assert side.spoken.words[1] == "0 none of these.  Heard “pick up the cap”"  # what is cut off is its end
    assert side.spoken.answers.words == tuple(phrase for phrase, _ in UNCLEAR.candidates)
    session.calls.clear()
    press(Key.Key_9)
    assert session.calls == []
    press(Key.Key_2)
    assert session.calls == [("choose", 1, "pick up the plate")]
    verbal.refresh()
    assert not side.spoken.asks
    assert side.card.words[2] == "pick up the plate"
    press(Key.Key_4)
    assert session.calls[-1] == ("tell", KNOWN[3], "key", False)


def test_none_of_the_answers(verbal: Frame, session: FakeSession) -> None:
    session.voice.say(UNCLEAR)
    verbal.refresh()
    session.calls.clear()
    press(Key.Key_0)
    verbal.refresh()
    assert not verbal.drive_page.told_side.spoken.asks
    assert verbal.drive_page.told_side.spoken.words[0] == "Not taken"
    assert board(verbal) == KNOWN[:9]
    press(Key.Key_1)
    assert session.calls == [("tell", KNOWN[0], "key", False)]


def grow_old(session: FakeSession, seconds: float) -> None:
    """Let the newest utterance have ended so long ago."""
    old = session.voice.utterances[-1]
    ago_ns = time.monotonic_ns() - int(seconds * 1e9)
    session.voice.utterances[-1] = replace(old, began_ns=ago_ns, ended_ns=ago_ns)


def test_a_question_that_nobody_answers_gives_the_keys_back(verbal: Frame, session: FakeSession) -> None:
    session.voice.say(UNCLEAR)
    grow_old(session, telling.ASKS_S + telling.LAPSES_S)
    verbal.refresh()
    assert not verbal.drive_page.told_side.spoken.asks
    press(Key.Key_1)
    assert session.calls[-1] == ("tell", KNOWN[0], "key", False)


def test_an_answer_that_is_late_becomes_no_subtask_of_the_palette(
    verbal: Frame, session: FakeSession
) -> None:
    session.voice.say(UNCLEAR)
    grow_old(session, telling.ASKS_S + telling.LAPSES_S / 3)
    verbal.refresh()
    before = board(verbal)
    session.calls.clear()
    press(Key.Key_1)
    press(Key.Key_0)
    assert session.calls == []
    assert board(verbal) == before


def test_what_is_told_after_a_question_answers_it(verbal: Frame, session: FakeSession) -> None:
    session.voice.say(UNCLEAR)
    verbal.refresh()
    assert verbal.drive_page.told_side.spoken.asks
    verbal.told.telling.tell("raise the lift", origin="typed")
    verbal.refresh()
    assert not verbal.drive_page.told_side.spoken.asks
    press(Key.Key_1)
    assert session.calls[-1][0] == "tell"


def test_a_stop_answers_every_question(verbal: Frame, session: FakeSession) -> None:
    session.voice.say(UNCLEAR)
    session.mode = Mode.STOPPED
    verbal.refresh()
    assert verbal.told.telling.asked is None
    assert not verbal.told.telling.can_press(1)


def test_a_question_is_answered_in_any_mode(verbal: Frame, session: FakeSession) -> None:
    session.mode = Mode.TELEOP
    session.voice.say(UNCLEAR)
    verbal.refresh()
    press(Key.Key_1)
    assert session.calls[-1] == ("choose", 1, "pick up the cup")


def test_what_was_heard_is_put_right_by_typing(verbal: Frame, session: FakeSession) -> None:
    press(Key.Key_W)
    assert not verbal.drive_page.told_tray.line.hasFocus()
    session.voice.say(NOISE)
    verbal.refresh()
    assert verbal.drive_page.told_side.spoken.words[0] == "Not taken"
    session.calls.clear()
    press(Key.Key_W)
    line = verbal.drive_page.told_tray.line
    assert line.amending
    assert line.text() == "thank you for watching"
    assert board(verbal) == KNOWN[:9]
    write("lift the cup a bit")
    press(Key.Key_Return)
    assert session.calls == [("correct", 1, "lift the cup a bit")]
    verbal.refresh()
    assert verbal.drive_page.told_side.card.words[2] == "lift the cup a bit"
    assert verbal.drive_page.told_side.spoken.words == (
        "“lift the cup a bit”",
        "Put right; was heard as “thank you for watching”",
    )
    assert QApplication.focusWidget() is not line


def test_what_was_typed_is_known_to_the_recogniser_and_at_the_next_start(
    verbal: Frame, session: FakeSession, open_window: Callable[[FakeSession], Window]
) -> None:
    press(Key.Key_I)
    write("water the plant")
    press(Key.Key_Return)
    verbal.refresh()
    assert session.voice.wanted is not None
    assert session.voice.wanted.known == (*KNOWN, "water the plant")
    again = FakeSession(moving=False)
    frame = open_window(again).frame
    assert frame is not None
    frame.actions_registry.trigger("mode.listen")
    frame.refresh()
    frame.refresh()
    assert again.voice.wanted is not None
    assert again.voice.wanted.known == (*KNOWN, "water the plant")
