"""Fitting FAST: the alphabet, the merges, and how finely to round.

The published default rounds coefficients to a tenth. Chunks of many independent motions need more tokens at that than a
policy can afford, and often more precision than is of use: so by default the scale is the finest, up to 10, at which
chunks stay within a number of tokens, unless the error forbids to go that coarse.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from policy.actions.fast_vocabulary import (
    MAX_CHARACTERS,
    FastVocabulary,
    byte_symbols,
    text_of,
)

DEFAULT_VOCAB_SIZE = 2048
SCALES = (10.0, 9.0, 8.0, 7.0, 6.5, 6.0, 5.5, 5.0, 4.5, 4.0, 3.5, 3.0, 2.5, 2.0, 1.5, 1.0)
MAX_TRIAL_CHUNKS = 1200
SPREAD = 4.0
"""Standard deviations of tokens a chunk above their mean: hardly a chunk has more."""


@dataclass(frozen=True)
class FitTarget:
    """What the scale is chosen for.

    Attributes:
        tokens: That hardly a chunk should exceed.
        rmse_of_range: That is not exceeded for it: root mean square error as a fraction of the range, which is 2.
    """

    tokens: float = 65.0
    rmse_of_range: float = 0.0117

    def __post_init__(self) -> None:
        """Refuse what nothing can keep to.

        Raises:
            ValueError: A bound that is not above 0.
        """
        for name, value in (("tokens", self.tokens), ("rmse_of_range", self.rmse_of_range)):
            if not value > 0:
                message = f"{name} of what FAST is fitted for must be above 0, not {value}"
                raise ValueError(message)


def fit_scale(chunks_BTA: NDArray[np.float64], *, vocab_size: int, target: FitTarget) -> float:
    """The finest scale that keeps to the target, measured on chunks that were not fitted on.

    Of all scales whose error is allowed, the finest with few enough tokens; the coarsest allowed where none has, which
    takes all of the error; the finest where none is allowed.
    """
    coefficients = scipy.fft.dct(_trial_chunks(chunks_BTA), axis=1, norm="ortho")
    allowed = [scale for scale in SCALES if _rmse_of_range(coefficients, scale) <= target.rmse_of_range]
    if not allowed:
        return SCALES[0]
    allowed.append(_coarsest(coefficients, target.rmse_of_range, known=allowed[-1]))
    low, high = 0, len(allowed) - 1
    while low < high:
        middle = (low + high) // 2
        if _trial_tokens(coefficients, allowed[middle], vocab_size) <= target.tokens:
            high = middle
        else:
            low = middle + 1
    return allowed[low]


def fit_vocabulary(
    chunks_BTA: NDArray[np.float64], *, scale: float, vocab_size: int
) -> tuple[Tokenizer, int]:
    """The byte-pair encoder of chunks' rounded coefficients, and the coefficient of the character with code 0.

    The alphabet holds every coefficient of the chunks, and all that a chunk within [-1, 1] can have: by the
    Cauchy-Schwarz inequality at most scale · √T.

    Raises:
        ValueError: More coefficients than characters, or more characters than tokens.
    """
    if not (np.isfinite(scale) and scale > 0):
        message = f"the scale of the coefficients must be above 0, not {scale}"
        raise ValueError(message)
    return _fit(scipy.fft.dct(chunks_BTA, axis=1, norm="ortho"), scale, vocab_size)


def _fit(coefficients_BTA: NDArray[np.float64], scale: float, vocab_size: int) -> tuple[Tokenizer, int]:
    scaled = np.rint(coefficients_BTA * scale)
    bound = np.ceil(scale * np.sqrt(scaled.shape[1]))
    least, greatest = min(scaled.min(), -bound), max(scaled.max(), bound)
    if greatest - least >= MAX_CHARACTERS:
        place = np.unravel_index(np.abs(scaled).argmax(), scaled.shape)
        message = (
            f"coefficients at scale {scale:g} go from {least:g} to {greatest:g}, and {MAX_CHARACTERS} values have a "
            f"character; the largest is in chunk {place[0]}, dimension {place[2]}: "
            "normalise actions to about [-1, 1], or lower the scale"
        )
        raise ValueError(message)
    alphabet = _alphabet(int(greatest - least) + 1)
    if vocab_size < len(alphabet):
        message = (
            f"a vocabulary of {vocab_size} tokens cannot hold the {len(alphabet)} bytes of the coefficients"
        )
        raise ValueError(message)
    codes = (scaled - least).astype(np.int64)
    bpe = Tokenizer(models.BPE())
    # Without GPT-2's splitting into words: coefficients are no text, and where its word characters happen to lie in
    # their alphabet is no reason to end a token.
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=2,
        show_progress=False,
        special_tokens=[],
        initial_alphabet=alphabet,
    )
    bpe.train_from_iterator(_texts(codes), trainer=trainer)
    return bpe, int(least)


def _alphabet(characters: int) -> list[str]:
    """Symbols of the bytes that the first `characters` characters are made of.

    From two blocks of two-byte characters on the last block is whole, since its bytes are all there for the others: the
    characters that can be spelled are then those of the bytes, and a saved vocabulary says by itself what it spells.
    """
    symbols = byte_symbols()
    bytes_used = set().union(*(chr(code).encode() for code in range(characters)))
    return [symbols[byte] for byte in sorted(bytes_used)]


def _texts(codes_BTA: NDArray[np.int64]) -> Iterator[str]:
    for codes_TA in codes_BTA:
        yield text_of(codes_TA.ravel())


def _trial_chunks(chunks_BTA: NDArray[np.float64]) -> NDArray[np.float64]:
    """Some chunks, spread over all of them: chunks of one episode lie side by side."""
    count = min(len(chunks_BTA), MAX_TRIAL_CHUNKS)
    return chunks_BTA[np.linspace(0, len(chunks_BTA) - 1, count).round().astype(np.int64)]


def _coarsest(coefficients: NDArray[np.float64], rmse_of_range: float, *, known: float) -> float:
    """The coarsest scale, in hundredths, whose error is allowed, from the coarsest of `SCALES` that is known to be."""
    coarser = max((scale for scale in SCALES if scale < known), default=known)
    hundredths = range(round(100 * coarser), round(100 * known))
    place = bisect_left(
        hundredths, True, key=lambda scale: _rmse_of_range(coefficients, scale / 100) <= rmse_of_range
    )
    return hundredths[place] / 100 if place < len(hundredths) else known


def _rmse_of_range(coefficients: NDArray[np.float64], scale: float) -> float:
    # The transform is orthonormal: the error of the coefficients is that of the actions.
    return float(np.sqrt(np.mean((np.rint(coefficients * scale) / scale - coefficients) ** 2)) / 2)


def _trial_tokens(coefficients: NDArray[np.float64], scale: float, vocab_size: int) -> float:
    """What tokens a chunk hardly exceed on the last fifth, fitted on the rest."""
    held_out = max(len(coefficients) // 5, 1)
    bpe, min_token = _fit(
        coefficients[:-held_out] if held_out < len(coefficients) else coefficients, scale, vocab_size
    )
    vocabulary = FastVocabulary(bpe, min_token=min_token)
    rounded = vocabulary.nearest(coefficients[-held_out:] * scale).reshape(held_out, -1)
    lengths = [len(vocabulary.encode(row)) for row in rounded]
    return float(np.mean(lengths) + SPREAD * np.std(lengths))
