"""The clips to train on: of voices that nothing is measured by, whole, and in rooms that leave the words audible."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.bench.voice_clips import SENTENCES, VOICES
from app.speech.espeak import Voice
from app.speech.whisper import clips
from app.speech.whisper.clips import ACCENTS, CHECK_VOICES, DIALECTS, Room, spoken, training_sayings
from app.speech.whisper.phrases import KITCHEN_PHRASES
from app.speech.whisper.sentences import near_command, said_within, training_sentence

TRAINED = {"each": 70, "others": 5000, "within": 1500, "near": 5000, "accents": 40}
"""What the shipped recogniser was trained on, with seed 1."""


def test_no_voice_that_is_measured_by_is_trained_on() -> None:
    trained = {voice.name for _, voice in training_sayings(np.random.default_rng(1), **TRAINED)}
    assert {name.partition("+")[0] for name in trained} == {*DIALECTS, *ACCENTS}
    for voice in (*VOICES, *CHECK_VOICES):
        assert voice.name not in trained
    assert not {voice.name for voice in VOICES} & {voice.name for voice in CHECK_VOICES}


def test_no_sentence_that_is_measured_by_was_trained_on() -> None:
    texts = {text for text, _ in training_sayings(np.random.default_rng(1), **TRAINED)}
    whole = {sentence for sentence in SENTENCES if len(sentence.split()) > 3}
    assert not whole & texts
    assert texts >= set(KITCHEN_PHRASES)


def test_no_other_sentence_is_a_command() -> None:
    rng = np.random.default_rng(0)
    assert not {training_sentence(rng) for _ in range(3000)} & set(KITCHEN_PHRASES)
    assert not {said_within(rng) for _ in range(500)} & set(KITCHEN_PHRASES)
    assert not {near_command(rng) for _ in range(3000)} & set(KITCHEN_PHRASES)
    assert not set(SENTENCES) & set(KITCHEN_PHRASES)


def test_speech_is_spoken_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sayings = [("open the drawer", Voice("en-us")), ("lower the lift", Voice("en-gb+f2", 180, 60))]
    first = spoken(sayings, folder=tmp_path)
    monkeypatch.setattr(clips, "speak", None)
    again = spoken(sayings, folder=tmp_path)
    assert [clip.text for clip in again] == ["open the drawer", "lower the lift"]
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.sound, other.sound)
        assert 0.5 * 16_000 < len(one.sound) < 2 * 16_000
        assert 0.1 < np.abs(one.sound).max() <= 1.0


def test_a_room_changes_everything_but_the_words(tmp_path: Path) -> None:
    sound = spoken([("open the drawer", Voice("en-us"))], folder=tmp_path)[0].sound
    room = Room(np.random.default_rng(0), harsh=0.0)
    count = 3 * 16_000
    heard = [room.place(sound, count) for _ in range(20)]
    for one in heard:
        assert one.shape == (count,)
        assert one.dtype == np.float32
        assert np.isfinite(one).all()
        assert 0.01 < np.abs(one).max() < 1.0
        # The words are in it, somewhere: far more power there than elsewhere.
        power = np.convolve(one * one, np.ones(len(sound) // 2), "valid")
        assert power.max() > 5 * power.min()
    assert len({one.tobytes() for one in heard}) == len(heard)


def test_a_room_with_nobody_in_it_is_finite_and_of_many_kinds() -> None:
    room = Room(np.random.default_rng(0))
    heard = [room.nothing_said(2 * 16_000) for _ in range(60)]
    assert all(
        np.isfinite(one).all() and one.shape == (32_000,) and np.abs(one).max() <= 1.0 for one in heard
    )
    assert any(not one.any() for one in heard)
    assert len({one.tobytes() for one in heard}) > 50


def test_others_may_talk_in_the_background(tmp_path: Path) -> None:
    said, other = (
        clip.sound
        for clip in spoken(
            [("open the drawer", Voice("en-us")), ("we like tea", Voice("en-gb"))], folder=tmp_path
        )
    )
    quiet, busy = (
        [Room(np.random.default_rng(seed), harsh=0.0, talk=talk).place(said, 32_000) for seed in range(6)]
        for talk in ((), (other,))
    )
    assert any(not np.array_equal(one, another) for one, another in zip(quiet, busy, strict=True))
    assert all(np.isfinite(one).all() for one in busy)
