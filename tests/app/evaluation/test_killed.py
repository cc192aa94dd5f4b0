"""An evaluation whose process is killed again and again does each trial once, and none twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.evaluation.plan import trials_of
from app.evaluation.store import Store, list_paths

ROOT = Path(__file__).parents[3]
PROGRAM = "tests.app.evaluation.evaluates_until_killed"


def begin(folder: Path, evaluation_id: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", PROGRAM, str(folder), evaluation_id], cwd=ROOT)


def lines_of(folder: Path) -> int:
    paths = list_paths(folder)
    file = paths[0] / "trials.jsonl" if paths else folder / "none"
    return file.read_bytes().count(b"\n") if file.exists() else 0


@pytest.mark.timeout(240)
def test_killed_in_the_midst_it_goes_on_where_it_was(tmp_path: Path) -> None:
    drawn = random.Random(7)
    evaluation_id, seen = "", [0]
    for _ in range(3):
        before = lines_of(tmp_path)
        program = begin(tmp_path, evaluation_id)
        end_s = time.monotonic() + 60
        while lines_of(tmp_path) < before + 2 and time.monotonic() < end_s:
            assert program.poll() is None
            time.sleep(0.002)
        time.sleep(drawn.uniform(0.0, 0.15))  # somewhere within the next trial
        program.kill()
        program.wait()
        evaluation_id = list_paths(tmp_path)[0].name
        seen.append(len(Store.read(list_paths(tmp_path)[0]).results))
    assert seen == sorted(seen)
    assert 6 <= seen[-1] < 12
    program = begin(tmp_path, evaluation_id)
    assert program.wait(timeout=60) == 0
    store = Store.read(list_paths(tmp_path)[0])
    assert [attempt.number for attempt in store.attempts] == [trial.number for trial in trials_of(store.plan)]
    assert store.complete
