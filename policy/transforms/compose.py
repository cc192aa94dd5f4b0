"""What flows through the transforms, and how they follow one another.

A robot's request is a plain map; its embodiment turns it into a `Sample`, which the other transforms refine until the
model can take it. Every transform is a frozen value that returns a new map and never changes an array it was given, so
that samples decoded from a message or mapped from a file may be read-only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypedDict

import numpy as np
from numpy.typing import NDArray

from policy.types import RequestError

Floats = NDArray[np.floating]
Raw = Mapping[str, object]


class Sample(TypedDict, total=False):
    """One sample without a batch axis, on its way into the model or back.

    Attributes:
        state: [D] or [A] numbers of the robot; normalised and padded at the end.
        unclipped_state: `state` as it would be without clipping, which relative actions start from. Only where
            `Normalize` clips.
        actions: [T, D] or [T, A], in training and on the way out.
        actions_is_pad: [T] bool, True on steps past the end of the episode; passed through.
        image: Model camera to [Y, X, 3] uint8 RGB.
        image_mask: Model camera to whether it is there.
        prompt: The instruction, until it is tokenised.
        tokenized_prompt: [L] int64.
        tokenized_prompt_mask: [L] bool, True on real tokens.
    """

    state: Floats
    unclipped_state: Floats
    actions: Floats
    actions_is_pad: NDArray[np.bool_]
    image: dict[str, NDArray[np.uint8]]
    image_mask: dict[str, np.bool_]
    prompt: str
    tokenized_prompt: NDArray[np.int64]
    tokenized_prompt_mask: NDArray[np.bool_]


RawTransform = Callable[[Raw], Raw]
SampleTransform = Callable[[Sample], Sample]


class Embodiment(Protocol):
    """What a robot calls its cameras and numbers, and what the model makes of them."""

    @property
    def name(self) -> str:
        """For messages and metadata."""
        ...

    @property
    def state_dim(self) -> int:
        """Numbers of state that the model sees."""
        ...

    @property
    def action_dim(self) -> int:
        """Numbers of an action that the robot takes."""
        ...

    def inputs(self, raw: Raw) -> Sample:
        """The model's cameras and numbers of a request.

        Raises:
            RequestError: Something is missing, unknown or wrong; the message names it and what is allowed.
        """
        ...

    def outputs(self, actions_TA: Floats) -> Floats:
        """[T, action_dim] in the robot's own units, from unnormalised absolute actions."""
        ...


@dataclass(frozen=True)
class Compose:
    """Transforms of samples, applied in order.

    Attributes:
        transforms: The first is applied first.
    """

    transforms: tuple[SampleTransform, ...] = ()

    def __call__(self, sample: Sample) -> Sample:
        """`sample` after every transform."""
        for transform in self.transforms:
            sample = transform(sample)
        return sample


@dataclass(frozen=True)
class Repack:
    """Gives the columns of a dataset the names that an embodiment expects; used in training only.

    Attributes:
        structure: New name to the path of the old one, its parts joined by `/`; a map nests.
    """

    structure: Mapping[str, str | Mapping[str, str]]

    def __call__(self, raw: Raw) -> Raw:
        """A map of `structure`'s names.

        Raises:
            RequestError: A path that `raw` lacks.
        """
        flat = flatten(raw)

        def take(path: str) -> object:
            if path not in flat:
                message = (
                    f"no {path!r} in the sample, which has {', '.join(sorted(map(str, flat))) or 'nothing'}"
                )
                raise RequestError(message)
            return flat[path]

        return {
            name: take(path) if isinstance(path, str) else {inner: take(old) for inner, old in path.items()}
            for name, path in self.structure.items()
        }


@dataclass(frozen=True)
class DefaultPrompt:
    """Adds a prompt where a request has none, or None.

    Attributes:
        prompt: The instruction to add; None adds nothing.
    """

    prompt: str | None

    def __call__(self, raw: Raw) -> Raw:
        """`raw`, with a prompt."""
        return raw if self.prompt is None or raw.get("prompt") is not None else {**raw, "prompt": self.prompt}


def flatten(tree: Raw) -> dict[str, object]:
    """Every leaf of nested maps under its path, the parts of which are joined by `/`."""
    flat: dict[str, object] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}/{inner}": leaf for inner, leaf in flatten(value).items()}
        else:
            flat[name] = value
    return flat
