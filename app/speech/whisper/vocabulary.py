"""Which of Whisper's tokens the shipped recogniser is trained on."""

from __future__ import annotations

from collections.abc import Sequence

from whisper.tokenizer import Tokenizer

from app.speech.whisper.phrases import KITCHEN_PHRASES, UNKNOWN, written
from app.speech.whisper.sentences import (
    AFTER,
    BEFORE,
    COMMON,
    MORE_NOUNS,
    MORE_VERBS,
    NOUNS,
    PLACES,
    SET_PHRASES,
    VERBS,
    WHO,
)


class Vocabulary:
    """Whisper's tokens that occur in the training, numbered anew.

    Attributes:
        tokens: of Whisper's own numbering, ascending; the place of one is its new number.
    """

    def __init__(self, tokenizer: Tokenizer, texts: Sequence[str]) -> None:
        used = {tokenizer.sot, tokenizer.eot, tokenizer.no_timestamps, tokenizer.no_speech}
        for text in texts:
            used.update(tokenizer.encode(text))
        self.tokens = sorted(used)
        self._new = {token: number for number, token in enumerate(self.tokens)}
        self._tokenizer = tokenizer
        self.sot, self.eot, self.no_timestamps, self.no_speech = (
            self._new[token]
            for token in (tokenizer.sot, tokenizer.eot, tokenizer.no_timestamps, tokenizer.no_speech)
        )

    def encode(self, text: str) -> list[int]:
        """A command or sentence, as Whisper would write it; one that is no command has dots before it."""
        whole = written(text) if text in KITCHEN_PHRASES else UNKNOWN + written(text)
        return [self._new[token] for token in self._tokenizer.encode(whole)]


def all_texts() -> list[str]:
    """Texts with every word of the training at the start of one and within one, so that every token occurs."""
    words = {
        word
        for text in (*KITCHEN_PHRASES, *SET_PHRASES, *PLACES, *WHO, *BEFORE, *AFTER)
        for word in text.split()
    }
    words |= {*COMMON, *NOUNS, *MORE_NOUNS, *VERBS, *MORE_VERBS}
    return [
        form
        for word in words
        for form in (written(word), UNKNOWN, f"{UNKNOWN}{written(word)}", f" {word}.", f" {word} {word}.")
    ]
