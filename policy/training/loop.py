"""Training: stage after stage, step after step, and what is kept on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn

from policy.training import optimiser as optimisers
from policy.training.batches import Batcher, StepBatch
from policy.training.curves import Curves, open_curves
from policy.training.ema import average
from policy.training.parallel import Group
from policy.training.progress import Pace, samples_left
from policy.training.recipe import Recipe, Stage
from policy.training.samples import TrainingSample
from policy.training.seeds import Place
from policy.training.state import Learner, Position, save_state
from policy.training.step_loss import LOSSES, StepLoss

CURVE_STEPS = 20
"""Steps that one line of the curves is the mean of."""


class Diverged(RuntimeError):
    """The loss or its gradient is not a finite number; the message names the step and what was taught in it."""


class Feed(Protocol):
    """Where samples come from."""

    def open(
        self, stage: int, *, start_step: int
    ) -> AbstractContextManager[Iterator[Sequence[TrainingSample]]]:
        """The batches of a stage from a step on, always the same for the same step."""
        ...


@dataclass(frozen=True)
class Done:
    """A step that was taken.

    Attributes:
        position: After it.
        stage: Whose step it was.
        losses: Of `LOSSES`, by name.
        norm: Length of the gradient before it was cut.
        rate: Learning rate.
        samples_per_s: Over the last minute.
        left_s: To the end of the recipe; None while nobody knows.
    """

    position: Position
    stage: Stage
    losses: dict[str, float]
    norm: float
    rate: float
    samples_per_s: float
    left_s: float | None


@dataclass(frozen=True)
class Hooks:
    """What is done beside training.

    Attributes:
        save: Make a checkpoint of the averaged weights.
        observe: Told of every step.
        should_stop: Asked after every step; True ends training as a last step would.
        evaluate: Figures of the newest checkpoint in the world it is made for, by name; None where nobody asks.
    """

    save: Callable[[Position], None]
    observe: Callable[[Done], None] = lambda done: None
    should_stop: Callable[[], bool] = lambda: False
    evaluate: Callable[[Position], dict[str, float]] | None = None


@dataclass(frozen=True)
class Rhythm:
    """When what is done.

    Attributes:
        save_every: Steps between checkpoints, and between states to go on from.
        evaluate_every: Steps between evaluations; a checkpoint is made for each.
        stop_at: Steps of the whole run after which to stop, as if it had been told to; None: at the recipe's end.
    """

    save_every: int = 500
    evaluate_every: int | None = None
    stop_at: int | None = None


class Loop:
    """One run of a recipe.

    Args:
        recipe: What to do.
        learner: Where training stands; changed in place.
        position: How far it is.
        batcher: Makes batches.
        feed: Gives samples.
        run: The run's folder.
        hooks: What is done beside.
        rhythm: When.
        group: The processes that train together.
    """

    def __init__(
        self,
        recipe: Recipe,
        learner: Learner,
        position: Position,
        *,
        batcher: Batcher,
        feed: Feed,
        run: Path,
        hooks: Hooks,
        rhythm: Rhythm,
        group: Group,
    ) -> None:
        self._recipe = recipe
        self._learner = learner
        self._position = position
        self._batcher = batcher
        self._feed = feed
        self._run = run
        self._hooks = hooks
        self._rhythm = rhythm
        self._group = group
        self._pace = Pace()
        self._loss: nn.Module = StepLoss(learner.model)  # of a stage's own weights, see `_run_stage`
        self._weights = [weight for _, weight in optimisers.trained_parameters(learner.model)]
        self._averaged = [weight for _, weight in optimisers.trained_parameters(learner.averaged)]
        self._window: list[Done] = []
        self._saved = position.total

    def run(self) -> Position:
        """Train to the end of the recipe, or until told to stop; where it stands then.

        Raises:
            Diverged: The loss is no longer a number; what was saved before it stays.
        """
        with open_curves(self._run, step=self._position.total, writes=self._group.is_first) as curves:
            while self._position.stage < len(self._recipe.stages) and not self._is_over():
                self._run_stage(curves)
            self._save(curves)
        return self._position

    def _run_stage(self, curves: Curves) -> None:
        position = self._position
        stage = self._recipe.stages[position.stage]
        self._learner.model.train()
        self._group.share(stage.batch)
        optimisers.begin_stage(self._learner.model, stage)
        self._loss = self._group.wrapped(StepLoss(self._learner.model))
        with self._feed.open(position.stage, start_step=position.step) as batches:
            while self._position.step < stage.steps and not self._is_over():
                done = self._step(stage, next(batches))
                self._window.append(done)
                if self._group.is_first:
                    self._hooks.observe(done)
                self._after(curves)
        if self._position.step == stage.steps:
            self._position = _moved(self._position, stage=self._position.stage + 1, step=0)

    def _step(self, stage: Stage, samples: Sequence[TrainingSample]) -> Done:
        learner, position = self._learner, self._position
        group = self._group
        place = Place(self._recipe.seed, position.stage, position.step, rank=group.rank, world=group.world)
        batch = self._batcher.step_batch(samples, stage, place)
        losses: Tensor = self._loss(batch, stage)
        losses[0].backward()
        losses = group.mean(losses.detach())
        self._check_finite("the loss", losses[0], batch)
        norm = nn.utils.clip_grad_norm_(self._weights, stage.clip_norm)
        self._check_finite("the gradient", norm, batch)
        rate = optimisers.set_rate(learner.optimiser, stage, position.step)
        learner.optimiser.step()
        learner.optimiser.zero_grad()
        average(self._averaged, self._weights, decay=stage.ema, step=position.total)
        self._position = _moved(position, step=position.step + 1, total=position.total + 1)
        self._pace.add(stage.batch)
        left = samples_left(self._recipe.stages, stage=position.stage, step=self._position.step)
        return Done(
            position=self._position,
            stage=stage,
            losses=dict(zip(LOSSES, losses.tolist(), strict=True)),
            norm=float(norm),
            rate=rate,
            samples_per_s=self._pace.samples_per_s,
            left_s=self._pace.left_s(left),
        )

    def _check_finite(self, what: str, value: Tensor, batch: StepBatch) -> None:
        if math.isfinite(float(value)):
            return
        seen = ", ".join(sorted(set(self._group.gathered(batch.origins))))
        step, stage = self._position.step, self._recipe.stages[self._position.stage]
        raise Diverged(
            f"{what} of step {step} of stage {stage.name!r} is {float(value)}; look at what was taught in it ({seen}),"
            " or lower learning_rate. What was saved before is still there"
        )

    def _is_over(self) -> bool:
        stop_at = self._rhythm.stop_at
        return (stop_at is not None and self._position.total >= stop_at) or self._group.any(
            self._hooks.should_stop()
        )

    def _after(self, curves: Curves) -> None:
        total, rhythm = self._position.total, self._rhythm
        if total % CURVE_STEPS == 0:
            self._draw(curves)
        evaluates = rhythm.evaluate_every is not None and total % rhythm.evaluate_every == 0
        if evaluates or total % rhythm.save_every == 0:
            self._save(curves)
        if evaluates and self._hooks.evaluate is not None and self._group.is_first:
            curves.add(total, self._hooks.evaluate(self._position))

    def _save(self, curves: Curves) -> None:
        """A checkpoint, and a state to go on from; the state last, so that what it stands for is there."""
        self._draw(curves)
        if self._saved == self._position.total:
            return
        if self._group.is_first:
            self._hooks.save(self._position)
            save_state(self._run / "resume", self._learner, self._position)
        self._saved = self._position.total

    def _draw(self, curves: Curves) -> None:
        """One line of the curves: means over the steps since the last."""
        window, self._window = self._window, []
        if not window:
            return
        last = window[-1]
        means = {name: sum(done.losses[name] for done in window) / len(window) for name in LOSSES}
        curves.add(
            last.position.total,
            {
                "stage": last.stage.name,
                **{f"loss/{name}": value for name, value in means.items()},
                "gradient_norm": sum(done.norm for done in window) / len(window),
                "learning_rate": last.rate,
                "samples_per_s": round(last.samples_per_s, 2),
            },
        )


def _moved(position: Position, **changes: int) -> Position:
    fields = {"stage": position.stage, "step": position.step, "total": position.total, **changes}
    return Position(recipe=position.recipe, **fields)
