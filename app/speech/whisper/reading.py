"""Reads an utterance with a Whisper: what was said, and how well each known phrase would explain it.

The encoder runs once. The free text comes from Whisper's own greedy decoding. The phrases are one batch in which each
is dictated to the decoder, token by token as if it had said it itself, and its log-probability is read off. Three
things keep that cheap: the features' keys and values are computed once and not for each phrase, what phrases begin with
in common goes through the table of 51,864 tokens once, and only rows of it that are used are looked at (`token_table`).

Legend: B phrases, T tokens, C positions of the encoder, D features, P different beginnings of phrases.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from whisper.decoding import DecodingOptions, DecodingTask
from whisper.model import TextDecoder, Whisper
from whisper.tokenizer import Tokenizer

from app.speech.level import FULL_SCALE, level_of
from app.speech.whisper.heard import Candidate, Reading
from app.speech.whisper.mel import SAMPLES_PER_POSITION, encode, log_mel
from app.speech.whisper.model import LANGUAGE, SpeechModel
from app.speech.whisper.phrases import UNKNOWN, written
from app.speech.whisper.token_table import TableInference, TokenTable
from drivers.microphone.capture import RATE_HZ

__all__ = ["Candidate", "Reader", "Reading"]

_LOUDNESS_WINDOW = RATE_HZ // 20
_TOKENS_A_SECOND, _TOKENS_AT_LEAST = 8, 16
"""Nobody says more. A model that runs in circles is stopped there, and not only at the end of its context."""


class Reader:
    """Reads utterances, one at a time. The phrases may be changed between two of them.

    Args:
        model: see `app.speech.whisper.model.load`.
        phrases: what is known, in plain words.
    """

    def __init__(self, model: SpeechModel, phrases: Sequence[str]) -> None:
        self._model = model
        self._table = TokenTable(model.whisper.decoder)
        self._task = _FromFeatures(
            model.whisper,
            DecodingOptions(language=LANGUAGE, without_timestamps=True, temperature=0.0, fp16=False),
            self._table,
        )
        self.phrases = tuple(phrases)

    @property
    def phrases(self) -> tuple[str, ...]:
        """What is known."""
        return self._phrases

    @phrases.setter
    def phrases(self, phrases: Sequence[str]) -> None:
        self._phrases = tuple(phrases)
        self._dictation = _Dictation(self._phrases, self._model, self._table) if self._phrases else None

    @torch.inference_mode()
    def read(self, samples: NDArray[np.int16]) -> Reading:
        """Both readings of an utterance: (n,) int16 mono at 16 kHz. What is too long is cut at the end."""
        began_s = time.perf_counter()
        heard = samples[: self._model.most_samples]
        features_BCD = self._features(heard)
        encoded_s = time.perf_counter()
        self._task.sample_len = min(
            _most_text(self._model), _TOKENS_AT_LEAST + _TOKENS_A_SECOND * len(heard) // RATE_HZ
        )
        free = self._task.run(features_BCD)[0]
        transcribed_s = time.perf_counter()
        candidates, unclear = (
            self._dictation.scores(features_BCD) if self._dictation is not None else ((), 0.0)
        )
        scored_s = time.perf_counter()
        tokens = len(free.tokens) + 1
        return Reading(
            text=free.text,
            logprob=free.avg_logprob * tokens,
            mean_logprob=free.avg_logprob,
            no_speech=free.no_speech_prob,
            unclear=unclear,
            candidates=candidates,
            duration_s=len(samples) / RATE_HZ,
            cut_s=(len(samples) - len(heard)) / RATE_HZ,
            loudest_dbfs=_loudest_dbfs(heard),
            encode_ms=(encoded_s - began_s) * 1e3,
            transcribe_ms=(transcribed_s - encoded_s) * 1e3,
            score_ms=(scored_s - transcribed_s) * 1e3,
        )

    def _features(self, samples: NDArray[np.int16]) -> Tensor:
        network = self._model.whisper
        audio = np.zeros(self._model.positions_for(len(samples)) * SAMPLES_PER_POSITION, np.float32)
        audio[: len(samples)] = samples / np.float32(FULL_SCALE)
        mel_BMF = log_mel(torch.from_numpy(audio)[None].to(network.device), n_mels=network.dims.n_mels)
        return encode(network.encoder, mel_BMF)


class _FromFeatures(DecodingTask):  # type: ignore[misc]  # whisper ships no types
    """Whisper's decoding of features that were computed before; its own takes those of a whole context only."""

    def __init__(self, model: Whisper, options: DecodingOptions, table: TokenTable) -> None:
        super().__init__(model, options)
        self.inference = TableInference(model, len(self.initial_tokens), table)

    def _get_audio_features(self, mel: Tensor) -> Tensor:
        return mel


class _Dictation:
    """Known phrases as one batch for the decoder."""

    def __init__(self, phrases: tuple[str, ...], model: SpeechModel, table: TokenTable) -> None:
        self._phrases = phrases
        self._table = table
        self._decoder = model.whisper.decoder
        device = model.whisper.device
        start = list(model.tokenizer.sot_sequence_including_notimestamps)
        rows = [start + text for text in _texts(phrases, model)]
        width = max(map(len, rows))
        inputs = torch.full((len(rows), width), model.tokenizer.eot)
        beginnings: dict[tuple[int, ...], int] = {}
        first_seen: list[tuple[int, int]] = []
        asked: list[tuple[int, int, int]] = []
        for index, row in enumerate(rows):
            inputs[index, : len(row)] = torch.tensor(row)
            for place in range(len(start) - 1, len(row)):
                beginning = tuple(row[: place + 1])
                if beginning not in beginnings:
                    beginnings[beginning] = len(beginnings)
                    first_seen.append((index, place))
                following = row[place + 1] if place + 1 < len(row) else model.tokenizer.eot
                asked.append((index, beginnings[beginning], following))
        self._inputs_BT = inputs.to(device)
        self._where = torch.tensor(first_seen, device=device).T
        self._asked = torch.tensor(asked, device=device).T
        self._dots = model.tokenizer.encode(UNKNOWN)[0]
        self._lengths = [len(row) - len(start) + 1 for row in rows]

    def scores(self, features_BCD: Tensor) -> tuple[tuple[Candidate, ...], float]:
        """Every phrase with its log-probability, the likeliest first; and how likely it begins with dots."""
        hidden_BTD = _hidden(self._decoder, self._inputs_BT, features_BCD)
        hidden_PD = hidden_BTD[self._where[0], self._where[1]]
        phrase, beginning, following = self._asked
        # The first beginning is the one that all phrases share: nothing said yet.
        states = torch.cat((beginning, beginning.new_zeros(1)))
        tokens = torch.cat((following, following.new_tensor([self._dots])))
        found = self._table.logprobs(hidden_PD, states, tokens)
        logprobs, unclear = found[:-1], float(found[-1].exp())
        totals = torch.zeros(len(self._phrases), device=logprobs.device).index_add_(0, phrase, logprobs)
        candidates = [
            Candidate(text, score, score / length)
            for text, score, length in zip(self._phrases, totals.tolist(), self._lengths, strict=True)
        ]
        return tuple(sorted(candidates, key=lambda candidate: -candidate.score)), unclear


def _hidden(decoder: TextDecoder, tokens_BT: Tensor, features_BCD: Tensor) -> Tensor:
    """The decoder's last hidden states (B, T, D), for one sound's features (1, C, D), without logits."""
    x = decoder.token_embedding(tokens_BT) + decoder.positional_embedding[: tokens_BT.shape[1]]
    count = len(tokens_BT)
    for block in decoder.blocks:
        attention = block.cross_attn
        known = {
            layer: layer(features_BCD).expand(count, -1, -1) for layer in (attention.key, attention.value)
        }
        x = block(x, features_BCD, mask=decoder.mask, kv_cache=known)
    hidden: Tensor = decoder.ln(x)
    return hidden


def _texts(phrases: Sequence[str], model: SpeechModel) -> list[list[int]]:
    """The phrases' tokens, cut where the model could not say more."""
    tokenizer: Tokenizer = model.tokenizer
    return [tokenizer.encode(written(phrase))[: _most_text(model)] for phrase in phrases]


def _most_text(model: SpeechModel) -> int:
    """Tokens of text in the decoder's context, as many as Whisper samples by default: half of it is for a prompt."""
    return int(model.whisper.dims.n_text_ctx) // 2


def _loudest_dbfs(samples: NDArray[np.int16]) -> float:
    windows = range(0, max(1, len(samples)), _LOUDNESS_WINDOW)
    return max(level_of(samples[start : start + _LOUDNESS_WINDOW]).rms_dbfs for start in windows)
