"""What every calibration of a part of the robot is: steps that end in a sample or an answer, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from drivers.calibration.change import Change
from drivers.calibration.probe import Probe

Sample = tuple[float, ...] | str
"""What a step ended in: (N,) the mean ticks of its probes, or the value of the answer given."""


class CalibrationError(Exception):
    """Nothing follows from what was sampled; says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A possible answer.

    Attributes:
        value: what it is called in a sample; empty for one that settles nothing.
        words: as on the button.
        advice: for one that settles nothing, what to do.
    """

    value: str
    words: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseStep:
    """A part is brought to a pose and stands still; the servos' counts are the sample.

    Attributes:
        id: unique within the procedure.
        title: as a heading, in the imperative.
        instruction: what to do, in a sentence or two.
        probes: the N servos looked at.
        arm: the follower arm whose pose is drawn; empty for none.
        pose_rad: the pose to draw; empty for the one that the arm itself is in.
        gripper: the gripper that the robot may move for it; empty for none.
        opening: where to, in [0, 1]; of a handle, what to draw; NaN where there is no opening.
        let_go: whether the followers' servos may have to be let go of for it.
    """

    id: str
    title: str
    instruction: str
    probes: tuple[Probe, ...]
    arm: str = ""
    pose_rad: tuple[float, ...] = ()
    gripper: str = ""
    opening: float = float("nan")
    let_go: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveStep:
    """The robot makes a small move and a person says what was seen; the answer is the sample.

    Attributes:
        id, title, instruction: as of a `PoseStep`.
        question: what to look at.
        answers: the answers that there are.
        wheel: number of the wheel that is turned, from 0; −1 when it is a lift.
        twist: vx, vy in m/s and wz in rad/s that turn that wheel and no other.
        for_s: for how long.
        lift: the lift that is moved; empty when it is a wheel.
        distance_m: how far.
    """

    id: str
    title: str
    instruction: str
    question: str
    answers: tuple[Answer, ...]
    wheel: int = -1
    twist: tuple[float, float, float] = (0.0, 0.0, 0.0)
    for_s: float = 0.0
    lift: str = ""
    distance_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeStep:
    """The lifts look for their zero; that they know it is the sample."""

    id: str
    title: str
    instruction: str


Step = PoseStep | MoveStep | HomeStep


class Procedure(Protocol):
    """The calibration of one part."""

    @property
    def id(self) -> str:
        """Unique in the profile, such as `arm.left`."""

    @property
    def title(self) -> str:
        """What is calibrated, as in a list."""

    @property
    def summary(self) -> str:
        """What it is good for and what it takes, in a sentence."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is to be done, in order."""

    def solve(self, samples: Mapping[str, Sample], earlier: Sequence[Change]) -> tuple[Change, ...]:
        """What follows.

        Args:
            samples: one for each step, by its id.
            earlier: what the procedures before this one have changed; they count, though nothing is written yet.

        Raises:
            CalibrationError: when nothing does.
        """
