"""A vocabulary from a file: what it gives, and what it says about files that are none."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from policy.presets import PI05
from policy.text.fast_layout import fast_to_text_ids
from policy.text.fitted import _CONTROL, _USER_DEFINED, _piece
from policy.text.sentencepieces import BadVocabulary, SentencePieceTokenizer, location_piece
from policy.text.tokenizer import BOS, EOS, PAD, UNK, TextTokenizer
from tests.policy.text.vocabulary import GOLDEN, TINY, UNHURRIED

TINY_FILE = GOLDEN / "tiny_sp.model"
NORMAL, UNUSED = 1, 5


def test_it_is_what_sentencepiece_says() -> None:
    reference = sentencepiece.SentencePieceProcessor(model_file=str(TINY_FILE))
    tokenizer: TextTokenizer = TINY
    text = "Pick up the café mug 🙂,\n  twice"
    assert tokenizer.vocab_size == reference.vocab_size() == 512
    assert tokenizer.encode(text) == reference.encode(text)
    assert tokenizer.encode(text, bos=True, eos=True) == [BOS, *reference.encode(text), EOS]
    assert [TINY.piece(token) for token in range(512)] == [
        reference.id_to_piece(token) for token in range(512)
    ]
    assert all(TINY.token(TINY.piece(token)) == token for token in range(512))


def test_special_tokens_are_not_text() -> None:
    ids = TINY.encode("cup", bos=True, eos=True)
    assert TINY.decode([PAD, *ids, PAD, UNK]) == "cup"
    assert TINY.decode([]) == TINY.decode([EOS]) == ""
    assert not {PAD, EOS, BOS, UNK} & set(TINY.encode("<pad></s><s><unk>"))
    assert TINY.token("no such piece") is None
    assert TINY.token("<unk>") == UNK


@UNHURRIED
@given(st.text())
def test_no_text_is_lost(text: str) -> None:
    assert TINY.decode(TINY.encode(text)) == text.replace("▁", " ")


@UNHURRIED
@given(st.lists(st.integers(0, 511)))
def test_any_ids_of_the_vocabulary_are_some_text(ids: list[int]) -> None:
    assert isinstance(TINY.decode(ids), str)


def test_ids_outside_are_refused() -> None:
    for wrong in (-1, 512):
        with pytest.raises(ValueError, match=f"token {wrong} is outside the vocabulary of 512 tokens"):
            TINY.decode([5, wrong])
        with pytest.raises(ValueError, match=f"token {wrong} is outside the vocabulary of 512 tokens"):
            TINY.piece(wrong)


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="text must be a string, not NoneType: None"):
        TINY.encode(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="half a surrogate pair at position 3"):
        TINY.encode("cup\udfff")


def test_a_saved_vocabulary_is_the_same(tmp_path: Path) -> None:
    TINY.save(tmp_path / "copy.model")
    copy = SentencePieceTokenizer(str(tmp_path / "copy.model"))
    assert copy.model == TINY.model
    assert copy.fingerprint == TINY.fingerprint
    assert SentencePieceTokenizer(TINY.model + _piece("x y", NORMAL)).fingerprint != TINY.fingerprint


def test_threads_share_it_and_processes_pass_it_on() -> None:
    texts = [f"pick up cup {number}, café" for number in range(200)]
    expected = [TINY.encode(text) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(TINY.encode, texts)) == expected
    copy: SentencePieceTokenizer = pickle.loads(pickle.dumps(TINY))
    assert [copy.encode(text) for text in texts] == expected
    assert copy.fingerprint == TINY.fingerprint


def test_a_missing_file_says_where_the_vocabulary_is(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"no text vocabulary at .*nothing\.model.*gs://big_vision/paligemma"
    ):
        SentencePieceTokenizer(tmp_path / "nothing.model")
    with pytest.raises(BadVocabulary, match="is a folder; give the sentencepiece model file in it"):
        SentencePieceTokenizer(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"<html>Not found</html>", TINY.model[:3000]])
def test_a_damaged_file_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes) -> None:
    (tmp_path / "bad.model").write_bytes(content)
    with pytest.raises(
        BadVocabulary, match=r"bad\.model: \d+ bytes that are no whole sentencepiece model.*big_vision"
    ):
        SentencePieceTokenizer(tmp_path / "bad.model")
    assert capfd.readouterr() == ("", "")


def test_a_vocabulary_with_other_special_ids_is_refused() -> None:
    # sentencepiece's own default: unk 0, bos 1, eos 2, no padding.
    pieces = [_piece("<unk>", 2), _piece("<s>", _CONTROL), _piece("</s>", _CONTROL), _piece("a", NORMAL)]
    with pytest.raises(BadVocabulary, match=r"special ids are \{'pad': -1, 'eos': 2, 'bos': 1, 'unk': 0\}"):
        SentencePieceTokenizer(b"".join(pieces))


def test_a_vocabulary_without_locations_has_none() -> None:
    assert TINY.locations.tolist() == []
    partly = SentencePieceTokenizer(TINY.model + _piece(location_piece(0), _USER_DEFINED))
    assert partly.locations.tolist() == []


@pytest.mark.parametrize("kind", [NORMAL, _CONTROL, _USER_DEFINED, UNUSED])
def test_location_tokens_are_one_token_each_however_the_file_declares_them(kind: int) -> None:
    pieces = b"".join(_piece(location_piece(step), kind) for step in range(1024))
    tokenizer = SentencePieceTokenizer(TINY.model + pieces)
    assert tokenizer.locations.tolist() == list(range(512, 1536))
    text = "<loc0000><loc1023> cup ; <loc9999> <loc12><loc0007>x"
    ids = tokenizer.encode(text)
    assert [token for token in ids if token >= 512] == [512, 512 + 1023, 512 + 7]
    assert tokenizer.decode(ids) == text


def test_a_vocabulary_of_paligemmas_size_has_locations_and_actions_where_paligemma_has_them() -> None:
    words = b"".join(_piece(f"<w{index}>", NORMAL) for index in range(512, 256_000))
    locations = b"".join(_piece(location_piece(step), _USER_DEFINED) for step in range(1024))
    segments = b"".join(_piece(f"<seg{index:03d}>", _USER_DEFINED) for index in range(128))
    tokenizer = SentencePieceTokenizer(TINY.model + words + locations + segments)
    assert tokenizer.vocab_size == PI05.vocab_size == 257_152
    assert tokenizer.locations[[0, -1]].tolist() == [256_000, 257_023]
    assert fast_to_text_ids([0, 1023, 1024], vocab_size=257_152).tolist() == [257_023, 256_000, 255_999]
