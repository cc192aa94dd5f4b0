"""π0-FAST as a policy: it writes a chunk as FAST tokens, within their grammar. It names no subtasks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from policy.actions.fast import FastTokenizer
from policy.actions.fast_grammar import ActionGrammar
from policy.inference import fast_decoding, fuse
from policy.inference.facts import PolicyFacts
from policy.inference.low_level import LowLevelPolicy, seeded
from policy.inference.techniques import FAST, Techniques
from policy.model.pi0_fast import Pi0Fast
from policy.text.tokenizer import TextTokenizer
from policy.transforms.compose import Sample
from policy.transforms.norm_stats import NormStats
from policy.transforms.to_tensors import to_tensors
from policy.types import Committed, RequestError

WARM_UP_TOKENS = 2


class Pi0FastPolicy(LowLevelPolicy):
    """A chunk as tokens, always exactly steps × dimensions. It is a `policy.types.Policy`, and a `Servable`.

    Two things differ from policies that move by flow matching. It starts from no noise: at temperature 0 the same
    observation gives the same chunk, and a call that brings noise is refused. And it cannot be led: of a chunk in
    progress the frozen steps come back as they are, but what follows is planned without it and may begin with a jump.
    Its metadata say so (`takes_noise` is false, `real_time_chunking` is `none`).

    Args:
        model: In its dtype, on its device.
        facts: What weights do not say; of a high level they must say nothing.
        stats: Of `state` and `actions`.
        tokenizer: The model's vocabulary.
        fast: The action tokenizer, of the robot's chunks.
        techniques: Of them joint projections have an effect.
        temperature: 0 writes what is most probable; 1 draws.
        seed: Of the draws.

    Raises:
        ValueError: Facts, model, vocabulary and action tokenizer do not fit each other.
    """

    def __init__(
        self,
        model: Pi0Fast,
        facts: PolicyFacts,
        stats: Mapping[str, NormStats],
        tokenizer: TextTokenizer,
        fast: FastTokenizer,
        *,
        techniques: Techniques = FAST,
        temperature: float = 0.0,
        seed: int | None = None,
    ) -> None:
        super().__init__(facts, stats, tokenizer, sizes=model.config)
        _check_fit(model, facts, tokenizer, fast)
        if not (math.isfinite(temperature) and temperature >= 0):
            raise ValueError(f"temperature is {temperature}; it must be a number from 0 up")
        self.model = model.eval().requires_grad_(False)
        (fuse.fuse if techniques.fused_projections else fuse.part)(model)
        self.grammar = ActionGrammar(fast, tokenizer)
        self._temperature = temperature
        self._generator = seeded(seed)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Plain values that describe it."""
        own = {"takes_noise": False, "real_time_chunking": "none", "temperature": self._temperature}
        return {**super().metadata, **own}

    @property
    def _weight(self) -> Tensor:
        return self.model.paligemma.language.layers[0].self_attn.o_proj.weight

    def warm_up(self) -> None:
        """Run every layer once, on nothing in particular."""
        with self._acting:
            inputs = self._blank(self._short_prompt())
            fast_decoding.write(self.model.paligemma, inputs, self.grammar, max_tokens=WARM_UP_TOKENS)

    def _normalized(
        self, sample: Sample, *, noise: object, committed: Committed | None
    ) -> NDArray[np.floating]:
        if noise is not None:
            raise RequestError(f"{self.facts.name} writes tokens and starts from no noise; ask without it")
        inputs = to_tensors([sample], cameras=self.facts.cameras_low, device=self._weight.device, trim=True)
        with self._acting:
            (written,) = fast_decoding.write(
                self.model.paligemma,
                inputs,
                self.grammar,
                max_tokens=self.model.config.max_action_tokens,
                temperature=self._temperature,
                generator=self._generator,
            )
        return self.grammar.chunk(written.tokens)


def _check_fit(model: Pi0Fast, facts: PolicyFacts, tokenizer: TextTokenizer, fast: FastTokenizer) -> None:
    """FAST ids are counted from the end of the vocabulary, and nothing is padded: all must agree exactly.

    Raises:
        ValueError: The message names both values.
    """
    if tokenizer.vocab_size != model.config.vocab_size:
        raise ValueError(
            f"the text vocabulary has {tokenizer.vocab_size} tokens and the model of {facts.name}"
            f" {model.config.vocab_size}; action tokens are counted from its end: give the model's own vocabulary"
        )
    robot, horizon = facts.config.embodiment.action_dim, model.config.action_horizon
    if (fast.horizon, fast.action_dim) != (horizon, robot):
        raise ValueError(
            f"the FAST tokenizer spells chunks of {fast.horizon} × {fast.action_dim}, and those of {facts.name} are"
            f" {horizon} × {robot}; give the one that it was trained with"
        )
