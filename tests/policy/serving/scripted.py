"""A policy of both levels that needs no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy.transforms.images import ImageTooThin
from policy.types import ActionChunk, Box, Committed, Observation, RequestError, Subtask

STEP_NS = 20_000_000
BOX = Box(label="plate", y_min=0.25, x_min=0.125, y_max=0.5, x_max=1.0)


class Scripted:
    """A policy of both levels that keeps what it was asked."""

    def __init__(self) -> None:
        self.metadata: Mapping[str, Any] = {"name": "scripted", "horizon": 3, "rate_hz": 50.0}
        self.asked: list[tuple[Any, ...]] = []

    def warm_up(self) -> None:
        pass

    def subtask(self, observation: Observation, task: str, *, allowed: Sequence[str] = ()) -> Subtask:
        self.asked.append((observation, task, tuple(allowed)))
        text = allowed[0] if allowed else "pick up the plate"
        return Subtask(text=text, probability=0.75, boxes=(BOX,), inference_ms=2.0, cut=not allowed)

    def actions(
        self,
        observation: Observation,
        subtask: str,
        *,
        committed: Committed | None = None,
        noise: NDArray[np.float32] | None = None,
    ) -> ActionChunk:
        self.asked.append((observation, subtask, committed, noise))
        if subtask == "too thin":
            raise ImageTooThin("image 'front' is too thin")
        if subtask == "refuse":
            raise RequestError("not that")
        actions = observation.state + np.arange(3.0)[:, None]
        targets = observation.captured_ns + STEP_NS * np.arange(3, dtype=np.int64)
        return ActionChunk(actions=actions, target_ns=targets, subtask=subtask, inference_ms=1.0)
