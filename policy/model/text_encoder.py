"""DistilBERT: a text as a row of vectors. Names of submodules are the published checkpoints'.

Source: Sanh et al., "DistilBERT, a distilled version of BERT", 2019. Post-norm: each sum is normalised after it is
made.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from policy.model.attention import Attend
from policy.model.branch import Branch
from policy.presets import TextEncoderConfig

EPS = 1e-12
"""Of its LayerNorms, as in BERT."""


class DistilBert(nn.Module):
    """Token and position embeddings, then post-norm layers; every token sees every other."""

    def __init__(self, config: TextEncoderConfig) -> None:
        super().__init__()
        self.embeddings = Branch(
            word_embeddings=nn.Embedding(config.vocab_size, config.width),
            position_embeddings=nn.Embedding(config.max_tokens, config.width),
            LayerNorm=nn.LayerNorm(config.width, eps=EPS),
        )
        self.transformer = Branch(layer=nn.ModuleList(DistilBertLayer(config) for _ in range(config.depth)))

    def forward(self, tokens_BL: Tensor, mask: Tensor, *, attend: Attend) -> Tensor:
        """Vectors [B, L, W] of token ids; `mask` is additive, [B, 1, 1, L]."""
        positions_L = torch.arange(tokens_BL.shape[1], device=tokens_BL.device)
        embeddings = self.embeddings
        x_BLW = embeddings.word_embeddings(tokens_BL) + embeddings.position_embeddings(positions_L)
        x_BLW = embeddings.LayerNorm(x_BLW)
        for layer in self.transformer.layer:
            x_BLW = layer(x_BLW, mask, attend)
        return x_BLW


class DistilBertLayer(nn.Module):
    """Attention, then an MLP with the exact GELU; each added back, and the sum normalised."""

    def __init__(self, config: TextEncoderConfig) -> None:
        super().__init__()
        self.heads = config.heads
        width = config.width
        self.attention = Branch(
            q_lin=nn.Linear(width, width),
            k_lin=nn.Linear(width, width),
            v_lin=nn.Linear(width, width),
            out_lin=nn.Linear(width, width),
        )
        self.sa_layer_norm = nn.LayerNorm(width, eps=EPS)
        self.ffn = Branch(lin1=nn.Linear(width, config.mlp_width), lin2=nn.Linear(config.mlp_width, width))
        self.output_layer_norm = nn.LayerNorm(width, eps=EPS)

    def forward(self, x_BLW: Tensor, mask: Tensor, attend: Attend) -> Tensor:
        """[B, L, W] to the same."""
        own = self.attention
        q, k, v = (
            linear(x_BLW).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for linear in (own.q_lin, own.k_lin, own.v_lin)
        )
        x_BLW = self.sa_layer_norm(x_BLW + own.out_lin(attend(q, k, v, mask)))
        return self.output_layer_norm(x_BLW + self.ffn.lin2(F.gelu(self.ffn.lin1(x_BLW))))
