"""Robots differ in how many numbers they have; the model has one width for all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from policy.transforms.compose import Floats, Sample


@dataclass(frozen=True)
class PadStatesAndActions:
    """Adds zeros at the end of state and actions. After normalising: a padded 0 is a 0 for the model.

    Attributes:
        width: A, the model's action width.
    """

    width: int

    def __call__(self, sample: Sample) -> Sample:
        """`sample` with state of [A] and actions of [T, A]."""
        padded = sample.copy()
        padded["state"] = pad_to_width(sample["state"], self.width, name="state")
        if "unclipped_state" in sample:
            padded["unclipped_state"] = pad_to_width(sample["unclipped_state"], self.width, name="state")
        if "actions" in sample:
            padded["actions"] = pad_to_width(sample["actions"], self.width, name="actions")
        return padded


def pad_to_width(values: Floats, width: int, *, name: str = "values") -> Floats:
    """`values` of [..., D] with zeros up to [..., width]; the dtype stays.

    Raises:
        ValueError: They are wider already.
    """
    missing = width - values.shape[-1]
    if missing < 0:
        raise ValueError(f"{name!r} has {values.shape[-1]} numbers, and the model takes {width} at most")
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, missing)])
