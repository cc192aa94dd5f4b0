"""π0 and π0.5: a language tower that sees and reads, and an action expert that attends to it.

The prefix (images, prompt) goes through the language tower once and leaves keys and values. The suffix (for π0 a state
token, then the noisy actions) goes through the expert, sees the prefix and itself, and gives the flow's velocity. What
training does is the same two passes.

This file is the plain model, and the reference for `policy.inference`, which computes the same faster.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from policy.model import attention, flow
from policy.model.attention import Attend, additive
from policy.model.branch import Branch
from policy.model.cache import AfterPrefix, Prefix, PrefixCache
from policy.model.flow_model import FlowModel
from policy.model.gemma import Gemma, Modulations
from policy.model.inputs import ModelInputs
from policy.model.masks import block_causal, positions
from policy.model.paligemma import PaliGemma
from policy.model.precision import stream_dtype
from policy.model.rope import rotation
from policy.presets import Pi0Config


@dataclass(frozen=True)
class Suffix:
    """The expert's input for one flow time.

    Attributes:
        tokens_BTW: For π0 the state token, then one token a step.
        modulations: What flow time does to the expert's norms; None for π0.
    """

    tokens_BTW: Tensor
    modulations: Modulations | None


class Pi0(FlowModel):
    """π0 or π0.5, by `config.kind`. `state_dict()` has openpi's keys and shapes."""

    config: Pi0Config

    def __init__(self, config: Pi0Config) -> None:
        super().__init__()
        self.config = config
        width = config.expert.width
        expert = Gemma(config.expert, adaptive=config.kind == "pi05")
        self.paligemma_with_expert = Branch(
            paligemma=PaliGemma(config.vision, config.language, vocab_size=config.vocab_size),
            # The expert's text head is in every checkpoint and used by nothing.
            gemma_expert=Branch(model=expert, lm_head=nn.Linear(width, config.vocab_size, bias=False)),
        )
        self.action_in_proj = nn.Linear(config.action_dim, width)
        self.action_out_proj = nn.Linear(width, config.action_dim)
        if config.kind == "pi0":
            self.state_proj = nn.Linear(config.action_dim, width)
            self.action_time_mlp_in = nn.Linear(2 * width, width)
            self.action_time_mlp_out = nn.Linear(width, width)
        else:
            self.time_mlp_in = nn.Linear(width, width)
            self.time_mlp_out = nn.Linear(width, width)

    @property
    def paligemma(self) -> PaliGemma:
        """Images and text."""
        return self.paligemma_with_expert.paligemma

    @property
    def expert(self) -> Gemma:
        """Actions."""
        return self.paligemma_with_expert.gemma_expert.model

    # -- the prefix ----------------------------------------------------------------------------------------------------

    def prefill(self, inputs: ModelInputs, *, attend: Attend = attention.fused) -> Prefix:
        """Run images and prompt through the language tower."""
        x_BSW, valid_BS = self.paligemma.embed_prefix(inputs, attend=attend)
        cache = PrefixCache()
        mask = block_causal(torch.zeros_like(valid_BS, dtype=torch.int64), valid_BS)
        self.paligemma.language.fill(
            x_BSW,
            rotation=rotation(positions(valid_BS), head_dim=self.config.language.head_dim, dtype=x_BSW.dtype),
            mask=additive(mask, dtype=x_BSW.dtype)[:, None],
            cache=cache,
            attend=attend,
        )
        return Prefix(cache, valid_BS)

    # -- the suffix ----------------------------------------------------------------------------------------------------

    def time_condition(self, time: Tensor) -> Tensor:
        """π0.5: what the expert's norms are told of flow time [B] or [B, T]; the result has one more axis, W."""
        embedding = self.embed_time(time)
        return F.silu(self.time_mlp_out(F.silu(self.time_mlp_in(embedding))))

    def embed_time(self, time: Tensor) -> Tensor:
        """Flow time as a vector of the expert's width, in the heads' dtype."""
        return flow.embed_time(time, self.config.expert.width).to(self.action_in_proj.weight.dtype)

    def embed_suffix(self, state_BA: Tensor, x_BTA: Tensor, time: Tensor) -> Suffix:
        """The expert's input for noisy actions at flow time [B], or [B, T] with a time of its own for each step."""
        dtype = self.action_in_proj.weight.dtype
        actions = self.action_in_proj(x_BTA.to(dtype))
        if self.config.kind == "pi05":
            return Suffix(actions, self.expert.modulations(self.time_condition(time)))
        embedding = self.embed_time(time)
        embedding = (embedding[:, None] if time.ndim == 1 else embedding).expand_as(actions)
        mixed = F.silu(self.action_time_mlp_in(torch.cat((actions, embedding), dim=-1)))
        state = self.state_proj(state_BA.to(dtype))[:, None]
        return Suffix(torch.cat((state, self.action_time_mlp_out(mixed)), dim=1), None)

    def suffix_starts(self) -> list[int]:
        """1 where a suffix token begins a new block: the first action, and before it π0's state token."""
        actions = [1] + [0] * (self.config.action_horizon - 1)
        return [1, *actions] if self.config.kind == "pi0" else actions

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

        Raises:
            ValueError: `x` or `time` is not of the model's size, or of the prefix's batch.
        """
        chunk = (len(prefix.valid_BS), self.config.action_horizon, self.config.action_dim)
        flow.check_chunk(x_BTA, time, chunk)
        suffix = self.embed_suffix(state_BA, x_BTA, time)
        tokens_BTW = suffix.tokens_BTW.to(stream_dtype(self.expert.layers[0].self_attn.o_proj.weight))
        starts_T = torch.tensor(self.suffix_starts(), device=tokens_BTW.device)
        batch, in_prefix = prefix.valid_BS.shape
        starts_BS = torch.cat((starts_T.new_zeros(batch, in_prefix), starts_T.expand(batch, -1)), dim=1)
        valid_BS = F.pad(prefix.valid_BS, (0, len(starts_T)), value=True)
        mask = block_causal(starts_BS, valid_BS)[:, in_prefix:]
        hidden = self.expert(
            tokens_BTW,
            rotation=rotation(
                positions(valid_BS)[:, in_prefix:],
                head_dim=self.config.expert.head_dim,
                dtype=tokens_BTW.dtype,
            ),
            mask=additive(mask, dtype=tokens_BTW.dtype)[:, None],
            cache=AfterPrefix(prefix.cache),
            modulations=suffix.modulations,
            attend=attend,
        )
        steps = hidden[:, -self.config.action_horizon :].to(self.action_out_proj.weight.dtype)
        return self.action_out_proj(steps).float()
