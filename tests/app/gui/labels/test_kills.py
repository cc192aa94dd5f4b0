"""A reviewer labels while it plays, and the window is killed again and again: nothing is lost but the key under way."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from recordings.labels import EpisodeLabels, LabelStore
from tests.app.gui.labels.labeller import EACH_NS, TEXTS
from tests.support.recorded_session import record_set

KILLS = 3
GRACE_S = 0.2
"""A step is handed over by another thread, within milliseconds on an idle machine."""


@pytest.mark.timeout(300)
def test_ten_subtasks_in_playback_through_kills(tmp_path: Path) -> None:
    dataset = record_set(tmp_path / "set", ticks=(230,))
    episode_id = next((dataset / "episodes").glob("2*")).name
    store = LabelStore(dataset)
    rng = random.Random(7)
    for _ in range(KILLS):
        before = len(named(store.read("ann", episode_id)))
        told = labelled(dataset, kill_after=rng.randint(4, 14))
        labels = store.read("ann", episode_id)
        assert labels.damage == ()
        assert len(named(labels)) >= before + sum(line.startswith("name") for line in told)
    told = labelled(dataset, kill_after=None)
    assert told[-1] == "done"
    labels = store.read("ann", episode_id)
    assert [span.text for span in labels.subtasks] == list(TEXTS)
    for span in labels.subtasks:
        assert span.duration_ns > EACH_NS // 2
    for earlier, later in pairwise(labels.subtasks):
        assert earlier.end_ns <= later.start_ns
    with store.edit("ann", episode_id) as editor:
        while editor.undoable:
            editor.undo()
        assert len(editor.labels) == 0, "every step of every run can be taken back"


def named(labels: EpisodeLabels) -> list[str]:
    return [span.text for span in labels.subtasks if span.text]


def labelled(dataset: Path, *, kill_after: int | None) -> list[str]:
    """Let the labeller work, killing it after so many keys; what it said."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "tests.app.gui.labels.labeller", str(dataset), "ann"]
    told: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            told.append(line.strip())
            if len(told) == kill_after:
                time.sleep(GRACE_S)
                process.send_signal(signal.SIGKILL)
    return told[:kill_after]
