"""`understudy check` on the simulated robot, whose world it starts, and on profiles with mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli.main import main


def test_the_simulated_robot_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    code = main(["check", "sim-kitchen", "--data", str(tmp_path), "--json", str(report)])
    said = capsys.readouterr().out
    assert code == 0, said
    findings = json.loads(report.read_text())
    servos = [finding for finding in findings if "/ servo" in finding["device"]]
    assert len(servos) == 40
    assert {finding["level"] for finding in servos} == {"ok"}
    assert said.rstrip().endswith("0 in the way")


def test_a_missing_profile_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "my-robot.toml")]) == 1
    assert "my-robot.toml" in capsys.readouterr().err


def test_every_shipped_profile_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profiles"]) == 0
    assert "sim-kitchen" in capsys.readouterr().out
