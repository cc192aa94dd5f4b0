"""The toy robot's parts, made once; and its model as a preset, so that a recipe can name it."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.training import sizes
from policy.training.parts import Parts
from tests.policy.training import synthetic


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return synthetic.parts(tmp_path_factory.mktemp("toy") / "parts")


@pytest.fixture
def tiny_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "PRESETS", {"tiny": synthetic.TINY})


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    return tmp_path / "run"
