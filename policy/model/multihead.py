"""Multi-head attention and the MLP of an ordinary transformer, for what is not a published checkpoint's."""

from __future__ import annotations

from torch import Tensor, nn

from policy.model.activation import gelu
from policy.model.attention import Attend


class MultiHead(nn.Module):
    """The four projections of multi-head attention; queries may come from other tokens than keys and values.

    Args:
        width: Of the queries' tokens, and of the result.
        heads: `width` is a multiple of it.
        context_width: Of the tokens that keys and values are made of; None: the same as `width`.
    """

    def __init__(self, width: int, *, heads: int, context_width: int | None = None) -> None:
        super().__init__()
        self.heads = heads
        context_width = width if context_width is None else context_width
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(context_width, width)
        self.v_proj = nn.Linear(context_width, width)
        self.out_proj = nn.Linear(width, width)

    def keys_values(self, context_BKW: Tensor) -> tuple[Tensor, Tensor]:
        """What the context offers: keys and values, each [B, H, K, D]."""
        return self._heads(self.k_proj(context_BKW)), self._heads(self.v_proj(context_BKW))

    def forward(
        self, x_BQW: Tensor, keys_values: tuple[Tensor, Tensor], mask: Tensor | None, attend: Attend
    ) -> Tensor:
        """What the queries made of `x` find, [B, Q, W]; `mask` is additive."""
        keys, values = keys_values
        return self.out_proj(attend(self._heads(self.q_proj(x_BQW)), keys, values, mask))

    def _heads(self, x_BSW: Tensor) -> Tensor:
        return x_BSW.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Mlp(nn.Module):
    """Two linear layers around a GELU (tanh form)."""

    def __init__(self, width: int, *, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x_BSW: Tensor) -> Tensor:
        """[B, S, W] to the same."""
        return self.fc2(gelu(self.fc1(x_BSW)))
