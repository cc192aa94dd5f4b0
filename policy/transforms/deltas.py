"""Actions as differences from where the robot is, and back.

π0 and π0.5 were trained on joint targets relative to the state at the start of the chunk; grippers and speeds stay
absolute. All steps of a chunk are relative to the same state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from policy.transforms.compose import Floats, Sample

DeltaMask = tuple[bool, ...]


def delta_mask(*runs: int) -> DeltaMask:
    """A mask from lengths of its runs: `delta_mask(6, -1, 6, -1)` is two arms of six joints, each with a gripper.

    Args:
        runs: Positive for dimensions that become differences, negative for those that stay; 0 adds none.
    """
    return tuple(run > 0 for run in runs for _ in range(abs(run)))


@dataclass(frozen=True)
class DeltaActions:
    """Absolute to relative: takes the state from the actions. In training, before they are normalised.

    Attributes:
        mask: True where an action is relative; may be shorter than an action, the rest of which stays.
    """

    mask: DeltaMask

    def __call__(self, sample: Sample) -> Sample:
        """`sample` with relative actions; without actions, as it is.

        Raises:
            ValueError: The mask is longer than the state or an action.
        """
        return _moved(sample, self.mask, -1)


@dataclass(frozen=True)
class AbsoluteActions:
    """Relative to absolute: adds the state, unnormalised, to the actions, unnormalised.

    Attributes:
        mask: As it was in training.
    """

    mask: DeltaMask

    def __call__(self, sample: Sample) -> Sample:
        """`sample` with absolute actions; without actions, as it is.

        Raises:
            ValueError: The mask is longer than the state or an action.
        """
        return _moved(sample, self.mask, 1)


def _moved(sample: Sample, mask: DeltaMask, sign: int) -> Sample:
    if "actions" not in sample or not mask:
        return sample
    state, actions = sample["state"], sample["actions"]
    width = len(mask)
    if min(state.shape[-1], actions.shape[-1]) < width:
        message = (
            f"the delta mask has {width} dimensions, state {state.shape[-1]} and actions {actions.shape[-1]}"
        )
        raise ValueError(f"{message}; it must not be longer than either")
    offset: Floats = sign * np.where(mask, state[..., :width], 0.0)
    moved = sample.copy()
    result = actions.copy()
    result[..., :width] += offset[..., None, :]
    moved["actions"] = result
    return moved
