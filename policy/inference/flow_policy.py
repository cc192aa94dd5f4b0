"""A policy whose actions come from noise by flow matching: the noise, and the chunk in progress as the model has it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from policy.checkpoints.kinds import ModelConfig
from policy.inference import rtc
from policy.inference.facts import PolicyFacts
from policy.inference.low_level import LowLevelPolicy, seeded
from policy.inference.rtc import Continuation
from policy.text.tokenizer import TextTokenizer
from policy.transforms.compose import Sample
from policy.transforms.norm_stats import NormStats
from policy.types import Committed, RequestError


class FlowPolicy(LowLevelPolicy):
    """A `LowLevelPolicy` by flow matching; `Pi05Policy` and `Pi0SmallPolicy` add the model.

    Args:
        facts: What weights do not say.
        stats: Of `state` and `actions`.
        tokenizer: The model's vocabulary.
        sizes: Of the model.
        seed: Of the noise that chunks start from, where a call brings none.

    Raises:
        ValueError: Facts, statistics and model do not fit each other; the message says which and why.
    """

    def __init__(
        self,
        facts: PolicyFacts,
        stats: Mapping[str, NormStats],
        tokenizer: TextTokenizer,
        *,
        sizes: ModelConfig,
        seed: int | None = None,
    ) -> None:
        super().__init__(facts, stats, tokenizer, sizes=sizes)
        self._generator = seeded(seed)

    @abstractmethod
    def _sample(self, sample: Sample, noise_BTA: Tensor, continuation: Continuation | None) -> Tensor:
        """From noise to the model's answer, [1, T, A]; called by one thread at a time."""

    def _normalized(
        self, sample: Sample, *, noise: object, committed: Committed | None
    ) -> NDArray[np.floating]:
        start = self._noise(noise)
        continuation = None if committed is None else self._continuation(sample, committed)
        with self._acting:
            answer = self._sample(sample, start, continuation)
        result: NDArray[np.floating] = answer[0].float().cpu().numpy()
        return result

    def _noise(self, noise: object) -> Tensor:
        shape = (1, self._sizes.action_horizon, self._sizes.action_dim)
        if noise is None:
            return torch.randn(shape, generator=self._generator)
        given = np.asarray(noise)
        if given.dtype.kind != "f" or given.shape not in (shape, shape[1:]):
            raise RequestError(
                f"noise is {given.dtype} {list(given.shape)}; this model takes floats of {list(shape[1:])}"
            )
        if not np.isfinite(given).all():
            raise RequestError("noise is not finite everywhere; draw it from a standard normal distribution")
        return torch.from_numpy(given.astype(np.float32)).reshape(shape)

    def _continuation(self, sample: Sample, committed: Committed) -> Continuation:
        """The plan as the model has it."""
        horizon, planned = self._sizes.action_horizon, len(sample["actions"])
        plan_BTA = torch.zeros((1, horizon, self._sizes.action_dim))
        plan_BTA[0, :planned] = torch.from_numpy(sample["actions"].astype(np.float32))
        if self.facts.rtc_trained:
            return Continuation("trained", plan_BTA, rtc.frozen_mask(horizon, frozen=committed.frozen))
        weights = rtc.soft_mask(
            horizon, frozen=committed.frozen, planned=planned, execute=min(committed.execute, horizon)
        )
        return Continuation("guided", plan_BTA, weights)
