"""The prompt of a sample to token ids. What a prompt looks like is said in `policy.text.prompts`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy.text.prompts import (
    OPENPI_PI0,
    OPENPI_PI0_FAST,
    OPENPI_PI05,
    OPENPI_PI05_STATELESS,
    PromptFormat,
    tokenize,
)
from policy.text.tokenizer import TextTokenizer
from policy.transforms.compose import Floats, Sample
from policy.transforms.configs import TrainedConfig
from policy.types import RequestError

PromptTokenizer = Callable[[str, Floats | None], tuple[NDArray[np.int64], NDArray[np.bool_]]]
"""(prompt, normalised state of [D] or None) to (ids [L], mask [L])."""


@dataclass(frozen=True)
class TokenizePrompt:
    """Replaces the prompt of a sample by its tokens. After normalising and before padding: the state is in it.

    Attributes:
        tokenizer: Of the model.
        discrete_state: Whether the state goes into the prompt.
    """

    tokenizer: PromptTokenizer
    discrete_state: bool

    def __call__(self, sample: Sample) -> Sample:
        """`sample` with tokens.

        Raises:
            RequestError: It has no prompt.
        """
        if "prompt" not in sample:
            raise RequestError(
                "the observation has no 'prompt', and this policy has no prompt of its own to use"
            )
        tokenized = sample.copy()
        prompt = tokenized.pop("prompt")
        ids, mask = self.tokenizer(prompt, sample["state"] if self.discrete_state else None)
        tokenized["tokenized_prompt"], tokenized["tokenized_prompt_mask"] = ids, mask
        return tokenized


def prompt_format(config: TrainedConfig) -> PromptFormat:
    """The form of prompt that a policy was trained with."""
    if config.kind == "pi0-fast":
        return OPENPI_PI0_FAST
    if config.kind in ("pi0", "pi0-small"):
        return OPENPI_PI0
    return OPENPI_PI05 if config.discrete_state else OPENPI_PI05_STATELESS


def prompt_tokenizer(
    config: TrainedConfig, vocabulary: TextTokenizer, *, form: PromptFormat | None = None
) -> PromptTokenizer:
    """What turns prompts into the tokens of a policy: in its form, padded to its length.

    Args:
        config: The policy's.
        vocabulary: The model's; PaliGemma's for published checkpoints.
        form: Another than openpi's for this kind of model, such as that of the high level.

    Raises:
        ValueError: `form` has a state in it and the policy's prompts have none, or the other way round.
    """
    form = form or prompt_format(config)
    if form.has_state != config.discrete_state:
        has = "has" if form.has_state else "has no"
        message = f"prompt form {form.name!r} {has} state in it, and discrete_state of {config.name} is"
        raise ValueError(f"{message} {config.discrete_state}; they go together")

    def to_tokens(prompt: str, state: Floats | None) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        tokens = tokenize(
            form,
            vocabulary,
            task=prompt,
            state=state,
            control_mode=config.control_mode,
            max_tokens=config.max_prompt_tokens,
        )
        return tokens.ids_L, tokens.mask_L

    return to_tokens
