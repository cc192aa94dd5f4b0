"""The low level of a policy: an observation and a subtask to a chunk of actions in the robot's units.

What is the same whatever model makes the actions; `Pi0FastPolicy` adds one, and `FlowPolicy` what flow models share.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from policy.actions.chunk import target_times
from policy.checkpoints.kinds import ModelConfig
from policy.inference.facts import PolicyFacts
from policy.model.inputs import ModelInputs
from policy.serving.adapter import DROID, LIBERO, OWN
from policy.text.tokenizer import BOS, TextTokenizer
from policy.transforms.compose import Sample
from policy.transforms.norm_stats import NormStats
from policy.transforms.pipeline import build_pipeline
from policy.transforms.tokenize import prompt_tokenizer
from policy.types import ActionChunk, Committed, Observation, RequestError, Subtask

LAYOUTS = {"droid": DROID, "libero": LIBERO}


class LowLevelPolicy(ABC):
    """A `policy.types.Policy` that names no subtasks, and a `Servable` in openpi's own layout.

    Args:
        facts: What weights do not say.
        stats: Of `state` and `actions`.
        tokenizer: The model's vocabulary.
        sizes: Of the model.

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
    ) -> None:
        facts.check(sizes)
        self.facts = facts
        self._sizes = sizes
        self._to_prompt = prompt_tokenizer(facts.config, tokenizer, form=facts.prompt_low)
        size = sizes.vision.image_size
        self._pipeline = build_pipeline(facts.config, stats, self._to_prompt, image_size=size)
        self._acting = threading.Lock()

    @property
    @abstractmethod
    def _weight(self) -> Tensor:
        """One that tells where the model is, and its dtype."""

    @abstractmethod
    def _normalized(
        self, sample: Sample, *, noise: object, committed: Committed | None
    ) -> NDArray[np.floating]:
        """The model's answer, [T, A].

        Args:
            sample: What the pipeline made of the request; with `actions`, the plan of `committed` where there is one.
            noise: As the request has it; not checked yet.
            committed: The chunk in progress.

        Raises:
            RequestError: The noise cannot be used.
        """

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Plain values that describe it."""
        where = {"device": str(self._weight.device), "dtype": str(self._weight.dtype).removeprefix("torch.")}
        return self.facts.metadata() | where

    def actions(
        self,
        observation: Observation,
        subtask: str,
        *,
        committed: Committed | None = None,
        noise: NDArray[np.float32] | None = None,
    ) -> ActionChunk:
        """A chunk of actions that follows `subtask`; goes on from `committed` as `real_time_chunking` of metadata says.

        Args:
            observation: What the robot saw and felt.
            subtask: What to do now.
            committed: The chunk in progress; its frozen steps come back as they are.
            noise: [T, A] float32 of the model's width, where the flow starts; drawn if there is none.

        Raises:
            RequestError: Something is missing, unknown or wrong; the message names it.
        """
        began = time.perf_counter()
        actions = self._chunk(self._raw(observation, subtask), committed=committed, noise=noise)
        return ActionChunk(
            actions=actions,
            target_ns=target_times(observation.captured_ns, horizon=len(actions), rate_hz=self.facts.rate_hz),
            subtask=subtask,
            inference_ms=(time.perf_counter() - began) * 1e3,
        )

    def infer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer as openpi's `Policy.infer` does.

        Args:
            request: In the embodiment's own keys; `noise` [T, A] or [1, T, A] where the flow is to start there.

        Returns:
            `actions` [T, D] float64 and `policy_timing` with `infer_ms`.

        Raises:
            RequestError: Something is missing, unknown or wrong; the message names it.
        """
        began = time.perf_counter()
        raw = {key: value for key, value in request.items() if key != "noise"}
        actions = self._chunk(raw, noise=request.get("noise"))
        return {"actions": actions, "policy_timing": {"infer_ms": (time.perf_counter() - began) * 1e3}}

    def subtask(self, observation: Observation, task: str, *, allowed: Sequence[str] = ()) -> Subtask:
        """Refuse: there is no high level.

        Raises:
            RequestError: Always.
        """
        raise RequestError(
            f"{self.facts.name}, a {self.facts.config.kind} policy, names no subtasks; give it the subtask itself, or"
            " have a π0.5 policy name it"
        )

    @abstractmethod
    def warm_up(self) -> None:
        """Do once what makes the first call slow."""

    def sample_of(self, observation: Observation, subtask: str) -> Sample:
        """What the model takes of an observation; raises as `actions` does."""
        return self._pipeline.inputs(self._raw(observation, subtask))

    def prompt_tokens(self, observation: Observation, subtask: str) -> int:
        """Length of the prompt without padding."""
        return int(self.sample_of(observation, subtask)["tokenized_prompt_mask"].sum())

    # -- for those that add the model ----------------------------------------------------------------------------------

    def _chunk(
        self, raw: Mapping[str, Any], *, committed: Committed | None = None, noise: object = None
    ) -> NDArray[np.float64]:
        if committed is not None:
            raw = {**raw, "actions": self._plan(committed)}
        sample = self._pipeline.inputs({key: value for key, value in raw.items() if value is not None})
        normalized_TA = self._normalized(sample, noise=noise, committed=committed)
        actions = self._pipeline.outputs(normalized_TA, sample)["actions"]
        if committed is not None:
            # There and back through the normalisation they would come out rounded.
            actions[: committed.frozen] = committed.actions[: committed.frozen]
        return actions

    def _plan(self, committed: Committed) -> NDArray[np.float64]:
        """What is left of the chunk in progress, cut to a chunk.

        Raises:
            RequestError: More steps are frozen than there are, or a number is negative or not whole.
        """
        for name in ("frozen", "execute"):
            count = getattr(committed, name)
            if not isinstance(count, int | np.integer):
                raise RequestError(f"committed has {name} {count!r}; it is a whole number of steps")
        actions, horizon = committed.actions, self._sizes.action_horizon
        planned = min(len(actions), horizon)
        if not 0 <= committed.frozen <= planned or committed.execute < 0 or not planned:
            raise RequestError(
                f"committed has {committed.frozen} frozen steps of {len(actions)} and {committed.execute} to execute;"
                f" frozen steps are at most those given and at most {horizon}, and one is given at least"
            )
        return actions[:horizon]

    def _short_prompt(self) -> int:
        """Length of the prompt of a short subtask, in tokens."""
        state = np.zeros(self.facts.config.embodiment.state_dim)
        in_prompt = state if self.facts.config.discrete_state else None
        return int(self._to_prompt("pick up the cup", in_prompt)[1].sum())

    def _blank(self, length: int) -> ModelInputs:
        """Inputs that say nothing, with a prompt of `length` tokens."""
        device = self._weight.device
        size, cameras = self._sizes.vision.image_size, len(self.facts.cameras_low)
        return ModelInputs(
            images_BNCYX=torch.zeros((1, cameras, 3, size, size), device=device),
            image_mask_BN=torch.ones((1, cameras), dtype=torch.bool, device=device),
            tokens_BL=torch.full((1, length), BOS, device=device),
            token_mask_BL=torch.ones((1, length), dtype=torch.bool, device=device),
            state_BA=torch.zeros((1, self._sizes.action_dim), device=device),
        )

    def _raw(self, observation: Observation, prompt: str) -> dict[str, Any]:
        """The observation in the embodiment's own keys."""
        layout = LAYOUTS.get(self.facts.config.embodiment.name, OWN)
        return {**layout.request(observation), "prompt": prompt}


def seeded(seed: int | None) -> torch.Generator:
    """Random numbers on the processor; different ones each time without a seed."""
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    return generator
