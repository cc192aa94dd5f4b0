"""Where FAST action tokens stand among text tokens: π0-FAST's sequence, and its way back.

FAST's ids take the last ids of the text vocabulary, counted downwards, below `RESERVED` that are left alone. In
PaliGemma's vocabulary those are its segmentation tokens, and FAST's lowest 1024 ids fall on its location tokens: after
"Action: " a location token is an action. Source: openpi 15a9616, FASTTokenizer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policy.text.prompts import OPENPI_PI0_FAST, prompt_ids
from policy.text.sequences import TaughtTokens, taught_tokens
from policy.text.tokenizer import EOS, UNK, TextTokenizer

RESERVED = 128
"""Last ids of the text vocabulary that FAST leaves alone."""

BEFORE, AFTER = "Action: ", "|"
"""What stands before a chunk, and after it; the end of text follows."""


def fast_to_text_ids(fast_ids: ArrayLike, *, vocab_size: int) -> NDArray[np.int64]:
    """Text ids that stand for FAST ids.

    Args:
        fast_ids: [L] from 0, as the FAST tokenizer gives them.
        vocab_size: Of the text vocabulary.

    Returns:
        [L] int64, `vocab_size - 1 - 128 - id`.

    Raises:
        ValueError: An id would fall on a special token or outside the vocabulary.
    """
    ids = np.asarray(fast_ids)
    if ids.size == 0:
        return np.empty(0, dtype=np.int64)
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        message = f"FAST ids must be one row of whole numbers, not {ids.dtype} of shape {ids.shape}"
        raise ValueError(message)
    mapped: NDArray[np.int64] = vocab_size - 1 - RESERVED - ids.astype(np.int64)
    room = vocab_size - 1 - RESERVED - UNK
    if ids.min() < 0 or mapped.min() <= UNK:
        message = (
            f"FAST ids {ids.min()} to {ids.max()} do not fit into a text vocabulary of {vocab_size}, which has room "
            f"for 0 to {room - 1}; fit FAST with fewer tokens, or use a larger vocabulary"
        )
        raise ValueError(message)
    return mapped


def text_to_fast_ids(text_ids: ArrayLike, *, vocab_size: int) -> NDArray[np.int64]:
    """FAST ids that text ids stand for, the inverse of `fast_to_text_ids`; tokens that are no actions give nonsense.

    Args:
        text_ids: [L] ids of the text vocabulary.
        vocab_size: Of the text vocabulary.
    """
    ids: NDArray[np.int64] = vocab_size - 1 - RESERVED - np.asarray(text_ids, dtype=np.int64)
    return ids


def tokenize_fast(
    tokenizer: TextTokenizer,
    *,
    task: str,
    state: ArrayLike,
    fast_ids: Sequence[int] | NDArray[np.int64] | None = None,
    max_tokens: int | None = None,
    pad: bool = True,
) -> TaughtTokens:
    """π0-FAST's sequence: the prompt, and in training the actions after it.

    Args:
        tokenizer: The text vocabulary.
        task: What to do.
        state: [D] normalised, not padded.
        fast_ids: The chunk, from 0 as the FAST tokenizer gives it; None at inference.
        max_tokens: A longer sequence is cut at its end, and a warning logged.
        pad: Fill up to `max_tokens`.

    Raises:
        TypeError: `task` is no string.
        ValueError: The state or the ids cannot be used; the message says which and why.
    """
    prompt = prompt_ids(OPENPI_PI0_FAST, tokenizer, task=task, state=state)
    answer: list[int] = []
    if fast_ids is not None:
        answer = [*tokenizer.encode(BEFORE), *taught_fast_ids(tokenizer, fast_ids)]
    return taught_tokens(prompt, answer, max_tokens=max_tokens, pad=pad)


def taught_fast_ids(tokenizer: TextTokenizer, fast_ids: ArrayLike) -> list[int]:
    """What π0.5 is taught to write after a prompt that ends in "Action: ": the chunk, "|", the end of text.

    Raises:
        ValueError: An id does not fit into the text vocabulary.
    """
    mapped = fast_to_text_ids(fast_ids, vocab_size=tokenizer.vocab_size)
    return [*mapped.tolist(), *tokenizer.encode(AFTER, eos=True)]


def extract_fast_ids(
    tokenizer: TextTokenizer, ids: Sequence[int] | NDArray[np.int64], *, fast_vocab_size: int
) -> NDArray[np.int64] | None:
    """FAST ids in what a model answered: what stands between "Action: " and "|", or the end.

    The ids are taken as they are. openpi decodes them to text and encodes that again, which changes those whose
    pieces of text happen to join.

    Args:
        tokenizer: The text vocabulary.
        ids: Decoded tokens.
        fast_vocab_size: FAST ids are below this.

    Returns:
        [L] int64 from 0; None where there is no "Action: ", or where other tokens stand among the actions: such an
        answer is malformed and must not move a robot.
    """
    tokens = [int(token) for token in ids]
    if EOS in tokens:
        tokens = tokens[: tokens.index(EOS)]
    before = tokenizer.encode(BEFORE)
    start = _find(tokens, before)
    if start is None:
        return None
    tokens = tokens[start + len(before) :]
    end = _find(tokens, tokenizer.encode(AFTER))
    fast = text_to_fast_ids(tokens[:end], vocab_size=tokenizer.vocab_size)
    return fast if ((fast >= 0) & (fast < fast_vocab_size)).all() else None


def _find(tokens: list[int], wanted: list[int]) -> int | None:
    starts = range(len(tokens) - len(wanted) + 1)
    return next((start for start in starts if tokens[start : start + len(wanted)] == wanted), None)
