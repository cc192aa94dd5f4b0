"""Raw ticks of a servo, from what the 50 Hz loop tells in radians and openings by the profile in use.

What is measured is never clipped (only what is sent is), so the profile's own straight line, turned around, gives the
servo's count back to a thousandth of a tick, however wrong the profile is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from drivers.arm import joint_axis
from drivers.axis import Axis
from drivers.gripper import opening_axis
from drivers.profile.schema import RobotProfile


@dataclass(frozen=True, slots=True)
class Probe:
    """One servo that is looked at.

    Attributes:
        label: what a person calls it, such as `left elbow`.
        leader: whether it is a leader's.
        axis: from its ticks to the profile's number.
    """

    label: str
    leader: bool
    axis: Axis

    def ticks(self, position: NDArray[np.floating], leader: NDArray[np.floating]) -> float:
        """The servo's count; NaN when it was not read.

        Args:
            position: (D,) the followers' measured numbers.
            leader: (D,) the leaders', in their followers' slots.
        """
        value = float((leader if self.leader else position)[self.axis.slot])
        return self.axis.zero_ticks + value / self.axis.value_per_tick


def arm_probes(profile: RobotProfile, name: str) -> tuple[Probe, ...]:
    """The joints of a follower arm."""
    start = _start(profile, "arm", name)
    return tuple(
        Probe(f"{name} {joint.name}".replace("_", " "), False, joint_axis(joint, slot=start + place))
        for place, joint in enumerate(profile.arms[name].joints)
    )


def leader_probes(profile: RobotProfile, name: str) -> tuple[Probe, ...]:
    """The joints of a leader arm."""
    leader = profile.leaders[name]
    start = _start(profile, "arm", leader.follows)
    return tuple(
        Probe(f"{name} leader {joint.name}".replace("_", " "), True, joint_axis(joint, slot=start + place))
        for place, joint in enumerate(leader.joints)
    )


def gripper_probe(profile: RobotProfile, name: str) -> Probe:
    """A gripper's servo."""
    axis = opening_axis(profile.grippers[name], slot=_start(profile, "gripper", name))
    return Probe(f"{name} gripper".replace("_", " "), False, axis)


def handle_probe(profile: RobotProfile, name: str) -> Probe:
    """The servo of a leader's handle."""
    leader = profile.leaders[name]
    axis = opening_axis(leader.handle, slot=_start(profile, "gripper", leader.follows))
    return Probe(f"{name} leader handle".replace("_", " "), True, axis)


def _start(profile: RobotProfile, kind: Literal["arm", "gripper"], name: str) -> int:
    """The first place of a device in the vector; a profile that was read has every device there."""
    return next(segment.start for segment in profile.segments if (segment.kind, segment.name) == (kind, name))
