"""Training's attention gives the values and the gradients of the one in the open."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from policy.model.attention import Attend, additive, eager
from policy.model.lean_attention import lean

Found = tuple[Tensor, ...]


def qkv(*, scale: float = 1.0, kv_heads: int = 2, dtype: torch.dtype = torch.float32) -> Found:
    source = torch.Generator().manual_seed(0)
    shapes = ((3, 4, 5, 8), (3, kv_heads, 7, 8), (3, kv_heads, 7, 8))
    return tuple(
        (scale * torch.randn(shape, generator=source)).to(dtype).requires_grad_() for shape in shapes
    )


def with_gradients(attend: Attend, inputs: Found, mask: Tensor | None) -> Found:
    """The result, then the gradient of each input."""
    out = attend(inputs[0], inputs[1], inputs[2], mask)
    weights = torch.linspace(-1, 1, out.numel()).reshape(out.shape).to(out.dtype)
    return (out.detach(), *torch.autograd.grad((out * weights).sum(), inputs))


def holes(*, queries: int = 5) -> Tensor:
    """A mask under which every query sees something."""
    seen = torch.rand(3, 1, queries, 7, generator=torch.Generator().manual_seed(1)) < 0.6
    seen[..., 2] = True
    return seen


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
@pytest.mark.parametrize("queries", [None, 1, 5], ids=["no mask", "one row for all", "a row each"])
def test_values_and_gradients_are_those_in_the_open(kv_heads: int, queries: int | None) -> None:
    mask = None if queries is None else additive(holes(queries=queries), dtype=torch.float32)
    inputs = qkv(kv_heads=kv_heads)
    for found, expected in zip(*(with_gradients(each, inputs, mask) for each in (lean, eager)), strict=True):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_the_gradient_written_out_is_the_numerical_one() -> None:
    mask = additive(holes(), dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda q, k, v: lean(q, k, v, mask), qkv(dtype=torch.float64))


def test_scores_beyond_what_an_exponential_can_hold_give_the_same() -> None:
    mask = additive(holes(), dtype=torch.float32)
    for found, expected in zip(
        *(with_gradients(each, qkv(scale=20.0), mask) for each in (lean, eager)), strict=True
    ):
        torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_a_query_that_sees_nothing_is_finite_and_changes_no_other(scale: float) -> None:
    seen = holes()
    seen[1, :, 3] = False
    mask = additive(seen, dtype=torch.float32)
    found = with_gradients(lean, qkv(scale=scale), mask)
    assert all(each.isfinite().all() for each in found)
    others = torch.ones(3, 5, dtype=torch.bool)
    others[1, 3] = False
    expected = with_gradients(eager, qkv(scale=scale), mask)[0]
    torch.testing.assert_close(found[0][others], expected[others], atol=1e-4, rtol=1e-4)


def test_under_autocast_it_computes_in_bfloat16_and_stays_near() -> None:
    exact = with_gradients(eager, qkv(), None)
    with torch.autocast("cpu", torch.bfloat16):
        near = with_gradients(lean, qkv(), None)
    assert near[0].dtype == torch.bfloat16
    for found, expected in zip(near, exact, strict=True):
        assert (found.float() - expected).norm() < 0.02 * expected.norm()
