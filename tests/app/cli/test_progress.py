"""The progress line: on a terminal, in a pipe, and when it was asked for."""

from __future__ import annotations

import io

import pytest

from app.cli import progress
from app.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SILENT_S", 0.0)
    monkeypatch.setattr(progress, "REFRESH_S", 0.0)
    monkeypatch.setattr(progress, "LINE_S", 0.0)


def test_a_terminal_sees_one_line_that_goes_away() -> None:
    screen = Terminal()
    with Progress("verifying", total=3, unit="episodes", stream=screen) as line:
        line.update(1)
        line.update(2, "0007")
    assert (
        screen.getvalue()
        == "\r\033[Kverifying: 1 of 3 episodes\r\033[Kverifying: 2 of 3 episodes  0007\r\033[K"
    )


def test_a_pipe_sees_nothing_unless_asked() -> None:
    silent, asked = io.StringIO(), io.StringIO()
    for stream, always in ((silent, False), (asked, True)):
        with Progress("recording", unit="s", always=always, stream=stream) as line:
            line.update(4.2)
    assert silent.getvalue() == ""
    assert asked.getvalue() == "recording: 4 s\n"


def test_what_is_quick_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SILENT_S", 60.0)
    screen = Terminal()
    with Progress("starting", stream=screen) as line:
        line.update(1)
    assert screen.getvalue() == ""
