"""Training's one pass says what separate passes would say, and the expert never learns what the FAST tokens are."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
import torch
from torch import Tensor

from policy.model.inputs import ModelInputs
from policy.model.reading import TargetTokens, padded_targets, place_before, read
from tests.policy.model import tiny

KINDS: tuple[Literal["pi0", "pi05"], ...] = ("pi0", "pi05")
TIME = torch.tensor([0.3, 0.9])


def targets(*lengths: int, width: int, seed: int = 7) -> TargetTokens:
    generator = torch.Generator().manual_seed(seed)
    mask = torch.arange(width) < torch.tensor(lengths)[:, None]
    return TargetTokens(torch.randint(4, tiny.VOCABULARY, mask.shape, generator=generator) * mask, mask)


ANSWER, FAST = targets(2, 4, width=4), targets(6, 3, width=7, seed=8)


@pytest.mark.parametrize("kind", KINDS)
def test_fast_tokens_change_no_velocity(kind: Literal["pi0", "pi05"]) -> None:
    model, inputs, x_BTA = tiny.pi0(kind), tiny.observation(), tiny.chunk()
    with torch.no_grad():
        alone = model.velocity(model.prefill(inputs), inputs.state_BA, x_BTA, TIME)
        beside = read(model.paligemma, inputs, fast=FAST).prefix
        found = model.velocity(beside, inputs.state_BA, x_BTA, TIME)
        torch.testing.assert_close(found, alone, atol=1e-5, rtol=1e-5)
        other = TargetTokens(FAST.tokens_BL.flip(1), torch.ones_like(FAST.mask_BL))
        changed = read(model.paligemma, inputs, fast=other).prefix
        assert torch.equal(model.velocity(changed, inputs.state_BA, x_BTA, TIME), found)


@pytest.mark.parametrize("kind", KINDS)
def test_nor_after_an_answer_which_the_expert_does_see(kind: Literal["pi0", "pi05"]) -> None:
    model, inputs, x_BTA = tiny.pi0(kind), tiny.observation(), tiny.chunk()
    with torch.no_grad():
        without, beside = (
            model.velocity(
                read(model.paligemma, inputs, answer=ANSWER, fast=fast).prefix, inputs.state_BA, x_BTA, TIME
            )
            for fast in (None, FAST)
        )
        silent = model.velocity(model.prefill(inputs), inputs.state_BA, x_BTA, TIME)
    torch.testing.assert_close(beside, without, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(without, silent, atol=1e-3)


def test_the_expert_goes_on_behind_the_answer_as_if_it_had_been_decoded() -> None:
    """A padded prompt and a padded answer: the same velocity as each sample alone, without any padding."""
    model, inputs, x_BTA = tiny.pi0("pi05"), tiny.observation(), tiny.chunk()
    with torch.no_grad():
        prefix = read(model.paligemma, inputs, answer=ANSWER).prefix
        together = model.velocity(prefix, inputs.state_BA, x_BTA, TIME)
        for index in range(2):
            bare = unpadded(tiny.sample(inputs, index))
            real = ANSWER.mask_BL[index]
            answer = TargetTokens(
                ANSWER.tokens_BL[index : index + 1, real], ANSWER.mask_BL[index : index + 1, real]
            )
            alone = model.velocity(
                read(model.paligemma, bare, answer=answer).prefix,
                bare.state_BA,
                x_BTA[index : index + 1],
                TIME[index : index + 1],
            )
            torch.testing.assert_close(together[index : index + 1], alone, atol=1e-5, rtol=1e-5)


def unpadded(inputs: ModelInputs) -> ModelInputs:
    real = inputs.token_mask_BL[0]
    return replace(inputs, tokens_BL=inputs.tokens_BL[:, real], token_mask_BL=inputs.token_mask_BL[:, real])


def test_scores_of_a_token_come_from_what_stands_before_it_alone() -> None:
    """One pass over all tokens equals a pass for each, which has read only the tokens before."""
    model, inputs = tiny.pi0("pi05"), tiny.observation()
    reading = read(model.paligemma, inputs, answer=ANSWER, fast=FAST)
    assert reading.answer_BLV is not None
    assert reading.fast_BLV is not None
    for index in range(2):
        bare = unpadded(tiny.sample(inputs, index))
        written = torch.cat([each.tokens_BL[index, each.mask_BL[index]] for each in (ANSWER, FAST)]).tolist()
        scores = torch.cat(
            [
                reading.answer_BLV[index, ANSWER.mask_BL[index]],
                reading.fast_BLV[index, FAST.mask_BL[index]],
            ]
        )
        for count in range(len(written)):
            ids = torch.tensor([[*written[:count], 5]])  # the last is not read by its own scores
            alone = read(
                model.paligemma, bare, answer=TargetTokens(ids, torch.ones_like(ids, dtype=torch.bool))
            )
            assert alone.answer_BLV is not None
            torch.testing.assert_close(scores[count], alone.answer_BLV[0, -1], atol=1e-4, rtol=1e-4)


def test_padding_may_hold_anything() -> None:
    model, inputs = tiny.pi0("pi05"), tiny.observation()
    rubbish = TargetTokens(FAST.tokens_BL.where(FAST.mask_BL, -100), FAST.mask_BL)
    first, second = (
        read(model.paligemma, inputs, answer=ANSWER, fast=fast).fast_BLV for fast in (FAST, rubbish)
    )
    assert first is not None
    assert second is not None
    assert torch.equal(first, second)


def test_the_place_before_skips_what_is_not_there() -> None:
    valid = torch.tensor([[False, True, False, True, True], [True, True, False, False, True]])
    assert place_before(valid).tolist() == [[0, 0, 1, 1, 3], [0, 0, 1, 1, 1]]


def test_the_prefix_of_a_reading_without_text_is_the_prefill() -> None:
    model, inputs = tiny.pi0("pi0"), tiny.observation()
    with torch.no_grad():
        found, expected = read(model.paligemma, inputs).prefix, model.prefill(inputs)
    assert torch.equal(found.valid_BS, expected.valid_BS)
    for first, second in zip(found.cache.values, expected.cache.values, strict=True):
        torch.testing.assert_close(first, second, atol=1e-6, rtol=1e-6)


def test_rows_of_different_lengths_become_a_batch() -> None:
    found = padded_targets([[5, 6, 1], [], [7]], vocab_size=8)
    assert found.tokens_BL.tolist() == [[5, 6, 1], [0, 0, 0], [7, 0, 0]]
    assert found.mask_BL.tolist() == [[True] * 3, [False] * 3, [True, False, False]]
    assert padded_targets([[], []], vocab_size=8).tokens_BL.shape == (2, 0)
    with pytest.raises(ValueError, match="row 1 has the id 8; the vocabulary has 0 to 7"):
        padded_targets([[1], [8]], vocab_size=8)


@pytest.mark.parametrize(
    "mask", [torch.ones(2, 3, dtype=torch.bool), torch.ones(2, 4)], ids=["shape", "type"]
)
def test_a_mask_that_does_not_fit_is_refused(mask: Tensor) -> None:
    with pytest.raises(
        ValueError, match=r"target tokens of shape \(2, 4\) need a bool mask of the same shape"
    ):
        TargetTokens(torch.zeros(2, 4, dtype=torch.int64), mask)


def test_what_are_no_ids_are_refused() -> None:
    for tokens in (torch.zeros(2, 4), torch.zeros(4, dtype=torch.int64)):
        with pytest.raises(ValueError, match=r"must be int64 ids \[batch, tokens\], not torch"):
            TargetTokens(tokens, torch.ones_like(tokens, dtype=torch.bool))
