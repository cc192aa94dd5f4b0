"""One thing to learn from one moment, as every kind of data gives it and every kind of training takes it.

Axes: T steps of a chunk · D numbers of the robot · Y X pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from policy.text.prompts import ControlMode
from policy.transforms.images import CropShares

Level = Literal["low", "high", "question"]
"""`low` is answered by actions, `high` by the next subtask, a `question` by words."""


class Source(StrEnum):
    """The kinds of data that the π0.5 paper tells apart, by its names.

    `MM` is the mobile manipulator itself, `ME` other arms in many environments, `CE` other robots in the laboratory,
    `HL` examples of subtasks, `WD` pictures with questions and answers, `VI` episodes led by spoken subtasks.
    """

    MM = "MM"
    ME = "ME"
    CE = "CE"
    HL = "HL"
    WD = "WD"
    VI = "VI"


@dataclass(frozen=True)
class TrainingSample:
    """One thing to learn from one moment.

    Attributes:
        source: Kind of data.
        images: The model's camera to [Y, X, 3] uint8 of the model's size, cropped as at inference. A camera that is
            missing is left out, and masked.
        level: Who is taught.
        prompt: The subtask at the low level, the task at the high one, or the question.
        answer: What is to be said: at the high level boxes and the subtask, as `policy.text.boxes.format_answer`
            puts them; None at the low level.
        state: [D] in the robot's units; None where there is no robot.
        actions: [T, D] in the robot's units, absolute; None where there are none to learn.
        valid: [T], False from where the chunk is past its end: there the last step is repeated, with speeds of 0.
        control_mode: Marked in the prompt; None without a mark.
        robot: Name of the robot's profile, empty where there is none: whose statistics normalise it.
        dataset: Where it is from.
        episode_id: Likewise; of pictures, the picture's name.
        time_ns: Capture time of the state; 0 of pictures.
    """

    source: Source
    images: Mapping[str, NDArray[np.uint8]]
    level: Level
    prompt: str
    answer: str | None = None
    state: NDArray[np.float64] | None = None
    actions: NDArray[np.float64] | None = None
    valid: NDArray[np.bool_] | None = None
    control_mode: ControlMode | None = None
    robot: str = ""
    dataset: str = ""
    episode_id: str = ""
    time_ns: int = 0


@dataclass(frozen=True)
class SampleForm:
    """What samples have to fit.

    Attributes:
        image_size: Side of the model's square images, in pixels.
        horizon: T, steps of a chunk.
        cameras_low: The model's cameras at the low level, in its order.
        cameras_high: At the high level, and for questions.
        crops: Camera of the robot to top, left, bottom and right of what is looked at, as shares of its picture.
        control_mode: Marked in every prompt; None without a mark.
    """

    image_size: int
    horizon: int
    cameras_low: tuple[str, ...]
    cameras_high: tuple[str, ...]
    crops: Mapping[str, CropShares]
    control_mode: ControlMode | None = None

    def cameras(self, level: Level) -> tuple[str, ...]:
        """The model's cameras of a level."""
        return self.cameras_low if level == "low" else self.cameras_high


@dataclass(frozen=True)
class Group:
    """Samples that are weighted together: of one task on one robot.

    Attributes:
        task: In words; of pictures, the kind of question.
        robot: Name of its profile; empty for pictures.
        count: How many samples.
    """

    task: str
    robot: str
    count: int


class SampleSource(Protocol):
    """Samples of one `[[data]]` of a recipe, any of which can be read at any time.

    What it is made from must pickle, or it is made anew in each process that reads; one process uses it in one thread.
    """

    @property
    def groups(self) -> Sequence[Group]:
        """Always in the same order for the same data."""
        ...

    def sample(self, group: int, index: int) -> TrainingSample:
        """Read one.

        Args:
            group: Index into `groups`.
            index: 0 to the group's count, which is not included.

        Raises:
            SampleUnreadable: It is damaged; another may take its place.
        """
        ...

    def texts(self) -> set[str]:
        """Every prompt and answer that its samples hold, without reading pictures: what a vocabulary is fitted on."""
        ...


class SampleUnreadable(Exception):
    """One sample cannot be read; the message names its episode or picture and why."""

    def __init__(self, *, where: str, reason: str) -> None:
        self.where = where
        self.reason = reason
        super().__init__(f"{where}: {reason}")
