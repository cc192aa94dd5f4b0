"""What can be calibrated on a robot, in the order in which it is best done."""

from __future__ import annotations

from drivers.calibration.directions import LiftDirection, WheelDirections, can_be_seen
from drivers.calibration.openings import OpeningRange
from drivers.calibration.procedure import Procedure
from drivers.calibration.references import Reference
from drivers.calibration.zeros import ArmZeros, LeaderOffsets
from drivers.profile.schema import RobotProfile


def procedures(profile: RobotProfile, *, reference: Reference = Reference.REST) -> tuple[Procedure, ...]:
    """The calibrations of a robot.

    Followers come before their leaders, whose offsets count from the followers' new zeros.

    Args:
        profile: the robot.
        reference: the pose in which the followers' zeros are found.
    """
    listed: list[Procedure] = [ArmZeros(profile, name, reference) for name in profile.arms]
    listed += [LeaderOffsets(profile, name) for name in profile.leaders]
    listed += [OpeningRange(profile, name, handle=False) for name in profile.grippers]
    listed += [OpeningRange(profile, name, handle=True) for name in profile.leaders]
    if profile.base is not None and can_be_seen(profile.base):
        listed.append(WheelDirections(profile, profile.base))
    listed += [LiftDirection(profile, name) for name in profile.lifts]
    return tuple(listed)
