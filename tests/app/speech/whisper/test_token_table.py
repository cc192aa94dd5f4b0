"""Rows of the table that are all zero are left out, and no number changes."""

from __future__ import annotations

import pytest
import torch
from whisper.model import TextDecoder

from app.speech.whisper.token_table import TokenTable


@pytest.mark.parametrize("unused", [[], [0, 3, 4, 18], list(range(1, 20))])
def test_logits_and_logprobs_are_those_of_the_whole_table(unused: list[int]) -> None:
    torch.manual_seed(5)
    decoder = TextDecoder(n_vocab=20, n_ctx=4, n_state=8, n_head=2, n_layer=1)
    hidden = torch.randn(3, 8)
    with torch.inference_mode():
        decoder.token_embedding.weight[unused] = 0.0
        table = TokenTable(decoder)
        logits = hidden @ decoder.token_embedding.weight.T
        assert torch.allclose(table.logits(hidden), logits, atol=1e-6)
        states, tokens = torch.meshgrid(torch.arange(3), torch.arange(20), indexing="ij")
        logprobs = table.logprobs(hidden, states.flatten(), tokens.flatten())
        assert torch.allclose(logprobs, logits.log_softmax(-1).flatten(), atol=1e-5)
