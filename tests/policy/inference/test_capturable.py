"""What a CUDA graph asks of a pass, checked without a GPU: nothing is made on the host, nothing is read back to it.

A graph replays kernels. A value that was computed on the host when it was captured would stay what it was then, and
one that is read back cannot be captured at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from policy.inference import rtc
from policy.inference.rtc import Continuation
from policy.inference.sampler import Sampler
from policy.inference.techniques import FAST, PLAIN
from tests.policy.inference import golden

HOST_WORK = (
    "_local_scalar_dense",
    "lift_fresh",
    "lift_fresh_copy",
    "nonzero",
    "masked_select",
    "equal",
    "unique",
    "repeat_interleave",
    "tensor",
)
"""Operations that take data from the host, bring it there, or give results whose shape the data decides."""


class HostWork(TorchDispatchMode):
    """Collects the names of such operations."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = func._schema.name.removeprefix("aten::")
        if name in HOST_WORK:
            self.found.add(name)
        return func(*args, **(kwargs or {}))


def host_work(kind: str, way: str, *, bucket: int, encoded: bool, fast: bool = True) -> set[str]:
    case = golden.case(f"{kind}_asym_case0")
    sampler = Sampler(golden.model(f"{kind}_asym"), techniques=FAST if fast else PLAIN, bucket=bucket)
    horizon = case.noise_BTA.shape[1]
    makes: dict[str, Callable[[], Continuation | None]] = {
        "none": lambda: None,
        "trained": lambda: Continuation("trained", case.actions_BTA, rtc.frozen_mask(horizon, frozen=2)),
        "guided": lambda: Continuation(
            "guided", case.actions_BTA, rtc.soft_mask(horizon, frozen=2, planned=5, execute=2)
        ),
    }
    _, shape, batch = sampler.prepared(
        case.inputs,
        case.noise_BTA,
        features_BNPW=sampler.encode(case.inputs.images_BNCYX) if encoded else None,
        steps=2,
        continuation=makes[way](),
    )
    assert shape.padded == (bucket > 1 or not fast)
    action_pass = sampler.made(shape)
    with HostWork() as work:
        action_pass(batch)
    return work.found


class Elsewhere(TorchDispatchMode):
    """Collects the names of operations that read or make a tensor on another device than `meta`."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for each in tree_leaves((args, kwargs, result)):
            if isinstance(each, torch.Tensor) and each.device.type != "meta":
                self.found.add(func._schema.name)
        return result


@pytest.mark.parametrize("way", ["none", "trained", "guided"])
@pytest.mark.parametrize("kind", ["pi0", "pi05"])
def test_a_pass_stays_on_its_device(kind: str, way: str) -> None:
    """Run where there are shapes and no values: whatever is made or read on the processor would show."""
    case = golden.case(f"{kind}_asym_case0")
    model = golden.model(f"{kind}_asym").to("meta")
    sampler = Sampler(model, bucket=16)
    noise_BTA = case.noise_BTA
    go_on = {
        "none": None,
        "trained": Continuation("trained", noise_BTA, torch.ones(noise_BTA.shape[1])),
        "guided": Continuation("guided", noise_BTA, torch.ones(noise_BTA.shape[1])),
    }
    _, shape, batch = sampler.prepared(case.inputs, noise_BTA, steps=2, continuation=go_on[way])
    action_pass, batch = sampler.made(shape), batch.to(sampler.device)
    with Elsewhere() as elsewhere:
        actions, _ = action_pass(batch)
    assert elsewhere.found == set()
    assert actions.shape == noise_BTA.shape


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("bucket", [1, 16])
@pytest.mark.parametrize("way", ["none", "trained", "guided"])
@pytest.mark.parametrize("kind", ["pi0", "pi05"])
def test_a_pass_with_all_techniques_can_be_captured(kind: str, way: str, bucket: int, encoded: bool) -> None:
    assert host_work(kind, way, bucket=bucket, encoded=encoded) == set()


def test_the_plain_path_could_not_be() -> None:
    """So the test above can fail."""
    assert host_work("pi0", "none", bucket=1, encoded=False, fast=False)


def test_buffers_stay_where_they_are() -> None:
    """Two runs through the same runner write keys, values and inputs to the same memory."""
    case = golden.case("pi05_asym_case0")
    sampler = Sampler(golden.model("pi05_asym"), static_buffers=True)
    sampler.sample(case.inputs, case.noise_BTA)
    runner: Any = sampler._runners[sampler.kept[0]]

    def places() -> list[int]:
        held = [tensor for _, tensor in runner._batch.tensors()]
        return [
            tensor.data_ptr() for tensor in (*held, runner._pass._cache._keys, runner._pass._cache._values)
        ]

    before = places()
    moved = replace(case.inputs, state_BA=case.inputs.state_BA + 1)
    sampler.sample(moved, -case.noise_BTA)
    assert len(sampler.kept) == 1
    assert places() == before


def test_a_batch_of_another_shape_is_refused_by_the_buffers() -> None:
    case = golden.case("pi05_asym_case0")
    sampler = Sampler(golden.model("pi05_asym"), static_buffers=True)
    sampler.sample(case.inputs, case.noise_BTA)
    runner: Any = sampler._runners[sampler.kept[0]]
    _, _, batch = sampler.prepared(case.inputs, case.noise_BTA)
    with pytest.raises(ValueError, match=r"noise_BTA is torch\.float64"):
        runner(replace(batch, noise_BTA=batch.noise_BTA.double()))
