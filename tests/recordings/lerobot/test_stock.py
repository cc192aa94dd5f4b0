"""The stock `lerobot` package loads an export.

It needs torch and half a gigabyte more, so it is not among our packages: name a Python that has it, of version 0.4 or
0.6, in UNDERSTUDY_LEROBOT_PYTHON. `UNDERSTUDY_LEROBOT_BACKEND=pyav` reads the videos without torchcodec.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recordings import Dataset
from recordings.lerobot import ExportOptions, export
from tests.recordings import recorded as example
from tests.recordings.lerobot import exported

PYTHON = os.environ.get("UNDERSTUDY_LEROBOT_PYTHON")
BACKEND = os.environ.get("UNDERSTUDY_LEROBOT_BACKEND")

pytestmark = [
    pytest.mark.skipif(
        PYTHON is None, reason="UNDERSTUDY_LEROBOT_PYTHON names no Python that has stock lerobot"
    ),
    pytest.mark.timeout(300),  # importing torch and datasets alone takes half a minute on a busy machine
]


def loaded(target: Path, cache: Path) -> dict[str, Any]:
    """What stock lerobot says is in a dataset."""
    program = Path(__file__).with_name("loads_with_stock.py")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(cache),
        "HF_HOME": str(cache),
        "HF_HUB_OFFLINE": "1",
        "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),  # where torchcodec finds FFmpeg
    }
    command = [str(PYTHON), str(program), str(target), *([BACKEND] if BACKEND else [])]
    done = subprocess.run(
        command, env=environment, cwd=cache, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr[-3000:]
    read: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return read


def test_stock_lerobot_loads_what_was_recorded(tmp_path: Path) -> None:
    dataset = exported.labelled_dataset(tmp_path / "set")
    export(dataset, tmp_path / "out")
    read = loaded(tmp_path / "out", tmp_path)
    print(f"lerobot {read['lerobot']}, {read['backend']} video backend")
    assert_the_same(read, dataset)
    if read["lerobot"].startswith("0.4."):
        told = [row["subtask"] for row in read["rows"]]
        assert told[exported.ROWS : 2 * exported.ROWS] == exported.labelled_texts()
        assert told[: exported.ROWS] == ["step 0"] * exported.ROWS


def test_stock_lerobot_loads_language(tmp_path: Path) -> None:
    dataset = exported.labelled_dataset(tmp_path / "set")
    export(dataset, tmp_path / "out", ExportOptions(language=True))
    if version().startswith("0.4."):
        pytest.skip("lerobot 0.4 knows no language columns")
    read = loaded(tmp_path / "out", tmp_path)
    assert_the_same(read, dataset)
    row = read["rows"][exported.ROWS + 4]
    assert [told["content"] for told in row["language_persistent"]] == ["reach", "grasp", "", "reach"]
    assert [told["content"] for told in row["language_events"]] == ["take it"]


def version() -> str:
    ask = "import importlib.metadata as m; print(m.version('lerobot'))"
    said = subprocess.run([str(PYTHON), "-c", ask], capture_output=True, text=True, check=True, timeout=60)
    return said.stdout.strip()


def assert_the_same(read: dict[str, Any], dataset: Dataset) -> None:
    assert (read["fps"], read["episodes"], len(read["rows"])) == (25, 3, 3 * exported.ROWS)
    for index, info in enumerate(dataset.episodes()):
        episode = dataset.episode(info.id)
        rows = read["rows"][index * exported.ROWS : (index + 1) * exported.ROWS]
        ticks = np.arange(exported.ROWS) * 2
        assert np.array_equal(np.float32([row["state"] for row in rows]), episode.state.position[ticks])
        assert np.array_equal(np.float32([row["action"] for row in rows]), episode.action.sent[ticks])
        assert [row["capture_time_ns"] for row in rows] == episode.camera("front").time_ns.tolist()
        assert {row["task"] for row in rows} == {"put the plate into the sink"}
        for number, row in enumerate(rows):
            grey = float(example.picture(number).mean())
            for key in ("observation.images.front", "observation.images.left-wrist"):
                assert row["pictures"][key] == pytest.approx(grey, abs=3), (number, key)
    assert read["window"] == [row["action"] for row in read["rows"][2 * exported.ROWS :][:3]]
    assert {"mean", "std", "min", "max", "q01", "q99"} <= set(read["stats"]["observation.images.front"])
