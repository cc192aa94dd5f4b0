"""From a voice in a room to a phrase that is accepted: real sound and the real recogniser."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.speech.transcribing import Transcribing
from app.speech.whisper.phrases import KITCHEN_PHRASES
from recordings import Episode
from tests.support.live_session import notices_of
from tests.support.speaker import OPEN, Speaker, speaking, spoken
from tests.support.watcher import PATIENCE_S

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def _speaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Speaker]:
    with speaking(tmp_path_factory.mktemp("voice")) as made:
        yield made


@pytest.fixture
def speaker(_speaker: Speaker) -> Iterator[Speaker]:
    """Somebody whose voice is heard and read, by key."""
    _speaker.make_ready()
    yield _speaker
    _speaker.session.voice.talk(False)


def loud_between(episode: Episode, begin_ns: int, end_ns: int) -> float:
    """The share of an utterance's time in which the recorded sound is loud."""
    track = episode.audio
    assert track is not None
    ends = np.append(track.first_sample[1:], len(track.samples))
    blocks = [
        track.samples[first:end]
        for time_ns, first, end in zip(track.time_ns, track.first_sample, ends, strict=True)
        if begin_ns <= time_ns < end_ns
    ]
    return float(np.mean([np.abs(block.astype(int)).max() > 500 for block in blocks]))


def test_a_phrase_is_spoken_accepted_and_recorded(speaker: Speaker) -> None:
    episode_id = speaker.begin()
    time.sleep(0.8)  # of silence, to tell the speech from
    before_ns = time.monotonic_ns()
    found = speaker.tell("open the drawer")
    after_ns = time.monotonic_ns()
    assert (found.state, found.accepted, found.heard) == ("accepted", "open the drawer", "Open the drawer.")
    assert found.confidence > 0.5
    assert found.candidates[0].phrase == "open the drawer"
    assert len(found.candidates) == 5
    assert before_ns - int(0.4e9) < found.began_ns < found.ended_ns < after_ns
    assert 0.0 < found.reading_ms < PATIENCE_S * 1e3

    episode = speaker.end(episode_id)
    told = [event for event in episode.events if event.kind == "utterance"]
    assert [event.data["state"] for event in told] == ["speaking", "reading", "accepted"]
    assert {event.data["utterance"] for event in told} == {found.number}
    last = told[-1].data
    assert (last["accepted"], last["began_ns"], last["ended_ns"]) == (
        "open the drawer",
        found.began_ns,
        found.ended_ns,
    )
    assert last["candidates"][0]["score"] > last["candidates"][1]["score"] + 1.0
    # What was said can be heard in the recording, where the event says that it was.
    assert loud_between(episode, found.began_ns, found.ended_ns) > 0.4
    assert loud_between(episode, before_ns - int(0.6e9), before_ns) < 0.1


def test_a_microphone_for_utterances_needs_no_words(speaker: Speaker) -> None:
    assert speaker.now.speech is not None
    assert speaker.now.speech.words == ()
    maps = Path(f"/proc/{speaker.pid('speech')}/maps").read_text()
    assert "numpy" in maps
    assert "pocketsphinx" not in maps


def test_what_is_no_command_is_not_taken(speaker: Speaker) -> None:
    number = speaker.press().number
    time.sleep(0.6)
    speaker.session.voice.talk(False)
    nothing = speaker.known(number)
    assert (nothing.state, nothing.accepted) == ("rejected", "")
    assert "silence" in nothing.reason
    number = speaker.press().number
    speaker.session.voice.talk(False)
    assert "too short" in speaker.known(number).reason


def test_a_correction_becomes_a_transcript_pair(speaker: Speaker) -> None:
    found = speaker.tell("close the drawer")
    speaker.session.voice.correct(found.number, " close  the left drawer ")
    folder = speaker.data_dir / "transcripts"
    speaker.wait(lambda _: folder.is_dir() and len(list(folder.glob("*.json"))) == 1, "the pair")
    (text,) = folder.glob("*.json")
    kept = json.loads(text.read_text())
    assert (kept["text"], kept["heard"]) == ("close the left drawer", found.heard)
    assert kept["device"] == speaker.session.process_detail("speech")["microphone"]
    assert text.with_suffix(".wav").stat().st_size > 16_000
    speaker.wait(lambda _: speaker.known(found.number).corrected == "close the left drawer", "the correction")
    assert speaker.known(found.number).accepted == "close the left drawer"
    speaker.session.voice.correct(12345, "nothing")
    speaker.wait(
        lambda now: any("no longer kept" in one.what for one in notices_of(now, "command")), "the refusal"
    )


def test_a_key_whose_owner_hangs_ends_by_itself(speaker: Speaker) -> None:
    number = speaker.press().number
    speaker.watching.clear()
    try:
        lost = speaker.known(number)
    finally:
        speaker.watching.set()
    assert lost.state == "failed"
    assert "the window stopped answering" in lost.reason


def test_a_missing_model_stops_nothing_and_another_is_taken(speaker: Speaker) -> None:
    speaker.session.voice.switch(
        True, transcribing=Transcribing(model="/nowhere/gone.pt", known=KITCHEN_PHRASES)
    )
    found = speaker.wait(lambda now: now.voice is not None and now.voice.state == "no model", "the lack")
    assert found.voice is not None
    assert "/nowhere/gone.pt" in found.voice.detail
    assert "kitchen" in found.voice.detail  # what to do
    notice = notices_of(speaker.wait(lambda now: bool(notices_of(now, "model")), "the notice"), "model")[0]
    assert "What is said is not read" in notice.what
    speaker.session.voice.talk(True)
    speaker.wait(
        lambda now: any("is not read" in one.what for one in notices_of(now, "command")), "the refusal"
    )
    speaker.session.voice.talk(False)
    speaker.make_ready()
    speaker.wait(lambda now: not notices_of(now, "model"), "the end of the notice")
    assert speaker.tell("lower the lift").accepted == "lower the lift"


def test_hands_free_hears_who_holds_no_key(speaker: Speaker) -> None:
    speaker.make_ready(Transcribing(known=KITCHEN_PHRASES, hands_free=True))
    before = {one.number for one in speaker.utterances()}
    speaker.sound.play(spoken("open the drawer"))
    found = speaker.wait(
        lambda now: (
            now.voice is not None
            and any(one.number not in before and one.state not in OPEN for one in now.voice.utterances)
        ),
        "the utterance",
    )
    assert found.voice is not None
    assert found.voice.utterances[-1].accepted == "open the drawer"
