"""What a policy is asked and what it answers, in a robot's own units. No tensors here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Observation:
    """What the robot saw and felt at one moment.

    Attributes:
        images: Camera name to [Y, X, 3] uint8 RGB, any size. A camera that is missing is masked.
        state: [D] in the profile's units and order.
        captured_ns: `time.monotonic_ns()` of the state; 0 where no clock is shared with the caller.
    """

    images: Mapping[str, NDArray[np.uint8]]
    state: NDArray[np.float64]
    captured_ns: int = 0


@dataclass(frozen=True)
class Box:
    """Where the model sees something: edges in fractions of the image, 0 top/left to 1 bottom/right."""

    label: str
    y_min: float
    x_min: float
    y_max: float
    x_max: float


@dataclass(frozen=True)
class Subtask:
    """What the high level says to do next.

    Attributes:
        text: For the low level; empty when the model said no words.
        probability: Of `text`, 0 to 1: among the allowed phrases where such were given, else of its tokens.
        boxes: Named before the text, if any.
        inference_ms: Wall time it took.
        cut: Whether the limit of tokens came before the end, so that the text may break off anywhere.
    """

    text: str
    probability: float
    boxes: tuple[Box, ...] = ()
    inference_ms: float = 0.0
    cut: bool = False


@dataclass(frozen=True)
class Committed:
    """The steps of the chunk in progress that will have run, or may have, before a new chunk arrives.

    Attributes:
        actions: [T, D] in the robot's units: what is left of the chunk in progress, first the step that is due when
            the observation was taken.
        frozen: Leading steps that will certainly have run before the new chunk can start: kept as they are.
        execute: Steps of the new chunk that will run before the one after it; guidance fades out before them.
    """

    actions: NDArray[np.float64]
    frozen: int
    execute: int = 25


@dataclass(frozen=True)
class ActionChunk:
    """Actions to come, each with the moment it is meant for.

    Attributes:
        actions: [T, D] in the robot's units.
        target_ns: [T] `time.monotonic_ns()` of each step; relative to 0 where the observation had no time.
        subtask: The text that these actions follow.
        inference_ms: Wall time it took.
    """

    actions: NDArray[np.float64]
    target_ns: NDArray[np.int64]
    subtask: str
    inference_ms: float = 0.0


class Policy(Protocol):
    """Both levels of one model. Every implementation passes `tests/policy/contract.py`."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Plain values that describe it: name, embodiment, horizon, rate, and what it can do."""
        ...

    def warm_up(self) -> None:
        """Do once what makes the first call slow."""
        ...

    def subtask(self, observation: Observation, task: str, *, allowed: Sequence[str] = ()) -> Subtask:
        """Name the next subtask of `task`, one of `allowed` where such are given."""
        ...

    def actions(
        self,
        observation: Observation,
        subtask: str,
        *,
        committed: Committed | None = None,
        noise: NDArray[np.float32] | None = None,
    ) -> ActionChunk:
        """A chunk of actions that follows `subtask`; goes on from `committed` without a jump."""
        ...


class Servable(Protocol):
    """What `understudy serve` serves: openpi's `Policy.infer`, a map in and a map out."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Sent to every client first; plain values only."""
        ...

    def infer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one request. Keys are those of the embodiment, see `policy.transforms`."""
        ...


class RequestError(ValueError):
    """A request that cannot be answered; the message names the thing, the value and the remedy."""
