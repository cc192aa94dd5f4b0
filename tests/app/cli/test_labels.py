"""`understudy labels …` on real recordings and real journals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli.main import main
from recordings import Dataset
from recordings.labels import LabelStore, Origin, Progress, Tier, edits
from tests.support.episodes import record_episode

START_NS = 1_000_000_000
MS = 1_000_000


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.open(tmp_path / "data", create=True)


def label(dataset: Dataset, reviewer: str, episode_id: str, *texts: str) -> None:
    """Subtasks of 50 ms, one after another from the episode's start."""
    with LabelStore(dataset.path).edit(reviewer, episode_id) as editor:
        for number, text in enumerate(texts):
            start_ns = START_NS + number * 50 * MS
            origin = Origin("spoken", str(number), 0.9)
            editor.apply(
                edits.put_span(
                    editor.labels, Tier.SUBTASK, start_ns, start_ns + 50 * MS, text, origin=origin
                ),
                "put",
            )


def finish(dataset: Dataset, reviewer: str, episode_id: str, progress: Progress = Progress.DONE) -> None:
    with LabelStore(dataset.path).edit(reviewer, episode_id) as editor:
        editor.apply(edits.judge(editor.labels, progress=progress, rating=4), "judge")


def test_ls_counts_subtasks_by_episode_and_reviewer(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = record_episode(dataset, task="wipe"), record_episode(dataset, task="sweep")
    label(dataset, "bob", first.id, "reach", "grasp")
    label(dataset, "ann", first.id, "reach")
    finish(dataset, "ann", first.id)
    assert main(["labels", "ls", str(dataset.path)]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["EPISODE", "ann", "bob", "TASK"]
    assert [line.split() for line in lines] == [
        [first.id, "1", "done", "2", "open", "wipe"],
        [second.id, "sweep"],
    ]


def test_ls_keeps_labels_of_episodes_that_are_away(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    info = record_episode(dataset)
    label(dataset, "ann", info.id, "reach")
    label(dataset, "ann", "20200101-000000-0001", "reach")
    dataset.trash(info.id)
    assert main(["labels", "ls", str(dataset.path), "--json", "-"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert [(entry["episode"], entry["where"]) for entry in entries] == [
        ("20200101-000000-0001", "gone"),
        (info.id, "trash"),
    ]


def test_show_prints_the_best_labels_in_order(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    info = record_episode(dataset)
    label(dataset, "bob", info.id, "wrong")
    label(dataset, "ann", info.id, "reach", "grasp")
    finish(dataset, "ann", info.id)
    assert main(["labels", "show", str(dataset.path), "last"]) == 0
    header, *lines, judged = capsys.readouterr().out.splitlines()
    assert header.split() == ["TIER", "START", "END", "TEXT", "STATE", "FROM"]
    assert [line.split()[:5] for line in lines] == [
        ["subtask", "0.000", "0.050", "reach", "accepted"],
        ["subtask", "0.050", "0.100", "grasp", "accepted"],
    ]
    assert lines[1].endswith("spoken 1 (0.90)")
    assert judged == "work done, outcome unset, 4 of 5 stars"


def test_show_as_json_holds_every_label(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    info = record_episode(dataset)
    label(dataset, "ann", info.id, "reach")
    assert main(["labels", "show", str(dataset.path), info.id, "--reviewer", "ann", "--json", "-"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["type"], entry["tier"], entry["start_ns"], entry["text"]) == (
        "span",
        "subtask",
        START_NS,
        "reach",
    )


def test_whose_labels_count_must_be_decided(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    info = record_episode(dataset)
    label(dataset, "ann", info.id, "reach")
    label(dataset, "bob", info.id, "grasp")
    assert main(["labels", "show", str(dataset.path), info.id]) == 1
    assert "ann or bob" in capsys.readouterr().err
    assert main(["labels", "show", str(dataset.path), info.id, "--reviewer", "cid"]) == 1
    assert f"no labels of {info.id} by cid" in capsys.readouterr().err


def test_a_folder_without_recordings_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["labels", "ls", str(tmp_path)]) == 1
    assert f"no recordings in {tmp_path}" in capsys.readouterr().err
