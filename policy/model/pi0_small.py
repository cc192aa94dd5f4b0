"""π0-small: the baseline without a vision-language model, about 470 M parameters.

An encoder reads the observation (an image encoder for each camera, a text encoder, one transformer over both and the
state); the action expert is a DiT that attends to what the encoder says. Same interface as π0: `prefill` reads the
observation once and leaves the expert's keys and values, `velocity` uses them at every flow time.

Source: Black et al., "π0", 2024, appendix "Non-VLM baseline architecture", which names the parts and the total but few
sizes; see `policy.presets.PI0_SMALL` for those chosen here.
"""

from __future__ import annotations

from torch import Tensor

from policy.model import attention, flow
from policy.model.attention import Attend, additive
from policy.model.cache import Prefix, PrefixCache
from policy.model.dit import Dit
from policy.model.flow_model import FlowModel
from policy.model.inputs import ModelInputs
from policy.model.observation import ObservationEncoder
from policy.presets import Pi0SmallConfig


class Pi0Small(FlowModel):
    """An observation encoder and a cross-attending DiT expert."""

    config: Pi0SmallConfig

    def __init__(self, config: Pi0SmallConfig) -> None:
        super().__init__()
        self.config = config
        self.observation = ObservationEncoder(config)
        self.expert = Dit(
            config.expert,
            action_dim=config.action_dim,
            horizon=config.action_horizon,
            context_width=config.observation.width,
        )

    def prefill(self, inputs: ModelInputs, *, attend: Attend = attention.fused) -> Prefix:
        """Encode the observation, its state included, and make every expert layer's keys and values of it."""
        encoded_BSW, valid_BS = self.observation(inputs, attend=attend)
        cache = PrefixCache()
        for index, layer in enumerate(self.expert.layers):
            cache.extend(index, *layer.cross_attention.keys_values(encoded_BSW))
        return Prefix(cache, valid_BS)

    def velocity(
        self,
        prefix: Prefix,
        state_BA: Tensor,
        x_BTA: Tensor,
        time: Tensor,
        *,
        attend: Attend = attention.fused,
    ) -> Tensor:
        """The flow's velocity at `x` and `time` ([B], or [B, T] one a step): float32 [B, T, A].

        The state is in the prefix already; `state_BA` is not read.

        Raises:
            ValueError: `x` or `time` is not of the model's size, or of the prefix's batch.
        """
        del state_BA
        chunk = (len(prefix.valid_BS), self.config.action_horizon, self.config.action_dim)
        flow.check_chunk(x_BTA, time, chunk)
        keys, values = prefix.cache.keys, prefix.cache.values
        return self.expert(
            x_BTA,
            time,
            context=list(zip(keys, values, strict=True)),
            mask=additive(prefix.valid_BS, dtype=keys[0].dtype)[:, None, None],
            attend=attend,
        )
