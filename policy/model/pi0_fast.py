"""π0-FAST: a language tower that sees, reads, and writes actions as FAST tokens; no action expert.

Images and prompt see each other; the tokens written after them are causal (kind FAST in `policy.model.rules`). This
file is the plain model; `policy.inference.fast_decoding` writes a chunk with a cache and within a grammar.

`state_dict()` has the keys of π0 without the expert's. So does LeRobot's PyTorch π0-FAST, behind its `model.` prefix;
but it was trained with a second BOS between prompt and actions, which is then part of the prompt. openpi has π0-FAST in
JAX only.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from policy.model import attention
from policy.model.attention import Attend
from policy.model.branch import Branch
from policy.model.inputs import ModelInputs
from policy.model.paligemma import PaliGemma
from policy.model.reading import TargetTokens, read
from policy.presets import Pi0FastConfig


class Pi0Fast(nn.Module):
    """Scores of action tokens, given images, prompt and the tokens before. The state is in the prompt."""

    def __init__(self, config: Pi0FastConfig) -> None:
        super().__init__()
        self.config = config
        self.paligemma_with_expert = Branch(
            paligemma=PaliGemma(config.vision, config.language, vocab_size=config.vocab_size)
        )

    @property
    def paligemma(self) -> PaliGemma:
        """All there is."""
        return self.paligemma_with_expert.paligemma

    def token_logits(
        self, inputs: ModelInputs, written: TargetTokens, *, attend: Attend = attention.fused
    ) -> Tensor:
        """Scores of each written token before it was read, float32 [B, L, V], in one pass."""
        logits = read(self.paligemma, inputs, fast=written, attend=attend).fast_BLV
        if logits is None:
            raise RuntimeError("a reading of written tokens came back without their scores")
        return logits

    def next_token_logits(
        self, inputs: ModelInputs, written: TargetTokens, *, attend: Attend = attention.fused
    ) -> Tensor:
        """Scores of the token after the last real one of `written`, which may be empty: float32 [B, V]."""
        one_more = TargetTokens(F.pad(written.tokens_BL, (0, 1)), F.pad(written.mask_BL, (0, 1), value=True))
        return self.token_logits(inputs, one_more, attend=attend)[:, -1]


def nothing_written(batch: int, *, device: torch.device | None = None) -> TargetTokens:
    """No tokens, for `next_token_logits` at the start."""
    return TargetTokens(
        torch.zeros(batch, 0, dtype=torch.int64, device=device),
        torch.zeros(batch, 0, dtype=torch.bool, device=device),
    )
