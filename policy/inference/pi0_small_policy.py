"""π0-small as a policy: the baseline without a vision-language model. It moves a robot and names no subtasks."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from policy.inference import flow_walk, fuse
from policy.inference.facts import PolicyFacts
from policy.inference.flow_policy import FlowPolicy
from policy.inference.rtc import Continuation
from policy.inference.techniques import FAST, Techniques
from policy.model.pi0_small import Pi0Small
from policy.text.tokenizer import TextTokenizer
from policy.transforms.compose import Sample
from policy.transforms.norm_stats import NormStats
from policy.transforms.to_tensors import to_tensors


class Pi0SmallPolicy(FlowPolicy):
    """A chunk by flow matching, as of π0 and π0.5. It is a `policy.types.Policy`, and a `Servable` in openpi's layout.

    Noise and seed decide the chunk; a chunk goes on from one in progress by guidance, or as it was trained to.

    Args:
        model: In its dtype, on its device.
        facts: What weights do not say; of a high level they must say nothing.
        stats: Of `state` and `actions`.
        tokenizer: The text encoder's vocabulary.
        techniques: Of them joint projections have an effect.
        seed: Of the noise that chunks start from, where a call brings none.

    Raises:
        ValueError: Facts and model do not fit each other.
    """

    def __init__(
        self,
        model: Pi0Small,
        facts: PolicyFacts,
        stats: Mapping[str, NormStats],
        tokenizer: TextTokenizer,
        *,
        techniques: Techniques = FAST,
        seed: int | None = None,
    ) -> None:
        super().__init__(facts, stats, tokenizer, sizes=model.config, seed=seed)
        if len(facts.cameras_low) != model.config.cameras:
            message = f"{facts.name} has {len(facts.cameras_low)} cameras ({', '.join(facts.cameras_low)})"
            raise ValueError(f"{message}, and its model an encoder for each of {model.config.cameras}")
        self.model = model.eval().requires_grad_(False)
        (fuse.fuse if techniques.fused_projections else fuse.part)(model)

    @property
    def _weight(self) -> Tensor:
        return self.model.expert.action_in.weight

    def warm_up(self) -> None:
        """Run every layer once, on nothing in particular."""
        with self._acting:
            inputs = self._blank(self._short_prompt())
            flow_walk.walk(self.model, inputs, self._noise(None).to(self._weight.device), steps=1)

    def _sample(self, sample: Sample, noise_BTA: Tensor, continuation: Continuation | None) -> Tensor:
        device = self._weight.device
        inputs = to_tensors([sample], cameras=self.facts.cameras_low, device=device, trim=True)
        return flow_walk.walk(self.model, inputs, noise_BTA.to(device), continuation=continuation)
