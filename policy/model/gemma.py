"""Gemma: one tower of the model. Names of submodules are the checkpoint's.

Two towers attend together through a cache: the language tower leaves its keys and values in it, the action expert
reads them. They need no joint layer, because the prefix never sees the suffix.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch.nn.functional as F
from torch import Tensor, nn

from policy.model import attention
from policy.model.activation import gelu
from policy.model.attention import Attend
from policy.model.cache import Cache
from policy.model.norms import AdaRmsNorm, Modulation, Norm, RmsNorm, add_residual
from policy.model.precision import stream_dtype
from policy.model.recompute import kept_or_recomputed
from policy.model.rope import Rotation, rotate
from policy.presets import GemmaConfig


class LayerModulation(NamedTuple):
    """What a condition does to a layer: to the norm before attention, and to the one before the MLP."""

    attention: Modulation | None
    mlp: Modulation | None


class Modulations(NamedTuple):
    """What a condition does to a whole tower; the gate of the last norm is never used."""

    layers: Sequence[LayerModulation]
    last: Modulation | None


class Gemma(nn.Module):
    """A stack of layers and a last norm.

    Args:
        config: Sizes.
        vocab_size: Of the token embedding; None for a tower that reads no text.
        adaptive: Whether its norms are modulated (adaRMS), by a condition of the tower's own width.
    """

    def __init__(self, config: GemmaConfig, *, vocab_size: int | None = None, adaptive: bool = False) -> None:
        super().__init__()
        self.config = config
        self.adaptive = adaptive
        self.recomputes = False  # see `policy.model.recompute`
        if vocab_size is not None:
            self.embed_tokens = nn.Embedding(vocab_size, config.width)
        layers = nn.ModuleList(GemmaLayer(config, adaptive=adaptive) for _ in range(config.depth))
        self.layers = cast("Sequence[GemmaLayer]", layers)
        self.norm = make_norm(config.width, adaptive=adaptive)

    def embed(self, tokens_BL: Tensor) -> Tensor:
        """Text tokens as the tower takes them: scaled by the root of the width."""
        embedded_BLW = self.embed_tokens(tokens_BL) * self.config.width**0.5
        return embedded_BLW.to(stream_dtype(embedded_BLW))

    def modulations(self, condition_BW: Tensor) -> Modulations:
        """Everything that the condition does to this tower, [B, W] or [B, T, W]."""
        return Modulations(
            [
                LayerModulation(
                    layer.input_layernorm.modulation(condition_BW),
                    layer.post_attention_layernorm.modulation(condition_BW),
                )
                for layer in self.layers
            ],
            self.norm.modulation(condition_BW),
        )

    @property
    def unmodulated(self) -> Modulations:
        """What a plain tower runs with."""
        return Modulations([LayerModulation(None, None)] * len(self.layers), None)

    def forward(
        self,
        x_BSW: Tensor,
        *,
        rotation: Rotation,
        mask: Tensor | None,
        cache: Cache,
        modulations: Modulations | None = None,
        attend: Attend = attention.fused,
    ) -> Tensor:
        """Run all layers and the last norm.

        Args:
            x_BSW: Tokens.
            rotation: Of their positions.
            mask: Additive, [B, 1, S, K] over all keys that `cache` gives; None where every token sees every key.
            cache: Gives each layer the keys and values its tokens see.
            modulations: Of an adaptive tower.
            attend: The attention.

        Returns:
            [B, S, W], normalised.
        """
        modulations = modulations or self.unmodulated
        for index, (layer, modulation) in enumerate(zip(self.layers, modulations.layers, strict=True)):
            q, k, v = layer.project(x_BSW, rotation, modulation.attention)
            keys, values = cache.extend(index, k, v)
            x_BSW = self._finish(layer, x_BSW, (q, keys, values), mask, modulation, attend)
        return self.norm(x_BSW, modulations.last)

    def fill(
        self,
        x_BSW: Tensor,
        *,
        rotation: Rotation,
        mask: Tensor | None,
        cache: Cache,
        attend: Attend = attention.fused,
    ) -> None:
        """Leave keys and values in `cache` and nothing else: the last layer stops at its own."""
        for index, layer in enumerate(self.layers):
            q, k, v = layer.project(x_BSW, rotation, None)
            keys, values = cache.extend(index, k, v)
            if index + 1 < len(self.layers):
                unmodulated = LayerModulation(None, None)
                x_BSW = self._finish(layer, x_BSW, (q, keys, values), mask, unmodulated, attend)

    def _finish(
        self,
        layer: GemmaLayer,
        x_BSW: Tensor,
        qkv: tuple[Tensor, Tensor, Tensor],
        mask: Tensor | None,
        modulation: LayerModulation,
        attend: Attend,
    ) -> Tensor:
        """The attention and all that comes after it in a layer."""

        def finish(x: Tensor, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            return layer.finish(x, attend(q, k, v, mask), modulation)

        return kept_or_recomputed(finish, x_BSW, *qkv, recompute=self.recomputes)


class GemmaLayer(nn.Module):
    """Attention and a gated MLP, each on a normalised copy and added back. Cut in two where tokens meet others'."""

    def __init__(self, config: GemmaConfig, *, adaptive: bool) -> None:
        super().__init__()
        self.input_layernorm = make_norm(config.width, adaptive=adaptive)
        self.self_attn = GemmaAttention(config)
        self.post_attention_layernorm = make_norm(config.width, adaptive=adaptive)
        self.mlp = GemmaMlp(config)

    def project(
        self, x_BSW: Tensor, rotation: Rotation, modulation: Modulation | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries [B, H, S, D], keys and values [B, G, S, D]; queries and keys already rotated."""
        q, k, v = self.self_attn.project(self.input_layernorm(x_BSW, modulation))
        return rotate(q, rotation), rotate(k, rotation), v

    def finish(self, x_BSW: Tensor, attended_BSW: Tensor, modulation: LayerModulation) -> Tensor:
        """What comes after attention: its output projection, the MLP, and both residuals."""
        x_BSW = add_residual(x_BSW, self.self_attn.o_proj(attended_BSW), modulation.attention)
        normed = self.post_attention_layernorm(x_BSW, modulation.mlp)
        return add_residual(x_BSW, self.mlp(normed), modulation.mlp)


class GemmaAttention(nn.Module):
    """The four projections of grouped-query attention."""

    def __init__(self, config: GemmaConfig) -> None:
        super().__init__()
        self.head_dim = config.head_dim
        self.sizes = [config.heads * config.head_dim] + 2 * [config.kv_heads * config.head_dim]
        self.q_proj, self.k_proj, self.v_proj = (
            nn.Linear(config.width, size, bias=False) for size in self.sizes
        )
        self.o_proj = nn.Linear(self.sizes[0], config.width, bias=False)
        self.fused_qkv: Tensor | None = None  # see `policy.inference.fuse`

    def project(self, x_BSW: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries [B, H, S, D], keys and values [B, G, S, D], not yet rotated."""
        if self.fused_qkv is None:
            q, k, v = self.q_proj(x_BSW), self.k_proj(x_BSW), self.v_proj(x_BSW)
        else:
            q, k, v = F.linear(x_BSW, self.fused_qkv).split(self.sizes, dim=-1)
        return self._heads(q), self._heads(k), self._heads(v)

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, self.head_dim)).transpose(1, 2)


class GemmaMlp(nn.Module):
    """down(gelu(gate(x)) · up(x)), the GELU in its tanh form."""

    def __init__(self, config: GemmaConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.width, config.mlp_width, bias=False)
        self.up_proj = nn.Linear(config.width, config.mlp_width, bias=False)
        self.down_proj = nn.Linear(config.mlp_width, config.width, bias=False)
        self.fused_gate_up: Tensor | None = None  # see `policy.inference.fuse`

    def forward(self, x_BSW: Tensor) -> Tensor:
        """[B, S, W] to the same."""
        if self.fused_gate_up is None:
            gate, up = self.gate_proj(x_BSW), self.up_proj(x_BSW)
        else:
            gate, up = F.linear(x_BSW, self.fused_gate_up).chunk(2, dim=-1)
        return self.down_proj(gelu(gate) * up)


def make_norm(width: int, *, adaptive: bool) -> Norm:
    """A norm of a tower; an adaptive one takes a condition as wide as the tower."""
    return AdaRmsNorm(width, condition_width=width) if adaptive else RmsNorm(width)
