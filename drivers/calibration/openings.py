"""The range of a gripper or of a leader's handle: the servo's angle when it is closed, and when it is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drivers.calibration.change import Change
from drivers.calibration.probe import Probe, gripper_probe, handle_probe
from drivers.calibration.procedure import CalibrationError, PoseStep, Sample, Step
from drivers.dynamixel.registers import RAD_PER_TICK
from drivers.gripper import CENTRE_TICKS
from drivers.profile.schema import Gripper, LeaderHandle, RobotProfile

QUESTIONED_RANGE_RAD = 0.3
"""A range smaller than this was more likely sampled twice at the same end."""

DECIMALS = 4
"""Of an angle in the file: a fifteenth of a tick."""


@dataclass(frozen=True, slots=True)
class OpeningRange:
    """The closed and the open angle of a gripper, or of a leader's handle.

    Attributes:
        profile: the robot.
        name: of the gripper, or of the leader.
        handle: whether it is a leader's handle.
    """

    profile: RobotProfile
    name: str
    handle: bool

    @property
    def id(self) -> str:
        """See `Procedure`."""
        return f"{'handle' if self.handle else 'gripper'}.{self.name}"

    @property
    def title(self) -> str:
        """See `Procedure`."""
        return f"{self._what}: closed and open".capitalize()

    @property
    def summary(self) -> str:
        """See `Procedure`."""
        return "Close it, then open it, as far as it goes."

    @property
    def steps(self) -> tuple[Step, ...]:
        """See `Procedure`."""
        by_itself = "Let the robot do it, or let the servos go and do it by hand, without force."
        closing, opening = (
            ("Squeeze it by hand, without force.", "Let it spring, or push it, all the way out.")
            if self.handle
            else (by_itself, by_itself)
        )
        probe = self._probe
        gripper = "" if self.handle else self.name
        return (
            PoseStep(
                id="closed",
                title=f"Close the {self._what} fully",
                instruction=closing,
                probes=(probe,),
                gripper=gripper,
                opening=0.0,
                let_go=not self.handle,
            ),
            PoseStep(
                id="open",
                title=f"Open the {self._what} fully",
                instruction=opening,
                probes=(probe,),
                gripper=gripper,
                opening=1.0,
                let_go=not self.handle,
            ),
        )

    def solve(self, samples: Mapping[str, Sample], earlier: Sequence[Change]) -> tuple[Change, ...]:
        """See `Procedure`."""
        closed, opened = self._angle_rad(samples, "closed"), self._angle_rad(samples, "open")
        part = self._part
        doubt = ""
        if abs(opened - closed) < QUESTIONED_RANGE_RAD:
            doubt = f"only {abs(opened - closed):.2f} rad from closed to open: was it moved all the way?"
        elif (opened > closed) != (part.open_rad > part.closed_rad):
            doubt = "opens the other way round than before: were the two poses mixed up?"
        where = ("leaders", self.name, "handle") if self.handle else ("grippers", self.name)
        return (
            Change(
                key=(*where, "closed_rad"),
                label=f"{self._what}, closed",
                old=part.closed_rad,
                new=closed,
                unit="rad",
                doubt=doubt,
            ),
            Change(
                key=(*where, "open_rad"),
                label=f"{self._what}, open",
                old=part.open_rad,
                new=opened,
                unit="rad",
                doubt=doubt,
            ),
        )

    @property
    def _what(self) -> str:
        return f"{self.name} {'leader handle' if self.handle else 'gripper'}".replace("_", " ")

    @property
    def _part(self) -> Gripper | LeaderHandle:
        return self.profile.leaders[self.name].handle if self.handle else self.profile.grippers[self.name]

    @property
    def _probe(self) -> Probe:
        return (handle_probe if self.handle else gripper_probe)(self.profile, self.name)

    def _angle_rad(self, samples: Mapping[str, Sample], step: str) -> float:
        sample = samples.get(step, ())
        if isinstance(sample, str) or len(sample) != 1:
            raise CalibrationError(f"the {self._what} was not taken {step}; take it again")
        return round((sample[0] - CENTRE_TICKS) * RAD_PER_TICK, DECIMALS)
