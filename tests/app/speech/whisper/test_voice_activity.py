"""The detector hears speech begin and end, and is not moved by noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from app.speech.espeak import Voice, in_room, room_noise, say
from app.speech.whisper import voice_activity
from app.speech.whisper.voice_activity import WINDOW, Began, DetectorMissing, Ended, Hearing, VoiceActivity
from drivers.microphone.capture import RATE_HZ


@pytest.fixture(scope="module")
def loaded() -> VoiceActivity:
    return VoiceActivity()


@pytest.fixture
def activity(loaded: VoiceActivity) -> VoiceActivity:
    loaded.reset()
    return loaded


@pytest.mark.parametrize("block", [480, WINDOW, 20_000])
def test_speech_begins_and_ends_where_it_does(activity: VoiceActivity, block: int) -> None:
    rng = np.random.default_rng(1)
    spoken = say("pick up the plate", Voice("en-us"))
    sound = in_room(spoken, rng=rng, before_s=1.0, after_s=1.0)
    events = []
    for start in range(0, len(sound), block):
        events += activity.take(sound[start : start + block])
    assert [type(event) for event in events] == [Began, Ended]
    assert events[0].sample == pytest.approx(RATE_HZ, abs=0.15 * RATE_HZ)
    assert events[1].sample == pytest.approx(RATE_HZ + len(spoken), abs=0.25 * RATE_HZ)
    assert events[0].sample % WINDOW == events[1].sample % WINDOW == 0


def test_a_short_pause_ends_nothing_and_a_long_one_does(activity: VoiceActivity) -> None:
    rng = np.random.default_rng(2)
    word = say("open the drawer", Voice("en-us"))
    for pause_s, ends in ((0.2, 1), (1.2, 2)):
        activity.reset()
        sound = np.concatenate((word, np.zeros(int(pause_s * RATE_HZ)), word))
        events = activity.take(in_room(sound, rng=rng, before_s=0.5, after_s=1.0))
        assert sum(isinstance(event, Ended) for event in events) == ends


def test_noise_and_silence_are_no_speech(activity: VoiceActivity) -> None:
    noise = room_noise(5 * RATE_HZ, -40.0, np.random.default_rng(3)).astype(np.int16)
    assert activity.take(noise) == []
    assert activity.take(np.zeros(5 * RATE_HZ, np.int16)) == []
    assert not activity.speaking


def test_a_reset_forgets_what_began(activity: VoiceActivity) -> None:
    sound = in_room(
        say("open the drawer", Voice("en-us")), rng=np.random.default_rng(4), before_s=0.3, after_s=0.0
    )
    activity.take(sound)
    assert activity.speaking
    activity.reset()
    assert not activity.speaking
    assert activity.take(np.zeros(RATE_HZ, np.int16)) == []


def test_the_hang_over_can_be_set() -> None:
    activity = VoiceActivity(Hearing(hang_over_s=1.5))
    sound = in_room(
        say("open the drawer", Voice("en-us")), rng=np.random.default_rng(4), before_s=0.3, after_s=1.0
    )
    assert [type(event) for event in activity.take(sound)] == [Began]


def test_it_leaves_the_threads_of_everything_else_alone() -> None:
    before = torch.get_num_threads()
    VoiceActivity()
    assert torch.get_num_threads() == before


def test_without_its_package_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_activity.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DetectorMissing, match="pip install silero-vad"):
        VoiceActivity()
