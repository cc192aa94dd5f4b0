"""Recognisers are loaded by name or path, in Whisper's own format; what cannot be loaded says why and what to do."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
import torch
import whisper

from app.speech.whisper import catalogue, model
from app.speech.whisper.model import ModelMissing, ModelUnreadable, SpeechModel, load


def write(path: Path, small: SpeechModel) -> Path:
    torch.save({"dims": asdict(small.whisper.dims), "model_state_dict": small.whisper.state_dict()}, path)
    return path


def test_a_checkpoint_is_loaded_from_its_path_as_stock_whisper_loads_it(
    small: SpeechModel, tmp_path: Path
) -> None:
    path = write(tmp_path / "own.pt", small)
    loaded = load(path)
    stock = whisper.load_model(str(path), device="cpu")
    for ours, theirs in zip(loaded.whisper.parameters(), stock.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert loaded.name == str(path)
    assert loaded.most_samples == 256 * 320


def test_what_is_neither_name_nor_file_names_what_there_is() -> None:
    with pytest.raises(
        ModelMissing, match=r"called base\.de, and no file.*kitchen, tiny\.en.*base\.en is the usual"
    ):
        load("base.de")


def test_nothing_is_downloaded_unseen(tmp_path: Path) -> None:
    with pytest.raises(
        ModelMissing, match=r"base\.en is not in .* yet; download it \(about 145 MB, once\).*kitchen"
    ):
        load("base.en", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_file_is_named(tmp_path: Path, small: SpeechModel) -> None:
    path = write(tmp_path / "own.pt", small)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ModelUnreadable, match=r"own\.pt is no checkpoint in Whisper's format"):
        load(path)
    path.write_text("hello")
    with pytest.raises(ModelUnreadable, match=r"own\.pt is no checkpoint"):
        load(path)


def test_another_checkpoint_is_named(tmp_path: Path) -> None:
    path = tmp_path / "policy.pt"
    torch.save({"weights": torch.zeros(3)}, path)
    with pytest.raises(ModelUnreadable, match=r"policy\.pt.*dims"):
        load(path)


def test_the_shipped_one_lost_says_how_to_get_it_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(model, "SHIPPED_PATH", tmp_path / "kitchen.pt")
    with pytest.raises(ModelMissing, match=r"kitchen.*not at .*git checkout"):
        load(catalogue.SHIPPED)


@pytest.mark.parametrize(
    ("seconds", "positions"), [(0.2, 128), (2.5, 128), (2.57, 192), (5.1, 256), (60, 256)]
)
def test_a_short_utterance_is_given_a_short_context(
    small: SpeechModel, seconds: float, positions: int
) -> None:
    assert small.positions_for(round(seconds * 16_000)) == positions
