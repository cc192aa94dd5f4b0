"""DiT: a transformer over action steps that is told flow time through its norms (AdaLN-Zero).

Source: Peebles and Xie, "Scalable Diffusion Models with Transformers", 2023. Cross-attention to the observation stands
between self-attention and MLP, modulated as they are. Every gate starts at zero, so each layer starts as the identity,
and the last projection starts at zero, so the first velocity is zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from policy.model import flow
from policy.model.attention import Attend
from policy.model.multihead import Mlp, MultiHead
from policy.presets import TransformerConfig

EPS = 1e-6


class Modulation(NamedTuple):
    """What flow time does around one part of a layer: each [B, 1 or T, W]."""

    shift: Tensor
    scale: Tensor
    gate: Tensor


class Dit(nn.Module):
    """Noisy actions, flow time and an observation to a velocity.

    Args:
        config: Sizes.
        action_dim: Of a step.
        horizon: Steps of a chunk; each has a learned position.
        context_width: Of the observation's tokens.
    """

    def __init__(
        self, config: TransformerConfig, *, action_dim: int, horizon: int, context_width: int
    ) -> None:
        super().__init__()
        width = config.width
        self.width = width
        self.action_in = nn.Linear(action_dim, width)
        self.positions = nn.Embedding(horizon, width)
        nn.init.normal_(self.positions.weight, std=0.02)
        self.time_mlp = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        layers = nn.ModuleList(DitLayer(config, context_width=context_width) for _ in range(config.depth))
        self.layers = cast("Sequence[DitLayer]", layers)
        self.last_modulation = zeroed(nn.Linear(width, 2 * width))
        self.action_out = zeroed(nn.Linear(width, action_dim))

    def condition(self, time: Tensor) -> Tensor:
        """What the norms are told of flow time [B] or [B, T]: [B, 1 or T, W]."""
        embedding = flow.embed_time(time, self.width).to(self.action_in.weight.dtype)
        condition = F.silu(self.time_mlp(embedding))
        return condition[:, None] if time.ndim == 1 else condition

    def forward(
        self,
        x_BTA: Tensor,
        time: Tensor,
        *,
        context: list[tuple[Tensor, Tensor]],
        mask: Tensor | None,
        attend: Attend,
    ) -> Tensor:
        """The velocity, float32 [B, T, A].

        Args:
            x_BTA: Noisy actions.
            time: [B], or [B, T] with a time of its own for each step.
            context: For each layer, keys and values of the observation.
            mask: Additive, over the observation's tokens.
            attend: The attention.
        """
        condition = self.condition(time)
        x_BTW = self.action_in(x_BTA.to(self.action_in.weight.dtype)) + self.positions.weight
        for layer, keys_values in zip(self.layers, context, strict=True):
            x_BTW = layer(x_BTW, condition, keys_values, mask, attend)
        shift, scale = self.last_modulation(condition).chunk(2, dim=-1)
        return self.action_out(modulated(x_BTW, shift, scale)).float()


class DitLayer(nn.Module):
    """Self-attention, cross-attention and an MLP; shift, scale and gate of each are made of flow time."""

    def __init__(self, config: TransformerConfig, *, context_width: int) -> None:
        super().__init__()
        width, heads = config.width, config.heads
        self.self_attention = MultiHead(width, heads=heads)
        self.cross_attention = MultiHead(width, heads=heads, context_width=context_width)
        self.mlp = Mlp(width, hidden=config.mlp_width)
        self.modulation = zeroed(nn.Linear(width, 9 * width))

    def forward(
        self,
        x_BTW: Tensor,
        condition: Tensor,
        keys_values: tuple[Tensor, Tensor],
        mask: Tensor | None,
        attend: Attend,
    ) -> Tensor:
        """[B, T, W] to the same."""
        parts = self.modulation(condition).chunk(9, dim=-1)
        own, cross, mlp = (Modulation(*parts[first : first + 3]) for first in (0, 3, 6))
        normed = modulated(x_BTW, own.shift, own.scale)
        among = self.self_attention.keys_values(normed)
        x_BTW = x_BTW + own.gate * self.self_attention(normed, among, None, attend)
        normed = modulated(x_BTW, cross.shift, cross.scale)
        x_BTW = x_BTW + cross.gate * self.cross_attention(normed, keys_values, mask, attend)
        return x_BTW + mlp.gate * self.mlp(modulated(x_BTW, mlp.shift, mlp.scale))


def modulated(x_BTW: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """LayerNorm without weights of its own, then scaled by 1 + `scale` and shifted."""
    return F.layer_norm(x_BTW, x_BTW.shape[-1:], eps=EPS) * (1 + scale) + shift


def zeroed(linear: nn.Linear) -> nn.Linear:
    """The layer with all its parameters at zero."""
    with torch.no_grad():
        linear.weight.zero_()
        linear.bias.zero_()
    return linear
