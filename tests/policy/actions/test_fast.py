"""FAST: few tokens, small error, and never another shape."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.fft
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from app.bench.motions import Range, motion_chunks
from policy.actions.fast import FastTokenizer
from policy.actions.fast_fit import FitTarget
from policy.actions.tokenizer import ActionTokenizer, MalformedTokens
from tests.policy.actions.sines import sines


def tokens_and_rmse(fast: FastTokenizer, chunks: NDArray[np.float64]) -> tuple[NDArray[np.int64], float]:
    """Tokens of each chunk, and the error as a fraction of the range from -1 to 1."""
    encoded = [fast.encode(chunk) for chunk in chunks]
    errors = [fast.decode(ids) - chunk for ids, chunk in zip(encoded, chunks, strict=True)]
    return np.array([len(ids) for ids in encoded]), float(np.sqrt(np.mean(np.square(errors))) / 2)


def test_robot_motion_takes_few_tokens() -> None:
    fitted_on = motion_chunks(400, seed=0)
    scale = Range.of(fitted_on)
    fast = FastTokenizer.fit(scale.normalized(fitted_on))
    tokens, rmse = tokens_and_rmse(fast, scale.normalized(motion_chunks(100, seed=1)))
    assert tokens.mean() <= 50
    assert tokens.max() <= 70
    assert rmse <= 0.010


def test_dimensions_that_move_by_themselves_stay_within_tokens_and_error() -> None:
    fast = FastTokenizer.fit(sines(400, seed=0))
    tokens, rmse = tokens_and_rmse(fast, sines(100, seed=1))
    assert tokens.mean() <= 65
    assert rmse <= 0.012


def test_the_target_decides_the_scale() -> None:
    chunks = sines(150, seed=0)
    coarse, fine = (
        FastTokenizer.fit(chunks, target=FitTarget(tokens=tokens, rmse_of_range=0.02))
        for tokens in (40, 1000)
    )
    assert coarse.scale < fine.scale == 10
    bounded = FastTokenizer.fit(chunks, target=FitTarget(tokens=1, rmse_of_range=0.008))
    assert 0.0079 <= tokens_and_rmse(bounded, chunks)[1] <= 0.008
    assert FastTokenizer.fit(chunks, target=FitTarget(rmse_of_range=1e-9)).scale == 10


@pytest.mark.parametrize("bounds", [{"tokens": 0}, {"rmse_of_range": float("nan")}, {"rmse_of_range": -1}])
def test_a_target_that_nothing_keeps_to_is_refused(bounds: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(bounds))} of what FAST is fitted for must be above 0"):
        FitTarget(**bounds)


def test_coefficients_are_the_published_ones(fast: FastTokenizer) -> None:
    chunk = sines(1, seed=5)[0]
    transformed = scipy.fft.dct(chunk, type=2, axis=0, norm="ortho")
    expected = np.around(transformed * fast.scale).astype(int)
    assert fast.coefficients(chunk).tolist() == expected.flatten().tolist()
    text = "".join(chr(value - fast.min_token) for value in expected.flatten())
    assert fast.encode(chunk) == fast.vocabulary.bpe.encode(text).ids
    assert fast.vocabulary.bpe.decode(fast.encode(chunk), skip_special_tokens=False) == text


def test_what_comes_back_is_off_by_rounding_only(fast: FastTokenizer) -> None:
    for chunk in sines(50, seed=1):
        decoded = fast.decode(fast.encode(chunk))
        expected = scipy.fft.idct(
            np.around(scipy.fft.dct(chunk, axis=0, norm="ortho") * 10) / 10, axis=0, norm="ortho"
        )
        np.testing.assert_allclose(decoded, expected, atol=1e-12)


def test_it_is_an_action_tokenizer(fast: FastTokenizer) -> None:
    tokenizer: ActionTokenizer = fast
    assert (tokenizer.horizon, tokenizer.action_dim) == (50, 19)
    assert max(tokenizer.encode(sines(1, seed=3)[0])) < tokenizer.vocab_size <= 2048


@settings(deadline=None, max_examples=50)
@given(chunk=hnp.arrays(np.float64, (50, 19), elements=st.floats(-1, 1), fill=st.floats(-1, 1)))
def test_no_chunk_within_the_range_is_clipped(fast: FastTokenizer, chunk: NDArray[np.float64]) -> None:
    coefficients = scipy.fft.dct(chunk, axis=0, norm="ortho")
    decoded = scipy.fft.dct(fast.decode(fast.encode(chunk)), axis=0, norm="ortho")
    assert np.abs(decoded - coefficients).max() <= 0.5 / fast.scale + 1e-9


@settings(deadline=None, max_examples=50)
@given(
    chunk=hnp.arrays(
        np.float64,
        (50, 19),
        elements=st.floats(allow_nan=False, allow_infinity=False),
        fill=st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_chunks_of_any_size_are_said_as_well_as_can_be(
    fast: FastTokenizer, chunk: NDArray[np.float64]
) -> None:
    coefficients = fast.vocabulary.decode(fast.encode(chunk), count=950)
    assert coefficients.min() >= fast.vocabulary.min_coefficient
    assert coefficients.max() <= fast.vocabulary.max_coefficient
    assert np.isfinite(fast.decode(fast.encode(chunk))).all()


def test_a_step_beyond_the_range_goes_to_its_end(fast: FastTokenizer) -> None:
    flat = np.zeros((50, 19))
    flat[:, 4] = 1000.0
    decoded = fast.decode(fast.encode(flat))
    highest = fast.vocabulary.max_coefficient / fast.scale / np.sqrt(50)
    np.testing.assert_allclose(decoded[:, 4], highest)
    np.testing.assert_allclose(decoded[:, 5], 0, atol=1e-12)


@pytest.mark.parametrize("kind", [np.float32, np.int64])
def test_any_real_numbers_will_do(fast: FastTokenizer, kind: type) -> None:
    ones = np.ones((50, 19))
    assert fast.encode(ones.astype(kind)) == fast.encode(ones.tolist()) == fast.encode(ones)


@pytest.mark.parametrize(
    ("chunk", "said"),
    [
        (np.zeros((19, 50)), r"50 × 19 .* not \(19, 50\)"),
        (np.zeros((1, 50, 19)), r"not \(1, 50, 19\)"),
        (np.zeros((0, 19)), r"not \(0, 19\)"),
        (np.zeros((50, 19), complex), "real numbers, not complex128"),
        ([["up"] * 19] * 50, "real numbers, not <U2"),
        ([[1.0], [1.0, 2.0]], "one array of numbers"),
        (None, "real numbers, not object"),
    ],
)
def test_what_is_no_chunk_is_refused(fast: FastTokenizer, chunk: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fast.encode(chunk)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(fast: FastTokenizer, value: float) -> None:
    chunk = np.zeros((50, 19))
    chunk[31, 7] = value
    with pytest.raises(ValueError, match=f"step 31, dimension 7 is {value}"):
        fast.encode(chunk)
    with pytest.raises(ValueError, match=f"chunk 1, step 31, dimension 7 is {value}"):
        FastTokenizer.fit(np.stack([np.zeros((50, 19)), chunk]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda ids: ids[:-1], "a chunk has 950"),
        (lambda ids: [*ids, ids[-1]], "a chunk has 950"),
        (lambda ids: [], "spell 0 coefficients"),
        (lambda ids: [*ids[:-1], 2048], "has id 2048; the vocabulary has 0 to"),
        (lambda ids: [-1, *ids[1:]], "token 0 has id -1"),
        (lambda ids: np.array(ids) + 0.0, "flat sequence of integers, not float64"),
        (lambda ids: [ids], r"flat sequence of integers, not int64 of shape \(1, "),
        (lambda ids: [ids, [1]], "flat sequence of integers"),
        (lambda ids: ["0"], "flat sequence of integers, not <U1"),
    ],
)
def test_ids_that_are_no_chunk_are_refused(fast: FastTokenizer, change: object, said: str) -> None:
    with pytest.raises(MalformedTokens, match=said):
        fast.decode(change(fast.encode(sines(1, seed=2)[0])))  # type: ignore[operator]


def test_half_a_character_is_refused(fast: FastTokenizer) -> None:
    lead = fast.vocabulary.token_bytes.index(b"\xc2")
    zero = fast.vocabulary.token_bytes.index(bytes([-fast.min_token]))
    with pytest.raises(MalformedTokens, match="no UTF-8"):
        fast.decode([zero] * 949 + [lead])
    with pytest.raises(MalformedTokens, match="no UTF-8: invalid continuation byte at byte 5"):
        fast.decode([zero] * 5 + [lead] + [zero] * 944)


def test_fitting_twice_gives_the_same() -> None:
    chunks = sines(100, seed=0)
    first, second = (FastTokenizer.fit(chunks, vocab_size=512).vocabulary.bpe.to_str() for _ in range(2))
    assert first == second


@pytest.mark.parametrize("scale", [0.5, 3.0, 10.0, 28.0, 100.0])
def test_any_scale_has_an_alphabet_that_its_tokens_spell(scale: float) -> None:
    chunks = sines(60, seed=4)
    fast = FastTokenizer.fit(chunks, scale=scale, vocab_size=800)
    bound = int(np.ceil(scale * np.sqrt(50)))
    assert fast.vocabulary.min_coefficient <= -bound
    assert fast.vocabulary.max_coefficient >= bound
    assert fast.vocabulary.spelled[: bound - fast.min_token + 1].all()
    for chunk in (*chunks[:5], np.ones((50, 19)), -np.ones((50, 19))):
        error = scipy.fft.dct(fast.decode(fast.encode(chunk)) - chunk, axis=0, norm="ortho")
        assert np.abs(error).max() <= 0.5 / scale + 1e-9


def test_one_chunk_of_one_value_can_be_fitted() -> None:
    fast = FastTokenizer.fit([[[0.25]]])
    assert fast.decode(fast.encode([[0.25]])) == pytest.approx(np.array([[0.25]]), abs=0.05)


@pytest.mark.parametrize(
    ("chunks", "options", "said"),
    [
        (np.zeros((50, 19)), {}, r"B × T × A .* not \(50, 19\)"),
        (np.zeros((0, 50, 19)), {}, r"not \(0, 50, 19\)"),
        (np.zeros((2, 50, 3)), {"scale": 0}, "above 0, not 0"),
        (np.zeros((2, 50, 3)), {"scale": float("nan")}, "above 0, not nan"),
        (np.zeros((2, 50, 3)), {"scale": 10, "vocab_size": 100}, "100 tokens cannot hold the"),
        (np.full((2, 50, 3), 500.0), {"scale": 10}, "normalise actions to about"),
    ],
)
def test_what_cannot_be_fitted_is_refused(chunks: object, options: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        FastTokenizer.fit(chunks, **options)  # type: ignore[arg-type]


def test_the_dimension_that_is_not_normalised_is_named() -> None:
    chunks = np.zeros((4, 50, 3))
    chunks[2, 10, 1] = 3200.0
    with pytest.raises(ValueError, match=re.escape("the largest is in chunk 2, dimension 1")):
        FastTokenizer.fit(chunks)
