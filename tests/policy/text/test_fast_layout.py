"""π0-FAST's sequence is openpi's, and the actions come out of it again or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.text.fast_layout import extract_fast_ids, fast_to_text_ids, text_to_fast_ids, tokenize_fast
from tests.policy.text.vocabulary import TINY, UNHURRIED, VECTORS, Recording


@pytest.mark.expects_log(r"a prompt of \d+ tokens is cut to 64")
@pytest.mark.parametrize("case", VECTORS["fast"])
def test_the_sequence_is_openpis(case: dict[str, Any]) -> None:
    tokenizer = Recording()
    tokens = tokenize_fast(
        tokenizer,
        task="Pick_up the FORK ",
        state=np.array(case["state"], dtype=np.float32),
        fast_ids=case["fast_ids"],
        max_tokens=case["max_len"],
    )
    assert tokenizer.calls == case["encode_calls"]
    assert tokens.ids_L.tolist() == case["tokens"]
    assert tokens.mask_L.tolist() == case["token_mask"]
    assert tokens.causal_L.astype(int).tolist() == case["ar_mask"]
    assert tokens.taught_L.tolist() == case["loss_mask"]
    if case["fast_ids"] is not None:
        mapped = fast_to_text_ids(case["fast_ids"], vocab_size=512)
        assert mapped.tolist() == case["mapped_ids"]
        assert text_to_fast_ids(mapped, vocab_size=512).tolist() == case["fast_ids"]


@UNHURRIED
@given(st.lists(st.integers(0, 99), max_size=30), st.booleans())
def test_actions_come_back(fast_ids: list[int], whole: bool) -> None:
    tokens = tokenize_fast(TINY, task="wipe", state=[0.0], fast_ids=fast_ids)
    answer = tokens.ids_L[tokens.taught_L]
    answered = answer if whole else answer[:-2]  # stopped before "|" and EOS
    extracted = extract_fast_ids(TINY, answered, fast_vocab_size=100)
    assert extracted is not None
    assert extracted.tolist() == fast_ids
    in_prompt = extract_fast_ids(TINY, tokens.ids_L, fast_vocab_size=100)
    assert in_prompt is not None
    assert in_prompt.tolist() == fast_ids


def test_an_answer_without_actions_or_with_words_among_them_moves_nothing() -> None:
    before, after = TINY.encode("Action: "), TINY.encode("|", eos=True)
    assert extract_fast_ids(TINY, [], fast_vocab_size=100) is None
    assert extract_fast_ids(TINY, TINY.encode("pick up the fork"), fast_vocab_size=100) is None
    assert extract_fast_ids(TINY, [1, *before, 383, *after], fast_vocab_size=100) is None
    assert (
        extract_fast_ids(TINY, [*before, 383, *TINY.encode(" fork"), 383, *after], fast_vocab_size=100)
        is None
    )
    assert extract_fast_ids(TINY, [*before, 383 - 100, *after], fast_vocab_size=100) is None
    empty = extract_fast_ids(TINY, [*before, *after], fast_vocab_size=100)
    assert empty is not None
    assert empty.tolist() == []


@UNHURRIED
@given(st.lists(st.integers(0, 511), max_size=40))
def test_any_answer_gives_valid_ids_or_none(ids: list[int]) -> None:
    for answer in (ids, [*TINY.encode("Action: "), *ids]):
        extracted = extract_fast_ids(TINY, answer, fast_vocab_size=100)
        assert extracted is None or ((extracted >= 0) & (extracted < 100)).all()


@pytest.mark.parametrize(
    ("fast_ids", "message"),
    [
        (
            [0, 380],
            r"FAST ids 0 to 380 do not fit into a text vocabulary of 512, which has room for 0 to 379",
        ),
        ([-1], "FAST ids -1 to -1 do not fit"),
        ([0.5], "one row of whole numbers, not float64"),
        ([[1]], r"of shape \(1, 1\)"),
        ([True], "not bool"),
    ],
)
def test_ids_that_do_not_fit_are_refused(fast_ids: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fast_to_text_ids(fast_ids, vocab_size=512)


def test_the_highest_id_stays_clear_of_the_special_tokens() -> None:
    assert fast_to_text_ids([379], vocab_size=512).tolist() == [4]
    assert fast_to_text_ids([], vocab_size=512).tolist() == []
