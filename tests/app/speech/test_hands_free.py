"""Utterances without a key, by the real detector and speech that eSpeak speaks."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from app.speech.espeak import Voice, in_room, room_noise, say
from app.speech.hands_free import HandsFree
from app.speech.push_to_talk import OVER_S
from app.speech.ring import SoundRing
from app.speech.said import HANDS_FREE, Said, Unsaid
from app.speech.whisper.voice_activity import VoiceActivity

START_NS = 9_000_000_000
BLOCK = 480


class Ear:
    """A ring and what looks for speech in it, fed in blocks."""

    def __init__(self, *, longest_s: float = 5.12) -> None:
        self.ring = SoundRing()
        self.hands_free = HandsFree(self.ring, VoiceActivity(), longest_s=longest_s)
        self.now_ns = START_NS

    def hear(self, sound: NDArray[np.int16]) -> list[int | Said | Unsaid]:
        found: list[int | Said | Unsaid] = []
        for start in range(0, len(sound) - BLOCK + 1, BLOCK):
            block = sound[start : start + BLOCK]
            self.ring.take(self.now_ns, block)
            found += self.hands_free.take(self.now_ns, block)
            self.now_ns += 30_000_000
        return found


def spoken(text: str, *, before_s: float = 1.0, after_s: float = 1.0) -> NDArray[np.int16]:
    rng = np.random.default_rng(4)
    return in_room(say(text, Voice("en-us+m1", 150)), rng=rng, before_s=before_s, after_s=after_s)


def test_a_sentence_is_cut_out_with_a_little_around_it() -> None:
    ear = Ear()
    sound = spoken("pick up the sponge")
    number, said = ear.hear(sound)
    assert isinstance(said, Said)
    assert (said.number, said.by, said.note) == (number, HANDS_FREE, "")
    spoken_s = len(sound) / 16_000 - 2.0
    assert said.began_ns == pytest.approx(START_NS + 0.7e9, abs=0.15e9)
    assert said.ended_ns == pytest.approx(START_NS + (1.1 + spoken_s) * 1e9, abs=0.25e9)
    assert len(said.samples) == pytest.approx((said.ended_ns - said.began_ns) * 16 / 1e6, abs=1)
    assert np.abs(said.samples).max() == np.abs(sound).max()
    assert ear.hands_free.number is None


def test_two_sentences_are_two_and_noise_is_none() -> None:
    ear = Ear()
    found = ear.hear(np.concatenate([spoken("open the drawer"), spoken("take the handle")]))
    first, second = [one for one in found if isinstance(one, Said)]
    assert first.ended_ns <= second.began_ns
    noise = room_noise(16_000 * 5, -40.0, np.random.default_rng(2)).astype(np.int16)
    assert ear.hear(noise) == []


def test_talk_without_an_end_is_cut_once_and_then_let_pass() -> None:
    ear = Ear(longest_s=2.0)
    talk = spoken(
        "we went to the market yesterday and bought so many apples and pears that nobody could carry them all home",
        after_s=2.0,
    )
    found = ear.hear(talk)
    (cut,) = [one for one in found if isinstance(one, Said)]
    # More than the model hears at once, so that its reader sees that it was cut, and asks.
    assert cut.ended_ns - cut.began_ns == 2_000_000_000 + int(OVER_S * 1e9)
    assert "cut" in cut.note
    (said,) = [one for one in ear.hear(spoken("open the drawer")) if isinstance(one, Said)]
    assert said.note == ""


def test_sound_that_is_interrupted_ends_what_was_said_and_begins_anew() -> None:
    ear = Ear()
    sound = spoken("pick up the sponge")
    (number,) = ear.hear(sound[: int(1.6 * 16_000)])
    assert ear.hands_free.number == number
    heard_ns = ear.now_ns
    ear.now_ns += 5_000_000_000  # unplugged
    (lost,) = ear.hear(np.zeros(16_000, np.int16))
    assert isinstance(lost, Unsaid)
    assert (lost.number, lost.by, lost.ended_ns, lost.lost) == (number, HANDS_FREE, heard_ns, True)
    assert "microphone was lost" in lost.reason
    assert ear.hands_free.number is None
    _, said = ear.hear(spoken("pick up the sponge"))
    assert isinstance(said, Said)
    assert said.began_ns > number + 5_000_000_000


def test_what_is_given_up_is_told_once_and_only_while_somebody_speaks() -> None:
    ear = Ear()
    assert ear.hands_free.give_up("the talk key was pressed") == []
    (number,) = ear.hear(spoken("pick up the sponge")[: int(1.6 * 16_000)])
    (given_up,) = ear.hands_free.give_up("the talk key was pressed")
    assert (given_up.number, given_up.reason, given_up.lost) == (number, "the talk key was pressed", False)
    assert ear.hands_free.give_up("the talk key was pressed") == []
