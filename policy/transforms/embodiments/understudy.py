"""The robots of this project: cameras by their names in the robot's profile, numbers in its units and order.

Nothing here knows a profile: how many numbers there are, and the units that every profile and every recording states,
are enough. A request has `images`, `state` and `prompt`, like an ALOHA one, with images as [Y, X, 3].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from policy.presets import BACK, BASE, LEFT_WRIST, LOW_LEVEL_CAMERAS, RIGHT_WRIST
from policy.transforms.compose import Floats, Raw, Sample
from policy.transforms.deltas import DeltaMask
from policy.transforms.fields import take_map, take_vector, with_rest
from policy.transforms.images import CropShares, as_image
from policy.types import Observation, RequestError

CAMERA_SLOTS: Mapping[str, str | None] = MappingProxyType(
    {
        "front": BASE,
        "left_wrist": LEFT_WRIST,
        "right_wrist": RIGHT_WRIST,
        "back": BACK,
        "wrist": LEFT_WRIST,  # of a single arm, where DROID and LIBERO have theirs
        "top": None,
    }
)
"""A profile's camera to the model's; None for one that no model here looks at."""

RELATIVE_UNITS = frozenset({"rad", "m"})
"""Of joints and lifts: their actions are targets, relative to the state in the model."""

ABSOLUTE_UNITS = frozenset({"opening", "1", "m/s", "rad/s"})
"""Of grippers and of a base's speeds: their actions stay as they are."""


@dataclass(frozen=True)
class Understudy:
    """A robot described by a profile.

    Attributes:
        dim: D, how many numbers state and action have.
        slots: The model's cameras, in the order of its checkpoint: three for actions, four for subtasks.
        cameras: Which of the model's cameras each of the robot's is.
        name: Of the robot's profile.
        crops: Which of the robot's cameras' pictures are cut, and to what.
    """

    dim: int
    slots: tuple[str, ...] = LOW_LEVEL_CAMERAS
    cameras: Mapping[str, str | None] = field(default_factory=lambda: CAMERA_SLOTS)
    name: str = "understudy"
    crops: Mapping[str, CropShares] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Refuse a robot without numbers, a model's camera that nothing would ever fill, and a crop of no camera.

        Raises:
            ValueError: `dim` is below 1, `slots` holds what is none of the cameras of `cameras`, or a crop is of a
                camera that no model looks at.
        """
        if self.dim < 1:
            raise ValueError(f"a robot has one number or more, not {self.dim}")
        filled = dict.fromkeys(slot for slot in self.cameras.values() if slot is not None)
        for slot in self.slots:
            if slot not in filled:
                raise ValueError(
                    f"no camera of a robot is the model's {slot!r}; there are {', '.join(filled)}"
                )
        for camera in self.crops:
            if self.cameras.get(camera) is None:
                seen = ", ".join(name for name, slot in self.cameras.items() if slot is not None)
                raise ValueError(f"a crop of camera {camera!r}, which no model looks at; there are {seen}")

    @property
    def state_dim(self) -> int:
        """D."""
        return self.dim

    @property
    def action_dim(self) -> int:
        """D."""
        return self.dim

    @property
    def slot_crops(self) -> Mapping[str, CropShares]:
        """The same by the model's cameras."""
        slots = {camera: self.cameras[camera] for camera in self.crops}
        return {slot: self.crops[camera] for camera, slot in slots.items() if slot is not None}

    def inputs(self, raw: Raw) -> Sample:
        """The model's sample.

        Args:
            raw: `images`, a map of the robot's cameras to [Y, X, 3] (those that the model has no use for are passed
                over, those that are missing are masked); `state` [D]; `prompt`; in training `actions` [T, D].

        Raises:
            RequestError: Something is missing, unknown or wrong, two cameras claim one place, or there is no image.
        """
        there: dict[str, str] = {}
        images = take_map(raw, "images")
        for camera in images:
            if camera not in self.cameras:
                allowed = ", ".join(self.cameras)
                raise RequestError(f"the model knows no camera {camera!r}; it takes {allowed}")
            slot = self.cameras[camera]
            if slot is None or slot not in self.slots:
                continue
            if slot in there:
                raise RequestError(
                    f"cameras {there[slot]!r} and {camera!r} are both the model's {slot}; send one"
                )
            there[slot] = camera
        if not there:
            wanted = ", ".join(camera for camera, slot in self.cameras.items() if slot in self.slots)
            raise RequestError(f"the observation has none of the images {wanted}")
        parsed = {slot: as_image(images[camera], name=camera) for slot, camera in there.items()}
        black = np.zeros_like(next(iter(parsed.values())))
        sample = Sample(
            state=take_vector(raw, "state", self.dim),
            image={slot: parsed.get(slot, black) for slot in self.slots},
            image_mask={slot: np.bool_(slot in parsed) for slot in self.slots},
        )
        return with_rest(sample, raw, self.dim)

    def outputs(self, actions_TA: Floats) -> Floats:
        """[T, D] in the profile's units and order."""
        return actions_TA[:, : self.dim]


def observation_to_raw(observation: Observation, prompt: str) -> Raw:
    """An observation and what to do as a request for `Understudy.inputs`."""
    return {"images": observation.images, "state": observation.state, "prompt": prompt}


def delta_mask_of_units(units: Sequence[str]) -> DeltaMask:
    """True for joints and lifts, False for grippers and speeds.

    Raises:
        ValueError: An unknown unit, or none at all.
    """
    if not units:
        raise ValueError("a robot needs at least one number; `units` is empty")
    for unit in units:
        if unit not in RELATIVE_UNITS | ABSOLUTE_UNITS:
            allowed = ", ".join(sorted(RELATIVE_UNITS | ABSOLUTE_UNITS))
            raise ValueError(f"no rule whether actions in {unit!r} are relative; units are {allowed}")
    return tuple(unit in RELATIVE_UNITS for unit in units)
