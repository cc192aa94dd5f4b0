"""A robot of four numbers that sees two cameras, samples of every level for it, and a very small model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from policy.checkpoints.folder import Checkpoint
from policy.model.initialise import initialise
from policy.model.pi0 import Pi0
from policy.presets import GemmaConfig, Pi0Config, VisionConfig
from policy.training.batches import Batcher
from policy.training.data.facts import DataFacts
from policy.training.parts import Parts, load_parts, make_parts
from policy.training.recipe import Data, Images, Model, Recipe, Robot, Stage
from policy.training.robot import TrainedRobot
from policy.training.samples import SampleForm, Source, TrainingSample
from policy.training.saving import save_checkpoint
from policy.transforms.norm_stats import NormStats

HORIZON, DIM, SIDE = 8, 4, 28
CAMERAS = ("base_0_rgb", "right_wrist_0_rgb")
SUBTASKS = ("pick up the cup", "open the drawer", "put the cup in the sink")
TINY = Pi0Config(
    kind="pi05",
    vision=VisionConfig(width=16, depth=2, mlp_width=32, heads=2, patch=14, image_size=SIDE),
    language=GemmaConfig(width=24, depth=2, mlp_width=48, heads=4, head_dim=8),
    expert=GemmaConfig(width=20, depth=2, mlp_width=40, heads=4, head_dim=8),
    vocab_size=2560,
    action_dim=6,
    action_horizon=HORIZON,
    max_prompt_tokens=64,
)
STATS = {
    "state": NormStats(mean=np.zeros(DIM), std=np.ones(DIM), q01=-2 * np.ones(DIM), q99=2 * np.ones(DIM)),
    "actions": NormStats(mean=np.zeros(DIM), std=np.ones(DIM), q01=-np.ones(DIM), q99=np.ones(DIM)),
}
ROBOT = TrainedRobot("toy", ("a", "b", "grip", "speed"), ("rad", "m", "opening", "m/s"), 50.0, STATS)
FORM = SampleForm(
    image_size=SIDE, horizon=HORIZON, cameras_low=CAMERAS, cameras_high=("base_0_rgb",), crops={}
)
PRE = Stage(name="pre-training", steps=6, batch=6, flow=0.0, warmup=2, learning_rate=3e-3, bf16=False)
POST = Stage(
    name="post-training", steps=6, batch=6, fast=0.0, warmup=2, learning_rate=3e-3, draws=2, bf16=False
)


def recipe(*stages: Stage, images: Images | None = None, seed: int = 0) -> Recipe:
    return Recipe(
        name="toy",
        seed=seed,
        model=Model(preset="tiny"),
        robot=Robot(execute_steps=4, cameras_low=CAMERAS, cameras_high=("base_0_rgb",)),
        data=(Data(source=Source.MM, dataset=Path("/nowhere")),),
        images=images or Images(recolour=True, move=True),
        stages=stages or (PRE, POST),
    )


def sample(seed: int, level: str | None = None) -> TrainingSample:
    """One of a level; without one, low ones are the most frequent."""
    rng = np.random.default_rng(seed)
    level = level or ("low", "low", "high", "question")[seed % 4]
    images = {slot: rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8) for slot in CAMERAS}
    subtask = SUBTASKS[seed % len(SUBTASKS)]
    state = rng.uniform(-1, 1, DIM)
    where: dict[str, Any] = {
        "robot": "toy", "dataset": "demos", "episode_id": f"episode-{seed}", "time_ns": 1_000_000_000,
    }  # fmt: skip
    if level == "low":
        return TrainingSample(
            Source.MM, images, "low", subtask, state=state, actions=chunk(seed, state),
            valid=np.arange(HORIZON) < HORIZON - seed % 3, **where,
        )  # fmt: skip
    front = {"base_0_rgb": images["base_0_rgb"]}
    if level == "high":
        answer = f"<loc0001><loc0002><loc0100><loc0200> cup ; {subtask}"
        return TrainingSample(Source.HL, front, "high", "tidy up", answer=answer, state=state, **where)
    return TrainingSample(
        Source.WD, front, "question", "what is on the table?", answer="a cup", episode_id=f"picture-{seed}"
    )


def chunk(seed: int, state: NDArray[np.float64]) -> NDArray[np.float64]:
    """A smooth motion from `state`, absolute."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0, 1, HORIZON)[:, None]
    return state * np.array([1.0, 1.0, 0.0, 0.0]) + rng.uniform(-1, 1, DIM) * np.sin(2 * time)


def relative_chunks(count: int = 200) -> NDArray[np.float64]:
    return np.stack([chunk(seed, np.zeros(DIM)) for seed in range(count)])


@dataclass
class Toy:
    """Data and feed of the toy robot; what a step is fed depends on the step alone.

    Attributes:
        size: Samples in a batch.
        level: Of all samples; None mixes them.
        opened: Stage and first step of each time it was opened.
        rank: Number of the process that is fed, of `world`.
        world: Processes that train together.
    """

    size: int = 6
    level: str | None = None
    rank: int = 0
    world: int = 1
    opened: list[tuple[int, int]] = field(default_factory=list)
    stats: Mapping[str, NormStats] = field(default_factory=lambda: STATS)
    episodes: int = 3
    sha256: str = "of three"

    @contextmanager
    def open(self, stage: int, *, start_step: int) -> Iterator[Iterator[Sequence[TrainingSample]]]:
        self.opened.append((stage, start_step))
        yield self._batches(stage, start_step)

    def _batches(self, stage: int, step: int) -> Iterator[Sequence[TrainingSample]]:
        while True:
            yield [self.sample(stage, step, index) for index in range(self.rank, self.size, self.world)]
            step += 1

    def sample(self, stage: int, step: int, index: int) -> TrainingSample:
        return sample(10_000 * stage + 7 * step + index, self.level)

    def robots(self, start: Checkpoint | None) -> Iterable[TrainedRobot]:
        return [replace(ROBOT, stats=self.stats if start is None else start.stats_of())]

    def texts(self) -> Iterable[str]:
        return [*SUBTASKS, "tidy up", "what is on the table?", "a cup"]

    def chunks(self, robot: TrainedRobot) -> NDArray[np.float64]:
        return relative_chunks()

    def facts(self) -> Sequence[DataFacts]:
        return [
            DataFacts(
                name="demos",
                source=Source.MM,
                episodes=self.episodes,
                samples=60,
                tasks=1,
                sha256=self.sha256,
            )
        ]


def parts(folder: Path) -> Parts:
    toy = Toy()
    make_parts(folder, config=TINY, robots=toy.robots(None), texts=toy.texts(), chunks=relative_chunks())
    made = load_parts(folder)
    assert made is not None
    return made


def batcher(parts: Parts, *, images: Images | None = None) -> Batcher:
    return Batcher(
        config=TINY,
        form=FORM,
        tokenizer=parts.tokenizer,
        fast=parts.fast,
        robots=parts.robots,
        images=images or Images(recolour=False),
        device=torch.device("cpu"),
    )


def start_checkpoint(folder: Path, *, names: Sequence[str], units: Sequence[str], robot: str) -> None:
    """A checkpoint of the toy's model, untrained, for a robot of other numbers."""
    one = np.ones(len(names))
    stats = {name: NormStats(mean=0 * one, std=one, q01=-one, q99=one) for name in ("state", "actions")}
    own = TrainedRobot(robot, tuple(names), tuple(units), 50.0, stats)
    made = folder.with_name(f"{folder.name}-parts")
    chunks = relative_chunks()[:, :, : len(names)]
    make_parts(made, config=TINY, robots=[own], texts=SUBTASKS, chunks=chunks)
    parts = load_parts(made)
    assert parts is not None
    model = Pi0(TINY)
    initialise(model, generator=torch.Generator().manual_seed(0))
    save_checkpoint(folder, model, recipe=recipe(), parts=parts, speaks=True, rtc_trained=False, training={})
