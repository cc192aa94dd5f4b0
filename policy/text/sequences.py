"""Token ids as a model takes them: a prompt alone, or a prompt with the answer that is taught. Axis: L tokens."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy.text.tokenizer import PAD

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PromptTokens:
    """A prompt.

    Attributes:
        ids_L: [L] int64, padded at the right with 0.
        mask_L: [L] bool, True on real tokens.
    """

    ids_L: NDArray[np.int64]
    mask_L: NDArray[np.bool_]


@dataclass(frozen=True)
class TaughtTokens:
    """A prompt and its answer.

    Attributes:
        ids_L: [L] int64, padded at the right with 0.
        mask_L: [L] bool, True on real tokens.
        causal_L: [L] bool, True on the answer: it sees what stands before it, and the prompt does not see it.
            The `ar_mask` of openpi.
        taught_L: [L] bool, True on tokens that count in the loss: the answer with its end.
    """

    ids_L: NDArray[np.int64]
    mask_L: NDArray[np.bool_]
    causal_L: NDArray[np.bool_]
    taught_L: NDArray[np.bool_]


def prompt_tokens(ids: Sequence[int], *, max_tokens: int | None, pad: bool) -> PromptTokens:
    """A prompt cut to `max_tokens`, with a warning in the log, and filled up to it where `pad` says so.

    Raises:
        ValueError: `max_tokens` is not positive.
    """
    ids_L, length = _fitted(ids, max_tokens=max_tokens, pad=pad)
    return PromptTokens(ids_L=ids_L, mask_L=np.arange(len(ids_L)) < length)


def taught_tokens(
    prompt: Sequence[int], answer: Sequence[int], *, max_tokens: int | None, pad: bool
) -> TaughtTokens:
    """A prompt and its answer, cut and filled as `prompt_tokens` does.

    Raises:
        ValueError: `max_tokens` is not positive.
    """
    ids_L, length = _fitted([*prompt, *answer], max_tokens=max_tokens, pad=pad)
    position_L = np.arange(len(ids_L))
    is_answer_L = (position_L >= len(prompt)) & (position_L < length)
    return TaughtTokens(
        ids_L=ids_L, mask_L=position_L < length, causal_L=is_answer_L, taught_L=is_answer_L.copy()
    )


def _fitted(ids: Sequence[int], *, max_tokens: int | None, pad: bool) -> tuple[NDArray[np.int64], int]:
    """Ids cut and padded, and how many are real."""
    if max_tokens is not None and max_tokens < 1:
        message = (
            f"max_tokens must be at least 1, not {max_tokens}; pass None to keep prompts as long as they are"
        )
        raise ValueError(message)
    length = len(ids) if max_tokens is None else min(len(ids), max_tokens)
    if length < len(ids):
        _log.warning(
            "a prompt of %d tokens is cut to %d and loses its end: the answer, or what asks for it; "
            "shorten the task, or give the model longer prompts",
            len(ids),
            length,
        )
    ids_L = np.full(max_tokens if pad and max_tokens is not None else length, PAD, dtype=np.int64)
    ids_L[:length] = ids[:length]
    return ids_L, length
