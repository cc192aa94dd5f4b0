"""ALOHA: two ViperX arms with parallel grippers, 14 numbers, one camera above and one on each wrist.

Values are those of openpi's ALOHA runtime: joints in radians; gripper state and action from 0 (closed) to 1 (open).
The base models were trained on Physical Intelligence's own runtime, in which some joints turn the other way and a
gripper is an angle, so both are converted on the way in and out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from policy.presets import BASE, LEFT_WRIST, RIGHT_WRIST
from policy.transforms.compose import Floats, Raw, Sample
from policy.transforms.fields import take_map, take_vector, with_rest
from policy.transforms.images import as_image
from policy.types import RequestError

DIM = 14
"""Six joints and a gripper of the left arm, then of the right one."""

CAMERAS: Mapping[str, str] = MappingProxyType(
    {"cam_high": BASE, "cam_left_wrist": LEFT_WRIST, "cam_right_wrist": RIGHT_WRIST}
)
"""ALOHA's camera to the model's."""
IGNORED_CAMERA = "cam_low"
GRIPPERS = [6, 13]
FLIPPED_JOINTS = [1, 2, 8, 9]
"""Shoulders and elbows."""

FINGER_M = (0.01844, 0.05800)
"""Travel of a finger, closed and open: Interbotix's constants, by which the runtime scales to 0 and 1."""
FINGER_ARM_M, HORN_RADIUS_M = 0.036, 0.022
"""Linkage of the gripper: the crank's horn and the arm to the finger (Interbotix)."""
MODEL_GRIPPER_RAD = (0.5476, 1.6296)
"""Closed and open in the models' training data: 2405 and 3110 ticks of 4096 about 2048."""
RUNTIME_GRIPPER_RAD = (-0.6213, 1.4910)
"""The follower's gripper joint, closed and open, by which the runtime scales actions to 0 and 1."""


@dataclass(frozen=True)
class Aloha:
    """ALOHA's names and units.

    Attributes:
        adapt_to_pi: Convert to and from the units of Physical Intelligence's runtime; off for models that were
            trained on ALOHA's own.
    """

    adapt_to_pi: bool = True
    name: str = "aloha"
    state_dim: int = DIM
    action_dim: int = DIM

    def inputs(self, raw: Raw) -> Sample:
        """The model's sample.

        Args:
            raw: `state` [14]; `images`, a map with `cam_high` and perhaps `cam_left_wrist`, `cam_right_wrist` (a
                missing wrist is masked) and `cam_low` (not used), [3, Y, X]; `prompt`; in training `actions` [T, 14].

        Raises:
            RequestError: Something is missing, unknown or wrong.
        """
        images = take_map(raw, "images")
        for camera in images:
            if camera not in CAMERAS and camera != IGNORED_CAMERA:
                allowed = ", ".join((*CAMERAS, IGNORED_CAMERA))
                raise RequestError(f"ALOHA has no camera {camera!r}; its cameras are {allowed}")
        if "cam_high" not in images:
            raise RequestError("the observation has no image 'cam_high', which the model cannot do without")
        there = {
            slot: as_image(images[camera], name=camera)
            for camera, slot in CAMERAS.items()
            if camera in images
        }
        state = take_vector(raw, "state", DIM)
        sample = Sample(
            state=_state_to_model(state) if self.adapt_to_pi else state,
            image={slot: there.get(slot, np.zeros_like(there[BASE])) for slot in CAMERAS.values()},
            image_mask={slot: np.bool_(slot in there) for slot in CAMERAS.values()},
        )
        sample = with_rest(sample, raw, DIM)
        if "actions" in sample and self.adapt_to_pi:
            sample["actions"] = _actions_to_model(sample["actions"])
        return sample

    def outputs(self, actions_TA: Floats) -> Floats:
        """[T, 14] as the runtime takes them, from absolute actions in the model's units."""
        actions = actions_TA[:, :DIM]
        return _actions_to_runtime(actions) if self.adapt_to_pi else actions


def _flipped(values: Floats) -> NDArray[np.float64]:
    flipped = values.astype(np.float64)
    flipped[..., FLIPPED_JOINTS] *= -1
    return flipped


def _state_to_model(state: Floats) -> NDArray[np.float64]:
    model = _flipped(state)
    closed, opened = FINGER_M
    finger_m = model[GRIPPERS] * (opened - closed) + closed
    with np.errstate(divide="ignore"):  # a finger at 0 m is out of its travel, and clipped as such
        sine = (HORN_RADIUS_M**2 + finger_m**2 - FINGER_ARM_M**2) / (2 * HORN_RADIUS_M * finger_m)
    angle_rad = np.arcsin(np.clip(sine, -1.0, 1.0))
    closed, opened = MODEL_GRIPPER_RAD
    model[GRIPPERS] = (angle_rad - closed) / (opened - closed)
    return model


def _actions_to_runtime(actions: Floats) -> NDArray[np.float64]:
    # Gripper actions are angles less the closed one, not scaled: so the models were trained.
    runtime = _flipped(actions)
    closed, opened = RUNTIME_GRIPPER_RAD
    runtime[:, GRIPPERS] = (runtime[:, GRIPPERS] + MODEL_GRIPPER_RAD[0] - closed) / (opened - closed)
    return runtime


def _actions_to_model(actions: Floats) -> NDArray[np.float64]:
    model = _flipped(actions)
    closed, opened = RUNTIME_GRIPPER_RAD
    model[:, GRIPPERS] = model[:, GRIPPERS] * (opened - closed) + closed - MODEL_GRIPPER_RAD[0]
    return model
