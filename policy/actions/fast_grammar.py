"""What π0-FAST may write: "Action: ", FAST tokens that spell exactly one chunk, "|", end of text.

Axis: V text vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from policy.actions.fast import FastTokenizer
from policy.actions.fast_constraint import FastProgress
from policy.actions.fast_vocabulary import CONTINUATION
from policy.actions.tokenizer import MalformedTokens
from policy.text.fast_layout import AFTER, BEFORE, fast_to_text_ids
from policy.text.tokenizer import TextTokenizer


class ActionGrammar:
    """A chunk as text tokens. Holds tables only; progress is the caller's, so one serves any number of chunks at once.

    Attributes:
        fast: The action tokenizer.
        vocab_size: V, of the text.
        lead: Text ids before the actions: not asked for, always written.
        end: Text ids after them, end of text last.
    """

    def __init__(self, fast: FastTokenizer, text: TextTokenizer) -> None:
        """Find FAST's place in a text vocabulary.

        Args:
            fast: The action tokenizer, which knows the shape of a chunk.
            text: The model's text vocabulary.

        Raises:
            ValueError: It has no room for so many FAST ids.
        """
        self.fast = fast
        self.vocab_size = text.vocab_size
        self.lead = tuple(text.encode(BEFORE))
        self.end = tuple(text.encode(AFTER, eos=True))
        self._constraint = fast.constraint()
        self._text_ids = fast_to_text_ids(np.arange(fast.vocab_size), vocab_size=text.vocab_size)

    def start(self) -> FastProgress:
        """After the lead, nothing of the chunk written yet."""
        return self._constraint.start()

    def allowed(self, progress: FastProgress) -> NDArray[np.bool_]:
        """[V]: which text ids may come next; none once the chunk is complete."""
        mask = np.zeros(self.vocab_size, dtype=np.bool_)
        mask[self._text_ids] = self._constraint.allowed(progress)
        return mask

    def advance(self, progress: FastProgress, token: int) -> FastProgress:
        """Progress after a text id.

        Raises:
            MalformedTokens: It may not come here.
        """
        return self._constraint.advance(progress, self._fast_id(token))

    def complete(self, progress: FastProgress) -> bool:
        """Whether the chunk is spelled, and only `end` is left."""
        return progress.complete

    def closing(self, progress: FastProgress) -> list[int]:
        """Text ids that finish the chunk with zeros, and then `end`.

        What is left are the highest frequencies, so a chunk cut short is a smoother one, and still exactly T x A.
        """
        fast_ids: list[int] = []
        if progress.waiting:
            fast_ids.append(self._nearest_continuation(progress))
            progress = self._constraint.advance(progress, fast_ids[0])
        if progress.left:
            zeros = self.fast.vocabulary.nearest(np.zeros(progress.left))
            fast_ids += self.fast.vocabulary.encode(zeros)
        return [*self._text_ids[fast_ids].tolist(), *self.end] if fast_ids else list(self.end)

    def chunk(self, tokens: Sequence[int]) -> NDArray[np.float64]:
        """The actions [T, A] in what was written, from the lead to the end.

        Raises:
            MalformedTokens: It is no lead, exactly one chunk and end.
        """
        ids = tuple(int(token) for token in tokens)
        first, last = len(self.lead), len(ids) - len(self.end)
        if ids[:first] != self.lead or ids[last:] != self.end:
            message = (
                f"{len(ids)} tokens are no chunk, which begins with {self.lead} and ends with {self.end}"
            )
            raise MalformedTokens(message)
        return self.fast.decode([self._fast_id(token) for token in ids[first:last]])

    def _fast_id(self, token: int) -> int:
        fast_id = int(self._text_ids[0]) - token  # they count against each other
        if not 0 <= fast_id < len(self._text_ids):
            message = f"text id {token} is no action; those have {self._text_ids[-1]} to {self._text_ids[0]}"
            raise MalformedTokens(message)
        return fast_id

    def _nearest_continuation(self, progress: FastProgress) -> int:
        """The single byte that makes the waiting character a coefficient nearest to zero."""
        vocabulary = self.fast.vocabulary
        ids = [
            int(fast_id)
            for fast_id in np.flatnonzero(self._constraint.allowed(progress))
            if len(vocabulary.token_bytes[fast_id]) == 1
            and vocabulary.token_bytes[fast_id][0] in CONTINUATION
        ]
        high = (progress.waiting + 1) << 6  # waiting 1 is the lead byte 0xC2, whose payload is 2
        return min(ids, key=lambda i: abs(high + vocabulary.token_bytes[i][0] - 0x80 + vocabulary.min_token))
