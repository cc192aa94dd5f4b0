"""What the tokens of a FAST vocabulary spell: whole numbers, each as one character, each character as UTF-8 bytes.

A quantised coefficient q is the character with code q - min_token. Byte-pair encoding works on the characters' UTF-8
bytes, so a token may begin or end inside a character: those with codes from 128 on have two bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from policy.actions.tokenizer import MalformedTokens, checked_ids

MAX_CHARACTERS = 0x800
"""Codes of at most two UTF-8 bytes. Coefficients are at most scale · √T for actions in [-1, 1]: 71 at 10 and T = 50."""
ONE_BYTE = 0x80
FIRST_LEAD, LAST_LEAD = 0xC2, 0xDF
"""First bytes of two-byte characters. 0xC0 and 0xC1 would spell one-byte characters the long way, which is no UTF-8."""
CONTINUATION = range(0x80, 0xC0)
NO_TEXT = b"\xff"
"""What a token spells that is no byte-level token: nothing, for no UTF-8 has this byte. The published way of fitting
leaves some in a vocabulary, for it begins with characters where bytes are asked for; no text is encoded to them."""


class FastVocabulary:
    """The bytes of each token, and the coefficients that can be spelled.

    A coefficient can be spelled when each byte of its character is a token of its own. Any text of such characters has
    tokens then, and any text that is unfinished can be finished.

    Attributes:
        bpe: The byte-pair encoder.
        min_token: Coefficient of the character with code 0.
        token_bytes: Of each id.
        spelled: [0x800] bool, by character code: whether it can be spelled.
    """

    def __init__(self, bpe: Tokenizer, *, min_token: int) -> None:
        self.bpe = bpe
        self.min_token = min_token
        self.token_bytes = _token_bytes(bpe)
        single = {token[0] for token in self.token_bytes if len(token) == 1}
        self.spelled = np.array([set(chr(code).encode()) <= single for code in range(MAX_CHARACTERS)])
        if not self.spelled.any():
            message = "no token of the vocabulary is a whole character, so no coefficient can be spelled; fit it anew"
            raise ValueError(message)
        self.spelled.setflags(write=False)
        self._codes = np.flatnonzero(self.spelled)

    def __len__(self) -> int:
        return len(self.token_bytes)

    @property
    def min_coefficient(self) -> int:
        """The least that can be spelled."""
        return int(self._codes[0]) + self.min_token

    @property
    def max_coefficient(self) -> int:
        """The greatest that can be spelled."""
        return int(self._codes[-1]) + self.min_token

    def nearest(self, coefficients: NDArray[np.float64]) -> NDArray[np.int64]:
        """Each brought to the nearest whole number that can be spelled; halves go to the even one, as in NumPy."""
        codes = np.clip(np.rint(coefficients) - self.min_token, self._codes[0], self._codes[-1]).astype(
            np.int64
        )
        if not self.spelled[codes].all():  # a foreign vocabulary may have gaps
            above = np.searchsorted(self._codes, codes)
            below = np.maximum(above - 1, 0)
            nearer = codes - self._codes[below] <= self._codes[above] - codes
            codes = self._codes[np.where(nearer & (self._codes[above] != codes), below, above)]
        return codes + self.min_token

    def encode(self, coefficients: NDArray[np.int64]) -> list[int]:
        """Ids that spell coefficients, each of which can be spelled."""
        ids: list[int] = self.bpe.encode(text_of(coefficients - self.min_token), add_special_tokens=False).ids
        return ids

    def decode(self, ids: Sequence[int] | NDArray[np.integer], *, count: int) -> NDArray[np.int64]:
        """The coefficients that ids spell, exactly `count`.

        Raises:
            MalformedTokens: An id outside the vocabulary, bytes that are no text, a character that stands for no
                coefficient, or another number of them.
        """
        found = checked_ids(ids, vocab_size=len(self))
        spelled = b"".join([self.token_bytes[index] for index in found.tolist()])
        try:
            codes = np.frombuffer(spelled.decode().encode("utf-32-le"), "<u4").astype(np.int64)
        except UnicodeDecodeError as error:
            message = (
                f"{len(found)} tokens spell bytes that are no UTF-8: {error.reason} at byte {error.start}"
            )
            raise MalformedTokens(message) from error
        if len(codes) != count:
            message = f"{len(found)} tokens spell {len(codes)} coefficients; a chunk has {count}"
            raise MalformedTokens(message)
        if codes.max() >= MAX_CHARACTERS or not self.spelled[codes].all():
            message = (
                f"{len(found)} tokens spell a character that stands for no coefficient of this vocabulary"
            )
            raise MalformedTokens(message)
        return codes + self.min_token


def text_of(codes: NDArray[np.int64]) -> str:
    """The characters with these codes."""
    return codes.astype("<u4").tobytes().decode("utf-32-le")


@lru_cache(maxsize=1)
def byte_symbols() -> tuple[str, ...]:
    """By byte, the printable character that stands for it in the files of byte-level encoders.

    Source: GPT-2's encoder. Bytes that print in Latin-1 stand for themselves; the others, in order, are U+0100 and on.
    """
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = [byte for byte in range(256) if byte not in printable]
    return tuple(chr(byte if byte in printable else 0x100 + hidden.index(byte)) for byte in range(256))


def _token_bytes(bpe: Tokenizer) -> tuple[bytes, ...]:
    byte_of = {symbol: byte for byte, symbol in enumerate(byte_symbols())}
    vocabulary = bpe.get_vocab(with_added_tokens=True)
    if sorted(vocabulary.values()) != list(range(len(vocabulary))):
        message = (
            f"the {len(vocabulary)} tokens of the vocabulary do not have the ids 0 to {len(vocabulary) - 1}"
        )
        raise ValueError(message)
    tokens = sorted(vocabulary, key=lambda token: vocabulary[token])
    return tuple(
        bytes(byte_of[symbol] for symbol in token) if token and set(token) <= byte_of.keys() else NO_TEXT
        for token in tokens
    )
