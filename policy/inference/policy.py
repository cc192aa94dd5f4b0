"""π0 and π0.5 as a policy: a robot's observation in, a subtask or a chunk of actions in the robot's units out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from policy.inference.facts import PolicyFacts
from policy.inference.flow_policy import FlowPolicy
from policy.inference.high_level import HighLevel
from policy.inference.image_features import ImageFeatures
from policy.inference.rtc import Continuation
from policy.inference.sampler import GPU_BUCKET, Sampler
from policy.inference.subtask import never
from policy.inference.techniques import FAST, Techniques
from policy.model.pi0 import Pi0
from policy.text.tokenizer import TextTokenizer
from policy.transforms.compose import Sample
from policy.transforms.norm_stats import NormStats
from policy.transforms.to_tensors import to_tensors
from policy.types import Observation, RequestError, Subtask


class Pi05Policy(FlowPolicy):
    """Both levels of one model. It is a `policy.types.Policy`, and a `Servable` in openpi's own layout.

    One caller at a time at each level; the two levels may be asked from different threads.

    Args:
        model: In its dtype, on its device.
        facts: What weights do not say.
        stats: Of `state` and `actions`.
        tokenizer: The model's vocabulary.
        techniques: Which short cuts are taken.
        seed: Of the noise that chunks start from, where a call brings none.

    Raises:
        ValueError: Facts and model do not fit each other.
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
        super().__init__(facts, stats, tokenizer, sizes=model.config, seed=seed)
        self.model = model.eval().requires_grad_(False)
        self.sampler = Sampler(model, techniques=techniques)
        self.features = ImageFeatures(self.sampler.encode)
        self._high = None
        if facts.prompt_high is not None:
            self._high = HighLevel(self.model, facts, stats, tokenizer, self.features)
        self._reading = threading.Lock()

    @property
    def _weight(self) -> Tensor:
        return self.model.expert.layers[0].self_attn.o_proj.weight

    # -- the low level -------------------------------------------------------------------------------------------------

    def _sample(self, sample: Sample, noise_BTA: Tensor, continuation: Continuation | None) -> Tensor:
        """Sample with the image tokens that the high level has made of these frames, or keep those made here."""
        cameras = self.facts.cameras_low
        inputs = to_tensors([sample], cameras=cameras, device=self.sampler.device)
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

    def warm_up(self) -> None:
        """Do once what makes the first call slow: tables, buffers, and on a GPU the graphs.

        All cameras are taken to be there, and prompts to be short.
        """
        for length in self._usual_lengths():
            self._warm_up_at(length)
        if self._high is not None:
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
        length = self._short_prompt()
        if not self.sampler.techniques.cuda_graph:
            return [length]
        most = self.model.config.max_prompt_tokens
        return [min(length + GPU_BUCKET * more, most) for more in range(3)]
