"""Samples to what the model is taught in one step: tokens, images, chunks, and masks of what counts.

The samples of a step are parted by level. Each part is as narrow as its own prompts, answers and cameras allow, so that
no token is computed for what another level has. A sample counts in the loss as if all were in one batch.

Axes: B samples · N cameras · C colour · Y X pixels · T steps · A the model's width · D the robot's numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from policy.actions.fast import FastTokenizer
from policy.model.flow_targets import FlowTargets, draw_targets
from policy.model.inputs import ModelInputs
from policy.model.losses import TrainingBatch
from policy.model.reading import TargetTokens, padded_targets
from policy.presets import Pi0Config
from policy.text.fast_layout import taught_fast_ids
from policy.text.prompts import OPENPI_PI05, QUESTION, SUBTASK, PromptFormat, answer_ids, prompt_ids
from policy.text.sequences import prompt_tokens
from policy.text.tokenizer import TextTokenizer
from policy.training.recipe import Images, Stage
from policy.training.robot import TrainedRobot
from policy.training.samples import Level, SampleForm, TrainingSample
from policy.training.seeds import Place
from policy.transforms.augment import Draws, augment, draw, is_on_wrist
from policy.transforms.compose import Sample
from policy.transforms.deltas import DeltaActions
from policy.transforms.normalize import Normalize
from policy.transforms.pad import pad_to_width
from policy.transforms.to_tensors import images_to_floats

FORMS: Mapping[Level, PromptFormat] = MappingProxyType(
    {"low": OPENPI_PI05, "high": SUBTASK, "question": QUESTION}
)
"""How each level is asked."""

CLIP = 5.0
"""Largest magnitude of a normalised value, in training and at inference. 98 of 100 lie within 1."""


class SampleUnfit(ValueError):
    """A sample cannot be taught; the message names where it is from, what is wrong, and what to do."""


@dataclass(frozen=True)
class StepBatch:
    """What one process is taught in a step.

    Attributes:
        parts: One for each level that has something to learn.
        size: Samples in all, with those that this stage teaches nothing.
        origins: Where every sample is from, for messages.
    """

    parts: tuple[TrainingBatch, ...]
    size: int
    origins: tuple[str, ...]


@dataclass(frozen=True)
class _Numbers:
    """A sample's numbers as the model has them: the state of [D], and of low samples the chunk of [T, D]."""

    state: NDArray[np.float64] | None
    actions: NDArray[np.float64] | None


@dataclass(frozen=True)
class Batcher:
    """Makes batches.

    Attributes:
        config: Sizes of the model.
        form: What samples fit.
        tokenizer: The model's vocabulary.
        fast: The action tokenizer; None where no stage teaches FAST tokens.
        robots: Those of the data, by name.
        images: How pictures are varied.
        device: Where tensors go.
    """

    config: Pi0Config
    form: SampleForm
    tokenizer: TextTokenizer
    fast: FastTokenizer | None
    robots: Mapping[str, TrainedRobot]
    images: Images
    device: torch.device

    def step_batch(self, samples: Sequence[TrainingSample], stage: Stage, place: Place) -> StepBatch:
        """What samples teach in a stage.

        Args:
            samples: Of one step, this process's.
            stage: What counts, and how many draws of noise each chunk has.
            place: Where the random numbers come from.

        Raises:
            SampleUnfit: One has not what its level needs, or does not fit the model.
        """
        parts = []
        for level in get_args(Level):
            taught = stage.flow or stage.fast if level == "low" else stage.text
            chosen = [index for index, sample in enumerate(samples) if sample.level == level]
            if taught and chosen:
                parts.append(self._part(level, samples, chosen, stage, place))
        return StepBatch(tuple(parts), len(samples), tuple(map(origin_of, samples)))

    # -- one level -----------------------------------------------------------------------------------------------------

    def _part(
        self,
        level: Level,
        samples: Sequence[TrainingSample],
        chosen: Sequence[int],
        stage: Stage,
        place: Place,
    ) -> TrainingBatch:
        part = [samples[index] for index in chosen]
        generators = [place.generator(index) for index in chosen]
        numbers = [self._numbers(sample) for sample in part]
        inputs = self._inputs(level, part, numbers, generators)
        if level != "low":
            return TrainingBatch(inputs, answer=self._answers(part))
        fast = self._fast_targets(part, numbers) if stage.fast else None
        flow = self._flow_targets(part, numbers, generators, stage) if stage.flow else None
        return TrainingBatch(inputs, fast=fast, flow=flow)

    def _numbers(self, sample: TrainingSample) -> _Numbers:
        """State and actions, relative and normalised as at inference."""
        if sample.level == "question":
            return _Numbers(None, None)
        if sample.state is None:
            raise SampleUnfit(f"{origin_of(sample)}: a sample of the {sample.level} level needs a state")
        robot = self.robots.get(sample.robot)
        if robot is None:
            there = ", ".join(self.robots) or "none"
            raise SampleUnfit(
                f"{origin_of(sample)}: robot {sample.robot!r} has no statistics; there are those of {there}"
            )
        values = Sample(state=sample.state)
        if sample.level == "low":
            expected = (self.config.action_horizon, robot.dim)
            if sample.actions is None or sample.actions.shape != expected:
                found = "none" if sample.actions is None else list(sample.actions.shape)
                raise SampleUnfit(
                    f"{origin_of(sample)}: a chunk for robot {robot.name!r} is {list(expected)}, not {found}"
                )
            values["actions"] = sample.actions
        if sample.state.shape != (robot.dim,):
            raise SampleUnfit(
                f"{origin_of(sample)}: a state of robot {robot.name!r} has {robot.dim} numbers, not"
                f" {list(sample.state.shape)}"
            )
        values = Normalize(robot.stats, "quantile", CLIP)(DeltaActions(robot.delta)(values))
        actions = values.get("actions")
        state = np.asarray(values["state"], np.float64)
        if not (np.isfinite(state).all() and (actions is None or np.isfinite(actions).all())):
            raise SampleUnfit(f"{origin_of(sample)}: state or actions are not finite; leave the episode out")
        return _Numbers(state, None if actions is None else np.asarray(actions, np.float64))

    # -- what the model sees -------------------------------------------------------------------------------------------

    def _inputs(
        self,
        level: Level,
        part: Sequence[TrainingSample],
        numbers: Sequence[_Numbers],
        generators: Sequence[torch.Generator],
    ) -> ModelInputs:
        images, image_mask = self._images(level, part, generators)
        rows = [self._prompt(level, sample, own.state) for sample, own in zip(part, numbers, strict=True)]
        tokens = padded_targets(rows, vocab_size=self.config.vocab_size, device=self.device)
        state = np.zeros((len(part), self.config.action_dim), np.float32)
        for row, own in zip(state, numbers, strict=True):
            if own.state is not None:
                row[: len(own.state)] = own.state
        return ModelInputs(
            images_BNCYX=images,
            image_mask_BN=image_mask,
            tokens_BL=tokens.tokens_BL,
            token_mask_BL=tokens.mask_BL,
            state_BA=torch.from_numpy(state).to(self.device),
        )

    def _prompt(self, level: Level, sample: TrainingSample, state: NDArray[np.float64] | None) -> list[int]:
        ids = prompt_ids(
            FORMS[level],
            self.tokenizer,
            task=sample.prompt,
            state=state,
            control_mode=None if level == "question" else sample.control_mode,
        )
        cut = prompt_tokens(ids, max_tokens=self.config.max_prompt_tokens, pad=False)
        row: list[int] = cut.ids_L.tolist()
        return row

    def _images(
        self, level: Level, part: Sequence[TrainingSample], generators: Sequence[torch.Generator]
    ) -> tuple[Tensor, Tensor]:
        """Pictures of the cameras that any sample of the part has, in the model's order, and who has which."""
        unknown = {slot for sample in part for slot in sample.images} - set(self.form.cameras(level))
        if unknown:
            message = (
                f"cameras {sorted(unknown)} are none of the {level} level's {list(self.form.cameras(level))}"
            )
            raise SampleUnfit(f"{origin_of(part[0])}: {message}")
        slots = [slot for slot in self.form.cameras(level) if any(slot in sample.images for sample in part)]
        if not slots:
            raise SampleUnfit(f"{origin_of(part[0])}: there is no image at all")
        side = self.form.image_size
        pixels = np.zeros((len(part), len(slots), side, side, 3), np.uint8)
        mask = np.zeros((len(part), len(slots)), np.bool_)
        for row, sample in enumerate(part):
            for column, slot in enumerate(slots):
                if slot in sample.images:
                    pixels[row, column] = sample.images[slot]
                    mask[row, column] = True
        images = images_to_floats(torch.from_numpy(pixels).to(self.device))
        return self._varied(level, slots, images, generators), torch.from_numpy(mask).to(self.device)

    def _varied(
        self,
        level: Level,
        slots: Sequence[str],
        images_BNCYX: Tensor,
        generators: Sequence[torch.Generator],
    ) -> Tensor:
        """Recoloured, and at the low level moved: where words speak of places, those must stay."""
        moves = self.images.move and level == "low"
        if not (self.images.recolour or moves):
            return images_BNCYX
        side = images_BNCYX.shape[-1]
        drawn = [draw(len(slots), height=side, width=side, generator=each) for each in generators]
        varied = [
            augment(
                images_BNCYX[:, column],
                self._draws_of(column, drawn),
                geometric=moves and not is_on_wrist(slot),
            )
            for column, slot in enumerate(slots)
        ]
        return torch.stack(varied, dim=1)

    def _draws_of(self, column: int, drawn: Sequence[Draws]) -> Draws:
        """What was drawn for one camera, [B] of each."""
        names = vars(drawn[0])
        draws = Draws(
            **{name: torch.stack([getattr(each, name)[column] for each in drawn]) for name in names}
        )
        if self.images.recolour:
            return draws
        one_B = torch.ones_like(draws.brightness_B)
        return replace(draws, brightness_B=one_B, contrast_B=one_B, saturation_B=one_B)

    # -- what it is taught ---------------------------------------------------------------------------------------------

    def _answers(self, part: Sequence[TrainingSample]) -> TargetTokens:
        rows: list[list[int]] = []
        for sample in part:
            if sample.answer is None:
                raise SampleUnfit(
                    f"{origin_of(sample)}: a sample of the {sample.level} level needs an answer"
                )
            rows.append(answer_ids(FORMS[sample.level], self.tokenizer, sample.answer))
        return padded_targets(rows, vocab_size=self.config.vocab_size, device=self.device)

    def _fast_targets(self, part: Sequence[TrainingSample], numbers: Sequence[_Numbers]) -> TargetTokens:
        if self.fast is None:
            raise SampleUnfit(
                f"{origin_of(part[0])}: FAST tokens are to be taught, and there is no tokenizer of them"
            )
        rows: list[list[int]] = []
        for own in numbers:
            if own.actions is None:
                raise SampleUnfit(f"{origin_of(part[len(rows)])}: there are no actions to learn")
            fast = self.fast.for_shape(horizon=len(own.actions), action_dim=own.actions.shape[1])
            rows.append(taught_fast_ids(self.tokenizer, fast.encode(own.actions)))
        return padded_targets(rows, vocab_size=self.config.vocab_size, device=self.device)

    def _flow_targets(
        self,
        part: Sequence[TrainingSample],
        numbers: Sequence[_Numbers],
        generators: Sequence[torch.Generator],
        stage: Stage,
    ) -> FlowTargets:
        """Chunks with `stage.draws` draws of noise each, those of a sample in a row."""
        rows: list[FlowTargets] = []
        width = self.config.action_dim
        for sample, own, generator in zip(part, numbers, generators, strict=True):
            if own.actions is None:
                raise SampleUnfit(f"{origin_of(sample)}: there are no actions to learn")
            horizon, dim = own.actions.shape
            chunk = torch.from_numpy(pad_to_width(own.actions, width).astype(np.float32))
            valid = np.ones(horizon, np.bool_) if sample.valid is None else sample.valid
            rows.append(
                draw_targets(
                    chunk.expand(stage.draws, -1, -1),
                    step_mask_BT=torch.from_numpy(valid).expand(stage.draws, -1),
                    dim_mask_BA=(torch.arange(width) < dim).expand(stage.draws, -1),
                    max_committed=stage.committed,
                    generator=generator,
                )
            )
        return FlowTargets(
            **{
                name: torch.cat([getattr(row, name) for row in rows]).to(self.device)
                for name in vars(rows[0])
            }
        )


def origin_of(sample: TrainingSample) -> str:
    """Where a sample is from, for messages."""
    where = (
        " of ".join(part for part in (sample.episode_id, sample.dataset) if part) or "a sample from nowhere"
    )
    return f"{where} at {sample.time_ns / 1e9:.3f} s" if sample.time_ns else where
