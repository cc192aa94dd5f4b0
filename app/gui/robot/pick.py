"""What can be chosen on the Robot page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The kinds of things that can be well or not."""

    SERVO = "servo"
    BUS = "bus"
    CAMERA = "camera"


KIND_WORDS = {Kind.SERVO: "servo", Kind.BUS: "line", Kind.CAMERA: "camera"}
"""What they are called on screen; a bus is a serial line there."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A servo (by its bus's name and its id), a bus or a camera (by name)."""

    kind: Kind
    name: str
    servo_id: int = -1

    @classmethod
    def of_notice(cls, key: str) -> Pick | None:
        """What a notice of this key is about, such as `servo:left_follower:5:overload`; None for anything else."""
        parts = key.split(":")
        if parts[0] == Kind.SERVO.value and len(parts) > 2 and parts[2].isdigit():
            return cls(Kind.SERVO, parts[1], int(parts[2]))
        if len(parts) > 1 and parts[0] in (Kind.BUS.value, Kind.CAMERA.value, Kind.SERVO.value):
            # A fault of a whole line is told under a servo's key that names none.
            return cls(Kind.CAMERA if parts[0] == Kind.CAMERA.value else Kind.BUS, parts[1])
        return None
