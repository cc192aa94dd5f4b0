"""`understudy` without a command, as far as it goes before a window opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.main import main


def test_says_that_there_is_no_screen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main([]) == 1
    assert "no screen" in capsys.readouterr().err


def test_a_bad_profile_is_told_before_any_window(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    robot = tmp_path / "robot.toml"
    robot.write_text('name = "robot"\nwheels = 3\n')
    assert main(["--profile", str(robot)]) == 1
    assert "wheels" in capsys.readouterr().err
