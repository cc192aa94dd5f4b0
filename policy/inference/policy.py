"""π0 and π0.5 as a policy: a robot's observation in, a subtask or a chunk of actions in the robot's units out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from policy.inference import rtc
from policy.inference.facts import PolicyFacts
from policy.inference.high_level import HighLevel
from policy.inference.image_features import ImageFeatures
from policy.inference.rtc import Continuation
from policy.inference.sampler import GPU_BUCKET, Sampler
from policy.inference.subtask import never
from policy.inference.techniques import FAST, Techniques
from policy.model.inputs import ModelInputs
from policy.model.pi0 import Pi0
from policy.serving.adapter import DROID, LIBERO, OWN
from policy.text.tokenizer import TextTokenizer
from policy.transforms.compose import Sample
from policy.transforms.norm_stats import NormStats
from policy.transforms.pipeline import build_pipeline
from policy.transforms.to_tensors import to_tensors
from policy.transforms.tokenize import prompt_tokenizer
from policy.types import ActionChunk, Committed, Observation, RequestError, Subtask

LAYOUTS = {"droid": DROID, "libero": LIBERO}


class Pi05Policy:
    """Both levels of one model. It is a `policy.types.Policy`, and a `Servable` in openpi's own layout.

    One caller at a time at each level; the two levels may be asked from different threads.

    Args:
        model: In its dtype, on its device.
        facts: What weights do not say.
        stats: Of `state` and `actions`.
        tokenizer: The model's vocabulary.
        techniques: Which short cuts are taken.
        seed: Of the noise that chunks start from, where a call brings none.
    """

    def __init__(
        self,
        model: Pi0,
        facts: PolicyFacts,
        stats: Mapping[str, NormStats],
        tokenizer: TextTokenizer,
        *,
        techniques: Techniques = FAST,
        seed: int | None = None,
    ) -> None:
        self.model = model.eval().requires_grad_(False)
        facts.check(model.config)
        self.facts = facts
        self.sampler = Sampler(model, techniques=techniques)
        self._tokenizer = tokenizer
        size = model.config.vision.image_size
        low = prompt_tokenizer(facts.config, tokenizer, form=facts.prompt_low)
        self._pipeline = build_pipeline(facts.config, stats, low, image_size=size)
        self.features = ImageFeatures(self.sampler.encode)
        self._high = None
        if facts.prompt_high is not None:
            self._high = HighLevel(self.model, facts, stats, tokenizer, self.features)
        self._acting, self._reading = threading.Lock(), threading.Lock()
        self._generator = torch.Generator()
        if seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(seed)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Plain values that describe it."""
        dtype = self.model.expert.layers[0].self_attn.o_proj.weight.dtype
        where = {"device": str(self.sampler.device), "dtype": str(dtype).removeprefix("torch.")}
        return self.facts.metadata() | where

    # -- the low level -------------------------------------------------------------------------------------------------

    def actions(
        self,
        observation: Observation,
        subtask: str,
        *,
        committed: Committed | None = None,
        noise: NDArray[np.float32] | None = None,
    ) -> ActionChunk:
        """A chunk of actions that follows `subtask`; goes on from `committed` without a jump.

        Args:
            observation: What the robot saw and felt.
            subtask: What to do now.
            committed: The chunk in progress; its frozen steps come back as they are.
            noise: [T, A] float32 of the model's width, where the flow starts; drawn if there is none.

        Raises:
            RequestError: Something is missing, unknown or wrong; the message names it.
        """
        began = time.perf_counter()
        raw = self._raw(observation, subtask)
        actions = self._chunk(raw, committed=committed, noise=noise)
        step_ns = 1e9 / self.facts.rate_hz
        offsets = np.round(np.arange(len(actions)) * step_ns).astype(np.int64)
        return ActionChunk(
            actions=actions,
            target_ns=observation.captured_ns + offsets,
            subtask=subtask,
            inference_ms=(time.perf_counter() - began) * 1e3,
        )

    def sample_of(self, observation: Observation, subtask: str) -> Sample:
        """What the low level's model takes of an observation; raises as `actions` does."""
        return self._pipeline.inputs(self._raw(observation, subtask))

    def prompt_tokens(self, observation: Observation, subtask: str) -> int:
        """Length of the low level's prompt without padding."""
        return int(self.sample_of(observation, subtask)["tokenized_prompt_mask"].sum())

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

    def _chunk(
        self, raw: Mapping[str, Any], *, committed: Committed | None = None, noise: object = None
    ) -> NDArray[np.float64]:
        start = self._noise(noise)
        if committed is not None:
            raw = {**raw, "actions": self._plan(committed)}
        sample = self._pipeline.inputs({key: value for key, value in raw.items() if value is not None})
        inputs = to_tensors([sample], cameras=self.facts.cameras_low, device=self.sampler.device)
        continuation = None if committed is None else self._continuation(sample, committed)
        with self._acting:
            normalized = self._sample(sample, inputs, start, continuation)
        actions = self._pipeline.outputs(normalized[0].float().cpu().numpy(), sample)["actions"]
        if committed is not None:
            # There and back through the normalisation they would come out rounded.
            actions[: committed.frozen] = committed.actions[: committed.frozen]
        return actions

    def _sample(
        self, sample: Sample, inputs: ModelInputs, noise_BTA: Tensor, continuation: Continuation | None
    ) -> Tensor:
        """Sample with the image tokens that the high level has made of these frames, or keep those made here."""
        cameras = self.facts.cameras_low
        shown = [index for index, name in enumerate(cameras) if bool(sample["image_mask"].get(name, True))]
        frames = [sample["image"][cameras[index]] for index in shown]
        features = None
        if frames and self.features.known(frames):
            made = self.features.of(frames)
            features = made.new_zeros((1, len(cameras), *made.shape[2:]))
            features[:, shown] = made
        actions, encoded = self.sampler.sample_with_features(
            inputs, noise_BTA, features_BNPW=features, continuation=continuation
        )
        if self._high is not None:
            for index, tokens in encoded.items():
                self.features.remember(sample["image"][cameras[index]], tokens)
        return actions

    def _noise(self, noise: object) -> Tensor:
        shape = (1, self.model.config.action_horizon, self.model.config.action_dim)
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

    def _plan(self, committed: Committed) -> NDArray[np.float64]:
        """What is left of the chunk in progress, cut to a chunk.

        Raises:
            RequestError: More steps are frozen than there are, or a number is negative.
        """
        actions, horizon = committed.actions, self.model.config.action_horizon
        planned = min(len(actions), horizon)
        if not 0 <= committed.frozen <= planned or committed.execute < 0 or not planned:
            raise RequestError(
                f"committed has {committed.frozen} frozen steps of {len(actions)} and {committed.execute} to execute;"
                f" frozen steps are at most those given and at most {horizon}, and one is given at least"
            )
        return actions[:horizon]

    def _continuation(self, sample: Sample, committed: Committed) -> Continuation:
        """The plan as the model has it."""
        horizon, planned = self.model.config.action_horizon, len(sample["actions"])
        plan_BTA = torch.zeros((1, horizon, self.model.config.action_dim))
        plan_BTA[0, :planned] = torch.from_numpy(sample["actions"].astype(np.float32))
        if self.facts.rtc_trained:
            return Continuation("trained", plan_BTA, rtc.frozen_mask(horizon, frozen=committed.frozen))
        weights = rtc.soft_mask(
            horizon, frozen=committed.frozen, planned=planned, execute=min(committed.execute, horizon)
        )
        return Continuation("guided", plan_BTA, weights)

    # -- the high level ------------------------------------------------------------------------------------------------

    def subtask(
        self,
        observation: Observation,
        task: str,
        *,
        allowed: Sequence[str] = (),
        temperature: float = 0.0,
        generator: torch.Generator | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> Subtask:
        """Name the next subtask of `task`, one of `allowed` where such are given.

        Args:
            observation: What the robot saw and felt.
            task: What it is all for.
            allowed: Phrases to choose from.
            temperature: 0 says what is most probable; 1 draws. Of no effect on `allowed`.
            generator: For the draws.
            cancelled: Asked before each token: whether a newer request has come.

        Raises:
            RequestError: Something is missing, unknown or wrong, or the policy has no high level.
            Superseded: `cancelled` said so.
        """
        began = time.perf_counter()
        if self._high is None:
            raise RequestError(
                f"{self.facts.name} was not trained to name subtasks; give it the subtask, or load it with"
                " `prompt_high` to try one of the forms in `policy.text.prompts`"
            )
        if not isinstance(task, str) or not task.strip():
            raise RequestError(f"the task is {task!r}; say what to do")
        with self._reading:
            named = self._high.name(
                self._raw(observation, task),
                allowed=allowed,
                temperature=temperature,
                generator=generator,
                cancelled=cancelled,
            )
        return replace(named, inference_ms=(time.perf_counter() - began) * 1e3)

    # -- both ----------------------------------------------------------------------------------------------------------

    def warm_up(self, observation: Observation | None = None) -> None:
        """Do once what makes the first call slow: tables, buffers, and on a GPU the graphs.

        Args:
            observation: One as they will come. Without it, all cameras are taken to be there, and prompts to be short.
        """
        if observation is not None:
            self.actions(observation, "warm up")
        else:
            for length in self._usual_lengths():
                self._warm_up_at(length)
        if self._high is None:
            return
        if observation is not None:
            self.subtask(observation, "warm up")
        else:
            with self._reading:
                self._high.warm_up()

    def _warm_up_at(self, length: int) -> None:
        """Run at a length of prompt, in each way that a chunk may be asked for."""
        inputs, noise_BTA = self._blank(length), self._noise(None)
        settled_T = torch.zeros(self.model.config.action_horizon)
        go_on = Continuation("trained" if self.facts.rtc_trained else "guided", noise_BTA, settled_T)
        ways: list[tuple[Tensor | None, Continuation | None]] = [(None, None)]
        if self.sampler.techniques.cuda_graph:  # each is a graph of its own
            ways.append((None, go_on))
            if self._high is not None:
                features = self.sampler.encode(inputs.images_BNCYX)
                ways += [(features, None), (features, go_on)]
        with self._acting:
            for features_BNPW, continuation in ways:
                self.sampler.sample_with_features(
                    inputs, noise_BTA, features_BNPW=features_BNPW, continuation=continuation
                )

    def _usual_lengths(self) -> list[int]:
        """Prompt lengths of three buckets from that of a short subtask on; one where lengths need no graph."""
        form = self.facts.prompt_low
        state = np.zeros(self.facts.config.embodiment.state_dim)
        task = "pick up the cup"
        tokenizer = prompt_tokenizer(self.facts.config, self._tokenizer, form=form)
        length = int(tokenizer(task, state if self.facts.config.discrete_state else None)[1].sum())
        if not self.sampler.techniques.cuda_graph:
            return [length]
        most = self.model.config.max_prompt_tokens
        return [min(length + GPU_BUCKET * more, most) for more in range(3)]

    def _blank(self, length: int) -> ModelInputs:
        config = self.model.config
        size = config.vision.image_size
        cameras = len(self.facts.cameras_low)
        return ModelInputs(
            images_BNCYX=torch.zeros((1, cameras, 3, size, size)),
            image_mask_BN=torch.ones((1, cameras), dtype=torch.bool),
            tokens_BL=torch.full((1, length), 2),
            token_mask_BL=torch.ones((1, length), dtype=torch.bool),
            state_BA=torch.zeros((1, config.action_dim)),
        )

    def _raw(self, observation: Observation, prompt: str) -> dict[str, Any]:
        """The observation in the embodiment's own keys."""
        for name, image in observation.images.items():
            if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
                kind = getattr(image, "dtype", type(image).__name__)
                raise RequestError(f"image {name!r} is {kind}; an observation's images are [Y, X, 3] uint8")
        layout = LAYOUTS.get(self.facts.config.embodiment.name, OWN)
        return {**layout.request(observation), "prompt": prompt}
