"""A run of a recipe in a folder of its own: begun, or gone on with.

RUN/recipe.toml       what it was begun with
RUN/data.json         what its recordings and pictures were then
RUN/parts/            vocabulary, action tokenizer, statistics: see `policy.training.parts`
RUN/checkpoints/STEP/ policies
RUN/resume/           what it needs to go on
RUN/curves.jsonl      what was measured
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from policy.checkpoints.folder import Checkpoint, build_model, load
from policy.inference.runtime import device_named
from policy.model.initialise import initialise
from policy.model.ordered import order_rows
from policy.model.pi0 import Pi0
from policy.presets import Pi0Config
from policy.text.fitted import lines_of_tokens
from policy.text.sentencepieces import SentencePieceTokenizer
from policy.training.batches import Batcher
from policy.training.data.facts import DataFacts
from policy.training.ema import averaged_copy
from policy.training.loop import Done, Feed, Hooks, Loop, Rhythm
from policy.training.optimiser import make_optimiser
from policy.training.parallel import Group
from policy.training.parts import load_parts, make_parts
from policy.training.recipe import Recipe, Stage
from policy.training.robot import TrainedRobot
from policy.training.samples import SampleForm
from policy.training.saving import checkpoint_path, save_checkpoint
from policy.training.sizes import NotTrainable, config_of
from policy.training.state import CannotGoOn, Learner, Position, load_state
from recordings.files import replace_file

RECIPE_FILE, DATA_FILE, PARTS = "recipe.toml", "data.json", "parts"


class RunData(Feed, Protocol):
    """A recipe's data for a model of given sizes: what they hold, read before the first step alone, and batches."""

    def robots(self, start: Checkpoint | None) -> Iterable[TrainedRobot]:
        """Those of the data, first the one that the policy is for, with the statistics of `start` where it has them."""
        ...

    def texts(self) -> Iterable[str]:
        """Every prompt and answer."""
        ...

    def chunks(self, robot: TrainedRobot) -> NDArray[np.float64]:
        """Some of a robot's chunks, [B, T, D], relative and normalised."""
        ...

    def facts(self) -> Sequence[DataFacts]:
        """What is said of the data in a checkpoint, and a run is only gone on with where it is the same."""
        ...


@dataclass(frozen=True)
class Options:
    """How a run is made.

    Attributes:
        rhythm: When what is done.
        device: `cpu`, `cuda`, or `auto`.
        group: The processes that train together.
        should_stop: Asked after every step.
        observe: Told of every step.
        evaluate: Figures of a checkpoint in the world that it is made for, by name.
    """

    rhythm: Rhythm = Rhythm()  # noqa: RUF009 - frozen
    device: str = "auto"
    group: Group = Group()  # noqa: RUF009 - frozen
    should_stop: Callable[[], bool] = lambda: False
    observe: Callable[[Done], None] = lambda done: None
    evaluate: Callable[[Path], dict[str, float]] | None = None


def train(
    recipe: Recipe,
    text: str,
    run: Path,
    *,
    data: Callable[[SampleForm], RunData],
    options: Options,
) -> Position:
    """Train by a recipe, from where the run in this folder is; what was reached.

    Args:
        recipe: What to do.
        text: Of the recipe's file.
        run: The run's folder.
        data: Opens the recipe's data.
        options: How.

    Raises:
        CannotGoOn: The folder holds the run of another recipe, or of other data.
        NotTrainable: The model is of another kind than π0.5.
        Diverged: The loss is no longer a number.
        CheckpointError: A checkpoint cannot be written, or that to start from cannot be read.
    """
    start = None if recipe.model.start is None else load(recipe.model.start)
    config = config_of(recipe)
    if config.kind != "pi05":
        raise NotTrainable(
            f"recipe {recipe.name!r} is of a {config.kind} model; only π0.5 (pi05) is trained here"
        )
    form = recipe.form(image_size=config.vision.image_size, horizon=config.action_horizon)
    group = options.group
    source = data(form)
    facts = source.facts()
    if group.is_first:  # the others find what it made
        _claim(run, text, facts)
        _make_parts(recipe, run, config, start, source)
    group.wait()
    parts = load_parts(run / PARTS)
    if parts is None:
        raise CannotGoOn(f"{run / PARTS} is not there; do all processes see the same folder?")
    learner = _learner_of(recipe, config, start, parts.tokenizer, device_named(options.device))
    digest = hashlib.sha256(text.encode()).hexdigest()
    position = load_state(run / "resume", learner, recipe=digest)
    position = position or Position(stage=0, step=0, total=0, recipe=digest)

    def save(at: Position) -> None:
        stages = recipe.stages[: at.stage + (at.step > 0)]
        save_checkpoint(
            checkpoint_path(run, at.total),
            learner.averaged,
            recipe=recipe,
            parts=parts,
            speaks=_speaks(recipe, stages, start),
            rtc_trained=any(stage.committed and stage.flow for stage in stages),
            training={
                "name": recipe.name,
                "recipe": text,
                "recipe_sha256": digest,
                "seed": recipe.seed,
                "steps": at.total,
                "stage": stages[-1].name if stages else None,
                "data": msgspec.to_builtins(facts),
            },
        )

    evaluate = options.evaluate
    loop = Loop(
        recipe,
        learner,
        position,
        batcher=Batcher(
            config=config,
            form=form,
            tokenizer=parts.tokenizer,
            fast=parts.fast,
            robots=parts.robots,
            images=recipe.images,
            device=next(learner.model.parameters()).device,
        ),
        feed=source,
        run=run,
        hooks=Hooks(
            save=save,
            observe=options.observe,
            should_stop=options.should_stop,
            evaluate=None if evaluate is None else lambda at: evaluate(checkpoint_path(run, at.total)),
        ),
        rhythm=options.rhythm,
        group=group,
    )
    return loop.run()


def _speaks(recipe: Recipe, stages: Sequence[Stage], start: Checkpoint | None) -> bool:
    """Whether subtasks were taught in these stages, or to the policy that training began with."""
    if start is not None and start.manifest is not None and start.manifest.prompt_high is not None:
        return True
    return any(
        stage.text and data.dataset is not None and "high" in data.levels
        for stage in stages
        for data in recipe.data_of(stage)
    )


def _claim(run: Path, text: str, facts: Sequence[DataFacts]) -> None:
    """Make the run's folder this recipe's, on these data."""
    path = run / RECIPE_FILE
    if path.exists():
        if path.read_text() != text:
            raise CannotGoOn(
                f"the run in {run} was begun with another recipe, see {path}; choose another folder with --run, or give"
                " the recipe back its text"
            )
    else:
        run.mkdir(parents=True, exist_ok=True)
        replace_file(path, text.encode())
    path = run / DATA_FILE
    if path.exists():
        _check_same(path, facts)
    else:
        replace_file(path, msgspec.json.format(msgspec.json.encode(facts), indent=2) + b"\n")


def _check_same(path: Path, facts: Sequence[DataFacts]) -> None:
    """Refuse data that are not those of the run's beginning: other samples would stand in their places."""
    try:
        begun = msgspec.json.decode(path.read_bytes(), type=list[DataFacts])
    except msgspec.DecodeError as error:
        raise CannotGoOn(f"{path} is damaged: {error}; choose another folder with --run") from error
    for then, now in zip(begun, facts, strict=True):
        if then != now:
            how = "with other recordings or labels" if then.told() == now.told() else f"now {now.told()}"
            raise CannotGoOn(
                f"the run in {path.parent} was begun on {then.told()}, {how}; put them back as they were, or choose"
                " another folder with --run to train on them as they are"
            )


def _make_parts(
    recipe: Recipe, run: Path, config: Pi0Config, start: Checkpoint | None, data: RunData
) -> None:
    """Make what a run needs beside weights, unless it is there."""
    folder = run / PARTS
    if folder.exists():
        return
    robots = list(data.robots(start))
    teaches_fast = any(stage.fast for stage in recipe.stages)
    chunks = data.chunks(robots[0]) if teaches_fast else None
    texts = [] if start is not None else data.texts()
    make_parts(folder, config=config, robots=robots, texts=texts, chunks=chunks, start=start)


def _learner_of(
    recipe: Recipe,
    config: Pi0Config,
    start: Checkpoint | None,
    tokenizer: SentencePieceTokenizer,
    device: torch.device,
) -> Learner:
    if start is None:
        model = Pi0(config)
        generator = torch.Generator().manual_seed(recipe.seed)
        initialise(model, generator=generator)
        for line in lines_of_tokens(tokenizer):
            order_rows(model.paligemma.language.embed_tokens, line, generator=generator)
    else:
        loaded = build_model(start)
        if not isinstance(loaded, Pi0):
            raise TypeError(f"a {type(loaded).__name__} is not trained here; choose a π0.5")
        model = loaded
    model = model.to(device)
    averaged = averaged_copy(model)
    return Learner(model, averaged, make_optimiser(model, muon=recipe.optimiser == "muon"))
