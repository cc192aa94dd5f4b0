"""Finite scalar quantisation, and the tokenizer around it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from policy.actions.fsq import FiniteScalarQuantizer
from policy.actions.fsq_model import FsqAutoencoder, FsqConfig
from policy.actions.fsq_tokenizer import FsqTokenizer
from policy.actions.tokenizer import ActionTokenizer, MalformedTokens

SMALL = FsqConfig(horizon=10, action_dim=3, tokens=4, levels=(8, 5, 5), width=48, depth=1)


def reaches(count: int, *, seed: int) -> NDArray[np.float64]:
    """From anywhere to anywhere in ten steps, each dimension by itself."""
    ends = np.random.default_rng(seed).uniform(-1, 1, (2, count, 1, 3))
    u = np.linspace(0, 1, 10)[:, None]
    return ends[0] + (ends[1] - ends[0]) * u**3 * (10 - 15 * u + 6 * u**2)


@pytest.fixture(scope="module")
def fitted() -> FsqTokenizer:
    return FsqTokenizer.fit(reaches(400, seed=0), config=SMALL, steps=300, learning_rate=3e-3)


@pytest.mark.parametrize("levels", [(8, 8, 6, 5), (5, 5), (2,), (7, 4, 3)])
def test_every_id_is_one_code_and_every_code_one_id(levels: tuple[int, ...]) -> None:
    quantizer = FiniteScalarQuantizer(levels)
    ids = torch.arange(quantizer.codes)
    codes = quantizer.codes_of(ids)
    assert torch.equal(quantizer.ids(codes), ids)
    assert len(codes.unique(dim=0)) == quantizer.codes
    for channel, level in enumerate(levels):
        assert len(codes[:, channel].unique()) == level
        assert codes[:, channel].abs().max() <= 1


def test_the_first_channel_is_the_lowest_digit() -> None:
    quantizer = FiniteScalarQuantizer((8, 5))
    lowest = torch.tensor([[-1.0, -1.0], [-0.75, -1.0], [-1.0, -0.5]])
    assert quantizer.ids(lowest).tolist() == [0, 1, 8]


@pytest.mark.parametrize("levels", [(8, 5, 2), (7, 4, 3)])
def test_values_of_any_size_get_codes_and_all_codes_are_reached(levels: tuple[int, ...]) -> None:
    quantizer = FiniteScalarQuantizer(levels)
    values = torch.linspace(-20, 20, 4001)[:, None].expand(-1, len(levels))
    codes = quantizer(values)
    assert torch.equal(quantizer.codes_of(quantizer.ids(codes)), codes.detach())
    assert [len(codes[:, channel].unique()) for channel in range(len(levels))] == list(levels)
    assert torch.all(codes.diff(dim=0) >= 0)
    far = quantizer(torch.tensor([[-1e30] * len(levels), [1e30] * len(levels)]))
    assert quantizer.ids(far).tolist() == [0, quantizer.codes - 1]


def test_zero_is_a_level_of_every_channel() -> None:
    assert FiniteScalarQuantizer((8, 5, 4))(torch.zeros(3)).tolist() == [0, 0, 0]


def test_the_gradient_goes_straight_through_the_rounding() -> None:
    quantizer = FiniteScalarQuantizer((5, 8))
    values = torch.tensor([0.3, -0.2], dtype=torch.float32, requires_grad=True)
    quantizer(values).sum().backward()
    bound = torch.tensor([2.0, 3.5]) * 1.001
    shift = torch.atanh(torch.tensor([0.0, 0.5]) / bound)
    expected = bound * (1 - torch.tanh(values.detach() + shift) ** 2) / torch.tensor([2.0, 4.0])
    torch.testing.assert_close(values.grad, expected)


def test_codes_need_levels() -> None:
    for levels in ((), (8, 1)):
        with pytest.raises(ValueError, match="at least 2"):
            FiniteScalarQuantizer(levels)


def test_training_lowers_the_loss_on_chunks_it_never_saw(fitted: FsqTokenizer) -> None:
    held_out = reaches(200, seed=1)
    errors = [fitted.decode(fitted.encode(chunk)) - chunk for chunk in held_out]
    rmse = np.sqrt(np.mean(np.square(errors)))
    assert rmse < 0.35 * np.std(held_out)
    batch = torch.tensor(held_out, dtype=torch.float32)
    assert fitted.model.loss(batch).item() == pytest.approx(rmse**2, rel=1e-3)


def test_the_loss_reaches_every_weight() -> None:
    torch.manual_seed(0)
    model = FsqAutoencoder(SMALL)
    model.loss(torch.tensor(reaches(8, seed=0), dtype=torch.float32)).backward()
    assert [
        name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()
    ] == []


def test_fitting_again_gives_the_same_and_leaves_the_random_state() -> None:
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    chunks = reaches(40, seed=2)
    first, second = (FsqTokenizer.fit(chunks, config=SMALL, steps=5, seed=3) for _ in range(2))
    other = FsqTokenizer.fit(chunks, config=SMALL, steps=5, seed=4)
    assert first.encode(chunks[0]) == second.encode(chunks[0])
    assert not torch.equal(first.model.decoder[0].weight, other.model.decoder[0].weight)
    assert torch.equal(torch.random.get_rng_state(), before)


@settings(deadline=None, max_examples=100)
@given(ids=st.lists(st.integers(-3, 205), max_size=6))
def test_any_ids_are_a_finite_chunk_or_refused(fitted: FsqTokenizer, ids: list[int]) -> None:
    if len(ids) == 4 and all(0 <= each < 200 for each in ids):
        decoded = fitted.decode(ids)
        assert decoded.shape == (10, 3)
        assert np.isfinite(decoded).all()
    else:
        with pytest.raises(MalformedTokens):
            fitted.decode(ids)


def test_it_is_an_action_tokenizer(fitted: FsqTokenizer) -> None:
    tokenizer: ActionTokenizer = fitted
    assert (tokenizer.vocab_size, tokenizer.horizon, tokenizer.action_dim) == (200, 10, 3)
    ids = tokenizer.encode(reaches(1, seed=5)[0])
    assert len(ids) == fitted.tokens == 4
    assert all(isinstance(each, int) and 0 <= each < 200 for each in ids)


def test_huge_values_are_brought_near(fitted: FsqTokenizer) -> None:
    assert np.isfinite(fitted.decode(fitted.encode(np.full((10, 3), 1e300)))).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(fitted: FsqTokenizer, value: float) -> None:
    chunk = np.zeros((10, 3))
    chunk[7, 2] = value
    with pytest.raises(ValueError, match="step 7, dimension 2 is"):
        fitted.encode(chunk)


def test_a_chunk_of_another_shape_is_refused(fitted: FsqTokenizer) -> None:
    with pytest.raises(ValueError, match=r"10 × 3 .* not \(3, 10\)"):
        fitted.encode(np.zeros((3, 10)))
    with pytest.raises(ValueError, match="10 × 4 do not fit a tokenizer for 10 × 3"):
        FsqTokenizer.fit(np.zeros((5, 10, 4)), config=SMALL, steps=1)


def test_a_saved_one_is_the_same(fitted: FsqTokenizer, tmp_path: Path) -> None:
    fitted.save(tmp_path / "new" / "fsq")
    loaded = FsqTokenizer.load(tmp_path / "new" / "fsq")
    assert loaded.model.config == SMALL
    chunk = reaches(1, seed=6)[0]
    assert loaded.encode(chunk) == fitted.encode(chunk)
    np.testing.assert_array_equal(loaded.decode([0, 1, 2, 3]), fitted.decode([0, 1, 2, 3]))


def test_weights_that_do_not_fit_are_all_named(fitted: FsqTokenizer, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    weights = load_file(tmp_path / "fsq.safetensors")
    del weights["encoder.0.bias"]
    weights["decoder.0.weight"] = weights["decoder.0.weight"].T.contiguous()
    weights["extra"] = torch.zeros(1)
    weights["decoder.2.bias"][0] = torch.nan
    save_file(weights, tmp_path / "fsq.safetensors")
    with pytest.raises(ValueError, match=r"fsq\.safetensors does not fit") as caught:
        FsqTokenizer.load(tmp_path)
    for problem in (
        "encoder.0.bias is missing",
        "extra is unexpected",
        "decoder.0.weight is [12, 48]",
        "decoder.2.bias has values that are not finite",
    ):
        assert problem in str(caught.value)


def test_sizes_beyond_any_memory_are_named(fitted: FsqTokenizer, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    config = json.loads((tmp_path / "fsq.json").read_text())
    (tmp_path / "fsq.json").write_text(json.dumps(config | {"width": 10**9}))
    with pytest.raises(ValueError, match=r"encoder\.0\.weight is \[48, 30\] and not \[1000000000, 30\]"):
        FsqTokenizer.load(tmp_path)


def test_damaged_files_are_named(fitted: FsqTokenizer, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    config = json.loads((tmp_path / "fsq.json").read_text())
    for content, said in (
        ("{", r"fsq\.json is no JSON"),
        ("[]", "not list"),
        (json.dumps(config | {"colour": 3}), "colour"),
        (json.dumps(config | {"width": "wide"}), "whole numbers"),
        (json.dumps(config | {"levels": [8, 1]}), r"fsq\.json: levels .* at least 2"),
        (json.dumps(config | {"levels": [8] * 30}), r"fsq\.json: levels .* at most 16777216 codes"),
        (json.dumps(config | {"depth": 0}), "depth of an FSQ tokenizer must be at least 1"),
    ):
        (tmp_path / "fsq.json").write_text(content)
        with pytest.raises(ValueError, match=said):
            FsqTokenizer.load(tmp_path)
    (tmp_path / "fsq.json").write_text(json.dumps(config))
    (tmp_path / "fsq.safetensors").write_bytes(b"\x00" * 20)
    with pytest.raises(ValueError, match=r"fsq\.safetensors is damaged"):
        FsqTokenizer.load(tmp_path)
    (tmp_path / "fsq.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"fsq\.safetensors is missing"):
        FsqTokenizer.load(tmp_path)
