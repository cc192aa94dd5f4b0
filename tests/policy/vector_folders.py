"""Copies of the golden folder that a test may spoil, and what the command says of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.vectors.__main__ import main

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"


def copied(folder: Path, *names: str) -> Path:
    """`folder`, with copies of golden files and folders in it."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (GOLDEN / name).is_dir():
            shutil.copytree(GOLDEN / name, folder / name)
        else:
            shutil.copy(GOLDEN / name, folder / name)
    return folder


def edit(path: Path, change: Callable[[dict[str, Tensor]], None]) -> None:
    """Change tensors of a file; the way `load_file` maps a file forbids to write over it in place."""
    tensors = {name: tensor.clone() for name, tensor in load_file(path).items()}
    change(tensors)
    path.unlink()
    save_file(tensors, path)


def failing(folder: Path, capsys: pytest.CaptureFixture[str], *, only: str = "*") -> str:
    """What the command prints about a folder in which something is wrong."""
    capsys.readouterr()
    assert main([str(folder), "--only", only]) == 1
    return capsys.readouterr().out
