"""The tree of allowed phrases: which tokens may come next, and how probable each phrase is among the others.

Axis: F phrases.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from policy.text.prompts import SUBTASK, PromptFormat, answer_ids
from policy.text.tokenizer import TextTokenizer

Prefix: TypeAlias = tuple[int, ...]
"""Tokens that a phrase begins with."""


class PhraseTrie:
    """Allowed phrases as a tree of tokens, each phrase ended by EOS, so that one may begin another.

    Args:
        phrases: What may be said. Of phrases with the same tokens the first is kept.
        tokenizer: The model's vocabulary.
        form: How the model was taught to answer.

    Raises:
        TypeError: `phrases` is one string, or holds what is none.
        ValueError: There are none, or one is blank.
    """

    def __init__(
        self, phrases: Sequence[str], tokenizer: TextTokenizer, *, form: PromptFormat = SUBTASK
    ) -> None:
        if isinstance(phrases, str):
            message = f"phrases must be a list of strings, not the one string {phrases!r}"
            raise TypeError(message)
        if not phrases:
            message = "no phrases to choose from; give at least one, or decode freely"
            raise ValueError(message)
        by_ids: dict[Prefix, str] = {}
        self._ids: dict[str, Prefix] = {}
        for phrase in phrases:
            ids = tuple(answer_ids(form, tokenizer, phrase))
            if not form.clean(phrase).strip():
                message = f"a phrase is blank: {phrase!r}; take it out of the list"
                raise ValueError(message)
            by_ids.setdefault(ids, phrase)
            self._ids[phrase] = ids
        self._by_ids = by_ids
        self._phrases = tuple(by_ids.values())
        self._next = _next_tokens(by_ids)

    @property
    def phrases(self) -> tuple[str, ...]:
        """F phrases that differ in their tokens, in the order given."""
        return self._phrases

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        """Every beginning after which tokens are allowed, shorter ones first; the first is empty."""
        return tuple(self._next)

    def ids_of(self, phrase: str) -> Prefix:
        """Tokens of a phrase, EOS last.

        Raises:
            ValueError: It is not among the phrases.
        """
        try:
            return self._ids[phrase]
        except KeyError as error:
            message = f"{phrase!r} is not among the allowed phrases: {', '.join(map(repr, self._phrases))}"
            raise ValueError(message) from error

    def phrase_of(self, ids: Sequence[int]) -> str | None:
        """The phrase of these tokens, EOS included; None while they are no whole phrase."""
        return self._by_ids.get(tuple(int(token) for token in ids))

    def allowed(self, prefix: Prefix) -> NDArray[np.int64]:
        """Ids that may come after `prefix`, ascending; none after EOS. Not to be written to.

        Raises:
            ValueError: No allowed phrase begins so.
        """
        prefix = tuple(prefix)
        found = self._next.get(prefix)
        if found is not None:
            return found
        if prefix in self._by_ids:
            return _frozen([])
        message = f"no allowed phrase begins with tokens {list(prefix)}; begin at () and add only what `allowed` gives"
        raise ValueError(message)


def normalise(log_probs_F: NDArray[np.floating]) -> NDArray[np.float64]:
    """Probabilities among F phrases, given that one of them is said.

    Args:
        log_probs_F: [F], at least one: natural logarithms of each phrase's own probability, that is, the sum over its
            tokens. They need not sum to anything.

    Returns:
        [F], summing to 1.

    Raises:
        ValueError: One is NaN or above every number, or all are minus infinity.
    """
    values_F = np.asarray(log_probs_F, dtype=np.float64)
    highest = values_F.max()
    if not np.isfinite(highest):
        message = (
            f"the phrases' log probabilities are {values_F.tolist()}; the model that gave them is broken, "
            "or its vocabulary is not the one these phrases were encoded with"
        )
        raise ValueError(message)
    weights_F = np.exp(values_F - highest)
    return np.asarray(weights_F / weights_F.sum())


def _next_tokens(phrases: dict[Prefix, str]) -> dict[Prefix, NDArray[np.int64]]:
    found: dict[Prefix, set[int]] = {}
    for ids in phrases:
        for at, token in enumerate(ids):
            found.setdefault(ids[:at], set()).add(token)
    return {
        prefix: _frozen(sorted(found[prefix]))
        for prefix in sorted(found, key=lambda prefix: (len(prefix), prefix))
    }


def _frozen(ids: list[int]) -> NDArray[np.int64]:
    array = np.array(ids, dtype=np.int64)
    array.setflags(write=False)
    return array
