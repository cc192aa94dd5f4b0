"""Who sees whom: blocks of tokens, and the positions they take."""

from __future__ import annotations

from torch import Tensor


def block_causal(starts_BS: Tensor, valid_BS: Tensor) -> Tensor:
    """Bidirectional within a block, blind to later blocks.

    Args:
        starts_BS: 1 where a token begins a new block, else 0; all 1 is causal, all 0 sees everything.
        valid_BS: False on padding and missing cameras, which neither see nor are seen.

    Returns:
        bool [B, query, key]. The row of an invalid token is all False; attention turns it uniform, and nobody
        attends to what comes of it.
    """
    block_BS = starts_BS.cumsum(dim=1)
    sees_BSS = block_BS[:, None, :] <= block_BS[:, :, None]
    return sees_BSS & valid_BS[:, None, :] & valid_BS[:, :, None]


def positions(valid_BS: Tensor) -> Tensor:
    """Position of each token, int64 [B, S]: valid tokens are counted from 0, invalid ones take no place."""
    return valid_BS.cumsum(dim=1) - 1
