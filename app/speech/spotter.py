"""Finds the words that are listened for: an utterance that is one of them, the whole of it, and nothing else.

Two small searches of PocketSphinx look at each utterance: one can only hear the phrases, the other any sequence of
English sounds. The phrase counts when it explains the sound nearly as well as free sounds do. Whole utterances, because
"robot stop" with silence before and after is meant for the robot, and "then the robot stops at the table" is not:
spotting within running speech (PocketSphinx's own keyword search) missed or mistook several times as many.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Config, Decoder, get_model_path

from app.speech.utterances import Utterance, Utterances
from app.speech.vocabulary import Phrase, UnknownWord

SHORTEST_S = 0.4
"""Of an utterance with its margins: shorter is a click or a cough."""
REFRACTORY_S = 1.5
"""How long after a phrase the same one is taken for an echo of it."""

_MODEL = "en-us/en-us"
_DICTIONARY = "en-us/cmudict-en-us.dict"
_SOUNDS = "en-us/en-us-phone.lm.bin"
_LOG_BASE = math.log(1.0001)
"""PocketSphinx counts probabilities in powers of 1.0001."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A phrase that was said.

    Attributes:
        phrase: which one.
        score: how well it fits, see `Phrase.threshold`.
        said_ns: when it had been said, monotonic.
        heard_ns: when that was found, monotonic.
    """

    phrase: Phrase
    score: float
    said_ns: int
    heard_ns: int


class Spotter:
    """Sound in, phrases out.

    Args:
        phrases: to listen for.

    Raises:
        UnknownWord: a word that is not in the dictionary.
    """

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        # Wide beams: a grammar of a few phrases costs next to nothing, and a pruned path is a missed word.
        self._words = _decoder(dict=get_model_path(_DICTIONARY), beam=1e-80, wbeam=1e-60, pbeam=1e-80)
        self._sounds = _decoder(allphone=get_model_path(_SOUNDS), lw=2.0, beam=1e-20, pbeam=1e-20)
        self._utterances = Utterances()
        self._last_ns: dict[str, int] = {}
        self._grammars = 0
        self._phrases: dict[str, Phrase] = {}
        self.listen_for(phrases)

    def listen_for(self, phrases: Sequence[Phrase]) -> None:
        """Listen for other phrases from now on: at once, while to load the models takes seconds on a busy machine.

        Args:
            phrases: which; with none, nothing is heard.

        Raises:
            UnknownWord: a word that is not in the dictionary; the other phrases are listened for all the same, for one
                of them may be what stops the robot.
        """
        words = {word for phrase in phrases for word in phrase.text.split()}
        unknown = sorted(word for word in words if self._words.lookup_word(word) is None)
        texts = {phrase.text: phrase for phrase in phrases if not set(unknown) & set(phrase.text.split())}
        self._phrases = texts
        if texts:
            self._grammars += 1
            name = f"phrases-{self._grammars}"
            self._words.add_jsgf_string(name, _grammar(texts))
            self._words.activate_search(name)
        if unknown:
            raise UnknownWord(
                f"not in the English dictionary: {', '.join(unknown)}; choose other words, or spell them as two"
            )

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """What is listened for."""
        return tuple(self._phrases.values())

    @property
    def hearing(self) -> bool:
        """Whether somebody is speaking now."""
        return self._utterances.hearing

    def take(self, samples: NDArray[np.int16], end_ns: int) -> list[Heard]:
        """The phrases that are found with this block; see `Utterances.take`."""
        found = []
        for utterance in self._utterances.take(samples, end_ns):
            heard = self.recognize(utterance)
            if heard is None or heard.score < heard.phrase.threshold:
                continue
            last_ns = self._last_ns.get(heard.phrase.text)
            self._last_ns[heard.phrase.text] = heard.said_ns
            if last_ns is None or heard.said_ns - last_ns > REFRACTORY_S * 1e9:
                found.append(heard)
        return found

    def recognize(self, utterance: Utterance) -> Heard | None:
        """The phrase nearest to an utterance, however bad its score; None where there is none at all."""
        if utterance.duration_s < SHORTEST_S or not self._phrases:
            return None
        text, of_phrase, frames = _search(self._words, utterance)
        if text not in self._phrases or frames == 0:
            return None
        _, of_sounds, _ = _search(self._sounds, utterance)
        return Heard(
            phrase=self._phrases[text],
            score=(of_phrase - of_sounds) / frames,
            said_ns=utterance.end_ns,
            heard_ns=time.monotonic_ns(),
        )

    def reset(self) -> None:
        """Forget what has begun: the sound is interrupted."""
        self._utterances.reset()


def _decoder(**options: Any) -> Decoder:
    """A decoder of 16 kHz speech that writes no log. `compallsen` makes the scores of two decoders comparable."""
    return Decoder(
        Config(hmm=get_model_path(_MODEL), loglevel="FATAL", bestpath=False, compallsen=True, **options)
    )


def _grammar(texts: Sequence[str] | dict[str, Phrase]) -> str:
    return f"#JSGF V1.0;\ngrammar phrases;\npublic <phrase> = {' | '.join(texts)};\n"


def _search(decoder: Decoder, utterance: Utterance) -> tuple[str, float, int]:
    """Best text, its acoustic score in powers of 1.0001, and the frames (10 ms) in it that are not silence."""
    decoder.start_utt()
    decoder.process_raw(utterance.samples.tobytes(), no_search=False, full_utt=True)
    decoder.end_utt()
    best = decoder.hyp()
    if best is None:
        return "", -math.inf, 0
    score, frames = 0.0, 0
    for part in decoder.seg():
        score += math.log(max(part.ascore, 1e-300)) / _LOG_BASE
        if not part.word.startswith(("<", "(", "[")):
            frames += part.end_frame - part.start_frame + 1
    return best.hypstr, score, frames
