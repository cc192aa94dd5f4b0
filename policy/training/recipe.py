"""A recipe: what a policy is trained on and how, in one TOML file. `docs/training.md` shows one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from policy.presets import LOW_LEVEL_CAMERAS
from policy.text.prompts import ControlMode
from policy.training.samples import SampleForm, Source
from recordings import Outcome

AtLeastOne = Annotated[int, Meta(ge=1)]
NotNegative = Annotated[float, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Name = Annotated[str, Meta(min_length=1)]

Control = Literal["hold", "teleop", "policy", "replay", "intervention", "verbal"]
"""Who drove, by the names of `recordings.ActionSource`."""

Part = Literal["vision tower", "projector", "embedding", "language model", "action expert", "heads"]
"""Of a model, by the names of `policy.checkpoints.keys.part_of`."""

TaughtLevel = Literal["low", "high"]

_ORIGINS = ("dataset", "coco", "captions", "vqa")
"""Keys of `[[data]]` that say where it lies, one of which is given."""

DEMONSTRATED: tuple[Control, ...] = ("teleop", "intervention")
TOLD: tuple[Control, ...] = ("verbal", "intervention")


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every table of a recipe has in common: keys that mean nothing are refused."""


class Model(Table, frozen=True, kw_only=True):
    """What is trained; one of the two.

    Attributes:
        preset: A size of `policy.presets`, from random weights.
        start: A checkpoint to go on from, with its sizes, weights, tokenizers and statistics.
    """

    preset: Name | None = None
    start: Path | None = None

    def __post_init__(self) -> None:
        """Refuse both and neither.

        Raises:
            ValueError: It is not one of the two.
        """
        if (self.preset is None) == (self.start is None):
            raise ValueError("say either `preset`, a size, or `start`, a checkpoint to go on from")


class Robot(Table, frozen=True, kw_only=True):
    """How the policy will be run.

    Attributes:
        execute_steps: Steps run of a chunk before the next.
        cameras_low: The model's cameras at the low level.
        cameras_high: At the high level, and for questions.
        control_mode: Marked in the prompt where given.
        crops: Camera of the robot to top, left, bottom and right of what is looked at, as shares of its picture.
    """

    execute_steps: AtLeastOne = 25
    cameras_low: Annotated[tuple[str, ...], Meta(min_length=1)] = LOW_LEVEL_CAMERAS
    cameras_high: Annotated[tuple[str, ...], Meta(min_length=1)] = LOW_LEVEL_CAMERAS
    control_mode: ControlMode | None = None
    crops: dict[str, tuple[Share, Share, Share, Share]] = {}

    def __post_init__(self) -> None:
        """Refuse crops that leave nothing.

        Raises:
            ValueError: Top is not above bottom, or left not before right.
        """
        for camera, (top, left, bottom, right) in self.crops.items():
            if not (top < bottom and left < right):
                raise ValueError(
                    f"the crop of camera {camera!r} is top, left, bottom, right, as shares of the picture from its top"
                    f" left; {[top, left, bottom, right]} leaves nothing"
                )


class Where(Table, frozen=True, kw_only=True):
    """Which episodes, and which of their rows; what is not said leaves nothing out.

    Attributes:
        outcome: Judged so, by the labels or else by the operator.
        longest_s: No longer than this.
        tags: With one of these at least.
        without_tags: With none of these.
        tasks: Of one of these tasks, to the letter.
        control: Rows that one of these drove. None: what the kind of data is for, see `Data.controls`.
    """

    outcome: tuple[Outcome, ...] = ()
    longest_s: Positive | None = None
    tags: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    control: Annotated[tuple[Control, ...], Meta(min_length=1)] | None = None


class Data(Table, frozen=True, kw_only=True):
    """Something to learn from: recordings, or pictures with what is said of them.

    Attributes:
        source: Kind of data, which stages choose by.
        dataset: Folder of recordings.
        coco: Instances in COCO's format: where things are in pictures.
        captions: Captions in COCO's format.
        vqa: Questions in VQA's format.
        answers: The annotations that answer `vqa`; None for the file beside it that goes by the same name.
        images: Folder of the pictures of `coco`, `captions` or `vqa`.
        camera: Of the robot, whose pictures they are: they take its place and its crop. None: they are shown whole, in
            the first place.
        weight: Times n^0.43 of its samples for each task and robot: its share of a batch among the others'.
        level: What is made of each moment of recordings. None: both; of `HL` and `VI` the high level alone.
        where: Which episodes and rows.
        stride: Every which row begins a sample.
    """

    source: Source
    dataset: Path | None = None
    coco: Path | None = None
    captions: Path | None = None
    vqa: Path | None = None
    answers: Path | None = None
    images: Path | None = None
    camera: Name | None = None
    weight: Positive = 1.0
    level: Annotated[tuple[TaughtLevel, ...], Meta(min_length=1)] | None = None
    where: Where = Where()
    stride: AtLeastOne = 5

    def __post_init__(self) -> None:
        """Refuse what is from nowhere, or from several places.

        Raises:
            ValueError: Not one of `dataset`, `coco`, `captions` and `vqa`, or a key that belongs to another of them.
        """
        given = [name for name in _ORIGINS if getattr(self, name) is not None]
        if len(given) != 1:
            there = ", ".join(f"`{name}`" for name in _ORIGINS)
            raise ValueError(f"say one of {there}, not {' and '.join(given) or 'none of them'}")
        if (self.images is None) != (self.dataset is not None):
            raise ValueError(
                "`images` is the folder of the pictures of `coco`, `captions` or `vqa`, and only of those"
            )
        if self.answers is not None and self.vqa is None:
            raise ValueError("`answers` is the file that answers `vqa`, and only that")
        if self.camera is not None and self.dataset is not None:
            raise ValueError("`camera` says whose pictures `images` are; a dataset knows its cameras")
        if self.dataset is None and (self.level is not None or self.where != Where()):
            raise ValueError(
                "`level` and `where` choose among the moments of a `dataset`; pictures have none"
            )

    @property
    def path(self) -> Path:
        """Where it lies."""
        return next(path for name in _ORIGINS if (path := getattr(self, name)) is not None)

    @property
    def levels(self) -> tuple[TaughtLevel, ...]:
        """What is made of each moment. Actions under spoken subtasks are mostly the policy's own: not to imitate."""
        if self.level is not None:
            return self.level
        return ("high",) if self.source in (Source.HL, Source.VI) else ("low", "high")

    @property
    def controls(self) -> tuple[Control, ...]:
        """Whose rows count: a person's, and where subtasks were spoken those that followed them."""
        if self.where.control is not None:
            return self.where.control
        return TOLD if self.source is Source.VI else DEMONSTRATED


class Images(Table, frozen=True, kw_only=True):
    """How training pictures are varied, see `policy.transforms.augment`.

    Attributes:
        recolour: Brightness, contrast and saturation.
        move: Crop and turn, but not on wrists.
    """

    recolour: bool = True
    move: bool = False


class Stage(Table, frozen=True, kw_only=True):
    """One part of training.

    Attributes:
        name: Of the stage.
        steps: Optimiser steps.
        batch: Samples in each, over all processes.
        sources: Kinds of data; none said: all that the recipe has.
        where: Narrows every dataset further: post-training keeps successful, short episodes.
        flow: α, weight of the flow matching of actions.
        text: Weight of words.
        fast: Weight of FAST tokens.
        learning_rate: At its peak.
        warmup: Steps up to the peak, in a straight line.
        final_rate: Share of the peak that is left at the end of the cosine.
        weight_decay: Of the optimiser.
        clip_norm: Longest gradient.
        ema: How much of the averaged weights each step keeps; None averages nothing.
        insulate: Keep the action expert's gradients out of the language model (knowledge insulation).
        committed: Training-time real-time chunking: most steps of a chunk that are given; 0 for none.
        draws: Draws of noise that share one prefix.
        freeze: Parts that are not trained.
        bf16: Compute in bfloat16; weights stay in float32.
        checkpointing: Compute activations again instead of keeping them.
    """

    name: Name
    steps: AtLeastOne
    batch: AtLeastOne = 32
    sources: tuple[Source, ...] = ()
    where: Where = Where()
    flow: NotNegative = 10.0
    text: NotNegative = 1.0
    fast: NotNegative = 1.0
    learning_rate: Positive = 7e-4
    warmup: Annotated[int, Meta(ge=0)] = 200
    final_rate: Share = 0.05
    weight_decay: NotNegative = 1e-4
    clip_norm: Positive = 1.0
    ema: Annotated[float, Meta(gt=0, lt=1)] | None = 0.998
    insulate: bool = False
    committed: Annotated[int, Meta(ge=0)] = 0
    draws: AtLeastOne = 3
    freeze: tuple[Part, ...] = ()
    bf16: bool = True
    checkpointing: bool = False

    def __post_init__(self) -> None:
        """Refuse a stage that teaches nothing.

        Raises:
            ValueError: All three weights are 0.
        """
        if not (self.flow or self.text or self.fast):
            raise ValueError("`flow`, `text` and `fast` are all 0, so nothing would be learned")


class Recipe(Table, frozen=True, kw_only=True):
    """All of it; every path is absolute.

    Attributes:
        name: Of the policy.
        seed: Of all that is drawn.
        optimiser: Of matrices in layers; all other weights are AdamW's.
        model: What is trained.
        robot: How it will be run.
        data: What it is trained on.
        images: How pictures are varied.
        stages: One after the other.
    """

    name: Name
    seed: Annotated[int, Meta(ge=0)] = 0
    optimiser: Literal["adamw", "muon"] = "adamw"
    model: Model
    robot: Robot = Robot()
    data: Annotated[tuple[Data, ...], Meta(min_length=1)]
    images: Images = Images()
    stages: Annotated[tuple[Stage, ...], Meta(min_length=1)] = msgspec.field(name="stage")

    def data_of(self, stage: Stage) -> tuple[Data, ...]:
        """What a stage is trained on."""
        return tuple(data for data in self.data if not stage.sources or data.source in stage.sources)

    def form(self, *, image_size: int, horizon: int) -> SampleForm:
        """What samples have to fit, for a model of these sizes."""
        robot = self.robot
        return SampleForm(
            image_size=image_size,
            horizon=horizon,
            cameras_low=robot.cameras_low,
            cameras_high=robot.cameras_high,
            crops=robot.crops,
            control_mode=robot.control_mode,
        )
