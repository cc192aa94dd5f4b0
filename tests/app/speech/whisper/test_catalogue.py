"""The list of recognisers is Whisper's own, and can be read without what Whisper needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import whisper

from app.speech.whisper.catalogue import FOR_PEOPLE, PUBLISHED, SHIPPED, download_folder, names


def test_it_lists_what_whisper_lists() -> None:
    assert {name: model.address for name, model in PUBLISHED.items()} == whisper._MODELS
    assert names()[0] == SHIPPED
    assert set(names()[1:]) == set(whisper.available_models())
    assert FOR_PEOPLE in PUBLISHED


@pytest.mark.parametrize("model", PUBLISHED.values(), ids=lambda model: model.name)
def test_the_checksum_is_the_one_in_the_address(model: object) -> None:
    assert model.sha256 == model.address.split("/")[-2]  # type: ignore[attr-defined]
    assert model.file_name == Path(model.address).name  # type: ignore[attr-defined]


def test_downloads_lie_where_stock_whisper_looks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert download_folder() == tmp_path / "whisper"


def test_names_and_decisions_need_no_torch() -> None:
    """The window lists models and shows decisions, and starts without seconds of importing."""
    modules = "catalogue, decision, download, heard, phrases"
    code = f"import sys; from app.speech.whisper import {modules}; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "app.speech.whisper.decision" in loaded
    assert not {"torch", "whisper", "numba"} & set(loaded)
