"""Figures go to people as lines, and to programs as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.bench.figures import Figures
from app.bench.policy import nested
from app.cli.outcome import CommandError


@pytest.fixture
def figures() -> Figures:
    figures = Figures()
    figures.add("chunk_ms", 12.5, at_most=20)
    figures.add("without.graph", 2)
    return figures


def test_a_dash_is_stdout_and_the_lines_go_to_stderr(
    figures: Figures, capsys: pytest.CaptureFixture[str]
) -> None:
    assert figures.report(Path("-")) == 0
    out, err = capsys.readouterr()
    read = json.loads(out)
    assert (read["chunk_ms"], read["without.graph"]) == (12.5, 2)
    assert "machine_cores" in read
    assert "chunk_ms: 12.5  (ok: at most 20)" in err


def test_a_file_gets_the_shape_that_is_asked_for(
    figures: Figures, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "figures.json"
    assert figures.report(path, shape=nested) == 0
    assert json.loads(path.read_text())["without"] == {"graph": 2}
    assert "without.graph: 2" in capsys.readouterr().out


def test_a_file_that_cannot_be_written_is_named(figures: Figures, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot write .*; choose another"):
        figures.report(tmp_path / "no" / "figures.json")
