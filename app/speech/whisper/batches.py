"""Batches of labelled sounds to train the shipped recogniser on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from app.speech.whisper.clips import Clip, Room
from app.speech.whisper.mel import SAMPLES_PER_POSITION
from app.speech.whisper.phrases import KITCHEN_PHRASES
from app.speech.whisper.vocabulary import Vocabulary

CONTEXTS = (128, 192, 256)
"""Positions of the encoder trained on, and how often: most commands take two seconds and a half."""
CONTEXT_SHARES = (0.62, 0.26, 0.12)

LETTERS = " abcdefghijklmnopqrstuvwxyz"
IGNORED = -100


@dataclass(frozen=True, slots=True)
class Batch:
    """Sounds (B, N), the decoder's inputs and targets (B, T), and all spellings in a row, with their lengths."""

    audio_BN: Tensor
    tokens_BT: Tensor
    targets_BT: Tensor
    letters: Tensor
    letter_counts: Tensor


class Batches:
    """Endless batches of clips, each time in another room."""

    def __init__(
        self, clips: Sequence[Clip], vocabulary: Vocabulary, *, rng: np.random.Generator, size: int
    ) -> None:
        self._commands = [clip for clip in clips if clip.text in KITCHEN_PHRASES]
        self._others = [clip for clip in clips if clip.text not in KITCHEN_PHRASES]
        self._vocabulary = vocabulary
        self._rng = rng
        self._size = size
        self._room = Room(rng, talk=[clip.sound for clip in self._others])

    def __iter__(self) -> Iterator[Batch]:
        while True:
            context = int(self._rng.choice(CONTEXTS, p=CONTEXT_SHARES))
            yield self.batch(context)

    def batch(self, context: int) -> Batch:
        """A batch for so many positions of the encoder."""
        count = context * SAMPLES_PER_POSITION
        sounds, texts = [], []
        for _ in range(self._size):
            kind = self._rng.random()
            if kind < 0.08:
                sounds.append(self._room.nothing_said(count))
                texts.append("")
                continue
            clip = self._fitting(self._commands if kind < 0.5 else self._others, count)
            sounds.append(self._room.place(clip.sound, count))
            texts.append(clip.text)
        return labelled(np.stack(sounds), texts, self._vocabulary)

    def _fitting(self, clips: Sequence[Clip], count: int) -> Clip:
        while True:
            clip = clips[int(self._rng.integers(len(clips)))]
            if len(clip.sound) < 0.95 * count:
                return clip


def labelled(sounds_BN: np.ndarray, texts: Sequence[str], vocabulary: Vocabulary) -> Batch:
    """Sounds with what is said in them; an empty text where nobody speaks."""
    rows = [
        [vocabulary.sot, vocabulary.no_timestamps, *vocabulary.encode(text)] if text else [vocabulary.sot]
        for text in texts
    ]
    width = max(map(len, rows))
    tokens = torch.full((len(rows), width), vocabulary.eot)
    targets = torch.full((len(rows), width), IGNORED)
    for index, row in enumerate(rows):
        tokens[index, : len(row)] = torch.tensor(row)
        ends = [*row[1:], vocabulary.eot] if len(row) > 1 else [vocabulary.no_speech]
        targets[index, : len(row)] = torch.tensor(ends)
    spellings = [
        [LETTERS.index(letter) + 1 for letter in text.lower() if letter in LETTERS] for text in texts
    ]
    return Batch(
        torch.from_numpy(sounds_BN),
        tokens,
        targets,
        torch.tensor([letter for spelling in spellings for letter in spelling]),
        torch.tensor([len(spelling) for spelling in spellings]),
    )


def masked(mel_BMF: Tensor, rng: np.random.Generator) -> Tensor:
    """The spectrograms with a band and a short time of each blanked out, as SpecAugment does (Park et al., 2019)."""
    mel_BMF = mel_BMF.clone()
    for mel in mel_BMF:
        if rng.random() < 0.5:
            low = int(rng.integers(0, 70))
            mel[low : low + int(rng.integers(1, 12))] = mel.mean()
        if rng.random() < 0.4:
            start = int(rng.integers(0, mel.shape[1] - 12))
            mel[:, start : start + int(rng.integers(1, 12))] = mel.mean()
    return mel_BMF
