"""From a robot's request to the model's inputs and back, in openpi's order.

In: a dataset's names (training only), default prompt, the embodiment's names and units, relative actions (training
only), normalise, resize images, tokenise, pad. Out: unnormalise, absolute actions, the embodiment's units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy.transforms.compose import (
    Compose,
    DefaultPrompt,
    Embodiment,
    Floats,
    Raw,
    RawTransform,
    Repack,
    Sample,
    SampleTransform,
)
from policy.transforms.configs import TrainedConfig
from policy.transforms.deltas import AbsoluteActions, DeltaActions
from policy.transforms.embodiments.understudy import Understudy
from policy.transforms.images import CropShares, ResizeImages
from policy.transforms.norm_stats import NormStats, NormStatsError
from policy.transforms.normalize import Normalize, Unnormalize, check_stats
from policy.transforms.pad import PadStatesAndActions
from policy.transforms.tokenize import PromptTokenizer, TokenizePrompt


@dataclass(frozen=True)
class Pipeline:
    """Both ways between a robot and a model.

    Attributes:
        embodiment: The robot's names and units.
        before: Applied to a request first.
        into: Applied to the sample that the embodiment makes of it.
        out_of: Applied to the model's answer before the embodiment has it.
    """

    embodiment: Embodiment
    before: tuple[RawTransform, ...]
    into: Compose
    out_of: Compose

    def inputs(self, raw: Raw) -> Sample:
        """What the model takes of a request, without a batch axis; `to_tensors` makes batches.

        Args:
            raw: Keys as the embodiment says; with `actions` in training.

        Returns:
            `image` [Y, X, 3] uint8 and `image_mask` by camera, `state` [A] float64, `tokenized_prompt` [L] int64 and
            `tokenized_prompt_mask` [L]; `actions` [T, A] float64 if there were any.

        Raises:
            RequestError: Something is missing, unknown or wrong; the message names it.
        """
        for transform in self.before:
            raw = transform(raw)
        return self.into(self.embodiment.inputs(raw))

    def outputs(self, model_actions_TA: Floats, sample: Sample) -> dict[str, NDArray[np.float64]]:
        """What the robot takes of the model's answer.

        Args:
            model_actions_TA: [T, A] as the model gave them.
            sample: What `inputs` made of the request. Of it the state is used, where relative actions start.

        Returns:
            `actions` [T, D] float64 in the robot's units.

        Raises:
            ValueError: Not a chunk, or it holds NaN or infinity: nothing that a robot should be asked to do.
        """
        actions = np.asarray(model_actions_TA)
        if actions.ndim != 2:
            raise ValueError(f"a chunk of actions is [T, A], not {list(actions.shape)}")
        if not np.isfinite(actions).all():
            step = int(np.argwhere(~np.isfinite(actions))[0][0])
            raise ValueError(
                f"step {step} of the model's answer is not finite; its weights or inputs are damaged"
            )
        state = sample["unclipped_state"] if "unclipped_state" in sample else sample["state"]
        answer = self.out_of(Sample(state=state, actions=actions))
        return {"actions": np.ascontiguousarray(self.embodiment.outputs(answer["actions"]), dtype=np.float64)}


def build_pipeline(
    config: TrainedConfig,
    stats: Mapping[str, NormStats],
    tokenizer: PromptTokenizer,
    *,
    image_size: int = 224,
    repack: Repack | None = None,
) -> Pipeline:
    """The transforms of a policy.

    Args:
        config: What it was trained with.
        stats: Of `state` and `actions`, from its checkpoint.
        tokenizer: See `prompt_tokenizer`.
        image_size: Side of the model's square images, in pixels.
        repack: Names of a dataset to those of the embodiment, first of all; for training.

    Raises:
        NormStatsError: The statistics are not those of this robot.
    """
    check_stats(stats, config.normalization)
    _check_widths(config, stats)
    into: list[SampleTransform] = []
    out_of: list[SampleTransform] = [Unnormalize(stats, config.normalization)]
    if config.delta is not None:
        into.append(DeltaActions(config.delta))
        out_of.append(AbsoluteActions(config.delta))
    into += [
        Normalize(stats, config.normalization, config.clip),
        ResizeImages(image_size, image_size, _crops_of(config.embodiment)),
        TokenizePrompt(tokenizer, config.discrete_state),
    ]
    if config.pads:
        into.append(PadStatesAndActions(config.action_dim))
    return Pipeline(
        embodiment=config.embodiment,
        before=(*(() if repack is None else (repack,)), DefaultPrompt(config.default_prompt)),
        into=Compose(tuple(into)),
        out_of=Compose(tuple(out_of)),
    )


def _crops_of(embodiment: Embodiment) -> Mapping[str, CropShares]:
    """By the model's cameras; the pictures of openpi's robots are never cut."""
    return embodiment.slot_crops if isinstance(embodiment, Understudy) else {}


def _check_widths(config: TrainedConfig, stats: Mapping[str, NormStats]) -> None:
    """Statistics may be wider than the robot, as some were taken after padding, but must fit the model."""
    for name, width in (("state", config.embodiment.state_dim), ("actions", config.embodiment.action_dim)):
        most = config.action_dim if config.pads else width
        if not width <= stats[name].width <= most:
            message = (
                f"the statistics of {name!r} have {stats[name].width} numbers; {config.name} needs {width}"
            )
            raise NormStatsError(
                f"{message}{f' to {most}' if most > width else ''}: are they another robot's?"
            )
