"""Attention for training: what `eager` computes, its backward pass written out, in fewer passes over memory.

Letters: B batch, G key-value heads, R query heads a key-value head, Q queries, K keys, D width of a head. N is R·Q: the
query heads that share a key-value head are laid end to end.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from policy.model.precision import stream_dtype

LARGEST_SCORE = 60.0
"""Its exponential times any number of keys, and one over it, are far from the ends of float32 and bfloat16."""
SMALLEST_SUM = 1e-36
"""Of the exponentials of a row that sees anything: exp(−60) is larger."""


def lean(q_BHQD: Tensor, k_BGKD: Tensor, v_BGKD: Tensor, mask: Tensor | None) -> Tensor:
    """Attention as `policy.model.attention.Attend` says; it can be differentiated once.

    No gradient reaches the mask. A query that sees nothing gives zeros or the mean of all values.
    """
    B, H, Q, D = q_BHQD.shape
    G = k_BGKD.shape[1]
    dtype = stream_dtype(q_BHQD)
    q_BGND = q_BHQD.to(dtype).reshape(B, G, H // G * Q, D)
    out: Tensor = _Attention.apply(q_BGND, k_BGKD.to(dtype), v_BGKD.to(dtype), mask)
    return out.reshape(B, H, Q, D).transpose(1, 2).reshape(B, Q, H * D)


class _Attention(torch.autograd.Function):
    """softmax(q·kᵀ/√D + mask)·v, its rows divided by their sums last.

    With E = exp(scores − their row's largest), r its rows' sums and o the result, the gradient of the scores is
    E·(∂o/r · vᵀ − ⟨∂o/r, o⟩): the softmax's own matrix is never made. The sums come out of the product with v, to which
    a column of ones is added; the subtraction is made in a product in the same way.
    """

    @staticmethod
    def forward(ctx: Any, q_BGND: Tensor, k_BGKD: Tensor, v_BGKD: Tensor, mask: Tensor | None) -> Tensor:
        q_BGND = q_BGND * q_BGND.shape[-1] ** -0.5
        exp_BGNK = q_BGND @ k_BGKD.transpose(2, 3)
        if mask is not None:
            B, G, N, K = exp_BGNK.shape
            Q = mask.shape[2] if mask.shape[2] > 1 else N
            exp_BGNK.view(B, G, N // Q, Q, K).add_(mask[:, :, None])
        if not _need_no_shift(q_BGND, k_BGKD):
            exp_BGNK.sub_(exp_BGNK.amax(dim=-1, keepdim=True))
        exp_BGNK.exp_()
        v_and_one = F.pad(v_BGKD, (0, 1), value=1.0)
        sums = exp_BGNK @ v_and_one
        total_BGN1 = sums[..., -1:].clamp(min=SMALLEST_SUM)
        out_BGND = sums[..., :-1] / total_BGN1
        ctx.save_for_backward(q_BGND, k_BGKD, v_and_one, exp_BGNK, total_BGN1, out_BGND)
        return out_BGND

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_BGND: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        q_BGND, k_BGKD, v_and_one, exp_BGNK, total_BGN1, out_BGND = ctx.saved_tensors
        grad_BGND = grad_BGND / total_BGN1
        grad_v = exp_BGNK.transpose(2, 3) @ grad_BGND
        inner = (grad_BGND * out_BGND).sum(dim=-1, keepdim=True)
        grad_scores = (torch.cat((grad_BGND, -inner), dim=-1) @ v_and_one.transpose(2, 3)).mul_(exp_BGNK)
        grad_q = (grad_scores @ k_BGKD).mul_(q_BGND.shape[-1] ** -0.5)
        grad_k = grad_scores.transpose(2, 3) @ q_BGND
        return grad_q, grad_k, grad_v, None


def _need_no_shift(q_BGND: Tensor, k_BGKD: Tensor) -> bool:
    """Whether no score can be so large that its exponential overflows, nor a whole row so small that it vanishes.

    A score is at most the product of the longest query and the longest key. On an accelerator the question would cost
    more than the shift.
    """
    if q_BGND.device.type != "cpu":
        return False
    longest = [torch.linalg.vector_norm(x, dim=-1).max().item() for x in (q_BGND, k_BGKD)]
    return longest[0] * longest[1] < LARGEST_SCORE
