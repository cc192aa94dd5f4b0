"""A pass as one CUDA graph: the host launches it once instead of ten thousand kernels.

A graph replays the same kernels on the same memory, so everything it reads and writes stays where it was when it was
captured: inputs in the runner's buffers, tables and caches in those of the pass, what lies between in the graph's own
pool. Nothing in between may wait for the device or be made on the host.
"""

from __future__ import annotations

import torch
from torch import Tensor

from policy.inference.action_pass import ActionPass, PassBatch
from policy.inference.static_runner import StaticRunner

WARM_UPS = 3
"""Runs before capture: libraries choose kernels and make their workspaces in the first ones."""


class GraphRunner(StaticRunner):
    """Captures a pass when made, and replays it for each batch.

    Args:
        action_pass: Whose `techniques` are `capturable`.
        example: A batch of its shape; its values are used for the warm-up, so they should be finite.
        device: A CUDA device.
    """

    def __init__(self, action_pass: ActionPass, example: PassBatch, *, device: torch.device) -> None:
        super().__init__(action_pass, example, device=device)
        self._graph = torch.cuda.CUDAGraph()
        side = torch.cuda.Stream(device)
        side.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(side):
            for _ in range(WARM_UPS):
                super()._run()
        torch.cuda.current_stream(device).wait_stream(side)
        torch.cuda.synchronize(device)
        # Another thread may be reading for the high level meanwhile; what it launches is no part of this.
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._out = super()._run()

    def _run(self) -> tuple[Tensor, Tensor]:
        self._graph.replay()
        return self._out
