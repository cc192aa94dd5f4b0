"""Spoken words in a session: switched on and off, heard, and gone on with after every loss."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.bench.voices import Voice, in_room, say
from app.session import Session
from app.session.view import Snapshot, SpeechView
from app.speech.listening import read_listening
from tests.support.sound import Room, room

PATIENCE_S = 40.0


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    with room(tmp_path) as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def session(sound: Room, tmp_path: Path) -> Iterator[Session]:
    """A session with nothing but what is switched on."""
    made = Session(data_dir=tmp_path / "data", processes=())
    try:
        yield made
    finally:
        made.close()


def wait(session: Session, until: Callable[[Snapshot], bool], what: str) -> Snapshot:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        now = session.snapshot()
        if until(now):
            return now
        time.sleep(0.01)
    now = session.snapshot()
    raise TimeoutError(f"{what} did not come about; {now.speech}, {now.notices}, {now.log}")


def ear(session: Session) -> SpeechView:
    return session.snapshot().speech or SpeechView()


def listening(now: Snapshot) -> bool:
    return now.speech is not None and now.speech.state == "listening"


def spoken(text: str) -> NDArray[np.int16]:
    return in_room(say(text, Voice("en-us", 150)), rng=np.random.default_rng(3))


def test_a_word_is_heard_while_listening_is_on(session: Session, sound: Room) -> None:
    wait(session, lambda now: now.dataset != "", "the session")
    assert session.snapshot().speech is None
    assert session.snapshot().processes == ()
    session.stop_on(frozenset())  # there is no robot here to stop

    session.listen(True)
    wait(session, listening, "listening")
    before_ns = time.monotonic_ns()
    sound.play(spoken("robot stop"))
    heard = wait(
        session, lambda now: now.speech is not None and now.speech.last_word != "", "the word"
    ).speech
    assert heard is not None
    assert heard.last_word == "robot stop"
    assert before_ns < heard.last_word_ns < time.monotonic_ns()
    assert session.presses() == ("word:robot stop",)

    # While the app speaks, only urgent words count.
    session.hushed(time.monotonic_ns() + int(60e9))
    wait(session, lambda now: now.speech is not None and now.speech.state == "hushed", "the hush")
    sound.play(spoken("success"))
    sound.play(spoken("hold still"))
    wait(
        session,
        lambda now: now.speech is not None and now.speech.last_word == "hold still",
        "the urgent word",
    )
    assert session.presses() == ("word:hold still",)

    session.listen(False)
    gone = wait(session, lambda now: now.speech is None and now.processes == (), "the end of listening")
    assert gone.notices == ()


def test_a_killed_ear_is_told_of_and_comes_back(session: Session, sound: Room) -> None:
    session.listen(True, triggers=("word:success",))
    wait(session, listening, "listening")
    sound.play(spoken("success")[:16_000])  # in the middle of the words
    os.kill(session.snapshot().processes[0].pid, signal.SIGKILL)
    lost = wait(session, lambda now: any(n.key == "process:speech" for n in now.notices), "the loss")
    assert "keys and pedals do" in lost.notices[0].remedy
    back = wait(session, lambda now: now.notices == () and listening(now), "the ear again")
    assert back.speech is not None
    assert back.speech.words == ("success",)


def test_a_lost_microphone_is_told_of_and_another_is_taken(session: Session, sound: Room) -> None:
    session.listen(True)
    wait(session, listening, "listening")
    sound.close()
    now = wait(session, lambda now: any(n.key == "microphone" for n in now.notices), "the loss")
    assert "Spoken words are not heard" in now.notices[0].what
    assert "tried again by itself" in now.notices[0].remedy
    wait(session, lambda now: now.speech is not None and now.speech.state == "no microphone", "the state")
    sound.start()
    wait(session, lambda now: listening(now) and now.notices == (), "the microphone again")


def test_a_microphone_is_chosen_and_a_word_that_cannot_be_is_refused(session: Session) -> None:
    session.listen(True, device="not plugged in")
    now = wait(session, lambda now: any(n.key == "microphone" for n in now.notices), "the notice")
    assert "not plugged in" in now.notices[0].what
    session.stop_on(frozenset({"key:Esc", "word:freeze"}))
    session.listen(True, device="pulse")
    wait(session, listening, "listening")
    assert read_listening(session.runtime_dir).urgent == ("key:Esc", "word:freeze")
    assert ear(session).device == "pulse"
    session.listen(True, device="pulse", triggers=("word:blorgify", "word:success"))
    refused = wait(session, lambda now: any(n.key == "command" for n in now.notices), "the refusal")
    assert "blorgify" in refused.notices[0].what
    wait(session, lambda now: ear(session).words == ("success",), "the other word")
