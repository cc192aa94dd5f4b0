"""`understudy labels …` on real recordings and real journals."""

from __future__ import annotations

import json
import resource
import signal
from pathlib import Path

import pytest

from app.cli.labels import export, options, queue, take_in
from app.cli.main import main
from recordings import Dataset
from recordings.labels import BEST, LabelStore, Origin, Progress, Tier, edits, formats
from recordings.labels.queue import LEAST_KAPPA
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


def subtasks(dataset: Dataset, reviewer: str, episode_id: str) -> list[tuple[int, int, str]]:
    """In ms from the start."""
    return [
        ((span.start_ns - START_NS) // MS, (span.end_ns - START_NS) // MS, span.text)
        for span in LabelStore(dataset.path).read(reviewer, episode_id).subtasks
    ]


@pytest.mark.parametrize("name", ["eaf", "vtt", "csv", "json"])
def test_labels_go_out_and_come_back_for_another_reviewer(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    info = record_episode(dataset)
    label(dataset, "ann", info.id, "reach", "grasp")
    folder = tmp_path / "out" / "deep"
    assert main(["labels", "export", str(dataset.path), "--format", name, "--to", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "1 of 1 episodes written" in said
    assert ("2 origins" in said) == (name in ("eaf", "vtt"))
    file = folder / f"{info.id}.{name}"
    assert main(["labels", "import", str(dataset.path), str(file), "--reviewer", "bob"]) == 0
    assert f"2 labels of {info.id} by bob: 2 new, 0 changed, 0 taken away" in capsys.readouterr().out
    store = LabelStore(dataset.path)
    assert subtasks(dataset, "bob", info.id) == [(0, 50, "reach"), (50, 100, "grasp")]
    if name != "vtt":
        assert store.read("bob", info.id) == store.read("ann", info.id)
    with store.edit("bob", info.id) as editor:
        assert editor.undoable == f"import {file.name}"


def test_an_unchanged_file_changes_nothing(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    info = record_episode(dataset)
    label(dataset, "ann", info.id, "reach", "grasp")
    journal = LabelStore(dataset.path).journal_path("ann", info.id)
    before = journal.read_bytes()
    for name in ("eaf", "vtt", "csv", "json"):
        assert main(["labels", "export", str(dataset.path), "--format", name, "--to", str(tmp_path)]) == 0
        file = str(tmp_path / f"{info.id}.{name}")
        assert main(["labels", "import", str(dataset.path), file, "--reviewer", "ann"]) == 0
        assert "0 new, 0 changed, 0 taken away" in capsys.readouterr().out
    assert journal.read_bytes() == before


def test_export_writes_over_nothing_unless_told_to(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    info = record_episode(dataset)
    label(dataset, "ann", info.id, "reach")
    command = ["labels", "export", str(dataset.path), "--format", "csv", "--to", str(tmp_path)]
    file = tmp_path / f"{info.id}.csv"
    file.write_text("mine")
    assert main(command) == 1
    assert f"{file} is there already" in capsys.readouterr().err
    assert file.read_text() == "mine"
    assert main([*command, "--overwrite"]) == 0
    assert file.read_text() != "mine"


def test_export_passes_over_what_nobody_has_decided_and_says_so(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = (record_episode(dataset) for _ in range(3))
    for reviewer, info in (("ann", first), ("bob", first), ("ann", second)):
        label(dataset, reviewer, info.id, "reach")
    command = ["labels", "export", str(dataset.path), "--format", "eaf", "--to", str(tmp_path)]
    assert main(command) == 1
    assert f"nobody has decided whose labels of {first.id}" in capsys.readouterr().out
    assert [path.name for path in sorted(tmp_path.glob("*.eaf"))] == [f"{second.id}.eaf"]
    assert main([*command, "--reviewer", "bob", "--episode", first.id, third.id]) == 1
    assert f"no labels of {third.id}" in capsys.readouterr().out
    assert (tmp_path / f"{first.id}.eaf").exists()


def test_an_export_of_no_labels_says_why_and_fails(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "out"
    command = ["labels", "export", str(dataset.path), "--format", "csv", "--to", str(to)]
    assert main(command) == 1
    assert f"no episodes in {dataset.path}" in capsys.readouterr().err
    info = record_episode(dataset)
    assert main(command) == 1
    said = capsys.readouterr().err
    assert f"nobody has labelled any of the 1 episodes in {dataset.path}; label on the Review page" in said
    label(dataset, "ann", info.id, "reach")
    assert main([*command, "--reviewer", "bob"]) == 1
    said = capsys.readouterr().err
    assert f"bob has labelled none of the 1 episodes in {dataset.path}" in said
    assert "those who have labelled any are ann" in said
    assert not to.exists(), "no folder is left behind for nothing"


@pytest.mark.parametrize("name", ["eaf", "vtt", "csv", "json"])
def test_an_export_of_the_best_labels_says_whose_they_are(
    dataset: Dataset, tmp_path: Path, name: str
) -> None:
    first, second = record_episode(dataset), record_episode(dataset)
    for reviewer, info in (("ann", first), ("bob", first), ("bob", second), ("final", second)):
        label(dataset, reviewer, info.id, "reach")
    finish(dataset, "ann", first.id)
    finish(dataset, "final", second.id, Progress.ACCEPTED)
    assert main(["labels", "export", str(dataset.path), "--format", name, "--to", str(tmp_path)]) == 0
    said = {
        "eaf": 'ANNOTATOR="{}"',
        "vtt": "reviewer: {}\n",
        "csv": ",{},subtask,",
        "json": '"reviewer": "{}"',
    }[name]
    for info, reviewer in ((first, "ann"), (second, "final")):
        assert said.format(reviewer) in (tmp_path / f"{info.id}.{name}").read_text()


def test_an_import_names_what_it_cuts(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    info = record_episode(dataset)
    label(dataset, "ann", info.id, "reach", "grasp")
    file = tmp_path / f"{info.id}.csv"
    file.write_text("start_s,end_s,text\n0.02,0.06,lift\n")
    assert main(["labels", "import", str(dataset.path), str(file), "--reviewer", "ann"]) == 0
    assert (
        '  2 labels that were there: they give way to subtasks of the file: "reach" (0.000 to 0.050 s),'
        ' "grasp" (0.050 to 0.100 s)\n'
    ) in capsys.readouterr().out


def test_export_passes_over_an_episode_that_cannot_be_read_and_writes_the_others(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = (record_episode(dataset) for _ in range(3))
    for info in (first, second):
        label(dataset, "ann", info.id, "reach")
    (first.path / "zarr.json").write_text("{ torn")
    LabelStore(dataset.path).journal_path("ann", third.id).mkdir()
    command = ["labels", "export", str(dataset.path), "--format", "csv", "--to", str(tmp_path)]
    assert main(command) == 1
    out = capsys.readouterr().out
    assert f"{first.id}: " in out
    assert f"Is a directory: '{LabelStore(dataset.path).journal_path('ann', third.id)}'" in out
    assert "1 of 3 episodes written" in out
    assert [path.name for path in sorted(tmp_path.glob("*.csv"))] == [f"{second.id}.csv"]


def test_a_full_disk_leaves_no_part_of_a_table(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a table would pass for whole, and importing it with `--replace` take the rest away."""
    info = record_episode(dataset)
    label(dataset, "ann", info.id, "reach")
    command = ["labels", "export", str(dataset.path), "--format", "csv", "--to", str(tmp_path / "out")]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        ended = main(command)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert ended == 1
    assert f"cannot write {tmp_path / 'out' / info.id}.csv: File too large" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


def test_the_command_line_says_without_importing_them_what_the_labels_say() -> None:
    assert options.BEST == BEST
    assert tuple(formats.FORMATS) == export.NAMES
    assert {formats.format_of(f"a.{ending}").name for ending in take_in.ENDINGS} == set(formats.FORMATS)
    assert queue.LEAST_KAPPA == LEAST_KAPPA


def test_import_finds_the_episode_by_the_files_name_or_is_told(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    info = record_episode(dataset)
    table = "start_s,end_s,text,tier\n0,0.1,reach,\n0,0.1,go,Speech\n"
    named, nameless = tmp_path / f"ann-{info.id}.csv", tmp_path / "x.csv"
    named.write_text(table)
    nameless.write_text(table)
    command = ["labels", "import", str(dataset.path), "--reviewer", "ann"]
    assert main([*command, str(nameless)]) == 1
    assert "add --episode ID" in capsys.readouterr().out
    assert main([*command, str(named)]) == 0
    assert "1 spans of the tier 'Speech'" in capsys.readouterr().out
    assert subtasks(dataset, "ann", info.id) == [(0, 100, "reach")]
    speech = [*command, str(nameless), "--episode", "last", "--tier", "Speech=utterance", "--replace"]
    assert main(speech) == 0
    assert "2 new, 0 changed, 1 taken away" in capsys.readouterr().out
    (utterance,) = LabelStore(dataset.path).read("ann", info.id).spans(Tier.UTTERANCE)
    assert utterance.text == "go"


def test_a_file_with_an_error_leaves_no_trace_and_the_others_are_taken_in(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    info = record_episode(dataset)
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text("start_s,end_s,text\n0,0.1,reach\n0.1,nan,grasp\n")
    good.write_text("start_s,end_s,text\n0,0.1,reach\n")
    command = ["labels", "import", str(dataset.path), "--episode", info.id, "--reviewer"]
    assert main([*command, "cid", str(bad), str(tmp_path / "none.csv")]) == 1
    said = capsys.readouterr().out
    assert f"not taken in: {bad}, line 3: end_s is 'nan', no number" in said
    assert "none.csv: No such file" in said
    assert not (dataset.path / "labels").exists()
    assert main([*command, "ann", str(bad), str(good)]) == 1
    assert subtasks(dataset, "ann", info.id) == [(0, 100, "reach")]


def test_a_file_of_an_episode_that_is_not_there_is_named(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record_episode(dataset)
    file = tmp_path / "a.csv"
    file.write_text("episode,start_s,end_s,text\n20200101-000000-0009,0,0.1,reach\n")
    assert main(["labels", "import", str(dataset.path), str(file), "--reviewer", "ann"]) == 1
    assert f"not taken in: {file}: no episode '20200101-000000-0009'" in capsys.readouterr().out


def test_labels_that_a_window_has_open_are_left_alone(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    info = record_episode(dataset)
    file = tmp_path / f"{info.id}.csv"
    file.write_text("start_s,end_s,text\n0,0.1,reach\n")
    with LabelStore(dataset.path).edit("ann", info.id):
        assert main(["labels", "import", str(dataset.path), str(file), "--reviewer", "ann"]) == 1
    assert "being written by another window" in capsys.readouterr().out


def test_a_tier_that_is_none_of_ours_is_a_usage_error(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record_episode(dataset)
    command = ["labels", "import", str(dataset.path), "x.csv", "--reviewer", "ann", "--tier"]
    assert main([*command, "gaze=eyes"]) == 2
    assert main([*command, "note"]) == 2
    assert "subtask, utterance, intervention, note" in capsys.readouterr().err
