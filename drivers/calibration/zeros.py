"""Joint zeros: of a follower from a pose whose angles are known, of a leader from the pose of its follower."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drivers.calibration.change import Change, Key
from drivers.calibration.probe import arm_probes, leader_probes
from drivers.calibration.procedure import CalibrationError, PoseStep, Sample, Step
from drivers.calibration.references import Reference
from drivers.dynamixel.registers import RAD_PER_TICK, TICKS_PER_TURN
from drivers.profile.schema import Joint, RobotProfile

QUESTIONED_SHIFT_RAD = 0.5
"""A zero that moves further than this was more likely sampled in the wrong pose."""

LIMIT_STEP_RAD = 0.001
"""To what a limit is rounded that has to give way."""


def zero_ticks(joint: Joint, ticks: float, angle_rad: float) -> int:
    """Where a joint's count is zero, if it reads `ticks` at an angle; `Joint`'s formula, turned around."""
    return round(ticks - _direction(joint) * angle_rad / RAD_PER_TICK)


def angle_rad(joint: Joint, ticks: float, zero: float) -> float:
    """The angle of a joint that reads `ticks`."""
    return _direction(joint) * (ticks - zero) * RAD_PER_TICK


def joint_changes(joint: Joint, zero: int, *, key: Key, label: str, wrong: str) -> tuple[Change, ...]:
    """What a joint's new zero changes: the zero, and limits that the servo's one turn no longer reaches.

    Args:
        joint: as it is now.
        zero: the new one, ticks.
        key: of the joint in the file.
        label: what a person calls it.
        wrong: what may have gone wrong when the zero moves far.
    """
    shift_rad = abs(zero - joint.zero_ticks) * RAD_PER_TICK
    doubt = f"moves by {shift_rad:.2f} rad: {wrong}" if shift_rad > QUESTIONED_SHIFT_RAD else ""
    changes = [
        Change(
            key=(*key, "zero_ticks"),
            label=label,
            old=joint.zero_ticks,
            new=zero,
            unit="ticks",
            doubt=doubt,
        )
    ]
    ends = sorted(angle_rad(joint, ticks, zero) for ticks in (0, TICKS_PER_TURN - 1))
    for name, old in (("min_rad", joint.min_rad), ("max_rad", joint.max_rad)):
        new = min(max(old, ends[0]), ends[1])
        if abs(new - old) > RAD_PER_TICK:
            inward = LIMIT_STEP_RAD if new > old else -LIMIT_STEP_RAD
            side = "lower limit" if name == "min_rad" else "upper limit"
            changes.append(
                Change(
                    key=(*key, name),
                    label=f"{label}, {side}",
                    old=old,
                    new=round(new + inward, 3),
                    unit="rad",
                    doubt="the servo's single turn ends there with the new zero",
                )
            )
    return tuple(changes)


@dataclass(frozen=True, slots=True)
class ArmZeros:
    """The joint zeros of a follower arm, from one pose whose angles are known.

    Attributes:
        profile: the robot.
        name: of the arm.
        reference: the pose.
    """

    profile: RobotProfile
    name: str
    reference: Reference

    @property
    def id(self) -> str:
        """See `Procedure`."""
        return f"arm.{self.name}"

    @property
    def title(self) -> str:
        """See `Procedure`."""
        return f"{self.name} arm: joint zeros".replace("_", " ").capitalize()

    @property
    def summary(self) -> str:
        """See `Procedure`."""
        return "Bring the arm to a known pose and hold it still."

    @property
    def steps(self) -> tuple[Step, ...]:
        """See `Procedure`."""
        arm = self.profile.arms[self.name]
        return (
            PoseStep(
                id="pose",
                title=f"Bring the {self.name} arm to this pose".replace("_", " "),
                instruction=f"It should stand {self.reference.words}, as drawn, joint by joint. "
                "If it does not, let the servos go and bring it there by hand.",
                probes=arm_probes(self.profile, self.name),
                arm=self.name,
                pose_rad=self.reference.angles_rad(arm),
                let_go=True,
            ),
        )

    def solve(self, samples: Mapping[str, Sample], earlier: Sequence[Change]) -> tuple[Change, ...]:
        """See `Procedure`."""
        arm = self.profile.arms[self.name]
        ticks = _ticks(samples, "pose", len(arm.joints))
        pose = self.reference.angles_rad(arm)
        wrong = f"was the arm {self.reference.words}?"
        return tuple(
            change
            for place, (joint, count, angle) in enumerate(zip(arm.joints, ticks, pose, strict=True))
            for change in joint_changes(
                joint,
                zero_ticks(joint, count, angle),
                key=("arms", self.name, "joints", place),
                label=f"{self.name} {joint.name}".replace("_", " "),
                wrong=wrong,
            )
        )


@dataclass(frozen=True, slots=True)
class LeaderOffsets:
    """The zeros of a leader arm, so that it reads the same as its follower when both stand alike.

    Attributes:
        profile: the robot.
        name: of the leader.
    """

    profile: RobotProfile
    name: str

    @property
    def id(self) -> str:
        """See `Procedure`."""
        return f"leader.{self.name}"

    @property
    def title(self) -> str:
        """See `Procedure`."""
        return f"{self.name} leader: agrees with its follower".replace("_", " ").capitalize()

    @property
    def summary(self) -> str:
        """See `Procedure`."""
        return "Hold the leader in the very pose that its follower is in."

    @property
    def steps(self) -> tuple[Step, ...]:
        """See `Procedure`."""
        follows = self.profile.leaders[self.name].follows
        return (
            PoseStep(
                id="pose",
                title=f"Hold the {self.name} leader as its follower stands".replace("_", " "),
                instruction="Compare them joint by joint, from the waist to the wrist, then hold still.",
                probes=(*leader_probes(self.profile, self.name), *arm_probes(self.profile, follows)),
                arm=follows,
            ),
        )

    def solve(self, samples: Mapping[str, Sample], earlier: Sequence[Change]) -> tuple[Change, ...]:
        """See `Procedure`."""
        leader = self.profile.leaders[self.name]
        follower = self.profile.arms[leader.follows]
        count = len(leader.joints)
        ticks = _ticks(samples, "pose", 2 * count)
        zeros = {change.key: change.new for change in earlier}
        changes: list[Change] = []
        for place, (ours, theirs) in enumerate(zip(leader.joints, follower.joints, strict=True)):
            zero = zeros.get(("arms", leader.follows, "joints", place, "zero_ticks"), theirs.zero_ticks)
            angle = angle_rad(theirs, ticks[count + place], zero)
            changes += joint_changes(
                ours,
                zero_ticks(ours, ticks[place], angle),
                key=("leaders", self.name, "joints", place),
                label=f"{self.name} leader {ours.name}".replace("_", " "),
                wrong="did it stand as its follower does?",
            )
        return tuple(changes)


def _ticks(samples: Mapping[str, Sample], step: str, count: int) -> tuple[float, ...]:
    sample = samples.get(step, ())
    if isinstance(sample, str) or len(sample) != count:
        raise CalibrationError(f"the pose was not taken ({len(sample)} of {count} readings); take it again")
    return sample


def _direction(joint: Joint) -> int:
    return -1 if joint.inverted else 1
