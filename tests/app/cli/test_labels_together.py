"""`understudy labels agree`, `vocabulary`, `rename` and `queue` on real recordings and real journals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli.main import main
from recordings import Dataset
from recordings.labels import LabelStore, Progress, Tier, edits
from recordings.labels.vocabulary import pin
from tests.support.episodes import record_episode

START_NS = 1_000_000_000
MS = 1_000_000


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.open(tmp_path / "data", create=True)


def label(dataset: Dataset, reviewer: str, episode_id: str, *spans: tuple[int, int, str]) -> None:
    """Subtasks from and to ms of the episode; the work is done."""
    with LabelStore(dataset.path).edit(reviewer, episode_id) as editor:
        for start, end, text in spans:
            editor.apply(
                edits.put_span(editor.labels, Tier.SUBTASK, START_NS + start * MS, START_NS + end * MS, text),
                "put",
            )
        editor.apply(edits.judge(editor.labels, progress=Progress.DONE), "judge")


def test_agree_tells_each_episode_and_all_together(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, three = (record_episode(dataset).id for _ in range(3))
    label(dataset, "ann", one, (0, 200, "reach"), (200, 400, "grasp"))
    label(dataset, "bob", one, (0, 240, "reach"), (240, 400, "grasp"))
    for reviewer in ("ann", "bob"):
        label(dataset, reviewer, two, (0, 400, "reach"))
    label(dataset, "ann", three, (0, 400, "reach"))
    assert main(["labels", "agree", str(dataset.path), "ann", "bob"]) == 0
    header, first, second, together, differing, left_out = capsys.readouterr().out.splitlines()
    assert " ".join(header.split()) == "EPISODE KAPPA SAME IOU F1 EDGES APART ONLY ann ONLY bob"
    # 20 frames of 20 ms: 18 the same, by chance 0.5 · 0.6 + 0.5 · 0.4: κ = 0.4 / 0.5. Edges 0, 40 and 0 ms apart.
    assert first.split() == [one, "0.80", "90", "%", "0.82", "1.00", "0,", "p95", "36", "ms", "0", "0"]
    assert second.split()[:2] == [two, "1.00"]
    # 40 frames: 38 the same, by chance 0.75 · 0.8 + 0.25 · 0.2: κ = 0.3 / 0.35.
    assert together.split()[:4] == ["together", "0.86", "95", "%"]
    assert differing == '5 % of frames: "grasp" by ann, "reach" by bob'
    assert left_out == "1 of 3 episodes left out: only one of them has subtasks there"


def test_agree_as_json_has_no_number_where_there_is_none(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = record_episode(dataset).id, record_episode(dataset).id
    label(dataset, "ann", one, (0, 200, "reach"))
    label(dataset, "bob", two, (0, 200, "reach"))
    assert main(["labels", "agree", str(dataset.path), "ann", "bob", "--episode", one, "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["episodes"]) == [one]
    assert told["episodes"][one]["kappa"] is None
    assert told["episodes"][one]["words"] == "nothing to compare: B has no subtasks"


def test_agree_names_who_has_labelled(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    label(dataset, "ann", record_episode(dataset).id, (0, 200, "reach"))
    assert main(["labels", "agree", str(dataset.path), "ann", "bbo"]) == 1
    assert "bbo has labelled nothing" in (told := capsys.readouterr().err)
    assert "those who have are ann" in told


def test_vocabulary_counts_and_proposes_merges_that_rename_makes(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = record_episode(dataset).id, record_episode(dataset).id
    label(dataset, "ann", one, (0, 100, "pick up the cup"), (100, 200, "wipe"), (200, 300, "pick up the cup"))
    label(dataset, "bob", two, (0, 100, "Pick up  the cup"))
    pin(LabelStore(dataset.path), ["wipe"])
    assert main(["labels", "vocabulary", str(dataset.path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["wipe", "1", "0", "yes"]
    assert lines[4] == '"Pick up  the cup" may be "pick up the cup" (case, spaces or punctuation)'
    assert main(["labels", "rename", str(dataset.path), "Pick up  the cup", "pick up the cup"]) == 0
    assert capsys.readouterr().out == "1 label renamed in 1 of 1 journals\n"
    assert main(["labels", "vocabulary", str(dataset.path), "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(entry["text"], entry["labelled"]) for entry in told["texts"]] == [
        ("wipe", 1),
        ("pick up the cup", 3),
    ]
    assert told["near_duplicates"] == []
    assert main(["labels", "rename", str(dataset.path), "pick up the cpu", "x"]) == 1
    assert "did you mean 'pick up the cup'" in capsys.readouterr().err
    assert main(["labels", "rename", str(dataset.path), "wipe", " "]) == 2


def test_rename_tells_what_is_open_elsewhere(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    one = record_episode(dataset).id
    label(dataset, "ann", one, (0, 100, "reach"))
    with LabelStore(dataset.path).edit("ann", one):
        assert main(["labels", "rename", str(dataset.path), "reach", "touch"]) == 1
    assert f"{one} by ann: the labels of {one} by ann are being written" in capsys.readouterr().out


def test_queue_lists_what_waits(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = record_episode(dataset).id, record_episode(dataset).id
    label(dataset, "ann", one, (0, 200, "reach"))
    label(dataset, "bob", one, (0, 100, "reach"), (100, 200, "grasp"))
    command = ["labels", "queue", str(dataset.path), "--reviewer", "ann"]
    assert main(command) == 0
    _, first, second = capsys.readouterr().out.splitlines()
    assert first == f"{one}  ann and bob agree to κ 0.00 only"
    assert second == f"{two}  nobody has labelled it"
    assert main([*command, "--least-kappa", "0", "--json", "-"]) == 0
    assert [item["episode_id"] for item in json.loads(capsys.readouterr().out)] == [two]
    label(dataset, "ann", two, (0, 200, "reach"))
    assert main([*command, "--least-kappa", "0"]) == 0
    assert capsys.readouterr().out == "nothing waits for ann\n"
    assert main(["labels", "queue", str(dataset.path), "--reviewer", "../x"]) == 1
