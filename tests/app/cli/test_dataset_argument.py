"""The folder of recordings is named in one way by every command: first, with `--data`, or by the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.main import main
from recordings import Dataset
from recordings.labels import LabelStore, Tier, edits
from tests.support.episodes import record_episode

START_NS = 1_000_000_000
MS = 1_000_000


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """One episode, which Ann and Bob have labelled alike."""
    dataset = Dataset.open(tmp_path / "data", create=True)
    info = record_episode(dataset)
    for reviewer in ("ann", "bob"):
        with LabelStore(dataset.path).edit(reviewer, info.id) as editor:
            put = edits.put_span(editor.labels, Tier.SUBTASK, START_NS, START_NS + 50 * MS, "reach")
            editor.apply(put, "put")
    return dataset


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Another dataset, without anything in it."""
    return Dataset.open(tmp_path / "elsewhere", create=True).path


COMMANDS = (
    ["labels", "ls"],
    ["labels", "show", "last", "--reviewer", "ann"],
    ["labels", "queue", "--reviewer", "ann"],
    ["labels", "agree", "ann", "bob"],
    ["labels", "vocabulary"],
    ["labels", "rename", "reach", "reach out"],
    ["labels", "export", "--format", "csv", "--reviewer", "ann", "--overwrite", "--to", "{out}"],
    ["labels", "import", "{file}", "--reviewer", "cid", "--episode", "last"],
)


@pytest.mark.parametrize("how", ["first", "--data", "--data before the command", "environment"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_finds_the_folder(
    command: list[str],
    how: str,
    dataset: Dataset,
    elsewhere: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file, folder = tmp_path / "new.csv", str(dataset.path)
    file.write_text("start_s,end_s,text\n0,0.05,grasp\n")
    words = [word.format(out=tmp_path / "out", file=file) for word in command]
    monkeypatch.setenv("UNDERSTUDY_DATA", folder if how == "environment" else str(elsewhere))
    line = {
        "first": [*words[:2], folder, *words[2:]],
        "--data": [*words, "--data", folder],
        "--data before the command": ["--data", folder, *words],
        "environment": words,
    }[how]
    assert main(line) == 0


def test_options_may_stand_between_the_folder_and_what_follows(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(dataset.path)
    assert main(["labels", "show", folder, "--reviewer", "ann", "last"]) == 0
    assert main(["labels", "show", "--reviewer", "ann", folder, "last"]) == 0
    assert main(["labels", "agree", folder, "ann", "--json", "-", "bob"]) == 0
    assert main(["labels", "rename", "--data", folder, "reach", "touch"]) == 0
    assert capsys.readouterr().err.count("EPISODE") == 1, "the table of agree, beside its JSON"


def test_two_folders_are_one_too_many(
    dataset: Dataset, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["labels", "ls", str(elsewhere), "--data", str(dataset.path)]) == 2
    assert f"both {elsewhere} and --data {dataset.path} are named" in capsys.readouterr().err


def test_the_first_of_the_files_to_import_is_not_taken_for_the_folder(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UNDERSTUDY_DATA", str(dataset.path))
    files = [tmp_path / "a.csv", tmp_path / "b.TSV"]
    for number, file in enumerate(files):
        file.write_text(f"start_s\tend_s\ttext\n0.{number}\t0.{number}5\tgrasp\n")
    command = ["labels", "import", "--reviewer", "cid", "--episode", "last"]
    assert main([*command, *map(str, files)]) == 0
    assert capsys.readouterr().out.count("1 new, 0 changed") == 2
    assert main([*command, str(tmp_path / "none.eaf"), str(files[0])]) == 1
    assert f"not taken in: {tmp_path / 'none.eaf'}: No such file" in capsys.readouterr().out
    assert main([*command, str(tmp_path / "dtaa"), str(files[0])]) == 1
    assert f"no recordings in {tmp_path / 'dtaa'}" in capsys.readouterr().err, (
        "nothing goes where it was not sent"
    )
    assert main([*command, str(dataset.path)]) == 2
    assert "FILE is missing" in capsys.readouterr().err


def test_a_lerobot_export_takes_the_folder_first_or_not_at_all(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "lerobot"
    assert main(["data", "export", "lerobot", str(tmp_path / "none"), "--only", "success", str(target)]) == 1
    assert f"no recordings in {tmp_path / 'none'}" in capsys.readouterr().err
    monkeypatch.setenv("UNDERSTUDY_DATA", str(tmp_path / "gone"))
    assert main(["data", "export", "lerobot", str(target)]) == 1
    assert f"no recordings in {tmp_path / 'gone'}" in capsys.readouterr().err
