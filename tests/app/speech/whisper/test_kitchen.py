"""The recogniser that ships with the project: small, in Whisper's format, and it hears commands and little else.

How well is measured by `understudy bench voice`, on many clips. Here a few show that the file is the right one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import whisper
from numpy.typing import NDArray

from app.bench.voice_clips import VOICES, commands, others
from app.speech.whisper.catalogue import SHIPPED, SHIPPED_PATH
from app.speech.whisper.decision import Accepted, decide
from app.speech.whisper.model import load
from app.speech.whisper.phrases import KITCHEN_PHRASES
from app.speech.whisper.reading import Reader

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(load(SHIPPED), KITCHEN_PHRASES)


def test_it_is_small_and_in_half_precision() -> None:
    assert SHIPPED_PATH.stat().st_size <= 16 * 2**20
    checkpoint = torch.load(SHIPPED_PATH, weights_only=True)
    assert {value.dtype for value in checkpoint["model_state_dict"].values()} == {torch.float16}


def test_stock_whisper_loads_it_and_hears_the_same(
    reader: Reader, spoken: Callable[[str], NDArray[np.int16]]
) -> None:
    stock = whisper.load_model(str(SHIPPED_PATH), device="cpu")
    sound = spoken("open the drawer")
    audio = whisper.pad_or_trim(sound / np.float32(32768), 256 * 320)
    options = whisper.DecodingOptions(language="en", without_timestamps=True, fp16=False)
    result = whisper.decode(stock, whisper.log_mel_spectrogram(audio), options)
    assert result.text == "Open the drawer."
    assert result.no_speech_prob < 0.1
    assert reader.read(sound).text == result.text


def test_commands_of_voices_it_never_heard_are_accepted(reader: Reader) -> None:
    clips = list(commands(VOICES, 2 * len(KITCHEN_PHRASES), np.random.default_rng(11)))
    decisions = [decide(reader.read(clip.samples)) for clip in clips]
    right = [
        isinstance(decision, Accepted) and decision.phrase == clip.said
        for clip, decision in zip(clips, decisions, strict=True)
    ]
    assert sum(right) >= 0.9 * len(clips)


def test_what_is_no_command_is_hardly_ever_accepted(reader: Reader) -> None:
    """Never what nobody said, and hardly ever other talk, much of which is a command but for a word."""
    clips = list(others(VOICES, 60, np.random.default_rng(12)))
    accepted = [clip for clip in clips if isinstance(decide(reader.read(clip.samples)), Accepted)]
    assert all(clip.kind == "talk" for clip in accepted)
    assert len(accepted) <= 1, [clip.said for clip in accepted]


def test_noise_is_known_to_be_no_speech(reader: Reader) -> None:
    noise = np.random.default_rng(0).normal(0, 800, 32_000).astype(np.int16)
    assert reader.read(noise).no_speech > 0.9
