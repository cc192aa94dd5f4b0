"""Chunks that join: settled steps stay, the new chunk leaves the old one without a jump, and then is free."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from policy.inference import rtc
from policy.inference.rtc import Continuation
from policy.inference.sampler import Sampler
from policy.inference.techniques import FAST, PLAIN, Techniques
from policy.model.flow import euler_times
from tests.policy.inference import golden

HORIZON, FROZEN, EXECUTE = 10, 3, 4


def largest_jump(chunk_BTA: Tensor, plan_BTA: Tensor) -> float:
    """Between the last settled step, as it was planned, and the first new one."""
    return float((chunk_BTA[:, FROZEN] - plan_BTA[:, FROZEN - 1]).abs().max())


def test_weights_fade_from_the_settled_steps_to_the_free_ones() -> None:
    weights = rtc.soft_mask(HORIZON, frozen=FROZEN, planned=8, execute=EXECUTE)
    assert weights[:FROZEN].tolist() == [1.0] * FROZEN
    assert weights[HORIZON - EXECUTE :].tolist() == [0.0] * EXECUTE
    fading = weights[FROZEN - 1 : HORIZON - EXECUTE + 1]
    assert (fading.diff() < 0).all()
    c = (6 - 4) / (6 - 3 + 1)
    assert weights[4].item() == pytest.approx(c * math.expm1(c) / (math.e - 1))


@pytest.mark.parametrize(
    ("frozen", "planned", "execute", "expected"),
    [
        (0, 0, 4, [0.0] * 4),
        (2, 2, 4, [1.0, 1.0, 0.0, 0.0]),
        (4, 4, 4, [1.0] * 4),
        (3, 4, 0, [1.0, 1.0, 1.0, 0.5 * math.expm1(0.5) / (math.e - 1)]),
    ],
)
def test_weights_at_the_ends(frozen: int, planned: int, execute: int, expected: list[float]) -> None:
    weights = rtc.soft_mask(4, frozen=frozen, planned=planned, execute=execute)
    assert weights.tolist() == pytest.approx(expected)


def test_more_frozen_than_planned_is_refused() -> None:
    with pytest.raises(ValueError, match="3 frozen steps with 2 planned"):
        rtc.soft_mask(10, frozen=3, planned=2, execute=4)


def test_guidance_is_clipped_where_it_would_be_too_strong() -> None:
    by_time = [rtc.guidance(time) for time in euler_times(10)]
    assert by_time[0] == rtc.MAX_GUIDANCE, "at pure noise it would be infinite"
    assert rtc.guidance(0.5) == pytest.approx(2.0)
    assert all(0 < strength <= rtc.MAX_GUIDANCE for strength in by_time)
    assert rtc.guidance(0.3) == pytest.approx((0.3**2 + 0.7**2) / (0.3 * 0.7))


def test_guidance_brings_a_perfect_flow_to_its_plan() -> None:
    """The exact flow to standard normal actions: held steps end at the plan, free ones where they would without it."""
    noise_BTA = torch.randn((1, HORIZON, 64), generator=torch.Generator().manual_seed(1))
    weights_T = rtc.soft_mask(HORIZON, frozen=FROZEN, planned=HORIZON, execute=EXECUTE)
    plan_BTA = torch.ones_like(noise_BTA)

    def walk(weights_BT1: Tensor) -> Tensor:
        x_BTA = noise_BTA
        for time in euler_times(10):
            expected_BTA = (1 - time) / (time**2 + (1 - time) ** 2) * x_BTA
            velocity = (x_BTA - expected_BTA) / time
            x_BTA = x_BTA - rtc.guided(velocity, x_BTA, time, plan_BTA, weights_BT1) / 10
        return x_BTA

    free, held = walk(torch.zeros(1, HORIZON, 1)), walk(weights_T[None, :, None])
    away = (held - plan_BTA).abs().mean(dim=(0, 2)) / (free - plan_BTA).abs().mean(dim=(0, 2))
    assert away[:FROZEN].max() < 0.1
    assert torch.equal(held[:, HORIZON - EXECUTE :], free[:, HORIZON - EXECUTE :])
    assert (away[FROZEN - 1 : HORIZON - EXECUTE + 1].diff() > 0).all()


@pytest.mark.parametrize("techniques", [FAST, PLAIN], ids=["fast", "plain"])
@pytest.mark.parametrize("kind", ["pi0", "pi05"])
def test_trained_steps_stay_exactly(kind: str, techniques: Techniques) -> None:
    """And the settled steps go in at flow time 0: the other steps differ from those of a chunk that ignores them."""
    case = golden.case(f"{kind}_case0")
    model = golden.model(kind)
    sampler = Sampler(model, techniques=techniques)
    free = sampler.sample(case.inputs, case.noise_BTA)
    plan = free + 0.5
    go_on = Continuation("trained", plan, rtc.frozen_mask(HORIZON, frozen=FROZEN))
    chunk = sampler.sample(case.inputs, case.noise_BTA, continuation=go_on)
    assert torch.equal(chunk[:, :FROZEN], plan[:, :FROZEN])
    assert torch.isfinite(chunk).all()
    assert (chunk[:, FROZEN:] - free[:, FROZEN:]).abs().max() > 1e-2

    expected = case.noise_BTA
    frozen_1T1 = (torch.arange(HORIZON) < FROZEN)[None, :, None]
    prefix = model.prefill(case.inputs)
    with torch.no_grad():
        for time in euler_times(10):
            expected = torch.where(frozen_1T1, plan, expected)
            times = torch.where(frozen_1T1[:, :, 0], 0.0, time)
            expected = expected - model.velocity(prefix, case.inputs.state_BA, expected, times) / 10
    torch.testing.assert_close(chunk[:, FROZEN:], expected[:, FROZEN:], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("static", [False, True], ids=["plain", "static"])
@pytest.mark.parametrize("kind", ["pi0", "pi05"])
def test_guided_chunks_hold_to_the_plan_and_join_it(kind: str, static: bool) -> None:
    case = golden.case(f"{kind}_case0")
    sampler = Sampler(golden.model(kind), static_buffers=static)
    free = sampler.sample(case.inputs, case.noise_BTA)
    # A plan that stands still, so that whatever jumps does so where the chunks meet.
    plan = torch.randn((1, 1, 32), generator=torch.Generator().manual_seed(4)).expand_as(free).contiguous()
    weights = rtc.soft_mask(HORIZON, frozen=FROZEN, planned=HORIZON, execute=EXECUTE)
    chunk = sampler.sample(case.inputs, case.noise_BTA, continuation=Continuation("guided", plan, weights))
    assert torch.isfinite(chunk).all()

    def away(actions: Tensor) -> Tensor:
        return (actions - plan).abs().mean(dim=(0, 2))

    settled = away(chunk)[:FROZEN].mean() / away(free)[:FROZEN].mean()
    fading = away(chunk)[FROZEN : HORIZON - EXECUTE].mean() / away(free)[FROZEN : HORIZON - EXECUTE].mean()
    assert settled < 0.35, "settled steps are pulled to the plan"
    assert settled < fading < 1, "and those after them less"
    assert largest_jump(chunk, plan) < 0.7 * largest_jump(free, plan)


def test_no_plan_and_a_plan_of_no_weight_are_the_same() -> None:
    case = golden.case("pi05_case0")
    sampler = Sampler(golden.model("pi05"))
    nothing = Continuation("guided", torch.full_like(case.noise_BTA, 7.0), torch.zeros(HORIZON))
    chunk = sampler.sample(case.inputs, case.noise_BTA, continuation=nothing)
    torch.testing.assert_close(chunk, case.actions_BTA, atol=1e-4, rtol=1e-4)
    with pytest.raises(ValueError, match="the plan of the chunk in progress"):
        sampler.sample(
            case.inputs,
            case.noise_BTA,
            continuation=Continuation("guided", case.noise_BTA[:, :4], torch.zeros(HORIZON)),
        )
