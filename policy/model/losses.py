"""What is taught: text and FAST tokens by cross-entropy, actions by flow matching.

    total = text · H(answer) + fast · H(FAST tokens) + α · mean (noise − actions − velocity)²

Every term is a mean over what counts in a sample, then over all samples of the batch. A sample without an answer, or
without actions, adds nothing to that term, and still counts in its mean: how much a sample weighs does not depend on
what else is in its batch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch.nn.functional as F
from torch import Tensor

from policy.model import flow
from policy.model.attention import Attend
from policy.model.cache import Prefix
from policy.model.flow_model import FlowModel
from policy.model.flow_targets import FlowTargets
from policy.model.inputs import ModelInputs
from policy.model.lean_attention import lean
from policy.model.paligemma import PaliGemma
from policy.model.reading import TargetTokens, read


@runtime_checkable
class TextModel(Protocol):
    """A model with a language tower: π0, π0.5, π0-FAST."""

    @property
    def paligemma(self) -> PaliGemma:
        """Images and text."""
        ...


@dataclass(frozen=True)
class TrainingBatch:
    """What a batch teaches. What is None is not taught at all; single samples are left out by their masks.

    Attributes:
        inputs: Images, prompt and state.
        answer: Text, such as the subtask, with EOS.
        fast: The chunk as FAST tokens, as the model writes them: their lead and end included.
        flow: The chunk as numbers: a row a sample, or several in a row, which differ in noise and time. All rows of a
            sample share one pass over its images and prompt, and the loss is their mean.
    """

    inputs: ModelInputs
    answer: TargetTokens | None = None
    fast: TargetTokens | None = None
    flow: FlowTargets | None = None

    def __post_init__(self) -> None:
        """Refuse targets for another number of samples.

        Raises:
            ValueError: The message names them.
        """
        size = len(self.inputs.tokens_BL)
        for name, found in (
            ("answer", None if self.answer is None else len(self.answer.tokens_BL)),
            ("fast", None if self.fast is None else len(self.fast.tokens_BL)),
        ):
            if found not in (None, size):
                message = (
                    f"{size} observations with {found} rows of {name} targets; each sample has one, if masked"
                )
                raise ValueError(message)
        rows = 0 if self.flow is None else len(self.flow.actions_BTA)
        if self.flow is not None and (not rows or rows % size):
            message = f"{size} observations with {rows} rows of flow targets; each sample has one, or as many as all"
            raise ValueError(message)

    @property
    def draws(self) -> int:
        """Rows of flow targets a sample; 1 without any."""
        return 1 if self.flow is None else len(self.flow.actions_BTA) // len(self.inputs.tokens_BL)


@dataclass(frozen=True)
class LossWeights:
    """How much each term counts.

    Attributes:
        text: Of the answer.
        fast: Of the FAST tokens.
        flow: α. At 0 the expert is not run.
        insulate: Knowledge insulation: the flow's gradient stops at the expert and leaves what it attends to alone.
    """

    text: float = 1.0
    fast: float = 1.0
    flow: float = 10.0
    insulate: bool = False

    def __post_init__(self) -> None:
        """Refuse weights that would teach the opposite.

        Raises:
            ValueError: One is negative or not finite.
        """
        for name in ("text", "fast", "flow"):
            weight = getattr(self, name)
            if not 0 <= weight < float("inf"):
                message = f"the weight of the {name} loss must be a number from 0 up, not {weight}"
                raise ValueError(message)


PRE_TRAINING = LossWeights(flow=0.0)
"""π0.5 first learns actions as FAST tokens only."""
POST_TRAINING = LossWeights(flow=10.0)
"""Then both."""


@dataclass(frozen=True)
class Losses:
    """Scalars, float32; a term that was not taught is 0.

    Attributes:
        total: Weighted; what to call `backward` on.
        text: Cross-entropy of the answer, nats a token.
        fast: Cross-entropy of the FAST tokens, nats a token.
        flow: Mean squared error of the velocity.
    """

    total: Tensor
    text: Tensor
    fast: Tensor
    flow: Tensor


def compute_loss(
    model: TextModel | FlowModel,
    batch: TrainingBatch,
    weights: LossWeights,
    *,
    attend: Attend = lean,
) -> Losses:
    """Run everything that `batch` teaches and `weights` count.

    Raises:
        TypeError: The batch teaches what the model cannot do: text without a language tower, flow without an expert.
        ValueError: Its chunks are not of the model's size.
    """
    answer = batch.answer if weights.text else None
    fast = batch.fast if weights.fast else None
    targets = batch.flow if weights.flow else None
    zero = batch.inputs.state_BA.new_zeros(())
    text_loss = fast_loss = flow_loss = zero
    prefix = None
    if answer is not None or fast is not None:
        reading = read(language_of(model), batch.inputs, answer=answer, fast=fast, attend=attend)
        if answer is not None and reading.answer_BLV is not None:
            text_loss = token_loss(reading.answer_BLV, answer).mean()
        if fast is not None and reading.fast_BLV is not None:
            fast_loss = token_loss(reading.fast_BLV, fast).mean()
        prefix = reading.prefix
    if targets is not None:
        expert = expert_of(model)
        check_sizes(expert, targets)
        prefix = expert.prefill(batch.inputs, attend=attend) if prefix is None else prefix
        if weights.insulate:
            prefix = replace(prefix, cache=prefix.cache.detached())
        prefix = prefix.repeated(batch.draws)
        state_BA = batch.inputs.state_BA.repeat_interleave(batch.draws, dim=0)
        error_BTA = velocity_error(expert, prefix, state_BA, targets, attend=attend)
        flow_loss = flow_loss_of(error_BTA, targets).mean()
    total = weights.text * text_loss + weights.fast * fast_loss + weights.flow * flow_loss
    return Losses(total, text_loss, fast_loss, flow_loss)


def token_loss(logits_BLV: Tensor, targets: TargetTokens) -> Tensor:
    """Mean cross-entropy of each sample's tokens, nats, float32 [B]; 0 for a sample without any."""
    tokens_BL = targets.tokens_BL.where(targets.mask_BL, 0)
    loss_BL = F.cross_entropy(logits_BLV.transpose(1, 2).float(), tokens_BL, reduction="none")
    return masked_mean(loss_BL, targets.mask_BL)


def velocity_error(
    model: FlowModel, prefix: Prefix, state_BA: Tensor, targets: FlowTargets, *, attend: Attend
) -> Tensor:
    """Squared error of the velocity, float32 [B, T, A], after a prefix that is already read."""
    x_BTA = flow.interpolate(targets.actions_BTA, targets.noise_BTA, targets.time)
    velocity = model.velocity(prefix, state_BA, x_BTA, targets.time, attend=attend)
    return (flow.velocity_target(targets.actions_BTA, targets.noise_BTA) - velocity).square()


def flow_loss_of(error_BTA: Tensor, targets: FlowTargets) -> Tensor:
    """Mean of each sample's errors where they count, float32 [B]; 0 for a sample without any."""
    return masked_mean(error_BTA.flatten(1), targets.counts_BTA.flatten(1))


def masked_mean(values_BN: Tensor, mask_BN: Tensor) -> Tensor:
    """Mean over what the mask keeps, [B]; 0 where it keeps nothing."""
    kept_BN = values_BN.where(mask_BN, 0.0)
    return kept_BN.sum(dim=1) / mask_BN.sum(dim=1).clamp(min=1)


def language_of(model: TextModel | FlowModel) -> PaliGemma:
    """The part that writes text.

    Raises:
        TypeError: There is none.
    """
    if isinstance(model, TextModel):
        return model.paligemma
    message = f"a {type(model).__name__} has no language tower and cannot be taught text or FAST tokens; leave them out"
    raise TypeError(message)


def expert_of(model: TextModel | FlowModel) -> FlowModel:
    """The part that makes actions by flow matching.

    Raises:
        TypeError: There is none.
    """
    if isinstance(model, FlowModel):
        return model
    message = (
        f"a {type(model).__name__} has no action expert; leave out the flow's targets, or set its weight to 0"
    )
    raise TypeError(message)


def check_sizes(model: FlowModel, targets: FlowTargets) -> None:
    """Hold chunks to the model's size.

    Raises:
        ValueError: They have other steps or dimensions.
    """
    found = tuple(targets.actions_BTA.shape[1:])
    expected = (model.config.action_horizon, model.config.action_dim)
    if found != expected:
        message = (
            f"chunks of {found[0]} steps of {found[1]} dimensions, for a model of {expected[0]} steps of"
            f" {expected[1]}; pad them, and mask what is padded"
        )
        raise ValueError(message)
