"""Who sees whom, as data: the kinds of tokens, what each kind sees, and the matrix and positions that follow.

    images, prompt      see each other and nothing after them
    answer              sees images, prompt and, causally, itself
    FAST tokens         see images, prompt, answer and, causally, themselves
    π0's state token    sees images, prompt, answer and itself
    actions             see images, prompt, answer, state and each other

So FAST tokens and the expert's (state, actions) never see each other: both say the same actions, and whichever saw the
other would copy. Training runs all of them in one pass; inference leaves out what it does not need, and nothing else
changes. Sources: π0 (2024), section "attention mask"; π0.5 (2025), section on combined representations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import torch
from torch import Tensor


class Kind(StrEnum):
    """Kinds of tokens, in the order in which they stand."""

    IMAGE = "image"
    PROMPT = "prompt"
    ANSWER = "answer"
    FAST = "FAST"
    STATE = "state"
    ACTION = "action"


_READ = frozenset({Kind.IMAGE, Kind.PROMPT})
_KNOWN = _READ | {Kind.ANSWER}

SEES: Mapping[Kind, frozenset[Kind]] = MappingProxyType(
    {
        Kind.IMAGE: _READ,
        Kind.PROMPT: _READ,
        Kind.ANSWER: _KNOWN,
        Kind.FAST: _KNOWN | {Kind.FAST},
        Kind.STATE: _KNOWN | {Kind.STATE},
        Kind.ACTION: _KNOWN | {Kind.STATE, Kind.ACTION},
    }
)
"""The kinds that each kind sees."""

CAUSAL = frozenset({Kind.ANSWER, Kind.FAST})
"""Kinds that the model writes one token after another: a token sees its own kind up to itself."""


@dataclass(frozen=True)
class Segment:
    """A row of tokens of one kind."""

    kind: Kind
    length: int


def attention_matrix(segments: Sequence[Segment], valid_BS: Tensor) -> Tensor:
    """Which query sees which key.

    Args:
        segments: What stands after what.
        valid_BS: bool; False on padding and missing cameras, which neither see nor are seen.

    Returns:
        bool [B, S, S], rows are queries.

    Raises:
        ValueError: The segments are not as long as the rows of `valid_BS`.
    """
    check_length(segments, valid_BS)
    return _sees(segments, valid_BS) & valid_BS[:, None, :] & valid_BS[:, :, None]


def attention_positions(segments: Sequence[Segment], valid_BS: Tensor) -> Tensor:
    """The position of each token, int64 [B, S]: how many valid tokens before it are of kinds that it sees.

    FAST tokens therefore take no position from the expert's tokens, which stand where they stand without them. An
    invalid token has the position of the one before it (-1 at the start); nobody attends to it.

    Args:
        segments: What stands after what.
        valid_BS: bool.

    Raises:
        ValueError: The segments are not as long as the rows of `valid_BS`.
    """
    check_length(segments, valid_BS)
    counted_BSS = _sees(segments, valid_BS) & valid_BS[:, None, :]
    return counted_BSS.tril().sum(dim=-1) - 1


def check_length(segments: Sequence[Segment], valid_BS: Tensor) -> None:
    """Hold the segments to the tokens that there are.

    Raises:
        ValueError: Their lengths add up to another number.
    """
    total = sum(segment.length for segment in segments)
    if total != valid_BS.shape[1]:
        parts = " + ".join(f"{segment.length} {segment.kind}" for segment in segments)
        message = f"segments of {parts} = {total} tokens, for a row of {valid_BS.shape[1]}"
        raise ValueError(message)


def _sees(segments: Sequence[Segment], valid_BS: Tensor) -> Tensor:
    """By kind and order alone, [1, S, S]."""
    kinds = list(Kind)
    kind_S = torch.tensor([kinds.index(segment.kind) for segment in segments for _ in range(segment.length)])
    sees = torch.tensor([[key in SEES[query] for key in kinds] for query in kinds])
    causal = torch.tensor([kind in CAUSAL for kind in kinds])
    sees_SS = sees[kind_S][:, kind_S]
    same_SS = kind_S[:, None] == kind_S[None, :]
    later_SS = torch.ones_like(sees_SS).triu(1)
    return (sees_SS & ~(causal[kind_S][:, None] & same_SS & later_SS))[None].to(valid_BS.device)
