"""What is lost on the way from a voice to a phrase is said, and taken back when it is there again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.speech.transcribing import Transcribing
from app.speech.whisper.phrases import KITCHEN_PHRASES
from recordings.verify import verify_episode
from tests.support.live_session import notices_of
from tests.support.speaker import Speaker, speaking, spoken

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def speaker(tmp_path: Path) -> Iterator[Speaker]:
    with speaking(tmp_path) as made:
        yield made


def test_a_microphone_that_is_unplugged_is_told_of_and_taken_back(speaker: Speaker) -> None:
    episode_id = speaker.begin()
    number = speaker.press().number
    speaker.sound.unplug()
    lost = speaker.known(number)
    assert lost.state == "failed"
    assert "microphone was lost" in lost.reason
    found = speaker.wait(lambda now: bool(notices_of(now, "microphone")), "the notice")
    assert "What is said is not heard" in notices_of(found, "microphone")[0].what
    speaker.session.voice.talk(False)
    speaker.session.voice.talk(True)
    speaker.wait(
        lambda now: any("no sound comes" in one.what for one in notices_of(now, "command")), "the refusal"
    )
    speaker.session.voice.talk(False)
    speaker.sound.plug()
    speaker.wait(lambda now: not notices_of(now, "microphone"), "the microphone")
    speaker.hears()
    after_ns = time.monotonic_ns()
    assert speaker.tell("take the handle").accepted == "take the handle"
    episode = speaker.end(episode_id)
    track = episode.audio
    assert track is not None
    assert np.diff(track.time_ns).max() > 1e9
    assert track.time_ns[0] < after_ns < track.time_ns[-1] + int(1e9)
    findings = verify_episode(speaker.data_dir / "episodes" / episode_id).findings
    assert any(one.what == "gaps in sound" for one in findings)


def test_a_microphone_that_is_unplugged_ends_what_is_said_without_a_key(speaker: Speaker) -> None:
    speaker.make_ready(Transcribing(known=KITCHEN_PHRASES, hands_free=True))
    sound = spoken(
        "we went to the market and bought apples and pears and carried them all the way home again"
    )

    def talk() -> None:
        with contextlib.suppress(subprocess.CalledProcessError):  # what it plays into is taken away
            speaker.sound.play(sound)

    talking = threading.Thread(target=talk, name="talk")
    talking.start()
    try:
        speaker.wait(
            lambda now: (
                now.voice is not None and any(one.state == "speaking" for one in now.voice.utterances)
            ),
            "the utterance",
        )
        speaker.sound.unplug()
    finally:
        talking.join()
    lost = speaker.known(speaker.utterances()[-1].number)
    assert lost.state == "failed"
    assert "microphone was lost" in lost.reason
    speaker.wait(lambda now: now.voice is not None and not now.voice.hearing, "silence")


def test_a_transcriber_killed_in_mid_utterance_loses_that_one_and_says_so(speaker: Speaker) -> None:
    episode_id = speaker.begin()
    number = speaker.press().number
    os.kill(speaker.pid("transcriber"), signal.SIGKILL)
    lost = speaker.known(number)
    assert lost.state == "failed"
    assert "say it again" in lost.reason
    found = speaker.wait(lambda now: bool(notices_of(now, "process:transcriber")), "the notice")
    assert "say it again" in notices_of(found, "process:transcriber")[0].remedy
    assert found.voice is not None
    assert found.voice.state == "lost"
    speaker.session.voice.talk(False)
    speaker.session.voice.talk(True)
    speaker.wait(lambda now: any("is lost" in one.what for one in notices_of(now, "command")), "the refusal")
    speaker.session.voice.talk(False)
    speaker.make_ready()
    speaker.wait(lambda now: not notices_of(now, "process:transcriber"), "the end of the notice")
    assert speaker.tell("raise the lift").accepted == "raise the lift"
    episode = speaker.end(episode_id)
    states = [event.data["state"] for event in episode.events if event.data.get("utterance") == number]
    assert states == ["speaking", "failed"]


def test_what_is_switched_off_is_refused_and_gone(speaker: Speaker) -> None:
    episode_id = speaker.begin()
    number = speaker.press().number
    speaker.session.voice.switch(False)
    gone = speaker.wait(lambda now: now.voice is None and now.speech is None, "the end")
    assert [one.name for one in gone.processes] == ["recorder"]
    speaker.session.voice.talk(True)
    speaker.wait(
        lambda now: any("switched off" in one.what for one in notices_of(now, "command")), "the refusal"
    )
    episode = speaker.end(episode_id)
    told = [event.data for event in episode.events if event.data.get("utterance") == number]
    assert [data["state"] for data in told] == ["speaking", "failed"]
    assert "switched off" in told[-1]["reason"]
