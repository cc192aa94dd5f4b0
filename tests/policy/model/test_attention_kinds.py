"""One attention, computed in three ways; and a norm's gradient by hand and by PyTorch."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from policy.model import attention
from policy.model.lean_attention import lean
from policy.model.norms import EPS, unit_rms


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("attend", [lean, attention.fused])
def test_every_kind_gives_the_same_and_the_same_gradients(
    groups: int, masked: bool, attend: attention.Attend
) -> None:
    generator = torch.Generator().manual_seed(0)
    shapes = ((3, 4, 5, 8), (3, groups, 7, 8), (3, groups, 7, 8))
    mask = attention.additive(torch.rand(3, 1, 5, 7, generator=generator) > 0.3, dtype=torch.float32)
    qkv = [torch.randn(shape, generator=generator, requires_grad=True) for shape in shapes]
    results = []
    for kind in (attention.eager, attend):
        out = kind(*qkv, mask if masked else None)
        results.append((out, *torch.autograd.grad(out.square().sum(), qkv)))
    for one, other in zip(*results, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_the_norms_gradient_is_pytorchs() -> None:
    x = torch.randn(4, 6, 10, generator=torch.Generator().manual_seed(0), requires_grad=True)
    weight = torch.randn(10, generator=torch.Generator().manual_seed(1))
    results = []
    for normed in (unit_rms(x), F.rms_norm(x, (10,), eps=EPS)):
        results.append((normed, *torch.autograd.grad((normed * weight).sin().sum(), x)))
    for one, other in zip(*results, strict=True):
        assert torch.allclose(one, other, atol=1e-6)
