"""What is spoken, what is not, and how it is muted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.gui.frame import Frame
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.window import Window
from tests.support.fake_session import FakeSession


class Mouth:
    """Writes down what it is to say."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.hushed = 0
        self.trouble = ""

    def say(self, words: str) -> None:
        self.said.append(words)

    def hush(self) -> None:
        self.hushed += 1


@pytest.fixture
def mouth() -> Mouth:
    return Mouth()


@pytest.fixture
def speaking(theme: Theme, settings: Settings, session: FakeSession, mouth: Mouth) -> Iterator[Frame]:
    session.say("long ago")
    window = Window(settings=settings, theme=theme, voice=mouth)
    window.resize(1280, 800)
    window.show()
    window.attach(session)
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window, 5000)
    assert window.frame is not None
    yield window.frame
    window.close()


def test_each_new_word_is_spoken_once(speaking: Frame, session: FakeSession, mouth: Mouth) -> None:
    speaking.refresh()
    assert mouth.said == []
    session.say("Recording")
    speaking.refresh()
    speaking.refresh()
    session.say("3")
    speaking.refresh()
    session.say("3")
    speaking.refresh()
    assert mouth.said == ["Recording", "3", "3"]
    assert speaking.status.voice == "on"


def test_m_mutes_and_the_window_remembers(
    speaking: Frame, session: FakeSession, mouth: Mouth, settings: Settings
) -> None:
    QTest.keyClick(speaking, Qt.Key.Key_M)
    assert mouth.hushed == 1
    session.say("Recording")
    speaking.refresh()
    assert mouth.said == []
    assert speaking.status.voice == "muted"
    assert settings.muted
    QTest.keyClick(speaking, Qt.Key.Key_M)
    assert mouth.said == ["Voice on"]
    assert not settings.muted


def test_a_voice_that_cannot_is_told_once(speaking: Frame, mouth: Mouth) -> None:
    speaking.refresh()
    mouth.trouble = "No voice: espeak-ng cannot be run; install it"
    speaking.refresh()
    assert speaking.toast.text() == mouth.trouble
    assert speaking.status.voice == "unable"
    speaking.toast.hide()
    speaking.refresh()
    assert not speaking.toast.isVisible()


def test_without_a_voice_nothing_is_shown_of_one(
    open_window: Callable[[FakeSession], Window], session: FakeSession
) -> None:
    window = open_window(session)
    assert window.frame is not None
    session.say("Recording")
    window.frame.refresh()
    assert window.frame.status.voice == ""
