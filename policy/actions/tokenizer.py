"""What an action tokenizer is: a chunk of normalised actions to token ids and back, always of one shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray


class MalformedTokens(ValueError):
    """Token ids that do not spell exactly one chunk; the message says what they spell instead."""


class ActionTokenizer(Protocol):
    """Chunks of normalised actions to token ids and back; FAST and FSQ are two."""

    @property
    def vocab_size(self) -> int:
        """Ids are below this."""
        ...

    @property
    def horizon(self) -> int:
        """Steps of a chunk, T."""
        ...

    @property
    def action_dim(self) -> int:
        """Dimensions of a step, A."""
        ...

    def encode(self, actions_TA: ArrayLike) -> list[int]:
        """Ids of one chunk.

        Args:
            actions_TA: [T, A], normalised to about [-1, 1]; what lies outside is brought to the nearest sayable.

        Raises:
            ValueError: Another shape, no numbers, NaN or infinities.
        """
        ...

    def decode(self, ids: Sequence[int] | NDArray[np.integer]) -> NDArray[np.float64]:
        """The chunk that ids spell: [T, A], finite, always.

        Raises:
            MalformedTokens: The ids spell no such chunk.
        """
        ...


def checked_chunk(actions: ArrayLike, *, horizon: int, action_dim: int) -> NDArray[np.float64]:
    """A chunk as float64 [T, A].

    Raises:
        ValueError: Another shape, no numbers, NaN or infinities; the message names the first such step and dimension.
    """
    return _checked(actions, sizes={"T": horizon, "A": action_dim}, what="chunk")


def checked_chunks(actions: ArrayLike) -> NDArray[np.float64]:
    """Chunks as float64 [B, T, A], with at least one of each.

    Raises:
        ValueError: Another shape, no numbers, NaN or infinities; the message names the first such chunk, step and
            dimension.
    """
    return _checked(actions, sizes={"B": None, "T": None, "A": None}, what="set of chunks")


def checked_ids(ids: Sequence[int] | NDArray[np.integer], *, vocab_size: int) -> NDArray[np.int64]:
    """Ids as int64 [N], each within the vocabulary.

    Raises:
        MalformedTokens: No flat sequence of integers, or an id outside the vocabulary.
    """
    try:
        found = np.asarray(ids)
    except ValueError as error:
        message = f"token ids must be a flat sequence of integers: {error}"
        raise MalformedTokens(message) from error
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
        message = f"token ids must be a flat sequence of integers, not {found.dtype} of shape {found.shape}"
        raise MalformedTokens(message)
    outside = np.flatnonzero((found < 0) | (found >= vocab_size))
    if outside.size:
        place = int(outside[0])
        message = f"token {place} has id {found[place]}; the vocabulary has 0 to {vocab_size - 1}"
        raise MalformedTokens(message)
    return found.astype(np.int64)


def _checked(actions: ArrayLike, *, sizes: Mapping[str, int | None], what: str) -> NDArray[np.float64]:
    try:
        found = np.asarray(actions)
    except ValueError as error:
        message = f"a {what} must be one array of numbers: {error}"
        raise ValueError(message) from error
    if found.dtype.kind not in "fiu":
        message = f"a {what} must hold real numbers, not {found.dtype}"
        raise ValueError(message)
    fits = found.ndim == len(sizes) and all(
        size in (None, have) for size, have in zip(sizes.values(), found.shape, strict=True)
    )
    if not fits or not found.size:
        wanted = " × ".join(str(size or axis) for axis, size in sizes.items())
        message = f"a {what} must have the shape {wanted} with nothing empty, not {found.shape}"
        raise ValueError(message)
    result = found.astype(np.float64)
    wrong = np.argwhere(~np.isfinite(result))
    if len(wrong):
        place = tuple(int(index) for index in wrong[0])
        names = ("chunk", "step", "dimension")[-len(place) :]
        where = ", ".join(f"{name} {index}" for name, index in zip(names, place, strict=True))
        message = f"{where} is {result[place]}; leave such a chunk out, or fill the gap before tokenizing"
        raise ValueError(message)
    return result
