"""What was really said, by the word of a person: kept with its sound, while that is still here."""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

from app.speech.reading_desk import Read
from app.speech.said import Said
from app.speech.telling import told_of_reading
from app.speech.transcripts import Transcript, write_pair

KEPT = 16
"""Utterances whose sound is kept for a correction: half a megabyte each at most."""


class SoundGone(LookupError):
    """An utterance's sound is no longer kept."""


class Corrections:
    """The last utterances, and the pairs that are made of them.

    Args:
        data_dir: the dataset's folder, beside whose episodes the pairs are kept.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._said: deque[Said] = deque(maxlen=KEPT)
        self._reads: dict[int, Read] = {}

    def keep(self, said: Said) -> None:
        """Keep an utterance for a while."""
        self._said.append(said)
        kept = {one.number for one in self._said}
        self._reads = {number: read for number, read in self._reads.items() if number in kept}

    def learn(self, read: Read) -> None:
        """What a model made of one that is kept."""
        self._reads[read.said.number] = read

    def correct(self, number: int, text: str, *, model: str, device: str) -> tuple[Path, str]:
        """Write a transcript pair.

        Args:
            number: of the utterance.
            text: what was said.
            model: that read it.
            device: the microphone that heard it.

        Returns:
            The path of the sound, and what the model had heard.

        Raises:
            SoundGone: its sound is no longer kept, or was another process's.
            RecordingError, OSError: the disk refuses it.
        """
        said = next((one for one in self._said if one.number == number), None)
        if said is None:
            raise SoundGone(
                "the words count, but the sound of that utterance is no longer kept, so it is no pair to train on"
            )
        read = self._reads.get(number)
        heard, candidates = "", ()
        if read is not None and read.reading is not None and read.decision is not None:
            _, data = told_of_reading(said, read.reading, read.decision)
            heard, candidates = data["heard"], tuple(data["candidates"])
        ago_s = (time.monotonic_ns() - said.began_ns) / 1e9
        transcript = Transcript(
            text=text,
            heard=heard,
            candidates=candidates,
            model=model,
            by=said.by,
            device=device,
            recorded_at=datetime.fromtimestamp(time.time() - ago_s, UTC).isoformat(timespec="milliseconds"),
            began_ns=said.began_ns,
        )
        return write_pair(self._data_dir, said.samples, transcript), heard
