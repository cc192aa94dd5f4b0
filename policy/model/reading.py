"""Training's pass over the language tower: images and prompt, then the tokens that the model is taught to write.

One pass gives both what the text losses need (scores of the taught tokens) and what the expert needs (keys and values
of all but the FAST tokens, see `policy.model.rules`). The expert then runs as at inference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from policy.model import attention
from policy.model.attention import Attend, additive
from policy.model.cache import Prefix, PrefixCache
from policy.model.inputs import ModelInputs
from policy.model.paligemma import PaliGemma
from policy.model.rope import rotation
from policy.model.rules import Kind, Segment, attention_matrix, attention_positions
from policy.text.tokenizer import PAD


@dataclass(frozen=True)
class TargetTokens:
    """Tokens that the model is taught to write, the end-of-text token included.

    Attributes:
        tokens_BL: int64.
        mask_BL: bool; False on padding, which has no effect whatever stands there. A sample may have no token at all.
    """

    tokens_BL: Tensor
    mask_BL: Tensor

    def __post_init__(self) -> None:
        """Refuse what are no ids, and a mask of another shape or type.

        Raises:
            ValueError: The message names both.
        """
        if self.tokens_BL.ndim != 2 or self.tokens_BL.dtype != torch.int64:
            message = (
                f"target tokens must be int64 ids [batch, tokens], not {self.tokens_BL.dtype} of shape"
                f" {tuple(self.tokens_BL.shape)}"
            )
            raise ValueError(message)
        if self.mask_BL.dtype != torch.bool or self.mask_BL.shape != self.tokens_BL.shape:
            message = (
                f"target tokens of shape {tuple(self.tokens_BL.shape)} need a bool mask of the same shape, not"
                f" {self.mask_BL.dtype} of {tuple(self.mask_BL.shape)}"
            )
            raise ValueError(message)


def padded_targets(
    rows: Sequence[Sequence[int]], *, vocab_size: int, device: torch.device | None = None
) -> TargetTokens:
    """Rows of ids, which may be empty, as one batch.

    Raises:
        ValueError: An id is outside the vocabulary.
    """
    length = max(map(len, rows), default=0)
    for index, row in enumerate(rows):
        wrong = next((token for token in row if not 0 <= token < vocab_size), None)
        if wrong is not None:
            message = f"row {index} has the id {wrong}; the vocabulary has 0 to {vocab_size - 1}"
            raise ValueError(message)
    tokens = [[*row, *[PAD] * (length - len(row))] for row in rows]
    lengths_B = torch.tensor([len(row) for row in rows], dtype=torch.int64, device=device)
    return TargetTokens(
        torch.tensor(tokens, dtype=torch.int64, device=device).reshape(len(rows), length),
        torch.arange(length, device=device) < lengths_B[:, None],
    )


@dataclass(frozen=True)
class Reading:
    """What one pass gives.

    Attributes:
        prefix: For the expert: images, prompt and answer.
        answer_BLV: Scores of each answer token before it was read, float32; None without an answer.
        fast_BLV: The same of each FAST token.
    """

    prefix: Prefix
    answer_BLV: Tensor | None
    fast_BLV: Tensor | None


def read(
    paligemma: PaliGemma,
    inputs: ModelInputs,
    *,
    answer: TargetTokens | None = None,
    fast: TargetTokens | None = None,
    attend: Attend = attention.fused,
) -> Reading:
    """Run images, prompt and the tokens to be taught through the language tower."""
    x_BSW, valid_BS = paligemma.embed_prefix(inputs, attend=attend)
    images = x_BSW.shape[1] - inputs.tokens_BL.shape[1]
    segments = [Segment(Kind.IMAGE, images), Segment(Kind.PROMPT, inputs.tokens_BL.shape[1])]
    for kind, targets in ((Kind.ANSWER, answer), (Kind.FAST, fast)):
        if targets is not None:
            segments.append(Segment(kind, targets.tokens_BL.shape[1]))
            # Whatever stands in the padding need not be a token.
            embedded = paligemma.language.embed(targets.tokens_BL.where(targets.mask_BL, PAD))
            x_BSW = torch.cat((x_BSW, embedded), dim=1)
            valid_BS = torch.cat((valid_BS, targets.mask_BL), dim=1)
    cache = PrefixCache()
    hidden_BSW = paligemma.language(
        x_BSW,
        rotation=rotation(
            attention_positions(segments, valid_BS),
            head_dim=paligemma.language.config.head_dim,
            dtype=x_BSW.dtype,
        ),
        mask=additive(attention_matrix(segments, valid_BS), dtype=x_BSW.dtype)[:, None],
        cache=cache,
        attend=attend,
    )
    places = places_of(segments)
    before_BSW = hidden_BSW.gather(1, place_before(valid_BS)[:, :, None].expand_as(hidden_BSW))
    seen_by_expert = max(end for kind, (_, end) in places.items() if kind != Kind.FAST)
    return Reading(
        prefix=Prefix(cache.first(seen_by_expert), valid_BS[:, :seen_by_expert]),
        answer_BLV=None
        if answer is None
        else paligemma.text_logits(before_BSW[:, slice(*places[Kind.ANSWER])]),
        fast_BLV=None if fast is None else paligemma.text_logits(before_BSW[:, slice(*places[Kind.FAST])]),
    )


def places_of(segments: list[Segment]) -> dict[Kind, tuple[int, int]]:
    """Where each segment begins, and where it ends."""
    places, start = {}, 0
    for segment in segments:
        places[segment.kind] = (start, start + segment.length)
        start += segment.length
    return places


def place_before(valid_BS: Tensor) -> Tensor:
    """For each token the place of the last valid one before it, int64 [B, S]: the one that says what comes next.

    0 where there is none.
    """
    place_S = torch.arange(valid_BS.shape[1], device=valid_BS.device)
    last_BS = place_S.where(valid_BS, 0).cummax(dim=1).values
    return F.pad(last_BS[:, :-1], (1, 0))
