"""Any flow model walks as π0 and π0.5 do in their own, prepared way; also where a chunk goes on from another."""

from __future__ import annotations

from typing import Literal

import pytest
import torch

from policy.inference import flow_walk, rtc
from policy.inference.rtc import Continuation, Way
from policy.inference.sampler import Sampler
from policy.inference.techniques import PLAIN
from policy.model.flow_model import FlowModel
from tests.policy.model import tiny

FROZEN = 2


def going_on(way: Way) -> Continuation:
    if way == "trained":
        return Continuation(way, tiny.chunk(seed=7), rtc.frozen_mask(tiny.HORIZON, frozen=FROZEN))
    weights = rtc.soft_mask(tiny.HORIZON, frozen=FROZEN, planned=tiny.HORIZON, execute=1)
    return Continuation(way, tiny.chunk(seed=7), weights)


@pytest.mark.parametrize("way", ["none", "trained", "guided"])
@pytest.mark.parametrize("kind", ["pi0", "pi05"])
def test_it_is_what_the_prepared_pass_computes(
    kind: Literal["pi0", "pi05"], way: Literal["none", "trained", "guided"]
) -> None:
    model, inputs, noise = tiny.pi0(kind), tiny.observation(), tiny.chunk()
    continuation = None if way == "none" else going_on(way)
    walked = flow_walk.walk(model, inputs, noise, continuation=continuation)
    prepared = Sampler(model, techniques=PLAIN).sample(inputs, noise, continuation=continuation)
    torch.testing.assert_close(walked, prepared, atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("way", ["trained", "guided"])
def test_pi0_small_goes_on_from_a_chunk(way: Way) -> None:
    model: FlowModel = tiny.pi0_small()
    continuation = going_on(way)
    inputs, noise, plan = tiny.observation(), tiny.chunk(), continuation.actions_BTA
    free = flow_walk.walk(model, inputs, noise)
    torch.testing.assert_close(free, model.sample_actions(inputs, noise))
    led = flow_walk.walk(model, inputs, noise, continuation=continuation)
    apart = (led - plan).abs().amax(dim=(0, 2))
    if way == "trained":
        assert not apart[:FROZEN].any()
    else:
        assert (apart[:FROZEN] < 0.2 * (free - plan).abs().amax(dim=(0, 2))[:FROZEN]).all()
    assert (led - free)[:, FROZEN:].abs().max() > 1e-3


def test_a_plan_of_another_shape_is_refused() -> None:
    plan = Continuation("guided", tiny.chunk()[:, :-1], torch.zeros(tiny.HORIZON - 1))
    with pytest.raises(ValueError, match=r"is \[2, 4, 6\], and the noise \[2, 5, 6\]"):
        flow_walk.walk(tiny.pi0_small(), tiny.observation(), tiny.chunk(), continuation=plan)
