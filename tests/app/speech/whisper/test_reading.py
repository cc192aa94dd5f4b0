"""The two readings of an utterance are what Whisper itself computes, only sooner."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import whisper
from numpy.typing import NDArray

from app.speech.whisper.mel import encode, log_mel
from app.speech.whisper.model import SpeechModel
from app.speech.whisper.phrases import KITCHEN_PHRASES, written
from app.speech.whisper.reading import Reader

Sound = NDArray[np.int16]
Spoken = Callable[[str], Sound]


def padded(samples: Sound, count: int) -> torch.Tensor:
    audio = torch.zeros(count)
    audio[: len(samples)] = torch.from_numpy(samples / np.float32(32768))
    return audio


def test_the_spectrogram_is_whispers(spoken: Spoken) -> None:
    audio = padded(spoken("pick up the plate"), 256 * 320)
    theirs = whisper.log_mel_spectrogram(audio)
    ours = log_mel(torch.stack((audio, 0.01 * audio)), n_mels=80)
    torch.testing.assert_close(ours[0], theirs)
    torch.testing.assert_close(ours[1], whisper.log_mel_spectrogram(0.01 * audio))


@torch.no_grad()
def test_over_the_whole_context_the_features_are_whispers(small: SpeechModel, spoken: Spoken) -> None:
    mel = whisper.log_mel_spectrogram(padded(spoken("pick up the plate"), 256 * 320))[None]
    torch.testing.assert_close(encode(small.whisper.encoder, mel), small.whisper.encoder(mel))


@torch.no_grad()
def test_each_phrase_scores_what_whisper_gives_it_when_it_is_dictated(
    small: SpeechModel, spoken: Spoken
) -> None:
    """By the plain way: each phrase for itself, through the whole network, logits of everything."""
    sound = spoken("pick up the plate")
    reading = Reader(small, KITCHEN_PHRASES).read(sound)
    assert len(reading.candidates) == len(KITCHEN_PHRASES)
    mel = log_mel(padded(sound, small.positions_for(len(sound)) * 320)[None], n_mels=80)
    features = encode(small.whisper.encoder, mel)
    tokenizer = small.tokenizer
    for candidate in reading.candidates:
        text = tokenizer.encode(written(candidate.phrase))
        tokens = [*tokenizer.sot_sequence_including_notimestamps, *text]
        logprobs = small.whisper.decoder(torch.tensor([tokens]), features)[0].log_softmax(-1)
        wanted = [*text, tokenizer.eot]
        plain = sum(float(logprobs[len(tokens) - len(wanted) + i, token]) for i, token in enumerate(wanted))
        assert candidate.score == pytest.approx(plain, abs=2e-3)
        assert candidate.mean_score == pytest.approx(plain / len(wanted), abs=2e-3)
    first = small.whisper.decoder(torch.tensor([tokenizer.sot_sequence_including_notimestamps]), features)[
        0, -1
    ]
    assert reading.unclear == pytest.approx(float(first.softmax(-1)[tokenizer.encode(" ...")[0]]), rel=1e-2)
    scores = [candidate.score for candidate in reading.candidates]
    assert scores == sorted(scores, reverse=True)


def test_the_free_text_is_whispers(small: SpeechModel, spoken: Spoken) -> None:
    sound = spoken("carry the sponge to the sink")
    sound = np.pad(sound, (0, 250 * 320 - len(sound)))
    reading = Reader(small, ()).read(sound)
    mel = whisper.log_mel_spectrogram(padded(sound, 256 * 320))
    plain = whisper.decode(
        small.whisper, mel, whisper.DecodingOptions(language="en", without_timestamps=True, fp16=False)
    )
    assert reading.text == plain.text
    assert reading.mean_logprob == pytest.approx(plain.avg_logprob, abs=1e-3)
    assert reading.logprob == pytest.approx(plain.avg_logprob * (len(plain.tokens) + 1), rel=1e-3)
    assert reading.no_speech == pytest.approx(plain.no_speech_prob, abs=1e-6)
    assert reading.candidates == ()


def test_phrases_can_be_changed(small: SpeechModel, spoken: Spoken) -> None:
    reader = Reader(small, ["open the door"])
    sound = spoken("open the door")
    assert [one.phrase for one in reader.read(sound).candidates] == ["open the door"]
    reader.phrases = ("close the door", "open the door", "a " * 40)
    found = reader.read(sound).candidates
    assert {one.phrase for one in found} == set(reader.phrases)
    assert all(np.isfinite(one.score) for one in found)


def test_what_is_too_long_is_cut_and_said(small: SpeechModel) -> None:
    sound = np.random.default_rng(0).normal(0, 1000, 6 * 16_000).astype(np.int16)
    reading = Reader(small, KITCHEN_PHRASES[:2]).read(sound)
    assert reading.duration_s == 6.0
    assert reading.cut_s == pytest.approx(6.0 - 5.12)


@pytest.mark.parametrize("count", [0, 1, 100, 16_000])
def test_silence_of_any_length_is_read(small: SpeechModel, count: int) -> None:
    reading = Reader(small, KITCHEN_PHRASES[:2]).read(np.zeros(count, np.int16))
    assert reading.loudest_dbfs == -96.0
    assert reading.cut_s == 0.0
    assert np.isfinite([one.score for one in reading.candidates]).all()


def test_the_loudest_moment_is_told(small: SpeechModel) -> None:
    sound = np.zeros(16_000, np.int16)
    sound[4000:4800] = 3277
    assert Reader(small, ()).read(sound).loudest_dbfs == pytest.approx(-20.0, abs=0.1)


def test_time_is_told_for_each_part(small: SpeechModel) -> None:
    reading = Reader(small, KITCHEN_PHRASES).read(np.zeros(16_000, np.int16))
    assert min(reading.encode_ms, reading.transcribe_ms, reading.score_ms) > 0
    assert reading.total_ms == pytest.approx(reading.encode_ms + reading.transcribe_ms + reading.score_ms)
