"""FAST as a folder, in the published processor's layout."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tokenizers import ByteLevelBPETokenizer, Tokenizer
from tokenizers.trainers import BpeTrainer

from policy.actions.fast import FastTokenizer
from policy.actions.tokenizer import MalformedTokens
from tests.policy.actions.sines import sines


@pytest.fixture
def folder(fast: FastTokenizer, tmp_path: Path) -> Path:
    fast.save(tmp_path / "fast")
    return tmp_path / "fast"


def change(path: Path, edit: Callable[[dict[str, object]], object]) -> None:
    """Edit a JSON file."""
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def test_a_folder_has_the_published_files_and_keys(folder: Path, fast: FastTokenizer) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "processor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
    }
    assert json.loads((folder / "processor_config.json").read_text()) == {
        "action_dim": 19,
        "auto_map": {
            "AutoProcessor": "physical-intelligence/fast--processing_action_tokenizer.UniversalActionProcessor"
        },
        "min_token": fast.min_token,
        "processor_class": "UniversalActionProcessor",
        "scale": 10,
        "time_horizon": 50,
        "vocab_size": fast.vocab_size,
    }
    config = json.loads((folder / "tokenizer_config.json").read_text())
    assert config["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert config["clean_up_tokenization_spaces"] is False
    assert config["model_max_length"] == int(1e30)


def test_a_loaded_one_is_the_same(folder: Path, fast: FastTokenizer) -> None:
    loaded = FastTokenizer.load(folder)
    assert (loaded.scale, loaded.min_token, loaded.horizon, loaded.action_dim) == (10, fast.min_token, 50, 19)
    assert loaded.vocabulary.token_bytes == fast.vocabulary.token_bytes
    assert np.array_equal(loaded.vocabulary.spelled, fast.vocabulary.spelled)
    for chunk in sines(20, seed=3):
        ids = fast.encode(chunk)
        assert loaded.encode(chunk) == ids
        np.testing.assert_array_equal(loaded.decode(ids), fast.decode(ids))


def test_the_file_of_tokens_works_without_us(folder: Path, fast: FastTokenizer) -> None:
    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    chunk = sines(1, seed=3)[0]
    text = "".join(chr(value - fast.min_token) for value in fast.coefficients(chunk))
    assert plain.encode(text).ids == fast.encode(chunk)
    assert plain.decode(fast.encode(chunk)) == text


def test_a_folder_fitted_the_published_way_loads(tmp_path: Path) -> None:
    """As the published processor fits and saves: words split as GPT-2 does, any chunk size, some bytes left out."""
    chunks = sines(200, seed=0)
    rounded = FastTokenizer.fit(chunks, scale=10, vocab_size=300)
    flat = np.array([rounded.coefficients(chunk) for chunk in chunks])
    least = int(flat.min())
    bpe = ByteLevelBPETokenizer()
    trainer = BpeTrainer(
        vocab_size=1024,
        min_frequency=2,
        show_progress=False,
        special_tokens=[],
        initial_alphabet=[chr(code) for code in range(int(flat.max()) - least + 1)],
        max_token_length=10000,
    )
    texts = ["".join(chr(value - least) for value in row) for row in flat]
    bpe._tokenizer.train_from_iterator(texts, trainer=trainer)
    bpe._tokenizer.save(str(tmp_path / "tokenizer.json"))
    config = {
        "action_dim": None,
        "auto_map": {"AutoProcessor": "processing_action_tokenizer.UniversalActionProcessor"},
        "min_token": least,
        "processor_class": "UniversalActionProcessor",
        "scale": 10,
        "time_horizon": None,
        "vocab_size": 1024,
    }
    (tmp_path / "processor_config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="does not say the chunk's horizon; give `horizon`"):
        FastTokenizer.load(tmp_path)
    loaded = FastTokenizer.load(tmp_path, horizon=50, action_dim=19)
    for chunk, text, row in zip(chunks, texts, flat, strict=True):
        assert loaded.encode(chunk) == bpe.encode(text).ids
        assert loaded.coefficients(chunk).tolist() == row.tolist()
    constraint = loaded.constraint()
    assert all(constraint.follow(loaded.encode(chunk)).complete for chunk in chunks)
    dead = loaded.vocabulary.token_bytes.index(b"\xff")
    assert not constraint.allowed(constraint.start())[dead]
    with pytest.raises(MalformedTokens, match="no UTF-8"):
        loaded.decode([dead] * 950)
    other = FastTokenizer.load(tmp_path, horizon=10, action_dim=7)
    assert other.decode(other.encode(np.full((10, 7), 0.5))).shape == (10, 7)
    with pytest.raises(MalformedTokens, match="a chunk has 70"):
        other.decode(loaded.encode(chunks[0]))


def test_sizes_that_are_given_go_first(folder: Path) -> None:
    loaded = FastTokenizer.load(folder, horizon=10, action_dim=7)
    assert loaded.decode(loaded.encode(np.zeros((10, 7)))).shape == (10, 7)


def test_the_newer_place_of_the_tokens_is_found(folder: Path, fast: FastTokenizer) -> None:
    (folder / "bpe_tokenizer").mkdir()
    (folder / "tokenizer.json").rename(folder / "bpe_tokenizer" / "tokenizer.json")
    assert FastTokenizer.load(folder).vocabulary.token_bytes == fast.vocabulary.token_bytes


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("truncation", {"direction": "Right", "max_length": 10, "strategy": "LongestFirst", "stride": 0}),
        (
            "padding",
            {
                "strategy": {"Fixed": 600},
                "direction": "Right",
                "pad_to_multiple_of": None,
                "pad_id": 0,
                "pad_type_id": 0,
                "pad_token": "!",
            },
        ),
    ],
)
def test_how_batches_were_cut_and_filled_is_left_aside(
    folder: Path, fast: FastTokenizer, key: str, value: dict[str, object]
) -> None:
    change(folder / "tokenizer.json", lambda content: content.update({key: value}))
    chunk = sines(1, seed=3)[0]
    assert FastTokenizer.load(folder).encode(chunk) == fast.encode(chunk)


@pytest.mark.parametrize("name", ["processor_config.json", "tokenizer.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"{name} is missing"):
        FastTokenizer.load(folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder"):
        FastTokenizer.load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["processor_config.json", "tokenizer.json"])
@pytest.mark.parametrize(
    ("content", "said"), [(b"{", "is no JSON"), (b"\xff\xfe", "is no JSON"), (b"[1]", "not a list")]
)
def test_a_damaged_file_is_named(folder: Path, name: str, content: bytes, said: str) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name}.*{said}"):
        FastTokenizer.load(folder)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("scale", 0, "scale must be a number above 0 and at most 1048576, not 0"),
        ("scale", "10", "scale must be a number above 0 .* not '10'"),
        ("scale", 10**400, "scale must be a number above 0"),
        ("scale", float("nan"), "scale must be a number above 0"),
        ("min_token", 10**30, "min_token must be a whole number from -1048576 to 1048576, not 1000"),
        ("scale", True, "scale must be"),
        ("scale", None, "scale must be"),
        ("min_token", 1.5, "min_token must be a whole number"),
        ("time_horizon", 0, "time_horizon must be a whole number from 1 to 1048576, not 0"),
        ("action_dim", -19, "action_dim must be a whole number from 1 to 1048576, not -19"),
        ("vocab_size", 300, "tokens, but .*processor_config.json says vocab_size 300"),
        ("vocab_size", "many", "vocab_size must be a whole number"),
    ],
)
def test_a_value_that_cannot_be_is_named(folder: Path, key: str, value: object, said: str) -> None:
    change(folder / "processor_config.json", lambda config: config.update({key: value}))
    with pytest.raises(ValueError, match=said):
        FastTokenizer.load(folder)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda content: content["model"].update(type="WordPiece"), "its model must be BPE"),
        (
            lambda content: content.update(pre_tokenizer=None),
            "its pre_tokenizer must be ByteLevel, and is null",
        ),
        (lambda content: content["pre_tokenizer"].update(add_prefix_space=True), "its pre_tokenizer must be"),
        (
            lambda content: content.update(normalizer={"type": "Lowercase"}),
            "has normalizer, which FAST has not",
        ),
        (lambda content: content.update(added_tokens=[{"id": 0, "content": "<s>"}]), "has added_tokens"),
        (lambda content: content["model"].update(dropout=0.5), r"its model has dropout 0\.5"),
        (
            lambda content: content["model"].update(continuing_subword_prefix="#"),
            "its model has continuing_subword_prefix '#'",
        ),
        (lambda content: content["model"].pop("merges"), "is damaged"),
        (lambda content: content["model"]["vocab"].update(hello=1), "is damaged|do not have the ids"),
    ],
)
def test_tokens_of_another_kind_are_refused(
    folder: Path, edit: Callable[[dict[str, object]], object], said: str
) -> None:
    change(folder / "processor_config.json", lambda config: config.update(vocab_size=4096))
    change(folder / "tokenizer.json", edit)
    with pytest.raises(ValueError, match=said):
        FastTokenizer.load(folder)
