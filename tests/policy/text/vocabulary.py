"""The golden vocabulary and vectors, and a vocabulary that remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import settings

from policy.text.sentencepieces import SentencePieceTokenizer

GOLDEN = Path(__file__).parents[2] / "golden"
VECTORS: dict[str, Any] = json.loads((GOLDEN / "tokenizer.json").read_text())
TINY = SentencePieceTokenizer(GOLDEN / "tiny_sp.model")

UNHURRIED = settings(deadline=None)
"""Other work on the machine is no reason to fail."""

KITCHEN = (
    "clean the kitchen",
    "pick up the plate",
    "put the plate into the sink",
    "pick up the cup",
    "pick up the cup and the plate",
    "wipe the counter with the sponge",
    "open the drawer",
)


class Recording:
    """The golden vocabulary, remembering its calls in openpi's words."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    @property
    def vocab_size(self) -> int:
        return TINY.vocab_size

    def encode(self, text: str, *, bos: bool = False, eos: bool = False) -> list[int]:
        kwargs = {**({"add_bos": True} if bos else {}), **({"add_eos": True} if eos else {})}
        self.calls.append({"text": text, "kwargs": kwargs})
        return TINY.encode(text, bos=bos, eos=eos)

    def decode(self, ids: Sequence[int]) -> str:
        return TINY.decode(ids)
