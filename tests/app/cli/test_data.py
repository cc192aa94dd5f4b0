"""`understudy data …` on real recordings."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.main import main
from recordings import Dataset
from tests.support.episodes import begin_episode, record_episode


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.open(tmp_path / "data", create=True)


def cut_episode(dataset: Dataset) -> str:
    """An episode whose writer was killed."""
    program = f"""
import os, signal
from recordings import Dataset
from tests.support.episodes import begin_episode
writer = begin_episode(Dataset.open({str(dataset.path)!r}))
os.kill(os.getpid(), signal.SIGKILL)
"""
    before = {info.id for info in dataset.episodes()}
    root = Path(__file__).parents[3]
    ended = subprocess.run([sys.executable, "-c", program], cwd=root, check=False, timeout=30)
    assert ended.returncode == -9
    (new,) = {info.id for info in dataset.episodes()} - before
    return new


def test_ls_lists_every_episode_with_its_state(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    whole = record_episode(dataset, task="wipe the counter")
    cut = cut_episode(dataset)
    open_writer = begin_episode(dataset)
    assert main(["data", "ls", "--data", str(dataset.path)]) == 0
    open_writer.close()
    open_writer.wait_settled()
    header, *lines = capsys.readouterr().out.splitlines()
    states = {line.split()[0]: line.split()[1] for line in lines}
    assert header.split() == ["EPISODE", "STATE", "LENGTH", "SIZE", "OUTCOME", "KIND", "TASK"]
    assert states == {whole.id: "complete", cut: "cut", open_writer.path.name: "recording"}
    assert "wipe the counter" in lines[0]


def test_ls_tells_what_an_evaluation_recorded_from_what_was_collected(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    collected, tried = record_episode(dataset), record_episode(dataset)
    dataset.set_tags(collected.id, ["evaluation"])  # a person's own word, not the mark of an evaluation
    dataset.set_tags(tried.id, ["evaluation:20261130-090000", "trial:1"])

    def listed(*options: str) -> dict[str, str]:
        assert main(["data", "ls", "--data", str(dataset.path), *options]) == 0
        lines = capsys.readouterr().out.splitlines()[1:]
        return {
            words[0]: "evaluation" if "evaluation" in words else words[-5] for words in map(str.split, lines)
        }

    assert listed() == {collected.id: "collected", tried.id: "evaluation"}
    assert listed("--collected") == {collected.id: "collected"}
    assert listed("--evaluations") == {tried.id: "evaluation"}
    assert main(["data", "ls", "--data", str(dataset.path), "--json", "-", "--evaluations"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["id"], entry["evaluation"]) == (tried.id, "20261130-090000")
    dataset.trash(tried.id)
    assert main(["data", "ls", "--data", str(dataset.path), "--evaluations"]) == 0
    assert "no evaluation episodes in" in capsys.readouterr().out


def test_ls_names_what_cannot_be_read(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    info = record_episode(dataset)
    (info.path / "zarr.json").write_text("{ torn")
    assert main(["data", "ls", "--data", str(dataset.path)]) == 0
    assert "unreadable" in capsys.readouterr().out


def test_ls_of_an_empty_dataset_says_so(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "ls", "--data", str(dataset.path)]) == 0
    assert "no episodes" in capsys.readouterr().out


def test_ls_as_json_holds_every_attribute(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    info = record_episode(dataset)
    assert main(["data", "ls", "--data", str(dataset.path), "--json", "-"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["id"], entry["state"], entry["counts"]["ticks"]) == (info.id, "complete", 20)


def test_the_data_folder_comes_from_the_environment(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    info = record_episode(dataset)
    monkeypatch.setenv("UNDERSTUDY_DATA", str(dataset.path))
    assert main(["data", "ls"]) == 0
    assert info.id in capsys.readouterr().out


def test_info_sums_up_the_dataset(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    record_episode(dataset, task="one")
    record_episode(dataset, task="two")
    assert main(["data", "info", "--data", str(dataset.path)]) == 0
    said = capsys.readouterr().out
    assert "2 complete" in said
    assert "2 success" in said
    assert "2 test home / kitchen / bare" in said


def test_info_tells_an_episodes_measured_rates(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    record_episode(dataset)
    assert main(["data", "info", "last", "--data", str(dataset.path)]) == 0
    said = capsys.readouterr().out
    assert "20 rows, 50.0 Hz, pause up to 20 ms" in said
    assert "camera front" in said
    assert "32x24, 10 rows, 25.0 Hz" in said


def test_trash_and_restore_undo_one_another(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    kept, unwanted = record_episode(dataset), record_episode(dataset)
    data = ["--data", str(dataset.path)]
    assert main(["data", "trash", "last", *data]) == 0
    assert [info.id for info in dataset.episodes()] == [kept.id]
    assert main(["data", "ls", "--trash", *data]) == 0
    assert unwanted.id in capsys.readouterr().out
    assert main(["data", "restore", unwanted.id, *data]) == 0
    assert [info.id for info in dataset.episodes()] == [kept.id, unwanted.id]


def test_trash_moves_nothing_when_one_name_is_wrong(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    info = record_episode(dataset)
    assert main(["data", "trash", info.id, "no-such", "--data", str(dataset.path)]) == 1
    assert [info.id for info in dataset.episodes()] == [info.id]
    assert "no-such" in capsys.readouterr().err


def test_repair_completes_what_a_crash_has_cut(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    whole = record_episode(dataset)
    cut = cut_episode(dataset)
    assert main(["data", "repair", "--data", str(dataset.path)]) == 0
    said = capsys.readouterr().out
    assert f"{whole.id}  whole" in said
    assert f"{cut}  repaired" in said
    assert all(info.complete for info in dataset.episodes())


def test_repair_leaves_a_running_episode_alone(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    writer = begin_episode(dataset)
    assert main(["data", "repair", "--data", str(dataset.path)]) == 1
    assert "not repaired" in capsys.readouterr().out
    assert writer.close().complete
    writer.wait_settled()


def test_verify_passes_what_is_whole(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    info = record_episode(dataset)
    assert main(["data", "verify", "--data", str(dataset.path)]) == 0
    said = capsys.readouterr().out
    assert f"{info.id}  ok" in said
    assert "1 of 1 episodes are what they say" in said


def test_verify_fails_what_was_changed_and_names_it(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    info = record_episode(dataset)
    shard = next(
        path for path in sorted((info.path / "cameras/front/frames").rglob("*")) if path.stat().st_size > 500
    )
    damaged = bytearray(shard.read_bytes())
    damaged[300] ^= 0xFF
    shard.write_bytes(damaged)
    report = dataset.path.parent / "report.json"
    assert main(["data", "verify", "last", "--data", str(dataset.path), "--json", str(report)]) == 1
    assert "cameras/front" in capsys.readouterr().out
    assert json.loads(report.read_text())[info.id]["ok"] is False


def test_verify_then_repair_then_verify(dataset: Dataset) -> None:
    cut_episode(dataset)
    data = ["--data", str(dataset.path)]
    assert main(["data", "verify", *data]) == 1
    assert main(["data", "repair", *data]) == 0
    assert main(["data", "verify", *data]) == 0


@pytest.mark.parametrize("command", ["verify", "repair"])
def test_json_has_stdout_to_itself(
    dataset: Dataset, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    info = record_episode(dataset)
    assert main(["data", command, "--data", str(dataset.path), "--json", "-"]) == 0
    said = capsys.readouterr()
    assert list(json.loads(said.out)) == [info.id]
    assert info.id in said.err


def test_one_that_the_disk_refuses_does_not_keep_the_others_from_repair(
    dataset: Dataset, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = cut_episode(dataset), cut_episode(dataset)
    really_read = Path.read_bytes

    def read(path: Path) -> bytes:
        if first in path.parts:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return really_read(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    assert main(["data", "verify", "--data", str(dataset.path)]) == 1
    assert f"{second}  1 error" in capsys.readouterr().out
    assert main(["data", "repair", "--data", str(dataset.path)]) == 1
    said = capsys.readouterr().out
    assert f"{first}  not repaired: [Errno 5] Input/output error" in said
    assert f"{second}  repaired" in said
