"""What the model needs of a text vocabulary. `sentencepiece` files and small fitted ones both provide it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

PAD, EOS, BOS, UNK = 0, 1, 2, 3
"""Ids of the special tokens: PaliGemma's, and those of every vocabulary fitted here."""


class TextTokenizer(Protocol):
    """Text to token ids and back."""

    @property
    def vocab_size(self) -> int:
        """Ids are below this."""
        ...

    def encode(self, text: str, *, bos: bool = False, eos: bool = False) -> list[int]:
        """Ids of `text`, with the special tokens asked for."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids`; special tokens are left out."""
        ...
