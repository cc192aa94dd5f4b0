"""The command line as a whole: help, exit codes, errors as one line, a quick start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.main import build_parser, main

SLOW_MODULES = ("PyQt6", "pyqtgraph", "mujoco", "torch", "cv2", "zmq", "pygame")


def _commands() -> list[list[str]]:
    """Every command line that only asks for help."""
    top = ["record", "replay", "check", "profiles", "data", "labels", "serve", "bench"]
    data = ["ls", "info", "verify", "repair", "trash", "restore"]
    labels = ["ls", "show", "export", "import"]
    under = [*(["data", name] for name in data), *(["labels", name] for name in labels)]
    return [[], *([name] for name in top), *under]


@pytest.mark.parametrize("command", _commands(), ids=" ".join)
def test_help_says_what_the_command_is_for(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: {' '.join(['understudy', *command])}")
    assert max(map(len, text.splitlines())) <= 110


def test_help_documents_examples_and_exit_codes() -> None:
    text = build_parser().format_help()
    assert "examples:" in text
    assert all(code in text for code in ("\n  0 ", "\n  1 ", "\n  2 ", "\n  130 "))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("understudy ")


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fly"])
    assert ended.value.code == 2
    assert "fly" in capsys.readouterr().err


def test_an_error_is_one_line_without_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "ls", "--data", str(tmp_path / "nowhere")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "nowhere" in said
    assert "--data" in said


def test_debug_shows_the_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--debug", "data", "ls", "--data", str(tmp_path / "nowhere")]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_data_may_be_named_before_the_command_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path / "nowhere"), "data", "ls"]) == 1
    assert "nowhere" in capsys.readouterr().err


def test_an_interruption_has_its_own_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.cli.episodes.open_dataset", interrupted)
    monkeypatch.setattr("app.cli.data.ls.open_dataset", interrupted)
    assert main(["data", "ls"]) == 130


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", ["data info", "--help"])
def test_a_reader_that_goes_away_is_no_error_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unbuffered: str, arguments: str
) -> None:
    from recordings import Dataset

    Dataset.open(tmp_path, create=True)
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)  # empty: a pipe is written to when all has been said
    command = f"{sys.executable} -m app.cli.main --data {tmp_path} {arguments} | true"
    ended = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=30)
    assert ended.stderr == ""


@pytest.mark.parametrize("command", [["--help"], ["data", "ls"]], ids=" ".join)
def test_starts_without_the_slow_modules(command: list[str], tmp_path: Path) -> None:
    from recordings import Dataset

    Dataset.open(tmp_path, create=True)
    program = f"""
import sys
from app.cli.main import main
try:
    main({["--data", str(tmp_path), *command]!r})
finally:
    print(sorted(set({SLOW_MODULES!r}) & set(sys.modules)), file=sys.stderr)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30
    )
    assert ended.stderr.strip() == "[]"
