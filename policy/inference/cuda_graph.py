"""A pass as one CUDA graph: the host launches it once instead of thousands of kernels.

A graph replays the same kernels on the same memory, so everything it reads and writes stays where it was when it was
captured: inputs in the runner's buffers, tables and caches in those of the pass, what lies between in the graphs' own
pool. Nothing in between may wait for the device or be made on the host.

None of this has run on a GPU yet; `tests/policy/inference/test_capturable.py` shows what can be shown without one.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import torch
from torch import Tensor

from policy.inference.action_pass import ActionPass
from policy.inference.pass_batch import PassBatch
from policy.inference.static_runner import StaticRunner

WARM_UPS = 3
"""Runs before capture: libraries choose kernels and make their workspaces in the first ones."""
CAPTURING = threading.Lock()
"""Held during a capture. Each begins by waiting for its device, which is an error while another one captures on it."""


class Streams(NamedTuple):
    """On which the graphs of one sampler are made; they are replayed on whatever stream their caller is on.

    Attributes:
        warm_up: For the runs before.
        capture: For the capture. Not the same: matrix products keep a workspace for each stream, and one from a warm-up
            would lie outside the graphs' pool.
    """

    warm_up: torch.cuda.Stream
    capture: torch.cuda.Stream


def streams_on(device: torch.device) -> Streams:
    """New streams on a CUDA device."""
    return Streams(torch.cuda.Stream(device), torch.cuda.Stream(device))


class GraphRunner(StaticRunner):
    """Captures a pass when made, and replays it for each batch.

    Graphs of one sampler share a pool: they never run at the same time, and what they give is copied at once, so one
    may write where another has finished. The pool stays as long as any of them. In PyTorch 2.13 that is also what keeps
    them right: a graph that goes frees the workspaces of all matrix products captured on its stream, those of other
    graphs too (pytorch#193402). In pools of their own they would then write to memory that is gone.

    Args:
        action_pass: Whose `techniques` are `capturable`.
        example: A batch of its shape; its values are used for the warm-up, so they should be finite.
        device: A CUDA device; it need not be the current one.
        streams: On that device, those of the sampler's other graphs.
        beside: One of the sampler's other graphs, if there is any.
    """

    def __init__(
        self,
        action_pass: ActionPass,
        example: PassBatch,
        *,
        device: torch.device,
        streams: Streams,
        beside: GraphRunner | None = None,
    ) -> None:
        super().__init__(action_pass, example, device=device)
        self._graph = torch.cuda.CUDAGraph()
        # A capture records what runs on the current device; on another it would be empty, and replay old answers.
        with CAPTURING, torch.cuda.device(device):
            before = torch.cuda.current_stream()
            streams.warm_up.wait_stream(before)
            with torch.cuda.stream(streams.warm_up):
                for _ in range(WARM_UPS):
                    super()._run()
            before.wait_stream(streams.warm_up)
            # Another thread may be reading for the high level meanwhile; what it launches is no part of this.
            with torch.cuda.graph(
                self._graph,
                pool=None if beside is None else beside._graph.pool(),
                stream=streams.capture,
                capture_error_mode="thread_local",
            ):
                self._out = super()._run()

    def _run(self) -> tuple[Tensor, Tensor]:
        self._graph.replay()
        return self._out
