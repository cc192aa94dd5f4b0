"""PaliGemma: the image encoder, the projector and the language tower, under the checkpoint's names."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from policy.model import attention
from policy.model.attention import Attend
from policy.model.branch import Branch
from policy.model.gemma import Gemma
from policy.model.inputs import ModelInputs
from policy.model.precision import stream_dtype
from policy.model.siglip import Siglip
from policy.presets import GemmaConfig, VisionConfig


class PaliGemma(nn.Module):
    """Sees images and reads text. The text head is the token embedding itself.

    Source: Beyer et al. 2024, with openpi's two changes: image tokens are not divided by the root of the width, and
    the prompt's are multiplied by it here rather than inside the tower.
    """

    def __init__(self, vision: VisionConfig, language: GemmaConfig, *, vocab_size: int) -> None:
        super().__init__()
        self.model = Branch(
            vision_tower=Branch(vision_model=Siglip(vision)),
            multi_modal_projector=Branch(linear=nn.Linear(vision.width, language.width)),
            language_model=Gemma(language, vocab_size=vocab_size),
        )
        self.lm_head = nn.Linear(language.width, vocab_size, bias=False)
        self.lm_head.weight = self.language.embed_tokens.weight

    @property
    def vision(self) -> Siglip:
        """The image encoder."""
        return self.model.vision_tower.vision_model

    @property
    def projector(self) -> nn.Linear:
        """From the image encoder's width to the language tower's."""
        return self.model.multi_modal_projector.linear

    @property
    def language(self) -> Gemma:
        """The language tower."""
        return self.model.language_model

    def image_tokens(self, images_BNCYX: Tensor, *, attend: Attend = attention.fused) -> Tensor:
        """Tokens of all cameras in a row, [B, N·P, W]; every camera goes through the encoder in the same batch."""
        features = self.vision(images_BNCYX.flatten(0, 1), attend=attend)
        features = features.to(stream_dtype(self.projector.weight))
        return self.projector(features).unflatten(0, images_BNCYX.shape[:2]).flatten(1, 2)

    def embed_prefix(self, inputs: ModelInputs, *, attend: Attend = attention.fused) -> tuple[Tensor, Tensor]:
        """Image tokens, then prompt tokens, and which of them are real.

        Returns:
            [B, S, W] and bool [B, S], S = N·P + L.
        """
        images = self.image_tokens(inputs.images_BNCYX, attend=attend)
        prompt = self.language.embed(inputs.tokens_BL)
        seen = inputs.image_mask_BN.repeat_interleave(self.vision.config.tokens, dim=1)
        valid_BS = torch.cat((seen, inputs.token_mask_BL), dim=1)
        return torch.cat((images.to(prompt.dtype), prompt), dim=1), valid_BS

    def text_logits(self, hidden_BSW: Tensor) -> Tensor:
        """Scores of the next text token, float32 [B, S, V], from the language tower's normalised output."""
        return self.lm_head(hidden_BSW).float()
