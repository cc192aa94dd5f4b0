"""How graphs are captured, on a stand-in for CUDA: which streams, pool and device; that copies come out.

It shows the order of calls and nothing of what a GPU makes of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from policy.inference import cuda_graph
from policy.inference import sampler as sampler_module
from policy.inference.cuda_graph import WARM_UPS, GraphRunner
from policy.inference.sampler import Sampler
from policy.inference.static_runner import StaticRunner
from tests.policy.inference import golden
from tests.policy.inference.golden import Case


class StandInStream:
    """Remembers for which streams it waits."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.waits_for: list[str] = []

    def wait_stream(self, other: StandInStream) -> None:
        self.waits_for.append(other.name)


class StandInGraph:
    """Replays by running the pass again, into the tensors that it gave when captured."""

    def __init__(self) -> None:
        self.captured: dict[str, Any] = {}
        self.replays = 0
        self.runner: GraphRunner | None = None

    def pool(self) -> object:
        pool = self.captured["pool"]
        return self if pool is None else pool

    def replay(self) -> None:
        self.replays += 1
        assert self.runner is not None
        for old, new in zip(self.runner._out, StaticRunner._run(self.runner), strict=True):
            old.copy_(new)


@dataclass
class StandIn:
    """The parts of `torch.cuda` that are used, and what was asked of them."""

    device: torch.device | None = None
    streams: list[StandInStream] = field(default_factory=lambda: [StandInStream("default")])
    graphs: list[StandInGraph] = field(default_factory=list)
    made: int = 0

    def new_stream(self, device: torch.device) -> StandInStream:
        self.made += 1
        return StandInStream(f"{device}/{self.made}")

    def new_graph(self) -> StandInGraph:
        self.graphs.append(StandInGraph())
        return self.graphs[-1]

    @contextmanager
    def on_device(self, device: torch.device) -> Iterator[None]:
        before, self.device = self.device, device
        yield
        self.device = before

    @contextmanager
    def on_stream(self, stream: StandInStream) -> Iterator[None]:
        self.streams.append(stream)
        yield
        self.streams.pop()

    @contextmanager
    def capture(self, graph: StandInGraph, **options: Any) -> Iterator[None]:
        graph.captured = {**options, "device": self.device, "alone": cuda_graph.CAPTURING.locked()}
        with self.on_stream(options["stream"]):
            yield


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    monkeypatch.setattr(torch.cuda, "Stream", stand_in.new_stream)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", stand_in.new_graph)
    monkeypatch.setattr(torch.cuda, "device", stand_in.on_device)
    monkeypatch.setattr(torch.cuda, "stream", stand_in.on_stream)
    monkeypatch.setattr(torch.cuda, "graph", stand_in.capture)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: stand_in.streams[-1])
    return stand_in


@pytest.fixture
def case() -> Case:
    return golden.case("pi05_asym_case0")


@pytest.fixture
def sampler(cuda: StandIn) -> Sampler:
    """One that believes its processor has graphs."""
    sampler = Sampler(golden.model("pi05_asym"), bucket=8)
    sampler._streams = cuda_graph.streams_on(sampler.device)
    return sampler


def test_a_graph_is_captured_after_warm_ups_on_the_models_device(
    cuda: StandIn, sampler: Sampler, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran_on: list[str] = []
    run = StaticRunner._run

    def noted(self: StaticRunner) -> tuple[torch.Tensor, torch.Tensor]:
        ran_on.append(cuda.streams[-1].name)
        return run(self)

    monkeypatch.setattr(StaticRunner, "_run", noted)
    _, shape, batch = sampler.prepared(case.inputs, case.noise_BTA, steps=1)
    sampler._runner(shape, batch)
    (graph,) = cuda.graphs
    assert ran_on == ["cpu/1"] * WARM_UPS + ["cpu/2"], "a workspace of the warm-up is outside the pool"
    assert graph.captured["device"] == sampler.device
    assert graph.captured["capture_error_mode"] == "thread_local"
    assert graph.captured["alone"]
    assert not cuda_graph.CAPTURING.locked()
    assert sampler._streams is not None
    assert sampler._streams.warm_up.waits_for == ["default"]
    assert cuda.streams[0].waits_for == ["cpu/1"]
    assert cuda.device is None


def test_replays_read_new_inputs_and_give_copies(cuda: StandIn, sampler: Sampler, case: Case) -> None:
    _, shape, batch = sampler.prepared(case.inputs, case.noise_BTA, steps=5)
    runner: Any = sampler._runner(shape, batch)
    cuda.graphs[0].runner = runner
    first = sampler.sample(case.inputs, case.noise_BTA, steps=5)
    kept = first.clone()
    torch.testing.assert_close(first, case.actions_5_BTA, atol=1e-4, rtol=1e-4)
    other = sampler.sample(case.inputs, -case.noise_BTA, steps=5)
    assert cuda.graphs[0].replays == 2
    assert len(cuda.graphs) == 1
    assert torch.equal(first, kept), "a later replay wrote into an answer that was given"
    assert (other - first).abs().max() > 1e-2


def test_graphs_of_a_sampler_share_streams_and_a_pool_that_outlives_the_oldest(
    cuda: StandIn, sampler: Sampler, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampler_module, "KEPT_PASSES", 2)
    for steps in (1, 2, 3, 4):
        _, shape, batch = sampler.prepared(case.inputs, case.noise_BTA, steps=steps)
        sampler._runner(shape, batch)
    assert [shape.steps for shape in sampler.kept] == [3, 4]
    assert {graph.captured["stream"].name for graph in cuda.graphs} == {"cpu/2"}
    assert [graph.pool() for graph in cuda.graphs] == [cuda.graphs[0]] * 4
    sampler.forget()
    _, shape, batch = sampler.prepared(case.inputs, case.noise_BTA, steps=1)
    sampler._runner(shape, batch)
    assert cuda.graphs[-1].captured["pool"] is None, "nobody keeps the old pool any more"


def test_one_capture_at_a_time(sampler: Sampler, case: Case, cuda: StandIn) -> None:
    _, shape, batch = sampler.prepared(case.inputs, case.noise_BTA, steps=1)
    capturing = threading.Thread(target=sampler._runner, args=(shape, batch))
    with cuda_graph.CAPTURING:
        capturing.start()
        while not cuda.graphs:
            time.sleep(0.01)
        capturing.join(0.1)
        assert not cuda.graphs[0].captured
    capturing.join()
    assert sampler.kept == (shape,)
