"""Under the constraint every string of tokens is exactly one chunk; without it, a chunk or refused."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tokenizers import Tokenizer

from app.bench.fast import are_chunks, edit, random_chunks
from policy.actions.fast import FastTokenizer
from policy.actions.fast_constraint import FastConstraint, FastProgress
from policy.actions.fast_vocabulary import FastVocabulary, byte_symbols
from policy.actions.tokenizer import MalformedTokens
from tests.policy.actions.sines import sines


def vocabulary_of(tokens: Sequence[bytes], *, min_token: int = 0) -> FastVocabulary:
    """A vocabulary with exactly these tokens."""
    symbols = byte_symbols()
    vocab = {"".join(symbols[byte] for byte in token): index for index, token in enumerate(tokens)}
    content = {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {
            "type": "ByteLevel",
            "add_prefix_space": False,
            "trim_offsets": True,
            "use_regex": False,
        },
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "vocab": vocab, "merges": []},
    }
    return FastVocabulary(Tokenizer.from_str(json.dumps(content)), min_token=min_token)


def is_chunk(fast: FastTokenizer, ids: Sequence[int] | NDArray[np.int64]) -> bool:
    """By definition: the tokens' bytes are the UTF-8 of T · A characters that stand for coefficients."""
    try:
        text = b"".join(fast.vocabulary.token_bytes[index] for index in ids).decode()
    except UnicodeDecodeError:
        return False
    highest = fast.vocabulary.max_coefficient - fast.min_token
    return len(text) == fast.horizon * fast.action_dim and all(ord(each) <= highest for each in text)


def decodes(fast: FastTokenizer, ids: Sequence[int] | NDArray[np.int64]) -> bool:
    """Whether decoding gives a chunk, which then is finite and of the right shape, and does not refuse."""
    try:
        decoded = fast.decode(ids)
    except MalformedTokens:
        return False
    assert decoded.shape == (fast.horizon, fast.action_dim)
    assert np.isfinite(decoded).all()
    return True


@pytest.fixture(scope="module")
def wide() -> FastTokenizer:
    """Small chunks at a fine scale: eight first bytes of two, and most coefficients have two."""
    return FastTokenizer.fit(sines(300, seed=0, steps=8, dims=3), scale=80, vocab_size=600)


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_whatever_is_drawn_under_the_constraint_is_a_chunk(wide: FastTokenizer, data: st.DataObject) -> None:
    constraint = wide.constraint()
    progress, ids = constraint.start(), []
    while not progress.complete:
        allowed = np.flatnonzero(constraint.allowed(progress))
        ids.append(int(allowed[data.draw(st.integers(0, len(allowed) - 1))]))
        progress = constraint.advance(progress, ids[-1])
    assert not constraint.allowed(progress).any()
    assert is_chunk(wide, ids)
    assert decodes(wide, ids)


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_the_constraint_allows_all_that_can_become_a_chunk_and_nothing_else(
    wide: FastTokenizer, data: st.DataObject
) -> None:
    constraint = wide.constraint()
    (ids,) = random_chunks(
        constraint, 1, np.random.default_rng(data.draw(st.integers(0, 2**32))), vocab_size=wide.vocab_size
    )
    cut = data.draw(st.integers(0, len(ids) - 1))
    begun = b"".join(wide.vocabulary.token_bytes[index] for index in ids[:cut])
    allowed = constraint.allowed(constraint.follow(ids[:cut].tolist()))
    highest = wide.vocabulary.max_coefficient - wide.min_token
    for token_id, token in enumerate(wide.vocabulary.token_bytes):
        # What waits at the end can be finished with 0x80 at least, unless UTF-8 forbids even that.
        ends = [begun + token + rest for rest in (b"", b"\x80")]
        texts = [end.decode() for end in ends if _is_utf8(end)]
        able = any(max(map(ord, text), default=0) <= highest and len(text) <= 24 for text in texts)
        assert allowed[token_id] == able, (token, begun)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("which", ["fast", "wide"])
def test_random_strings_are_chunks_or_refused(which: str, request: pytest.FixtureRequest) -> None:
    tokenizer: FastTokenizer = request.getfixturevalue(which)
    rng, constraint = np.random.default_rng(0), tokenizer.constraint()
    drawn = random_chunks(constraint, 400, rng, vocab_size=tokenizer.vocab_size)
    assert all(is_chunk(tokenizer, ids) and decodes(tokenizer, ids) for ids in drawn)
    longest = 2 * max(len(ids) for ids in drawn)
    free = [rng.integers(0, tokenizer.vocab_size, length) for length in rng.integers(0, longest, 400)]
    nearly = [edit(ids, rng, vocab_size=tokenizer.vocab_size) for ids in drawn]
    truth = [is_chunk(tokenizer, ids) for ids in free + nearly]
    assert [decodes(tokenizer, ids) for ids in free + nearly] == truth
    assert are_chunks(constraint, free + nearly) == truth
    assert 0 < sum(truth) < len(truth)


def test_what_is_encoded_passes(fast: FastTokenizer, wide: FastTokenizer) -> None:
    for tokenizer, chunks in ((fast, sines(20, seed=9)), (wide, sines(20, seed=9, steps=8, dims=3))):
        constraint = tokenizer.constraint()
        for chunk in chunks:
            assert constraint.follow(tokenizer.encode(chunk)).complete


def test_many_at_once_are_as_one_by_one(wide: FastTokenizer) -> None:
    constraint = wide.constraint()
    left, waiting = np.array([24, 3, 1, 0, 1]), np.array([0, 1, 2, 0, 0])
    masks = constraint.allowed_many(left, waiting)
    for row in range(5):
        progress = FastProgress(int(left[row]), int(waiting[row]))
        np.testing.assert_array_equal(masks[row], constraint.allowed(progress))
        for token_id in range(0, wide.vocab_size, 7):
            after = constraint.advance_many(left[[row]], waiting[[row]], np.array([token_id]))
            if masks[row, token_id]:
                one = constraint.advance(progress, token_id)
                assert (after[0][0], after[1][0], after[2][0]) == (one.left, one.waiting, True)
            else:
                assert (after[0][0], after[1][0], after[2][0]) == (left[row], waiting[row], False)


def test_parts_of_characters_by_hand() -> None:
    tokens = [
        b"\x00",
        b"\xc2",
        b"\x80",
        b"\x81",
        b"\x80\x00",
        b"\x00\xc2",
        b"\x80\xc2",
        b"\xc3",
        b"\x00\x80",
        b"\xe0",
    ]
    constraint = FastConstraint(vocabulary_of(tokens), count=2)

    def allowed(*ids: int) -> list[bytes]:
        return [tokens[index] for index in np.flatnonzero(constraint.allowed(constraint.follow(ids)))]

    assert allowed() == [b"\x00", b"\xc2", b"\x00\xc2", b"\xc3"]
    assert allowed(0) == [
        b"\x00",
        b"\xc2",
        b"\xc3",
    ]  # one is left: nothing that ends in a byte that waits after it
    assert allowed(1) == [b"\x80", b"\x81", b"\x80\x00", b"\x80\xc2"]
    assert allowed(5) == [b"\x80", b"\x81"]
    assert allowed(1, 6) == [b"\x80", b"\x81"]
    assert allowed(1, 4) == []
    assert constraint.follow([1, 4]).complete
    assert constraint.follow([1]) == FastProgress(left=2, waiting=1)


def test_first_bytes_without_a_second_are_never_allowed() -> None:
    constraint = FastConstraint(vocabulary_of([b"\x00", b"\xc2", b"\xe1", b"\xff", b"\x00\xc2"]), count=1)
    assert constraint.allowed(constraint.start()).tolist() == [True, False, False, False, False]


@pytest.mark.parametrize("token_id", [1, 2, 99, -1])
def test_a_token_that_may_not_come_is_refused(token_id: int) -> None:
    constraint = FastConstraint(vocabulary_of([b"\x00", b"\x00\x00", b"\x80", b"\xc2"]), count=1)
    with pytest.raises(
        MalformedTokens, match=r"may not come here: 1 coefficients are left|outside the vocabulary"
    ):
        constraint.advance(constraint.start(), token_id)


def test_values_that_a_foreign_vocabulary_lacks_go_to_the_nearest() -> None:
    vocabulary = vocabulary_of([b"\x00", b"\x01", b"\x05", b"\x06", b"\x09"], min_token=-4)
    asked = np.array([-100.0, -4, -3, -2, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 1e300])
    assert vocabulary.nearest(asked).tolist() == [-4, -4, -3, -3, -3, 1, 1, 2, 2, 5, 5, 5]
    assert vocabulary.decode(vocabulary.encode(np.array([-4, 5, 1])), count=3).tolist() == [-4, 5, 1]
    assert vocabulary.nearest(np.array([-2.0])).tolist() == [-3]


def test_a_gap_behind_many_values_is_a_gap() -> None:
    vocabulary = vocabulary_of([b"\x00", b"\x01", b"\x02", b"\x03", b"\x40"])
    assert vocabulary.nearest(np.array([1.0, 4.0])).tolist() == [1, 3]


def test_a_vocabulary_that_spells_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no coefficient can be spelled"):
        vocabulary_of([b"\xc2", b"\x00\x00"])
