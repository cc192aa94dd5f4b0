"""FAST: a smooth chunk of actions as few tokens.

The cosine transform puts a smooth motion into few numbers; scaled and rounded, most are zero; byte-pair encoding gives
the patterns of what is left, and above all the runs of zeros, a token each. Source: Pertsch et al., "FAST: Efficient
Action Tokenization for Vision-Language-Action Models", 2025, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray
from tokenizers import Tokenizer

from policy.actions import fast_files
from policy.actions.fast_constraint import FastConstraint
from policy.actions.fast_fit import DEFAULT_VOCAB_SIZE, FitTarget, fit_scale, fit_vocabulary
from policy.actions.fast_vocabulary import FastVocabulary
from policy.actions.tokenizer import checked_chunk, checked_chunks


class FastTokenizer:
    """Chunks to FAST tokens and back.

    Attributes:
        vocabulary: What the tokens spell.
        scale: What coefficients are multiplied with before they are rounded; the rounding step is 1 / scale.
        horizon: Steps of a chunk, T.
        action_dim: Dimensions of a step, A.
    """

    def __init__(
        self, bpe: Tokenizer, *, scale: float, min_token: int, horizon: int, action_dim: int
    ) -> None:
        if not (np.isfinite(scale) and scale > 0):
            message = f"the scale of the coefficients must be above 0, not {scale}"
            raise ValueError(message)
        if horizon < 1 or action_dim < 1:
            message = f"a chunk has at least one step and one dimension, not {horizon} × {action_dim}"
            raise ValueError(message)
        self.vocabulary = FastVocabulary(bpe, min_token=min_token)
        self.scale = scale
        self.horizon = horizon
        self.action_dim = action_dim

    @property
    def vocab_size(self) -> int:
        """Ids are below this."""
        return len(self.vocabulary)

    @property
    def min_token(self) -> int:
        """Coefficient of the character with code 0."""
        return self.vocabulary.min_token

    @classmethod
    def fit(
        cls,
        chunks_BTA: ArrayLike,
        *,
        scale: float | None = None,
        vocab_size: int = DEFAULT_VOCAB_SIZE,
        target: FitTarget | None = None,
    ) -> FastTokenizer:
        """Fit a vocabulary to chunks.

        Args:
            chunks_BTA: [B, T, A], normalised to about [-1, 1] by quantiles; a few hundred or more.
            scale: Of the coefficients; None for the finest that keeps to `target`, at most 10.
            vocab_size: At most so many tokens; fewer where the chunks hold fewer patterns.
            target: What `scale` is chosen for; None for the defaults.

        Raises:
            ValueError: Chunks of another shape, with NaN or infinities, or so far from [-1, 1] that their
                coefficients have no characters; a vocabulary too small for the coefficients.
        """
        chunks = checked_chunks(chunks_BTA)
        if scale is None:
            scale = fit_scale(chunks, vocab_size=vocab_size, target=target or FitTarget())
        bpe, min_token = fit_vocabulary(chunks, scale=scale, vocab_size=vocab_size)
        return cls(bpe, scale=scale, min_token=min_token, horizon=chunks.shape[1], action_dim=chunks.shape[2])

    @classmethod
    def load(
        cls, folder: Path | str, *, horizon: int | None = None, action_dim: int | None = None
    ) -> FastTokenizer:
        """Load a folder in the layout of the published processor.

        Args:
            folder: With `processor_config.json` and `tokenizer.json`. No code in it is run.
            horizon: Steps of a chunk; needed where the folder does not say, and goes before what it says: a vocabulary
                serves any shape.
            action_dim: Dimensions of a step, likewise.

        Raises:
            FileNotFoundError: A file is missing.
            ValueError: A file is damaged, or is none of FAST's; the message names it.
        """
        saved = fast_files.read(Path(folder), horizon=horizon, action_dim=action_dim)
        try:
            return cls(
                saved.bpe,
                scale=saved.scale,
                min_token=saved.min_token,
                horizon=saved.horizon,
                action_dim=saved.action_dim,
            )
        except ValueError as error:
            message = f"{folder}: {error}"
            raise ValueError(message) from error

    def for_shape(self, *, horizon: int, action_dim: int) -> FastTokenizer:
        """The same vocabulary for chunks of another shape; it serves any.

        Args:
            horizon: Steps of a chunk.
            action_dim: Dimensions of a step.
        """
        if (horizon, action_dim) == (self.horizon, self.action_dim):
            return self
        return FastTokenizer(
            self.vocabulary.bpe,
            scale=self.scale,
            min_token=self.min_token,
            horizon=horizon,
            action_dim=action_dim,
        )

    def save(self, folder: Path | str) -> None:
        """Write a folder in the layout of the published processor; it loads there, and here with `load`."""
        fast_files.write(
            Path(folder),
            fast_files.SavedFast(
                bpe=self.vocabulary.bpe,
                scale=self.scale,
                min_token=self.min_token,
                horizon=self.horizon,
                action_dim=self.action_dim,
            ),
        )

    def encode(self, actions_TA: ArrayLike) -> list[int]:
        """Ids of one chunk.

        Coefficients beyond those that the vocabulary spells are brought to its ends. A chunk within [-1, 1] has none in
        a vocabulary fitted here.

        Args:
            actions_TA: [T, A], normalised to about [-1, 1].

        Raises:
            ValueError: Another shape, no numbers, NaN or infinities.
        """
        return self.vocabulary.encode(self.coefficients(actions_TA))

    def decode(self, ids: Sequence[int] | NDArray[np.integer]) -> NDArray[np.float64]:
        """The chunk that ids spell: [T, A], finite, always.

        Raises:
            MalformedTokens: The ids do not spell exactly T · A coefficients.
        """
        flat = self.vocabulary.decode(ids, count=self.horizon * self.action_dim)
        rounded_TA = flat.reshape(self.horizon, self.action_dim)
        result: NDArray[np.float64] = scipy.fft.idct(rounded_TA / self.scale, axis=0, norm="ortho")
        return result

    def coefficients(self, actions_TA: ArrayLike) -> NDArray[np.int64]:
        """Rounded coefficients of one chunk: [T · A], all dimensions of the lowest frequency first."""
        chunk = checked_chunk(actions_TA, horizon=self.horizon, action_dim=self.action_dim)
        reach = max(-self.vocabulary.min_coefficient, self.vocabulary.max_coefficient, 1) / self.scale
        # Far beyond what can be said; kept in bounds so that the transform does not overflow.
        bounded = np.clip(chunk, -1e6 * reach, 1e6 * reach)
        return self.vocabulary.nearest(scipy.fft.dct(bounded, axis=0, norm="ortho") * self.scale).ravel()

    def constraint(self) -> FastConstraint:
        """Which ids may come next while a chunk is sampled."""
        return FastConstraint(self.vocabulary, count=self.horizon * self.action_dim)
