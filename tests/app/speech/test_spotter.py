"""Words in real sound, spoken by voices of eSpeak: those that are meant are found, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from app.bench.voices import HELD_OUT, Voice, in_room, room_noise, say
from app.speech.spotter import Heard, Spotter
from app.speech.utterances import Utterances
from app.speech.vocabulary import PHRASES, Phrase, UnknownWord, phrase_of, phrases_of
from drivers.microphone.capture import RATE_HZ

BLOCK = 480
VOICE = Voice("en-us", 150)


@pytest.fixture(scope="module")
def loaded() -> Spotter:
    return Spotter(PHRASES)


@pytest.fixture
def spotter(loaded: Spotter) -> Iterator[Spotter]:
    loaded.reset()
    yield loaded
    loaded.reset()


class Clock:
    """Sound that goes on: what is heard in it, on a clock that never goes back."""

    now_ns = 0

    def hear(self, spotter: Spotter, sound: NDArray[np.int16]) -> list[Heard]:
        found = []
        for start in range(0, len(sound), BLOCK):
            block = sound[start : start + BLOCK]
            Clock.now_ns += len(block) * 1_000_000_000 // RATE_HZ
            found += spotter.take(block, Clock.now_ns)
        return found


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase.text)
def test_a_phrase_is_heard_once(spotter: Spotter, rng: np.random.Generator, phrase: Phrase) -> None:
    heard = Clock().hear(spotter, in_room(say(phrase.text, VOICE), rng=rng))
    assert [one.phrase for one in heard] == [phrase]


def test_it_is_stamped_with_the_end_of_the_speech(spotter: Spotter, rng: np.random.Generator) -> None:
    spoken = say("robot stop", VOICE)
    begun_ns = Clock.now_ns
    [heard] = Clock().hear(spotter, in_room(spoken, rng=rng, before_s=0.6))
    assert (heard.said_ns - begun_ns) / 1e9 == pytest.approx(0.6 + len(spoken) / RATE_HZ, abs=0.25)


def test_most_is_heard_of_voices_that_nothing_was_tuned_on(
    spotter: Spotter, rng: np.random.Generator
) -> None:
    said = [(voice, phrase) for voice in HELD_OUT[:1] for phrase in PHRASES]
    right = 0
    for voice, phrase in said:
        heard = Clock().hear(spotter, in_room(say(phrase.text, voice), rng=rng))
        assert len(heard) <= 1
        right += [one.phrase for one in heard] == [phrase]
    assert right >= 0.75 * len(said)


@pytest.mark.parametrize(
    "sentence",
    [
        "the robot stops at the table and then we start recording the next demonstration",
        "could you bring me the blue cup please",
        "good morning",
        "that was not well done at all",
        "I hold it still while you take the plate back",
    ],
)
def test_talk_is_not_a_command(spotter: Spotter, rng: np.random.Generator, sentence: str) -> None:
    for voice in (VOICE, HELD_OUT[0]):
        assert Clock().hear(spotter, in_room(say(sentence, voice), rng=rng)) == []


def test_noise_and_silence_are_not_a_command(spotter: Spotter, rng: np.random.Generator) -> None:
    for dbfs in (-80.0, -45.0, -20.0):
        noise = room_noise(5 * RATE_HZ, dbfs, rng).clip(-32768, 32767).astype(np.int16)
        assert Clock().hear(spotter, noise) == []
    knocks = np.zeros(3 * RATE_HZ, np.int16)
    knocks[:: RATE_HZ // 2] = 30_000
    assert Clock().hear(spotter, knocks) == []


def test_an_echo_is_not_a_second_command(spotter: Spotter, rng: np.random.Generator) -> None:
    spoken = in_room(say("success", VOICE), rng=rng, before_s=0.3, after_s=0.3)
    pause = np.zeros(2 * RATE_HZ, np.int16)
    assert len(Clock().hear(spotter, np.concatenate([spoken, spoken, pause]))) == 1
    assert len(Clock().hear(spotter, np.concatenate([pause, spoken, pause]))) == 1


def test_an_interruption_ends_what_had_begun(spotter: Spotter, rng: np.random.Generator) -> None:
    spoken = in_room(say("robot stop", VOICE), rng=rng)
    half = len(spoken) // 2
    assert Clock().hear(spotter, spoken[:half]) == []
    assert spotter.hearing
    spotter.reset()
    assert not spotter.hearing
    assert "robot stop" not in [one.phrase.text for one in Clock().hear(spotter, spoken[half:])]


def test_a_word_that_the_dictionary_lacks_is_named() -> None:
    with pytest.raises(UnknownWord, match="blorgify"):
        Spotter((phrase_of("blorgify"),))


def test_one_word_that_the_dictionary_lacks_does_not_make_the_others_unheard(
    spotter: Spotter, rng: np.random.Generator
) -> None:
    try:
        with pytest.raises(UnknownWord, match="blorgify"):
            spotter.listen_for((phrase_of("blorgify"), phrase_of("robot stop")))
        heard = Clock().hear(spotter, in_room(say("robot stop", VOICE), rng=rng))
        assert [one.phrase.text for one in heard] == ["robot stop"]
    finally:
        spotter.listen_for(PHRASES)


def test_talk_without_a_pause_is_let_pass(rng: np.random.Generator) -> None:
    sentence = " ".join(["we put the plate into the sink and wipe the counter with the sponge"] * 2)
    sound = in_room(say(sentence, VOICE), rng=rng)
    found = Utterances().take(sound, 0)
    assert all(utterance.duration_s < 2.6 for utterance in found)
    assert sum(utterance.duration_s for utterance in found) < 0.5 * len(sound) / RATE_HZ


def test_words_among_triggers() -> None:
    phrases = phrases_of(["gamepad:a", "word:robot stop", "word:Full  Stop", "word:robot stop", "word:"])
    assert [(phrase.text, phrase.urgent) for phrase in phrases] == [("robot stop", True), ("full stop", True)]
    assert phrases[0] == PHRASES[0]


def test_what_stops_the_robot_is_urgent_whatever_its_words() -> None:
    phrases = phrases_of(["word:success", "word:freeze"], urgent=("word:freeze", "pad:guide"))
    assert [(phrase.text, phrase.urgent) for phrase in phrases] == [("success", False), ("freeze", True)]
