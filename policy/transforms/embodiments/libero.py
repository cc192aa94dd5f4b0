"""LIBERO: a simulated Franka arm, one camera in front and one on its wrist.

State is the hand's position, its axis-angle orientation and two fingers, 8 numbers; an action is a motion of the hand
and a gripper command, 7 numbers, already relative in the dataset.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from policy.presets import BASE, LEFT_WRIST, RIGHT_WRIST
from policy.transforms.compose import Floats, Raw, Sample
from policy.transforms.fields import take, take_vector, with_rest
from policy.transforms.images import as_image

STATE_DIM, ACTION_DIM = 8, 7


@dataclass(frozen=True)
class Libero:
    """LIBERO's names and units.

    Attributes:
        fast: For π0-FAST, which never masks a camera.
    """

    fast: bool = False
    name: str = "libero"
    state_dim: int = STATE_DIM
    action_dim: int = ACTION_DIM

    def inputs(self, raw: Raw) -> Sample:
        """The model's sample.

        Args:
            raw: `observation/state` [8], `observation/image` and `observation/wrist_image` ([Y, X, 3] or [3, Y, X];
                uint8 or floats from 0 to 1), `prompt`; in training `actions` [T, 7].

        Raises:
            RequestError: Something is missing or wrong.
        """
        base, wrist = (
            as_image(take(raw, key), name=key) for key in ("observation/image", "observation/wrist_image")
        )
        images = {BASE: base, LEFT_WRIST: wrist, RIGHT_WRIST: np.zeros_like(base)}
        sample = Sample(
            state=take_vector(raw, "observation/state", STATE_DIM),
            image=images,
            image_mask={slot: np.bool_(self.fast or slot != RIGHT_WRIST) for slot in images},
        )
        return with_rest(sample, raw, ACTION_DIM)

    def outputs(self, actions_TA: Floats) -> Floats:
        """[T, 7] as the simulator takes them."""
        return actions_TA[:, :ACTION_DIM]
