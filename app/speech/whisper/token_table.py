"""The decoder's table of tokens, without the rows that are all zero: the shipped recogniser uses one in thirty.

What such a token's logit is, is known without computing it: 0. So they cost nothing, and no number changes.

Legend: V tokens, U of them used, P hidden states, D features.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from whisper.decoding import PyTorchInference
from whisper.model import TextDecoder, Whisper


class TokenTable:
    """From hidden states to logits.

    Args:
        decoder: whose table it is; its weights are not to change any more.
    """

    def __init__(self, decoder: TextDecoder) -> None:
        weight_VD = decoder.token_embedding.weight
        self._used_U = (weight_VD != 0).any(dim=1).nonzero()[:, 0]
        self._count = len(weight_VD)
        unused = self._count - len(self._used_U)
        self._rows_DU = (weight_VD[self._used_U] if unused else weight_VD).T
        self._unused_log = math.log(unused) if unused else -math.inf
        self._place_V = torch.full((self._count,), len(self._used_U), device=weight_VD.device)
        self._place_V[self._used_U] = torch.arange(len(self._used_U), device=weight_VD.device)

    def logits(self, hidden: Tensor) -> Tensor:
        """Of all tokens: (..., D) to (..., V)."""
        used = hidden @ self._rows_DU
        if used.shape[-1] == self._count:
            return used
        found = hidden.new_zeros(*hidden.shape[:-1], self._count)
        found[..., self._used_U] = used
        return found

    def logprobs(self, hidden_PD: Tensor, state_N: Tensor, token_N: Tensor) -> Tensor:
        """Of single tokens after single hidden states.

        Args:
            hidden_PD: the hidden states.
            state_N: which of them.
            token_N: which token after each.

        Returns:
            (N,) log-probabilities.
        """
        used_PU = hidden_PD @ self._rows_DU
        alls_P = torch.logaddexp(used_PU.logsumexp(dim=-1), used_PU.new_tensor(self._unused_log))
        with_unused = torch.cat((used_PU, used_PU.new_zeros(len(used_PU), 1)), dim=1)
        return with_unused[state_N, self._place_V[token_N]] - alls_P[state_N]


class TableInference(PyTorchInference):  # type: ignore[misc]  # whisper ships no types
    """Whisper's own step of decoding, through a `TokenTable`."""

    def __init__(self, model: Whisper, initial_token_length: int, table: TokenTable) -> None:
        super().__init__(model, initial_token_length)
        self.kv_cache: dict[nn.Module, Tensor] = {}
        self._table = table

    def logits(self, tokens: Tensor, audio_features: Tensor) -> Tensor:
        """Logits (B, T, V) after tokens (B, T); of the last one alone once there are keys and values of the others."""
        if not self.kv_cache:
            self.kv_cache, self.hooks = self.model.install_kv_cache_hooks()
        if tokens.shape[-1] > self.initial_token_length:
            tokens = tokens[:, -1:]
        decoder = self.model.decoder
        known = next(iter(self.kv_cache.values())).shape[1] if self.kv_cache else 0
        x = decoder.token_embedding(tokens) + decoder.positional_embedding[known : known + tokens.shape[-1]]
        for block in decoder.blocks:
            x = block(x, audio_features, mask=decoder.mask, kv_cache=self.kv_cache)
        return self._table.logits(decoder.ln(x)).float()
