"""Spoken words in the window: switched on and off, which are listened for, and what is shown of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.gui.frame import Frame
from app.gui.settings import Settings
from app.gui.widgets.status_line import health
from app.gui.window import Window
from app.session.view import SpeechView
from tests.support.fake_session import FakeSession

EAR = SpeechView(
    state="listening",
    device="Headset",
    devices=("Headset", "Webcam"),
    rms_dbfs=-30.0,
    peak_dbfs=-12.0,
    words=("robot stop", "success"),
)


def asked(session: FakeSession) -> list[tuple[bool, str, tuple[str, ...]]]:
    return [call[1:] for call in session.calls if call[0] == "listen"]


def press_listen(frame: Frame) -> None:
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(QApplication.focusWidget() or frame, Qt.Key.Key_M, modifiers)


def test_nothing_is_listened_to_until_it_is_switched_on_and_that_is_remembered(
    frame: Frame, session: FakeSession, settings: Settings, open_window: Callable[[FakeSession], Window]
) -> None:
    frame.refresh()
    assert asked(session) == []
    press_listen(frame)
    [(on, device, triggers)] = asked(session)
    assert (on, device) == (True, "")
    assert {"word:robot stop", "word:success", "word:start recording"} <= set(triggers)
    assert all(trigger.startswith("word:") for trigger in triggers)
    press_listen(frame)
    assert asked(session)[-1][0] is False
    assert not settings.listening
    press_listen(frame)
    assert settings.listening

    again = FakeSession(moving=False)
    open_window(again)
    assert asked(again) == [(True, "", triggers)]


def test_a_word_bound_to_an_action_is_listened_for_and_does_it(frame: Frame, session: FakeSession) -> None:
    frame.hearing.toggle()
    frame.desk.bindings.add("mode.teleop", "word:follow me")
    assert "word:follow me" in asked(session)[-1][2]
    session.pressed = ["word:follow me"]
    frame.go_to("drive")
    frame.refresh()
    assert any(call[0] == "set_mode" for call in session.calls)


def test_the_apps_own_voice_is_not_listened_to(frame: Frame, session: FakeSession) -> None:
    frame.hearing.toggle()
    frame.refresh()
    session.say("Recording")
    frame.hearing.apply(session.snapshot(), aloud=False)
    assert not any(call[0] == "hushed" for call in session.calls)
    session.say("Saved as success")
    before_ns = time.monotonic_ns()
    frame.hearing.apply(session.snapshot(), aloud=True)
    [(_, until_ns)] = [call for call in session.calls if call[0] == "hushed"]
    assert 1.0 < (until_ns - before_ns) / 1e9 < 4.0


def test_the_section_shows_level_word_and_trouble(frame: Frame, session: FakeSession) -> None:
    section = frame.settings_page.words
    frame.go_to("settings")
    frame.refresh()
    assert "Nothing is listened to" in section.state.text()
    frame.hearing.toggle()
    session.speech = replace(EAR, last_word="success", last_word_ns=time.monotonic_ns() - 5_000_000_000)
    frame.refresh()
    assert section.choice.value == "on"
    assert section.state.text() == "Listening to Headset"
    assert section.meter.fill == 0.5
    assert section.heard.text() == "Heard “success” 5 s ago"
    assert "robot stop" in section.words.text()
    assert [section.devices.itemText(index) for index in range(section.devices.count())][1:] == [
        "Headset",
        "Webcam",
    ]

    section.devices.activated.emit(2)
    assert asked(session)[-1][:2] == (True, "Webcam")
    session.speech = replace(EAR, state="no microphone", device="", trouble="microphone Webcam is not there")
    frame.refresh()
    assert "Webcam is not there" in section.state.text()


def test_the_line_of_health_tells_whether_it_listens(session: FakeSession) -> None:
    snapshot = session.snapshot()
    assert not any("listening" in words for words, _ in health(snapshot)[1])
    assert ("listening", "good") in health(replace(snapshot, speech=EAR))[1]
    assert ("no microphone", "warning") in health(
        replace(snapshot, speech=replace(EAR, state="no microphone"))
    )[1]
