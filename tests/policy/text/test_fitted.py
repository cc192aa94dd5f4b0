"""A vocabulary fitted on recordings: small, complete, the same every time, and readable by any sentencepiece."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from policy.presets import PI05_SMALL
from policy.text.fast_layout import fast_to_text_ids
from policy.text.fitted import fit_tokenizer, lines_of_tokens, texts_of
from policy.text.prompts import OPENPI_PI05, SUBTASK, tokenize
from policy.text.sentencepieces import SentencePieceTokenizer
from recordings import Dataset, Outcome
from tests.policy.text.vocabulary import KITCHEN, UNHURRIED
from tests.support.episodes import begin_episode

SMALL = fit_tokenizer(KITCHEN, vocab_size=2048, locations=True, fast_tokens=64)


def test_the_layout_is_as_documented() -> None:
    pieces = [SMALL.piece(token) for token in range(SMALL.vocab_size)]
    assert len(pieces) == SMALL.vocab_size == 2048
    assert pieces[:5] == ["<pad>", "<eos>", "<bos>", "<unk>", "\n"]
    assert pieces[5:262] == [f"▁{number}" for number in range(-1, 256)]
    assert pieces[262:518] == [f"<0x{byte:02X}>" for byte in range(256)]
    assert SMALL.locations.tolist() == list(range(2048 - 128 - 64 - 1024, 2048 - 128 - 64))
    fast = fast_to_text_ids(range(64), vocab_size=2048)
    assert [pieces[token] for token in fast] == [f"<fast{index}>" for index in range(64)]
    assert len(set(pieces)) == 2048


def test_lines_of_tokens_are_the_numbers_and_the_locations_that_a_vocabulary_has() -> None:
    numbers, locations = lines_of_tokens(SMALL)
    assert [SMALL.piece(token) for token in numbers] == [f"▁{number}" for number in range(-1, 256)]
    assert locations == SMALL.locations.tolist()
    assert lines_of_tokens(fit_tokenizer(KITCHEN, vocab_size=1024)) == [numbers]
    assert lines_of_tokens(fit_tokenizer(KITCHEN, vocab_size=1024, state_numbers=False)) == []


def test_any_sentencepiece_reads_its_file(tmp_path: Path) -> None:
    SMALL.save(tmp_path / "small.model")
    reference = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "small.model"))
    text = "Task: pick up the plate, State: 1 255 -1;\nSubtask: "
    assert reference.encode(text, add_bos=True) == SMALL.encode(text, bos=True)
    assert reference.decode(SMALL.encode(text)) == text
    assert (reference.pad_id(), reference.eos_id(), reference.bos_id(), reference.unk_id()) == (0, 1, 2, 3)


def test_the_same_texts_give_the_same_vocabulary() -> None:
    again = fit_tokenizer(
        reversed([*KITCHEN, *KITCHEN, " "]), vocab_size=2048, locations=True, fast_tokens=64
    )
    assert again.model == SMALL.model
    assert fit_tokenizer(KITCHEN[1:], vocab_size=2048, locations=True, fast_tokens=64).model != SMALL.model


def test_known_words_are_one_token_each_and_each_number_of_the_state_too() -> None:
    for text in ("pick up the plate", "put the plate into the sink", "wipe the counter with the sponge"):
        assert len(SMALL.encode(text)) == len(text.split())
    state = [index / 10 - 0.9 for index in range(19)]
    prompt = tokenize(OPENPI_PI05, SMALL, task="put the plate into the sink", state=state)
    assert (
        len(prompt.ids_L) == 1 + 2 + 6 + 3 + 19 + 2 + 3
    )  # BOS, "Task:", words, ", State:", state, ";\n", "Action: "
    plain = fit_tokenizer(KITCHEN, vocab_size=1024, state_numbers=False)
    assert len(tokenize(OPENPI_PI05, plain, task="put the plate into the sink", state=state).ids_L) > 70
    assert len(prompt.ids_L) <= PI05_SMALL.max_prompt_tokens


@UNHURRIED
@given(st.text())
def test_every_text_can_be_encoded_and_comes_back(text: str) -> None:
    ids = SMALL.encode(text)
    assert 3 not in ids
    assert SMALL.decode(ids) == text.replace("▁", " ")


@UNHURRIED
@given(st.lists(st.integers(0, 2047)))
def test_any_ids_are_some_text(ids: list[int]) -> None:
    assert isinstance(SMALL.decode(ids), str)


def test_spare_and_action_tokens_are_never_text() -> None:
    assert max(SMALL.encode("<fast0> <spare1> <reserved2>")) < SMALL.locations[0]
    assert SMALL.decode([2047, 2048 - 128 - 1, int(SMALL.locations[0]) - 1, 2040]) == ""
    assert SMALL.decode([int(SMALL.locations[3])]) == "<loc0003>"


def test_boxes_need_one_token_an_edge() -> None:
    text = "<loc0001><loc0002><loc0003><loc1023> plate ; pick up the plate"
    assert SMALL.encode(text)[:4] == [int(SMALL.locations[step]) for step in (1, 2, 3, 1023)]
    assert len(SMALL.encode(text)) <= 11


def test_fitting_is_fast_and_silent(capfd: pytest.CaptureFixture[str]) -> None:
    texts = [
        f"{verb} the {thing} {number}"
        for verb in ("take", "put")
        for thing in KITCHEN
        for number in range(100)
    ]
    started = time.perf_counter()
    fit_tokenizer(texts, vocab_size=4096)
    assert time.perf_counter() - started < 20
    assert capfd.readouterr() == ("", "")


def test_long_texts_count_too() -> None:
    long_text = "grapefruit " * 2000
    assert len(fit_tokenizer([long_text], vocab_size=1024).encode("grapefruit")) == 1


def test_the_smallest_vocabulary_that_is_offered_can_be_had() -> None:
    with pytest.raises(ValueError, match=r"vocab_size 100 is too small: .* take 552; allow more") as refused:
        fit_tokenizer(KITCHEN, vocab_size=100)
    assert fit_tokenizer(KITCHEN, vocab_size=552).vocab_size == 552
    with pytest.raises(ValueError, match="too small"):
        fit_tokenizer(KITCHEN, vocab_size=551)
    assert "552" in str(refused.value)


def test_bad_texts_are_refused() -> None:
    for nothing in ([], ["", " \n"]):
        with pytest.raises(ValueError, match="no text to fit a vocabulary on"):
            fit_tokenizer(nothing, vocab_size=2048)
    with pytest.raises(TypeError, match="must be many strings, not the one string 'pick up'"):
        fit_tokenizer("pick up", vocab_size=2048)
    with pytest.raises(TypeError, match="text must be a string, not int: 3"):
        fit_tokenizer(["pick up", 3], vocab_size=2048)  # type: ignore[list-item]
    with pytest.raises(ValueError, match="half a surrogate pair"):
        fit_tokenizer(["pick \ud800"], vocab_size=2048)
    with pytest.raises(ValueError, match="fast_tokens must be 0 or more, not -1"):
        fit_tokenizer(KITCHEN, vocab_size=2048, fast_tokens=-1)


@pytest.mark.expects_log("left out of the vocabulary")
def test_texts_come_from_recordings(tmp_path: Path) -> None:
    dataset = Dataset.open(tmp_path / "kitchen", create=True)
    for task, subtasks in (
        ("clean the kitchen", ["pick up the cup", "wipe the counter"]),
        ("set the table", []),
    ):
        writer = begin_episode(dataset, task=task)
        for number, subtask in enumerate(subtasks):
            writer.add_subtask(subtask, time_ns=2_000_000_000 + number)
        writer.close(Outcome.SUCCESS)
        writer.wait_settled()
    broken = begin_episode(dataset, task="never read").close(Outcome.SUCCESS)
    (broken.path / "zarr.json").write_text("{}")
    texts = sorted(texts_of(dataset))
    assert texts == ["clean the kitchen", "pick up the cup", "set the table", "wipe the counter"]
    tokenizer = fit_tokenizer(texts_of(dataset), vocab_size=1024)
    assert len(tokenizer.encode("wipe the counter")) == 3


def test_a_fitted_vocabulary_serves_both_levels() -> None:
    loaded = SentencePieceTokenizer(SMALL.model)
    prompt = tokenize(SUBTASK, loaded, task="clean the kitchen", state=[0.0] * 19, max_tokens=96)
    assert prompt.ids_L.shape == (96,)
    assert loaded.decode(prompt.ids_L.tolist()).endswith(";\nSubtask: ")
