"""The tree of allowed phrases: exactly the phrases, and probabilities that are those of the model."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from policy.text.prompts import LEROBOT_PI052, SUBTASK_SENTENCES
from policy.text.tokenizer import EOS
from policy.text.trie import PhraseTrie, Prefix, normalise, phrase_probabilities
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


def test_a_batch_holds_every_phrase() -> None:
    trie = PhraseTrie(KITCHEN, TINY)
    ids_FL, mask_FL = trie.as_batch()
    assert ids_FL.dtype == np.int64
    assert [tuple(row[mask]) for row, mask in zip(ids_FL, mask_FL, strict=True)] == [
        trie.ids_of(phrase) for phrase in trie.phrases
    ]
    assert not ids_FL[~mask_FL].any()


def model_of(seed: int) -> tuple[dict[Prefix, NDArray[np.float64]], list[Sequence[Prefix]]]:
    """A random language model by prefix, and the questions it was asked."""
    return _RandomModel(seed), []


class _RandomModel(dict[Prefix, NDArray[np.float64]]):
    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __missing__(self, prefix: Prefix) -> NDArray[np.float64]:
        logits = np.random.default_rng([self._seed, *prefix]).normal(size=TINY.vocab_size) * 3
        self[prefix] = logits - np.log(np.exp(logits).sum())
        return self[prefix]


@pytest.mark.parametrize("seed", range(5))
def test_probabilities_are_those_of_the_model_among_the_phrases(seed: int) -> None:
    trie = PhraseTrie(KITCHEN, TINY)
    model, asked = model_of(seed)

    def next_log_probs(prefixes: Sequence[Prefix]) -> NDArray[np.float64]:
        asked.append(prefixes)
        return np.stack([model[prefix] for prefix in prefixes])

    probabilities = phrase_probabilities(trie, next_log_probs)
    joint = [
        math.prod(math.exp(model[ids[:at]][ids[at]]) for at in range(len(ids)))
        for ids in (trie.ids_of(phrase) for phrase in trie.phrases)
    ]
    assert np.allclose(probabilities, np.array(joint) / sum(joint), rtol=1e-9, atol=0)
    assert math.isclose(probabilities.sum(), 1)
    assert len(asked) == 1
    beginnings = {trie.ids_of(phrase)[:at] for phrase in KITCHEN for at in range(len(trie.ids_of(phrase)))}
    assert set(asked[0]) == beginnings
    assert [len(prefix) for prefix in asked[0]] == sorted(len(prefix) for prefix in asked[0])


def test_one_phrase_is_certain_and_small_numbers_do_not_vanish() -> None:
    trie = PhraseTrie(["pick up the cup"], TINY)
    rows = np.full((len(trie.prefixes), TINY.vocab_size), -5000.0)
    assert phrase_probabilities(trie, lambda prefixes: rows[: len(prefixes)]).tolist() == [1.0]
    assert normalise(np.array([-5000.0, -5000.0, -math.inf])).tolist() == [0.5, 0.5, 0.0]


def test_a_broken_model_is_reported() -> None:
    trie = PhraseTrie(["pick up", "wipe"], TINY)
    count = len(trie.prefixes)
    with pytest.raises(ValueError, match=rf"gave shape \(1, 512\) for {count} prefixes, not \[{count}, V\]"):
        phrase_probabilities(trie, lambda prefixes: np.zeros((1, 512)))
    for value in (math.nan, -math.inf, math.inf):
        with pytest.raises(ValueError, match="the model that gave them is broken"):
            phrase_probabilities(trie, lambda prefixes, value=value: np.full((len(prefixes), 512), value))


def test_many_phrases_are_quick() -> None:
    phrases = [
        " ".join(words) for words in itertools.product(("pick up", "put"), KITCHEN, KITCHEN, ("a", "b", "c"))
    ]
    trie = PhraseTrie(phrases, TINY)
    assert len(trie.phrases) == len(phrases)
    assert len(trie.allowed(())) >= 1
