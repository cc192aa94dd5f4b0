"""DROID: a Franka arm with a Robotiq gripper, one camera beside it and one on its wrist.

State is seven joints in radians and the gripper from 0 (open) to 1 (closed); an action is seven joint velocities and
a gripper position.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from policy.presets import BASE, LEFT_WRIST, RIGHT_WRIST
from policy.transforms.compose import Floats, Raw, Sample
from policy.transforms.fields import take, take_vector, with_rest
from policy.transforms.images import as_image

JOINTS, DIM = 7, 8
FAST_BASE, FAST_SECOND, FAST_WRIST = "base_0_rgb", "base_1_rgb", "wrist_0_rgb"


@dataclass(frozen=True)
class Droid:
    """DROID's names and units.

    Attributes:
        fast: For π0-FAST, which has other cameras and never masks one.
    """

    fast: bool = False
    name: str = "droid"
    state_dim: int = DIM
    action_dim: int = DIM

    def inputs(self, raw: Raw) -> Sample:
        """The model's sample.

        Args:
            raw: `observation/joint_position` [7], `observation/gripper_position` [1] or a number,
                `observation/exterior_image_1_left` and `observation/wrist_image_left` ([Y, X, 3] or [3, Y, X]; uint8
                or floats from 0 to 1), `prompt`; in training `actions` [T, 8].

        Raises:
            RequestError: Something is missing or wrong.
        """
        joints = take_vector(raw, "observation/joint_position", JOINTS)
        gripper = take_vector(raw, "observation/gripper_position", 1, scalar=True)
        base, wrist = (
            as_image(take(raw, key), name=key)
            for key in ("observation/exterior_image_1_left", "observation/wrist_image_left")
        )
        black = np.zeros_like(base)
        if self.fast:
            images = {FAST_BASE: base, FAST_SECOND: black, FAST_WRIST: wrist}
        else:
            images = {BASE: base, LEFT_WRIST: wrist, RIGHT_WRIST: black}
        sample = Sample(
            state=np.concatenate([joints, gripper]),
            image=images,
            image_mask={slot: np.bool_(self.fast or slot != RIGHT_WRIST) for slot in images},
        )
        return with_rest(sample, raw, DIM)

    def outputs(self, actions_TA: Floats) -> Floats:
        """[T, 8] as the robot takes them."""
        return actions_TA[:, :DIM]
