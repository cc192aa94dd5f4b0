"""Sampling FAST tokens so that they always spell exactly one chunk.

A chunk has T · A coefficients. A token spells some of them, and may begin or end inside the two bytes of one. What
counts is how many coefficients are left and which first byte waits for its second. Any such state can be finished: each
byte of each character that may occur is a token of its own, see `FastVocabulary`. So a token may come next when its
bytes go on from the byte that waits, spell characters of the alphabet only, and leave neither too little room nor, at
the end, a byte that waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy.actions.fast_vocabulary import CONTINUATION, FIRST_LEAD, LAST_LEAD, ONE_BYTE, FastVocabulary
from policy.actions.tokenizer import MalformedTokens

LEADS = range(FIRST_LEAD, LAST_LEAD + 1)
REFUSED = -1


@dataclass(frozen=True, slots=True)
class FastProgress:
    """How far a chunk is.

    Attributes:
        left: Coefficients still to spell.
        waiting: 0 between characters; else the first byte of a character, from 1 for 0xC2 to 30 for 0xDF.
    """

    left: int
    waiting: int = 0

    @property
    def complete(self) -> bool:
        """Whether the chunk is spelled and nothing may follow."""
        return self.left == 0 and self.waiting == 0


class FastConstraint:
    """Which ids may come next. It holds tables only, progress is the caller's: one serves any number of chunks."""

    def __init__(self, vocabulary: FastVocabulary, *, count: int) -> None:
        """Tabulate every token after every state.

        Args:
            vocabulary: What the tokens spell.
            count: Coefficients of a chunk, T · A.
        """
        self._count = count
        states = 1 + len(LEADS)
        self._spells = np.zeros((states, len(vocabulary)), np.int32)
        self._after = np.full((states, len(vocabulary)), REFUSED, np.int16)
        for token_id, token in enumerate(vocabulary.token_bytes):
            if token[0] in CONTINUATION:
                rest = _spelled(token[1:], vocabulary.spelled)
                if rest is None:
                    continue
                for waiting, lead in enumerate(LEADS, start=1):
                    if vocabulary.spelled[_code(lead, token[0])]:
                        self._spells[waiting, token_id], self._after[waiting, token_id] = rest[0] + 1, rest[1]
            else:
                whole = _spelled(token, vocabulary.spelled)
                if whole is not None:
                    self._spells[0, token_id], self._after[0, token_id] = whole

    def start(self) -> FastProgress:
        """Nothing spelled yet."""
        return FastProgress(self._count)

    def allowed(self, progress: FastProgress) -> NDArray[np.bool_]:
        """[V]: which ids may come next; none once the chunk is complete."""
        return _may_stand(progress.left - self._spells[progress.waiting], self._after[progress.waiting])

    def advance(self, progress: FastProgress, token_id: int) -> FastProgress:
        """Progress after a token.

        Raises:
            MalformedTokens: The token may not come here.
        """
        vocab_size = self._after.shape[1]
        if not 0 <= token_id < vocab_size:
            message = f"token id {token_id} is outside the vocabulary, which has 0 to {vocab_size - 1}"
            raise MalformedTokens(message)
        left = progress.left - int(self._spells[progress.waiting, token_id])
        after = int(self._after[progress.waiting, token_id])
        if after == REFUSED or left < 0 or (left == 0 and after != 0):
            message = (
                f"token {token_id} may not come here: {progress.left} coefficients are left"
                f"{', in the middle of one' if progress.waiting else ''}; sample only among `allowed`"
            )
            raise MalformedTokens(message)
        return FastProgress(left, after)

    def follow(self, ids: Sequence[int]) -> FastProgress:
        """Progress after a sequence from the start.

        Raises:
            MalformedTokens: A token that may not come where it does.
        """
        progress = self.start()
        for token_id in ids:
            progress = self.advance(progress, token_id)
        return progress

    def allowed_many(self, left_B: NDArray[np.int64], waiting_B: NDArray[np.int64]) -> NDArray[np.bool_]:
        """[B, V]: `allowed` for many chunks at once."""
        return _may_stand(left_B[:, None] - self._spells[waiting_B], self._after[waiting_B])

    def advance_many(
        self, left_B: NDArray[np.int64], waiting_B: NDArray[np.int64], ids_B: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """`left` and `waiting` after a token each, and whether it may come there; where not, they stay as they were."""
        left = left_B - self._spells[waiting_B, ids_B]
        after = self._after[waiting_B, ids_B].astype(np.int64)
        good = _may_stand(left, after)
        return np.where(good, left, left_B), np.where(good, after, waiting_B), good


def _may_stand(left: NDArray[np.integer], after: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether a chunk can be finished, or is, when so many coefficients are left and this waits."""
    may: NDArray[np.bool_] = (after != REFUSED) & ((left > 0) | ((left == 0) & (after == 0)))
    return may


def _spelled(token: bytes, alphabet: NDArray[np.bool_]) -> tuple[int, int] | None:
    """How many characters bytes spell that begin with a new one, and what waits then; None when they spell none."""
    count, waiting = 0, 0
    for byte in token:
        if waiting:
            if byte not in CONTINUATION or not alphabet[_code(LEADS[waiting - 1], byte)]:
                return None
            count, waiting = count + 1, 0
        elif byte < ONE_BYTE:
            if not alphabet[byte]:
                return None
            count += 1
        elif (
            byte in LEADS
            and alphabet[_code(byte, CONTINUATION.start) : _code(byte, CONTINUATION.stop - 1) + 1].any()
        ):
            waiting = 1 + byte - FIRST_LEAD
        else:
            return None
    return count, waiting


def _code(lead: int, continuation: int) -> int:
    return (lead & 0x1F) << 6 | (continuation & 0x3F)
