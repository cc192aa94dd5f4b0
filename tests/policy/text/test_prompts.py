"""Prompts are openpi's to the letter: texts, ids, masks, state bins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policy.text.prompts import OPENPI_PI0, OPENPI_PI05, state_to_bins, tokenize
from policy.text.sentencepieces import SentencePieceTokenizer

GOLDEN = Path(__file__).parents[2] / "golden"
VECTORS: dict[str, Any] = json.loads((GOLDEN / "tokenizer.json").read_text())
TINY = SentencePieceTokenizer(GOLDEN / "tiny_sp.model")


class Recording:
    """A vocabulary that remembers what it was asked to encode, in openpi's words."""

    vocab_size = TINY.vocab_size

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def encode(self, text: str, *, bos: bool = False, eos: bool = False) -> list[int]:
        kwargs = {**({"add_bos": True} if bos else {}), **({"add_eos": True} if eos else {})}
        self.calls.append({"text": text, "kwargs": kwargs})
        return TINY.encode(text, bos=bos, eos=eos)

    def decode(self, ids: list[int]) -> str:
        return TINY.decode(ids)


@pytest.mark.parametrize("case", VECTORS["state_discretisation"])
def test_state_bins(case: dict[str, Any]) -> None:
    state = np.array([float.fromhex(value) for value in case["state_hex"]]).astype(case["dtype"])
    assert state_to_bins(state).tolist() == case["bins"]


@pytest.mark.expects_log("is cut to 40")
@pytest.mark.parametrize("case", VECTORS["paligemma"])
def test_prompt(case: dict[str, Any]) -> None:
    form = OPENPI_PI0 if case["kind"] == "pi0" else OPENPI_PI05
    state = None if case["state"] is None else np.array(case["state"], dtype=case["state_dtype"])
    tokenizer = Recording()
    tokens = tokenize(form, tokenizer, task=case["prompt"], state=state, max_tokens=case["max_len"])
    assert tokenizer.calls == case["encode_calls"]
    assert tokens.ids_L.tolist() == case["tokens"]
    assert tokens.mask_L.tolist() == case["mask"]
    assert (str(tokens.ids_L.dtype), str(tokens.mask_L.dtype)) == (case["tokens_dtype"], case["mask_dtype"])
