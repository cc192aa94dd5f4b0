"""`understudy record` and `replay` on the simulated robot: real processes, real lines, real files."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.cli.main import main
from recordings import Dataset
from tests.support.episodes import record_episode

START_S = 60.0

pytestmark = pytest.mark.timeout(180)


def test_records_an_episode_that_verifies_and_replays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, figures_file = tmp_path / "data", tmp_path / "figures.json"
    command = ["record", "--headless", "--seconds", "1.5", "--task", "look around", "--tag", "probe"]
    code = main([*command, "--outcome", "success", "--data", str(data), "--json", str(figures_file)])
    figures = json.loads(figures_file.read_text())
    assert code == (0 if not figures["frames_dropped"] and not figures["faults"] else 1)

    (info,) = Dataset.open(data).episodes()
    assert (info.id, info.task, info.tags, info.outcome) == (
        figures["episode"],
        "look around",
        ("probe",),
        "success",
    )
    assert info.complete
    # From the first item to the last, each of which may lie a camera's period inside the time that was asked for.
    assert info.duration_s >= 1.5 - 2 / 30
    assert set(info.counts.frames) == {"front", "back", "left_wrist", "right_wrist"}
    assert main(["data", "verify", "last", "--data", str(data)]) == 0

    capsys.readouterr()
    assert main(["replay", "last", "--data", str(data)]) == 0
    assert f"replayed {info.id}" in capsys.readouterr().out


def test_an_interruption_closes_the_episode(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [
        sys.executable,
        "-m",
        "app.cli.main",
        "record",
        "--headless",
        "--seconds",
        "500",
        "--task",
        "wait",
    ]
    with subprocess.Popen([*command, "--data", str(data)], stderr=subprocess.PIPE, text=True) as recording:
        deadline = time.monotonic() + START_S
        while not (began := _is_recording(data)) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(0.5)  # for some rows
        recording.send_signal(signal.SIGINT)
        _, said = recording.communicate(timeout=30)
    assert began
    assert (recording.returncode, said.splitlines()[-1:]) == (130, ["understudy: interrupted"])
    (info,) = Dataset.open(data).episodes()
    assert info.complete
    assert info.counts.ticks > 0


def test_record_without_an_end_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["record", "--headless", "--task", "wait", "--data", str(tmp_path)]) == 2
    assert "--seconds" in capsys.readouterr().err


def test_record_with_a_window_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["record", "--seconds", "3", "--task", "wait"]) == 2
    assert "--headless" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan"])
def test_seconds_are_a_number_above_zero(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["record", "--headless", "--task", "wait", "--seconds", seconds])
    assert ended.value.code == 2
    assert seconds in capsys.readouterr().err


def test_replay_refuses_an_episode_of_another_robot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = Dataset.open(tmp_path / "data", create=True)
    record_episode(dataset)
    assert main(["replay", "last", "--data", str(dataset.path)]) == 1
    assert "3 numbers (shoulder, elbow, gripper" in capsys.readouterr().err


def _is_recording(data: Path) -> bool:
    """Whether an episode has been begun."""
    return (data / "zarr.json").exists() and any(info.recording for info in Dataset.open(data).episodes())
