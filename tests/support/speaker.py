"""Somebody who holds the talk key and speaks, in a room that a session hears."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.session import Session
from app.session.view import Snapshot
from app.session.voice_view import UtteranceView
from app.speech.espeak import Voice, in_room, say
from app.speech.transcribing import Transcribing
from app.speech.whisper.phrases import KITCHEN_PHRASES
from recordings import Dataset, Episode
from recordings.verify import verify_episode
from tests.support.sound import Room, room
from tests.support.watcher import Watcher

VOICE = Voice("en-us+m1", 150)
KITCHEN = Transcribing(known=KITCHEN_PHRASES)
OPEN = ("speaking", "reading")


class Speaker(Watcher):
    """A session, a room, and somebody who holds the talk key and speaks."""

    def __init__(self, session: Session, sound: Room, data_dir: Path) -> None:
        super().__init__(session)
        self.sound = sound
        self.data_dir = data_dir
        self.watching = threading.Event()
        self.watching.set()

    def make_ready(self, transcribing: Transcribing = KITCHEN) -> None:
        self.session.voice.switch(True, transcribing=transcribing)
        self.wait(
            lambda now: (
                now.voice is not None
                and now.voice.state == "ready"
                and now.voice.model == transcribing.model
                and now.voice.hands_free == transcribing.hands_free
            ),
            "the model",
        )
        self.hears()

    def hears(self) -> None:
        self.wait(lambda now: now.speech is not None and now.speech.state == "listening", "the microphone")
        self.wait(lambda now: bool(self.session.process_detail("transcriber").get("sound")), "sound")

    def utterances(self) -> tuple[UtteranceView, ...]:
        voice = self.now.voice
        return voice.utterances if voice is not None else ()

    def press(self) -> UtteranceView:
        """Hold the key until an utterance has begun."""
        before = {one.number for one in self.utterances()}
        self.session.voice.talk(True)
        found = self.wait(
            lambda now: (
                now.voice is not None and any(one.number not in before for one in now.voice.utterances)
            ),
            "the utterance",
        )
        assert found.voice is not None
        return found.voice.utterances[-1]

    def known(self, number: int, *, not_in: tuple[str, ...] = OPEN) -> UtteranceView:
        """An utterance once it is in no such state any more."""

        def it(now: Snapshot) -> UtteranceView | None:
            every = now.voice.utterances if now.voice is not None else ()
            return next((one for one in every if one.number == number and one.state not in not_in), None)

        found = it(self.wait(lambda now: it(now) is not None, f"the end of utterance {number}"))
        assert found is not None
        return found

    def tell(self, text: str) -> UtteranceView:
        """Hold the key, say it, let go; what became of it."""
        number = self.press().number
        self.sound.play(spoken(text))
        self.session.voice.talk(False)
        return self.known(number)

    def pid(self, process: str) -> int:
        return next(one.pid for one in self.now.processes if one.name == process)

    def begin(self) -> str:
        self.session.start_episode("listen")
        found = self.wait(lambda now: now.recording is not None, "the episode").recording
        assert found is not None
        return found.episode_id

    def end(self, episode_id: str) -> Episode:
        self.session.end_episode("success")
        self.wait(lambda now: now.recording is None, "its end")
        report = verify_episode(self.data_dir / "episodes" / episode_id)
        assert report.errors == ()
        return Dataset.open(self.data_dir).episode(episode_id)


@contextmanager
def speaking(folder: Path) -> Iterator[Speaker]:
    """A session with nothing but a recorder and voice, in a room of its own, whose owner is seen to watch."""
    with pytest.MonkeyPatch.context() as patch, room(folder) as sound:
        for name, value in sound.environment.items():
            patch.setenv(name, value)
        session = Session(data_dir=folder / "set", processes=("recorder",))
        speaker = Speaker(session, sound, folder / "set")
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(0.1):
                if speaker.watching.is_set():
                    session.beat()

        thread = threading.Thread(target=beat, name="owner's beat")
        thread.start()
        try:
            speaker.make_ready()
            yield speaker
        finally:
            ended.set()
            thread.join()
            session.close()


def spoken(text: str) -> NDArray[np.int16]:
    """A text as it sounds in the room."""
    return in_room(say(text, VOICE), rng=np.random.default_rng(3), before_s=0.2, after_s=0.1)
