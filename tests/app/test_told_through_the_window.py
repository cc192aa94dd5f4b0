"""A voice in a room, the talk key of the window, recogniser, policy, robot, recording: all of it together, and real."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.collection.plan import CollectionPlan
from app.gui.frame import Frame
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.window import Window
from app.messages import Mode
from app.session import Session
from app.session.policy_view import SubtaskView
from app.session.view import Snapshot
from app.session.voice_view import UtteranceView
from drivers.sim.operator.places import COUNTER_LIFT_M
from drivers.sim.remote import SimRemote
from recordings import ActionSource, Dataset
from recordings.verify import verify_episode
from tests.support.sound import Room, room
from tests.support.speaker import spoken

pytestmark = pytest.mark.timeout(300)

PATIENCE_S = 90.0
TOLD = "raise the lift"


class Expert:
    """Somebody at the window, in a room with a microphone."""

    def __init__(self, frame: Frame, session: Session, sound: Room) -> None:
        self.frame = frame
        self.session = session
        self._sound = sound

    def wait(self, until: Callable[[Snapshot], bool], what: str) -> Snapshot:
        """Let the window live until it has seen that something is so."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            now = self.frame.now()
            if until(now):
                return now
            QTest.qWait(10)
        now = self.session.snapshot()
        raise TimeoutError(f"{what} did not come about; {now.mode}, {now.voice}, {now.policy}, {now.notices}")

    def press(self, key: Qt.Key) -> None:
        """A key of the Drive page."""
        self.frame.setFocus()
        QTest.keyClick(self.frame, key)

    def say(self, text: str) -> UtteranceView:
        """Hold the talk key, say it, let go; what was understood."""
        QTest.keyPress(self.frame, Qt.Key.Key_Space)
        self.wait(lambda now: _newest(now) is not None and _newest(now).state == "speaking", "an utterance")
        speaking = threading.Thread(target=self._sound.play, args=(spoken(text),))
        speaking.start()
        while speaking.is_alive():  # the window lives on: it is what says that somebody watches
            QTest.qWait(10)
        speaking.join()
        QTest.keyRelease(self.frame, Qt.Key.Key_Space)
        read = self.wait(lambda now: _newest(now).state not in ("speaking", "reading"), "what was said")
        return _newest(read)


def _newest(now: Snapshot) -> UtteranceView:
    assert now.voice is not None
    return now.voice.utterances[-1] if now.voice.utterances else UtteranceView(number=0, state="")


def subtask_of(now: Snapshot) -> SubtaskView | None:
    return now.policy.subtask if now.policy is not None else None


@contextmanager
def expert(folder: Path) -> Iterator[Expert]:
    with pytest.MonkeyPatch.context() as patch, room(folder) as sound:
        for name, value in sound.environment.items():
            patch.setenv(name, value)
        settings = Settings(folder / "window.ini")
        settings.first_steps, settings.muted = False, True
        settings.plan = CollectionPlan(task="get ready", operator="ada", countdown_s=0.0)
        session = Session(data_dir=folder / "set", seed=3)
        window: Window | None = None
        try:
            window = Window(settings=settings, theme=Theme())
            window.resize(1280, 800)
            window.show()
            window.attach(session)
            window.activateWindow()
            assert QTest.qWaitForWindowActive(window, 5000)
            assert window.frame is not None
            yield Expert(window.frame, session, sound)
        finally:
            if window is not None:
                window.close()
            session.close()


def test_a_phrase_that_is_spoken_with_the_key_held_moves_the_robot_and_is_recorded(
    qapp: QApplication, tmp_path: Path
) -> None:
    with expert(tmp_path) as told, SimRemote(told.session.runtime_dir, timeout_s=20.0) as world:
        told.wait(lambda now: now.ready and now.homed, "robot and cameras")
        told.press(Qt.Key.Key_L)
        told.wait(lambda now: now.mode is Mode.VERBAL, "verbal mode, with the scripted policy")
        told.wait(lambda now: now.voice is not None and now.voice.state == "ready", "the recogniser")
        told.wait(lambda now: now.speech is not None and now.speech.state == "listening", "the microphone")
        told.wait(lambda now: bool(told.session.process_detail("transcriber").get("sound")), "sound")
        told.press(Qt.Key.Key_R)
        recording = told.wait(lambda now: now.recording is not None, "an episode").recording
        assert recording is not None
        QTest.qWait(800)  # of silence, to tell the speech from
        assert world.truth().lift_m < COUNTER_LIFT_M - 0.05

        said = told.say(TOLD)
        assert (said.state, said.accepted) == ("accepted", TOLD)
        done = told.wait(
            lambda now: (one := subtask_of(now)) is not None and one.text == TOLD and one.done, "the lift"
        )
        subtask = subtask_of(done)
        assert subtask is not None
        assert subtask.origin == "voice"
        assert said.ended_ns < subtask.applied_ns < subtask.first_action_ns
        assert world.truth().lift_m == pytest.approx(COUNTER_LIFT_M, abs=0.02)
        side = told.frame.drive_page.told_side
        assert side.card.words[2] == TOLD
        assert side.card.words[1].startswith("by voice")
        assert side.spoken.words[0] == f"“{TOLD}”"
        assert told.frame.drive_page.record._line.accessibleName().endswith("with sound")

        told.press(Qt.Key.Key_U)
        told.wait(lambda now: (one := subtask_of(now)) is not None and one.thumb == 1, "a thumb up")
        told.press(Qt.Key.Key_S)
        episode_id = recording.episode_id
        told.wait(
            lambda now: any(one.episode_id == episode_id and one.complete for one in now.episodes),
            "the episode's end",
        )
        told.press(Qt.Key.Key_H)
        told.wait(lambda now: now.mode is Mode.HOLD, "hold")

    assert verify_episode(tmp_path / "set" / "episodes" / episode_id).errors == ()
    episode = Dataset.open(tmp_path / "set").episode(episode_id)
    utterances = [event.data for event in episode.events if event.kind == "utterance"]
    assert [data["state"] for data in utterances] == ["speaking", "reading", "accepted"]
    assert utterances[-1]["accepted"] == TOLD
    subtasks = [event.data for event in episode.events if event.kind == "subtask"]
    assert [data["state"] for data in subtasks[:3]] == ["applied", "acting", "done"]
    assert {data["text"] for data in subtasks} == {TOLD}
    assert subtasks[0]["utterance"] == said.number
    thumbs = [event.data for event in episode.events if event.kind == "thumb"]
    assert [(data["text"], data["thumb"]) for data in thumbs] == [(TOLD, 1)]

    action = episode.action
    verbal = action.source == ActionSource.VERBAL
    under = action.subtask >= 0
    assert verbal.sum() > 50
    assert (under & verbal).sum() > 50
    assert {episode.subtasks[index] for index in np.unique(action.subtask[under & verbal])} == {TOLD}
    first = action.time_ns[under & verbal][0]
    assert abs(first - subtask.first_action_ns) < 0.2e9

    track = episode.audio
    assert track is not None
    ends = np.append(track.first_sample[1:], len(track.samples))
    inside = [
        np.abs(track.samples[begin:end].astype(int)).max()
        for time_ns, begin, end in zip(track.time_ns, track.first_sample, ends, strict=True)
        if said.began_ns <= time_ns < said.ended_ns
    ]
    assert np.mean(np.array(inside) > 500) > 0.3
