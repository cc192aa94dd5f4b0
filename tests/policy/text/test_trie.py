"""The tree of allowed phrases: exactly the phrases, and probabilities that are those of the model."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.text.prompts import LEROBOT_PI052, SUBTASK_SENTENCES
from policy.text.tokenizer import EOS
from policy.text.trie import PhraseTrie, Prefix, normalise
from tests.policy.text.vocabulary import KITCHEN, TINY, UNHURRIED


def spoken(trie: PhraseTrie) -> set[str]:
    """Every phrase that can be said by following `allowed` from the start."""
    said, open_prefixes = set(), [()]
    while open_prefixes:
        prefix: Prefix = open_prefixes.pop()
        for token in trie.allowed(prefix):
            longer = (*prefix, int(token))
            phrase = trie.phrase_of(longer)
            if phrase is None:
                open_prefixes.append(longer)
            else:
                assert not len(trie.allowed(longer))
                said.add(phrase)
    return said


def test_following_it_says_exactly_the_phrases() -> None:
    trie = PhraseTrie(KITCHEN, TINY)
    assert trie.phrases == KITCHEN
    assert spoken(trie) == set(KITCHEN)
    assert all(trie.ids_of(phrase) == (*TINY.encode(phrase), EOS) for phrase in KITCHEN)


@UNHURRIED
@given(st.lists(st.text("abc ", min_size=1).filter(str.strip), min_size=1, max_size=12))
def test_any_phrases(phrases: list[str]) -> None:
    trie = PhraseTrie(phrases, TINY)
    assert spoken(trie) == set(trie.phrases)
    assert set(trie.phrases) <= set(phrases)
    assert {trie.phrase_of(trie.ids_of(phrase)) for phrase in phrases} == set(trie.phrases)
    assert all(phrase.strip() == (trie.phrase_of(trie.ids_of(phrase)) or "").strip() for phrase in phrases)


def test_a_phrase_that_begins_another_may_end_or_go_on() -> None:
    trie = PhraseTrie(["pick up the cup", "pick up the cup and the plate"], TINY)
    shorter = trie.ids_of("pick up the cup")
    assert EOS in trie.allowed(shorter[:-1])
    assert len(trie.allowed(shorter[:-1])) == 2
    assert trie.allowed(shorter).tolist() == []


def test_phrases_with_the_same_tokens_are_one() -> None:
    trie = PhraseTrie(["pick_up the cup", "pick up the cup ", "pick up the cup", "wipe"], TINY)
    assert trie.phrases == ("pick_up the cup", "wipe")
    assert trie.ids_of("pick up the cup") == trie.ids_of("pick_up the cup")
    assert trie.phrase_of(trie.ids_of("pick up the cup ")) == "pick_up the cup"


def test_the_form_of_the_answer_counts() -> None:
    trie = PhraseTrie(["Pick up"], TINY, form=SUBTASK_SENTENCES)
    assert TINY.decode(trie.ids_of("Pick up")) == "pick up.;\nAction: "
    with pytest.raises(ValueError, match="teaches no text"):
        PhraseTrie(["pick up"], TINY, form=LEROBOT_PI052)


def test_bad_phrases_are_refused() -> None:
    with pytest.raises(ValueError, match="no phrases to choose from"):
        PhraseTrie([], TINY)
    with pytest.raises(TypeError, match="not the one string 'pick up'"):
        PhraseTrie("pick up", TINY)
    with pytest.raises(ValueError, match=r"a phrase is blank: ' \\n'"):
        PhraseTrie(["pick up", " \n"], TINY)
    with pytest.raises(ValueError, match="a phrase is blank: '_'"):
        PhraseTrie(["_"], TINY)
    with pytest.raises(TypeError, match="text must be a string, not NoneType"):
        PhraseTrie([None], TINY)  # type: ignore[list-item]


def test_what_is_not_in_it_is_refused() -> None:
    trie = PhraseTrie(["pick up", "wipe"], TINY)
    with pytest.raises(ValueError, match=r"no allowed phrase begins with tokens \[7, 7\]"):
        trie.allowed((7, 7))
    with pytest.raises(ValueError, match="'jump' is not among the allowed phrases: 'pick up', 'wipe'"):
        trie.ids_of("jump")
    assert trie.phrase_of(trie.ids_of("wipe")[:-1]) is None
    with pytest.raises(ValueError, match="read-only"):
        trie.allowed(())[0] = 5


def test_its_prefixes_are_all_beginnings_shorter_ones_first() -> None:
    trie = PhraseTrie(KITCHEN, TINY)
    wholes = [trie.ids_of(phrase) for phrase in KITCHEN]
    assert set(trie.prefixes) == {ids[:at] for ids in wholes for at in range(len(ids))}
    assert [len(prefix) for prefix in trie.prefixes] == sorted(len(prefix) for prefix in trie.prefixes)


@UNHURRIED
@given(st.lists(st.floats(-20, 0), min_size=1, max_size=8))
def test_probabilities_are_shares_of_what_is_allowed(log_probs: list[float]) -> None:
    shares = normalise(np.array(log_probs))
    total = math.fsum(map(math.exp, log_probs))
    assert np.allclose(shares, [math.exp(value) / total for value in log_probs], rtol=1e-9, atol=0)


def test_small_numbers_do_not_vanish() -> None:
    assert normalise(np.array([-5000.0])).tolist() == [1.0]
    assert normalise(np.array([-5000.0, -5000.0, -math.inf])).tolist() == [0.5, 0.5, 0.0]


@pytest.mark.parametrize("value", [math.nan, -math.inf, math.inf])
def test_a_broken_model_is_reported(value: float) -> None:
    with pytest.raises(ValueError, match="the model that gave them is broken"):
        normalise(np.array([value, value]))


def test_hundreds_of_phrases_that_share_their_beginnings() -> None:
    phrases = [
        " ".join(words) for words in itertools.product(("pick up", "put"), KITCHEN, KITCHEN, ("a", "b", "c"))
    ]
    assert len(phrases) == 294
    assert spoken(PhraseTrie(phrases, TINY)) == set(phrases)
