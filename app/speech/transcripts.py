"""Transcript pairs: the sound of an utterance and what a person said that it was, to train a recogniser on."""

from __future__ import annotations

import io
import wave
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.microphone.capture import RATE_HZ
from recordings.files import replace_file

FOLDER = "transcripts"
"""In the dataset's folder, beside the episodes."""


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside the sound of a pair.

    Attributes:
        text: what was said, by a person.
        heard: what the model wrote by itself.
        candidates: the known phrases it thought likeliest, with `probability` and `score`.
        model: its name.
        by: how the utterance was marked, `push` or `hands-free`.
        device: the microphone.
        recorded_at: wall-clock time in UTC, ISO 8601.
        began_ns: of the sound, monotonic, as in the events of an episode that was running.
        rate_hz: of the samples.
    """

    text: str
    heard: str = ""
    candidates: tuple[dict[str, str | float], ...] = ()
    model: str = ""
    by: str = ""
    device: str = ""
    recorded_at: str = ""
    began_ns: int = 0
    rate_hz: int = RATE_HZ


def write_pair(data_dir: Path, samples: NDArray[np.int16], transcript: Transcript) -> Path:
    """Keep a pair: `NAME.wav` and then, when that is whole, `NAME.json`. A sound without text is no pair.

    Args:
        data_dir: the dataset's folder.
        samples: (n,) mono at 16 kHz.
        transcript: what was said.

    Returns:
        The sound's path.

    Raises:
        RecordingError: there can be no dataset in that folder.
        OSError: the disk is full or refuses it; no half a pair is left under a name.
    """
    # Only here, for it costs half a second. What else is in an empty folder keeps a dataset from being made there.
    from recordings import Dataset

    Dataset.open(data_dir, create=True)
    folder = data_dir / FOLDER
    folder.mkdir(exist_ok=True)
    # An utterance that is corrected once more stays one pair: the last word counts.
    before = min(folder.glob(f"[0-9]*-{transcript.began_ns}.wav"), default=None)
    name = before.stem if before is not None else f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{transcript.began_ns}"
    sound = folder / f"{name}.wav"
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(transcript.rate_hz)
        file.writeframes(samples.astype("<i2").tobytes())
    replace_file(sound, written.getvalue())
    text = msgspec.json.format(msgspec.json.encode(transcript), indent=2)
    replace_file(folder / f"{name}.json", text + b"\n")
    return sound
