"""An export that was cut off is no dataset, goes on after its last whole episode, and ends as one that never was."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from recordings import Dataset
from recordings.lerobot import (
    DifferentExport,
    ExportOptions,
    NoExportHere,
    NothingToExport,
    Share,
    TargetFull,
    TargetInUse,
    TargetNotEmpty,
    export,
)
from recordings.lerobot.work import Work
from tests.recordings import recorded as example
from tests.recordings.lerobot import exported
from tests.recordings.private_mounts import REPOSITORY

KILLED_AFTER = """
import os, signal, sys
from pathlib import Path
from recordings import Dataset
from recordings.lerobot import export

def tell(share):
    if share.done >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

export(Dataset.open(sys.argv[1]), Path(sys.argv[2]), progress=tell)
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return exported.labelled_dataset(tmp_path_factory.mktemp("recordings") / "set")


@pytest.fixture(scope="module")
def unbroken(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    target = tmp_path_factory.mktemp("lerobot") / "out"
    export(dataset, target)
    return exported.contents(target)


class CutOff(Exception):
    """As a kill, for those tests that need no process of their own to die."""


def cut_off_after(dataset: Dataset, target: Path, pictures: int, *, resume: bool = False) -> None:
    def tell(share: Share) -> None:
        if share.done >= pictures:
            raise CutOff

    with pytest.raises(CutOff):
        export(dataset, target, resume=resume, progress=tell)


def kill_after(dataset: Dataset, target: Path, pictures: int) -> None:
    command = [sys.executable, "-c", KILLED_AFTER, str(dataset.path), str(target), str(pictures)]
    killed = subprocess.run(command, cwd=REPOSITORY, check=False, timeout=150)
    assert killed.returncode == -signal.SIGKILL


@pytest.mark.timeout(200)  # a process of its own starts slowly on a busy machine
@pytest.mark.parametrize("pictures", [30, 299])
def test_a_killed_export_goes_on_to_the_same_files(
    dataset: Dataset, unbroken: dict[str, bytes], tmp_path: Path, pictures: int
) -> None:
    """In the first video of all, and in the last picture of the last."""
    target = tmp_path / "out"
    kill_after(dataset, target, pictures)
    assert not (target / "meta").exists(), "a half-written dataset passes for a whole one"
    whole = {path: path.stat().st_mtime_ns for path in target.glob("data/*/*")}
    assert len(whole) == (pictures - 1) // 100
    with pytest.raises(TargetNotEmpty, match="cut off; go on with --resume"):
        export(dataset, target)
    export(dataset, target, resume=True)
    assert exported.contents(target) == unbroken
    assert {path: path.stat().st_mtime_ns for path in whole} == whole, "what was whole was written again"


def test_cut_off_twice_is_as_good(dataset: Dataset, unbroken: dict[str, bytes], tmp_path: Path) -> None:
    target = tmp_path / "out"
    cut_off_after(dataset, target, 60)
    cut_off_after(dataset, target, 130, resume=True)
    cut_off_after(dataset, target, 220, resume=True)
    export(dataset, target, resume=True)
    assert exported.contents(target) == unbroken


def test_cut_off_while_the_end_is_written(
    dataset: Dataset, unbroken: dict[str, bytes], tmp_path: Path
) -> None:
    """All episodes are whole and `meta` is half there."""
    target = tmp_path / "out"
    cut_off_after(dataset, target, 299)
    (target / "meta").mkdir()
    (target / "meta" / "tasks.parquet").write_bytes(b"half")
    export(dataset, target, resume=True)
    assert exported.contents(target) == unbroken


def test_killed_with_nothing_left_but_to_tidy_up(dataset: Dataset, tmp_path: Path) -> None:
    target = tmp_path / "out"
    export(dataset, target, ExportOptions(episodes=(dataset.episodes()[0].id,)))
    whole = exported.contents(target)
    (target / ".understudy-export" / "episodes").mkdir(parents=True)
    with pytest.raises(TargetNotEmpty, match="is not empty"):
        export(dataset, target)
    export(dataset, target, resume=True)
    assert exported.contents(target) == whole
    assert not (target / ".understudy-export").exists()


def test_a_whole_export_is_not_touched(dataset: Dataset, tmp_path: Path) -> None:
    target = tmp_path / "out"
    report = export(dataset, target)
    before = {path: path.stat().st_mtime_ns for path in target.rglob("*")}
    again = export(dataset, target, resume=True)
    assert again == report
    assert {path: path.stat().st_mtime_ns for path in target.rglob("*")} == before
    with pytest.raises(TargetNotEmpty, match="is not empty"):
        export(dataset, target)


def test_what_is_in_the_target_is_not_touched(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    for resume, error in ((False, TargetNotEmpty), (True, NoExportHere)):
        with pytest.raises(error, match="choose a new or empty folder"):
            export(dataset, tmp_path, resume=resume)
    with pytest.raises(TargetNotEmpty, match="is a file"):
        export(dataset, tmp_path / "thesis.tex")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_another_export_does_not_go_on_in_it(dataset: Dataset, tmp_path: Path) -> None:
    target = tmp_path / "out"
    cut_off_after(dataset, target, 30)
    with pytest.raises(DifferentExport, match="fps: None then, 10 now"):
        export(dataset, target, ExportOptions(fps=10), resume=True)
    example.closed_episode(tmp_path / "set", ticks=10)
    with pytest.raises(DifferentExport, match="the dataset: "):
        export(Dataset.open(tmp_path / "set"), target, resume=True)


def test_a_whole_export_of_another_dataset_is_not_taken_for_this_one(
    dataset: Dataset, tmp_path: Path
) -> None:
    example.closed_episode(tmp_path / "set", ticks=10)
    other = Dataset.open(tmp_path / "set")
    export(other, tmp_path / "out")
    with pytest.raises(DifferentExport, match=f"an export of {tmp_path / 'set'}, not of {dataset.path}"):
        export(dataset, tmp_path / "out", resume=True)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda work: (work / "plan.json").write_text("{"), "plan.json is damaged"),
        (lambda work: (work / "episodes/000000.json").write_text("{}"), "000000.json is damaged"),
        (lambda work: (work / "episodes/000000.json").unlink(), "000000.json is gone"),
        (lambda work: (work.parent / "data/chunk-000/file-000.parquet").unlink(), "file-000.parquet is gone"),
    ],
)
def test_an_export_that_has_lost_something_does_not_go_on(
    dataset: Dataset, tmp_path: Path, spoil: Callable[[Path], object], what: str
) -> None:
    target = tmp_path / "out"
    cut_off_after(dataset, target, 230)  # in the third episode
    spoil(target / ".understudy-export")
    with pytest.raises(NoExportHere, match=f"{what}.* begin again"):
        export(dataset, target, resume=True)
    assert not (target / "meta" / "info.json").exists()


def test_who_waits_while_another_ends_its_export_leaves_that_alone(dataset: Dataset, tmp_path: Path) -> None:
    target = tmp_path / "out"
    export(dataset, target, ExportOptions(episodes=(dataset.episodes()[0].id,)))
    whole = exported.contents(target)
    with pytest.raises(TargetInUse, match="has just ended"), Work.on(target):
        pass
    assert exported.contents(target) == whole
    assert not (target / ".understudy-export").exists()


def test_two_exports_do_not_share_a_target(dataset: Dataset, tmp_path: Path) -> None:
    with Work.on(tmp_path / "out"), pytest.raises(TargetInUse, match="wait for it"):
        export(dataset, tmp_path / "out", resume=True)


def test_a_full_disk_is_named_and_the_export_goes_on_once_there_is_room(
    dataset: Dataset, unbroken: dict[str, bytes], tmp_path: Path
) -> None:
    """A limit on the size of a file is a full disk too, and needs no mount."""
    target = tmp_path / "out"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    refused: set[str] = set()
    try:
        for limit_bytes in (1 << 10, 5 << 10, 8 << 10):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
            with pytest.raises(TargetFull, match="go on with --resume") as full:
                export(dataset, target, resume=True)
            refused.add(full.value.path.suffix)
            assert not (target / "meta" / "info.json").exists()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert refused >= {".mp4", ".parquet"}, refused
    export(dataset, target, resume=True)
    assert exported.contents(target) == unbroken


def test_an_empty_dataset_is_told(tmp_path: Path) -> None:
    empty = Dataset.open(tmp_path / "set", create=True)
    with pytest.raises(NothingToExport, match="there are no episodes"):
        export(empty, tmp_path / "out")
    assert not (tmp_path / "out").exists()
