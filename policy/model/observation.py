"""π0-small's observation encoder: cameras, text and state through encoders of their own, then one transformer."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from policy.model.attention import Attend, additive
from policy.model.inputs import ModelInputs
from policy.model.multihead import Mlp, MultiHead
from policy.model.siglip import Siglip
from policy.model.text_encoder import DistilBert
from policy.presets import Pi0SmallConfig, TransformerConfig


class ObservationEncoder(nn.Module):
    """Tokens of every camera, of the text and of the state, each of which has seen all others.

    Cameras share no weights. A learned vector for each source (a camera, the text, the state) is added to its tokens,
    so that the transformer can tell them apart.
    """

    def __init__(self, config: Pi0SmallConfig) -> None:
        super().__init__()
        self.config = config
        width = config.observation.width
        cameras = range(config.cameras)
        self.image_encoders = nn.ModuleList(Siglip(config.vision) for _ in cameras)
        self.image_projections = nn.ModuleList(nn.Linear(config.vision.width, width) for _ in cameras)
        self.text_encoder = DistilBert(config.text)
        self.text_projection = nn.Linear(config.text.width, width)
        self.state_projection = nn.Linear(config.action_dim, width)
        self.sources = nn.Embedding(config.cameras + 2, width)
        nn.init.normal_(self.sources.weight, std=0.02)
        self.layers = nn.ModuleList(EncoderLayer(config.observation) for _ in range(config.observation.depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, inputs: ModelInputs, *, attend: Attend) -> tuple[Tensor, Tensor]:
        """Encode an observation.

        Returns:
            [B, S, W] and bool [B, S], which of them are real; S = N·P + L + 1, the state last.

        Raises:
            ValueError: More or fewer cameras than there are encoders, or a prompt without positions enough.
        """
        self._check(inputs)
        dtype = self.state_projection.weight.dtype
        x_BSW = torch.cat((*self._images(inputs), *self._text_and_state(inputs, attend)), dim=1)
        seen = inputs.image_mask_BN.repeat_interleave(self.config.vision.tokens, dim=1)
        valid_BS = F.pad(torch.cat((seen, inputs.token_mask_BL), dim=1), (0, 1), value=True)
        mask = additive(valid_BS, dtype=dtype)[:, None, None]
        for layer in self.layers:
            x_BSW = layer(x_BSW, mask, attend)
        return self.norm(x_BSW), valid_BS

    def _images(self, inputs: ModelInputs) -> list[Tensor]:
        encoders = zip(self.image_encoders, self.image_projections, strict=True)
        return [
            project(encode(inputs.images_BNCYX[:, camera])) + self.sources.weight[camera]
            for camera, (encode, project) in enumerate(encoders)
        ]

    def _text_and_state(self, inputs: ModelInputs, attend: Attend) -> tuple[Tensor, Tensor]:
        dtype = self.state_projection.weight.dtype
        mask = additive(inputs.token_mask_BL, dtype=dtype)[:, None, None]
        text = self.text_projection(self.text_encoder(inputs.tokens_BL, mask, attend=attend))
        state = self.state_projection(inputs.state_BA.to(dtype))[:, None]
        return text + self.sources.weight[-2], state + self.sources.weight[-1]

    def _check(self, inputs: ModelInputs) -> None:
        cameras, expected = inputs.images_BNCYX.shape[1], self.config.cameras
        if cameras != expected:
            message = (
                f"{cameras} cameras; this model has an encoder for each of {expected}: mask what is missing"
            )
            raise ValueError(message)
        length, room = inputs.tokens_BL.shape[1], self.config.text.max_tokens
        if length > room:
            message = f"a prompt of {length} tokens; the text encoder has positions for {room}: shorten it"
            raise ValueError(message)


class EncoderLayer(nn.Module):
    """Pre-norm: attention, then an MLP, each on a normalised copy and added back."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width)
        self.attention = MultiHead(config.width, heads=config.heads)
        self.norm2 = nn.LayerNorm(config.width)
        self.mlp = Mlp(config.width, hidden=config.mlp_width)

    def forward(self, x_BSW: Tensor, mask: Tensor, attend: Attend) -> Tensor:
        """[B, S, W] to the same; `mask` is additive, over keys."""
        normed = self.norm1(x_BSW)
        x_BSW = x_BSW + self.attention(normed, self.attention.keys_values(normed), mask, attend)
        return x_BSW + self.mlp(self.norm2(x_BSW))
