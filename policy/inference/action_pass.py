"""One way through the model, from images and prompt to a chunk of actions, for inputs of one shape.

With every technique off it is what `Pi0.sample_actions` computes; with all on it makes nothing on the host, so that a
CUDA graph can hold it. The order is the same: prefix, (π0's state,) then ten times the expert.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from policy.inference import rtc
from policy.inference.pass_batch import PassBatch, PassShape
from policy.inference.static_cache import StaticCache
from policy.inference.tables import FlowTables, blend, rotary_table
from policy.inference.techniques import Techniques
from policy.model import attention
from policy.model.attention import additive
from policy.model.cache import AfterPrefix, Cache, PrefixCache
from policy.model.gemma import Modulations
from policy.model.masks import block_causal, positions
from policy.model.pi0 import Pi0
from policy.model.rope import Rotation, rotation


@dataclass(frozen=True)
class ReadPrefix:
    """What the suffix needs of the prefix.

    Attributes:
        cache: Its keys and values.
        valid_BS: Which of its tokens are real; None where all are.
        valid_B1: How many of them are; None where all are.
    """

    cache: StaticCache | PrefixCache
    valid_BS: Tensor | None
    valid_B1: Tensor | None


class _View(NamedTuple):
    """Where the suffix writes its keys and values, what it sees, and the rotation of its positions."""

    slot: Cache
    mask: Tensor | None
    rotation: Rotation


class ActionPass:
    """From images, prompt and state to actions, for one shape.

    Args:
        model: In the dtype and on the device where it is to run.
        tables: Of `shape.steps` steps.
        shape: Of the batches to come.
        techniques: Which short cuts are taken.
        key_multiple: Masked keys are filled up to a multiple of this, which GPU attention kernels want aligned.
    """

    def __init__(
        self,
        model: Pi0,
        tables: FlowTables,
        shape: PassShape,
        techniques: Techniques,
        *,
        key_multiple: int = 1,
    ) -> None:
        self.shape = shape
        self._model = model
        self._tables = tables
        self._techniques = techniques
        config = model.config
        self._in_prefix = shape.cameras * config.vision.tokens + shape.prompt
        self._horizon = config.action_horizon
        self._state_tokens = 1 if config.kind == "pi0" else 0
        used = self._in_prefix + self._state_tokens + self._horizon
        weight = model.expert.layers[0].self_attn.o_proj.weight
        self._dtype, self._device = weight.dtype, weight.device
        self._cache: StaticCache | None = None
        self._rotary: Rotation | None = None
        self._spare = 0
        if techniques.static_cache:
            self._spare = -used % key_multiple if shape.padded and techniques.fused_attention else 0
            self._cache = StaticCache(
                config.language,
                batch=shape.batch,
                capacity=used + self._spare,
                dtype=self._dtype,
                device=self._device,
            )
            self._rotary = rotary_table(
                used, head_dim=config.expert.head_dim, dtype=self._dtype, device=self._device
            )
        self._attend = attention.fused if techniques.fused_attention else attention.eager

    def __call__(self, batch: PassBatch) -> tuple[Tensor, Tensor]:
        """Normalised actions, float32 [B, T, A], and the image tokens [B, N·P, W] they rest on."""
        images, prefix = self.read(batch)
        return self.walk(prefix, batch), images

    @torch.no_grad()
    def read(self, batch: PassBatch) -> tuple[Tensor, ReadPrefix]:
        """What does not depend on flow time: images, prompt and π0's state. Image tokens, and what the walk needs."""
        images = self.image_tokens(batch)
        prefix = self._read_prefix(images, batch)
        if self._state_tokens and self._techniques.state_once:
            prefix = self._read_state(prefix, batch.state_BA)
        return images, prefix

    @torch.no_grad()
    def walk(self, prefix: ReadPrefix, batch: PassBatch) -> Tensor:
        """From noise to actions, all steps."""
        frozen_BT = batch.weights_BT > 0 if self.shape.continuation == "trained" else None
        x_BTA = batch.noise_BTA
        view = self._view(prefix)
        for index, time in enumerate(self._tables.times):
            if frozen_BT is not None:
                x_BTA = torch.where(frozen_BT[:, :, None], batch.plan_BTA, x_BTA)
            if index and not self._techniques.step_tables:
                view = self._view(prefix)
            velocity = self._velocity(view, batch.state_BA, x_BTA, index, frozen_BT)
            if self.shape.continuation == "guided":
                velocity = rtc.guided(velocity, x_BTA, time, batch.plan_BTA, batch.weights_BT[:, :, None])
            x_BTA = x_BTA - velocity / self.shape.steps
        if frozen_BT is not None:
            x_BTA = torch.where(frozen_BT[:, :, None], batch.plan_BTA, x_BTA)
        return x_BTA

    # -- the prefix ----------------------------------------------------------------------------------------------------

    def image_tokens(self, batch: PassBatch) -> Tensor:
        """[B, N·P, W]; those given, where the images were encoded before."""
        if self.shape.encoded:
            return batch.images
        paligemma = self._model.paligemma
        if not self.shape.cameras:
            return torch.empty(
                (self.shape.batch, 0, self._model.config.language.width),
                dtype=self._dtype,
                device=self._device,
            )
        if self._techniques.batched_cameras:
            return paligemma.image_tokens(batch.images)
        one_by_one = [paligemma.image_tokens(batch.images[:, n : n + 1]) for n in range(self.shape.cameras)]
        return torch.cat(one_by_one, dim=1)

    def _read_prefix(self, images_BSW: Tensor, batch: PassBatch) -> ReadPrefix:
        language = self._model.paligemma.language
        prompt = language.embed(batch.tokens_BL)
        x_BSW = torch.cat((images_BSW.to(prompt.dtype), prompt), dim=1)
        valid_BS = self._valid(batch) if self.shape.padded or not self._techniques.fused_attention else None
        if self._cache is not None:
            cache: StaticCache | PrefixCache = self._cache
            slot: Cache = self._cache.at(0, self._in_prefix)
        else:
            cache = slot = PrefixCache()
        run = language.fill if self._techniques.short_last_layer else language
        run(
            x_BSW,
            rotation=self._rotation(None if valid_BS is None else positions(valid_BS), 0, self._in_prefix),
            mask=self._prefix_mask(valid_BS),
            cache=slot,
            attend=self._attend,
        )
        valid_B1 = None if valid_BS is None else valid_BS.sum(dim=1, keepdim=True)
        return ReadPrefix(cache, valid_BS, valid_B1)

    def _valid(self, batch: PassBatch) -> Tensor:
        each = self._model.config.vision.tokens
        seen_BS = batch.image_mask_BN[:, :, None].expand(-1, -1, each).flatten(1)
        return torch.cat((seen_BS, batch.token_mask_BL), dim=1)

    def _prefix_mask(self, valid_BS: Tensor | None) -> Tensor | None:
        """Over keys alone where that will do: what masked queries make of it is read by nobody."""
        if valid_BS is None:
            return None
        if self._techniques.fused_attention:
            return additive(valid_BS, dtype=self._dtype)[:, None, None]
        return additive(
            block_causal(torch.zeros_like(valid_BS, dtype=torch.int64), valid_BS), dtype=self._dtype
        )[:, None]

    # -- the suffix ----------------------------------------------------------------------------------------------------

    def _read_state(self, prefix: ReadPrefix, state_BA: Tensor) -> ReadPrefix:
        """Put π0's state token behind the prefix: a block of its own that sees the prefix and itself."""
        start = self._in_prefix
        if isinstance(prefix.cache, StaticCache):
            cache: StaticCache | PrefixCache = prefix.cache
            slot: Cache = prefix.cache.at(start, 1)
        else:
            cache = slot = _Grown(prefix.cache)
        self._model.expert.fill(
            self._model.state_proj(state_BA)[:, None].to(self._dtype),
            rotation=self._rotation(prefix.valid_B1, start, 1),
            mask=self._suffix_mask(prefix.valid_BS, 1),
            cache=slot,
            attend=self._attend,
        )
        if prefix.valid_BS is None or prefix.valid_B1 is None:
            return ReadPrefix(cache, None, None)
        return ReadPrefix(cache, F.pad(prefix.valid_BS, (0, 1), value=True), prefix.valid_B1 + 1)

    def _view(self, prefix: ReadPrefix) -> _View:
        """Where the suffix is, and what it sees: the same in every step."""
        with_state = self._state_tokens and not self._techniques.state_once
        length = self._horizon + (1 if with_state else 0)
        start = self._in_prefix + self._state_tokens + self._horizon - length
        mask = self._suffix_mask(prefix.valid_BS, length)
        if isinstance(prefix.cache, StaticCache):
            masked = self._spare if mask is not None else 0
            slot: Cache = prefix.cache.at(start, length, sees=start + length + masked)
        else:
            slot = AfterPrefix(prefix.cache)
        places = None
        if prefix.valid_B1 is not None:
            places = prefix.valid_B1 + torch.arange(length, device=self._device)
        return _View(slot, mask, self._rotation(places, start, length))

    def _velocity(
        self, view: _View, state_BA: Tensor, x_BTA: Tensor, index: int, frozen_BT: Tensor | None
    ) -> Tensor:
        tokens_BTW, modulations = self._suffix(state_BA, x_BTA, index, frozen_BT)
        hidden = self._model.expert(
            tokens_BTW.to(self._dtype),
            rotation=view.rotation,
            mask=view.mask,
            cache=view.slot,
            modulations=modulations,
            attend=self._attend,
        )
        project = self._model.action_out_proj
        return project(hidden[:, -self._horizon :].to(project.weight.dtype))

    def _suffix(
        self, state_BA: Tensor, x_BTA: Tensor, index: int, frozen_BT: Tensor | None
    ) -> tuple[Tensor, Modulations | None]:
        """The expert's tokens, and what flow time does to its norms."""
        model = self._model
        if not self._techniques.step_tables:
            time = torch.full(x_BTA.shape[:1], self._tables.times[index], device=self._device)
            if frozen_BT is not None:
                time = torch.where(frozen_BT, 0.0, time[:, None])
            suffix = model.embed_suffix(state_BA, x_BTA, time)
            skipped = self._state_tokens if self._techniques.state_once else 0
            return suffix.tokens_BTW[:, skipped:], suffix.modulations
        table = self._tables.steps[index]
        if frozen_BT is not None and self._tables.clean is not None:
            table = blend(frozen_BT, self._tables.clean, table)
        actions_BTW = model.action_in_proj(x_BTA)
        if table.mixed_W is None:
            return actions_BTW, table.modulations
        actions_BTW = self._mix_time(actions_BTW, table.mixed_W)
        if self._techniques.state_once:
            return actions_BTW, None
        return torch.cat((model.state_proj(state_BA)[:, None], actions_BTW), dim=1), None

    def _mix_time(self, actions_BTW: Tensor, time_half: Tensor) -> Tensor:
        """π0's time MLP, of which the time half is in the table."""
        weight = self._model.action_time_mlp_in.weight[:, : self._model.config.expert.width]
        return self._model.action_time_mlp_out(F.silu(F.linear(actions_BTW, weight) + time_half))

    def _suffix_mask(self, valid_BS: Tensor | None, length: int) -> Tensor | None:
        """What the last `length` tokens see. Alone π0's state must not see the actions beside it."""
        model, with_state = self._model, length > self._horizon
        if valid_BS is None and with_state:
            valid_BS = torch.ones((self.shape.batch, self._in_prefix), dtype=torch.bool, device=self._device)
        if valid_BS is None:
            return None
        if self._techniques.fused_attention and not with_state:
            keys_BK = F.pad(valid_BS, (0, length), value=True)
            spare = self._spare if length == self._horizon else 0
            return additive(F.pad(keys_BK, (0, spare), value=False), dtype=self._dtype)[:, None, None]
        starts = model.suffix_starts()[-length:] if length >= self._horizon else [1]
        starts_T = torch.tensor(starts, device=self._device)
        before = valid_BS.shape[1]
        starts_BS = torch.cat(
            (starts_T.new_zeros(len(valid_BS), before), starts_T.expand(len(valid_BS), -1)), dim=1
        )
        seen = block_causal(starts_BS, F.pad(valid_BS, (0, length), value=True))[:, before:]
        return additive(seen, dtype=self._dtype)[:, None]

    def _rotation(self, places_BS: Tensor | None, start: int, length: int) -> Rotation:
        """The rotation of given positions, or of those from `start` on where nothing is masked."""
        if self._rotary is None:
            if places_BS is None:
                places_BS = torch.arange(start, start + length, device=self._device)[None]
            return rotation(places_BS, head_dim=self._model.config.expert.head_dim, dtype=self._dtype)
        if places_BS is None:
            return Rotation(*(table[:, :, start : start + length] for table in self._rotary))
        # Position −1 is that of masked tokens in front, which nobody attends to: any row does.
        places_BS = places_BS.clamp(min=0)
        return Rotation(*(table[0, 0][places_BS][:, None] for table in self._rotary))


class _Grown(PrefixCache):
    """A prefix cache that begins as another one and grows by the tokens of one pass."""

    def __init__(self, begin: PrefixCache) -> None:
        super().__init__()
        self._begin = begin

    def extend(self, layer: int, k_BGSD: Tensor, v_BGSD: Tensor) -> tuple[Tensor, Tensor]:
        """What was there and the new ones, kept."""
        keys, values = self._begin.keys[layer], self._begin.values[layer]
        return super().extend(layer, torch.cat((keys, k_BGSD), dim=2), torch.cat((values, v_BGSD), dim=2))
