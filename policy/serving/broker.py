"""One action at a time, of a policy that answers chunks of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from policy.serving.client_errors import BadReply


class ActionChunkBroker:
    """Asks for a chunk when it has none, and hands out its steps one by one.

    This is how openpi's examples run a policy, open loop over `horizon` steps. It does not pass over steps that became
    late, and does not ask ahead of time; what drives our robot does both.
    """

    def __init__(self, infer: Callable[[Mapping[str, Any]], Mapping[str, Any]], horizon: int) -> None:
        """Start without a chunk.

        Args:
            infer: A policy's or a client's `infer`.
            horizon: Steps taken of each chunk, at most as many as it has.

        Raises:
            ValueError: The horizon is below 1.
        """
        if horizon < 1:
            raise ValueError(f"horizon is {horizon}; at least one step must be taken of each chunk")
        self._infer = infer
        self._horizon = horizon
        self._chunk: Mapping[str, Any] | None = None
        self._step = 0

    def infer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The step that is due: entry i of every array, everything else as it came.

        Args:
            request: Asked only when a new chunk is needed.

        Raises:
            BadReply: An array of the chunk has fewer steps than the horizon.
        """
        if self._chunk is None:
            self._chunk = self._checked(self._infer(request))
            self._step = 0
        due = {key: _at_step(value, self._step) for key, value in self._chunk.items()}
        self._step += 1
        if self._step >= self._horizon:
            self._chunk = None
        return due

    def reset(self) -> None:
        """Drop what is left of the chunk: a new task, or the robot was moved."""
        self._chunk = None

    def _checked(self, chunk: Mapping[str, Any]) -> Mapping[str, Any]:
        for path, array in _arrays(chunk, ""):
            if array.ndim == 0 or len(array) < self._horizon:
                raise BadReply(
                    f"{path} has shape {list(array.shape)}, fewer steps than the horizon of {self._horizon};"
                    " choose a shorter horizon"
                )
        return chunk


def _at_step(value: object, step: int) -> object:
    if isinstance(value, np.ndarray):
        return value[step]
    if isinstance(value, Mapping):
        return {key: _at_step(item, step) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [_at_step(item, step) for item in value]
        return items if isinstance(value, list) else tuple(items)
    return value


def _arrays(value: object, path: str) -> list[tuple[str, np.ndarray[Any, Any]]]:
    if isinstance(value, np.ndarray):
        return [(path, value)]
    if isinstance(value, Mapping):
        return [found for key, item in value.items() for found in _arrays(item, f"{path}[{key!r}]")]
    if isinstance(value, (list, tuple)):
        return [found for index, item in enumerate(value) for found in _arrays(item, f"{path}[{index}]")]
    return []
