"""What cannot be exported is left out and named, and the rest is whole."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
import pytest

from recordings import CameraSpec, Dataset, Episode, EpisodeInfo, Outcome
from recordings.labels import FINAL, LabelStore
from recordings.lerobot import NothingToExport, Report, export
from tests.recordings import recorded as example
from tests.recordings.lerobot import exported
from tests.recordings.private_mounts import REPOSITORY
from tests.support.episodes import record_episode

KILLED_WRITER = """
import os, signal, sys
from recordings import Dataset
from tests.recordings import recorded as example
writer = Dataset.open(sys.argv[1]).create_episode(example.spec())
example.write(writer, ticks=20)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Three episodes of 20 frames, to copy."""
    return exported.labelled_dataset(tmp_path_factory.mktemp("recordings") / "set", ticks=40)


@pytest.fixture
def dataset(recorded: Dataset, tmp_path: Path) -> Dataset:
    return exported.copy_of(recorded, tmp_path / "set")


def spoil_a_frame(info: EpisodeInfo) -> None:
    """A byte in the last picture of the second camera: found when the episode is half exported."""
    shard = info.path / "cameras/left-wrist/frames/c.0.0.0.0"
    data = bytearray(shard.read_bytes())
    frames = info.counts.frames["left-wrist"]
    sizes = np.fromfile(info.path / "cameras/left-wrist/nbytes/c.0", "<u4", frames)
    data[int(sizes.sum()) - 20] ^= 255
    shard.write_bytes(data)


def spoil_a_state_row(info: EpisodeInfo) -> None:
    column = info.path / "state/position/c.0.0"
    data = bytearray(column.read_bytes())
    data[100] ^= 255
    column.write_bytes(data)


def spoil_an_event(info: EpisodeInfo) -> None:
    """Nothing that is exported, but who knows what else."""
    lines = info.path / "events/json/c.0"
    data = bytearray(lines.read_bytes())
    data[20] ^= 1
    lines.write_bytes(data)


def spoil_the_attributes(info: EpisodeInfo) -> None:
    (info.path / "zarr.json").write_text("{ torn")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (spoil_a_frame, "damaged: frame 19 .*does not match its checksum"),
        (spoil_a_state_row, "damaged: row .* of state"),
        (spoil_an_event, "damaged: row 0 of events"),
        (spoil_the_attributes, "unreadable: "),
    ],
)
def test_a_damaged_episode_is_left_out_and_named(
    dataset: Dataset, tmp_path: Path, spoil: Callable[[EpisodeInfo], None], reason: str
) -> None:
    infos = dataset.episodes()
    spoil(infos[1])
    report = export(Dataset.open(tmp_path / "set"), tmp_path / "out")
    assert_left_out(tmp_path / "out", report, infos[1].id, reason, kept=[infos[0].id, infos[2].id])
    assert exported.texts(tmp_path / "out", "subtask") == ["", "step 0"], "of what was left out"


def test_an_episode_that_a_crash_has_cut_is_left_out(dataset: Dataset, tmp_path: Path) -> None:
    kept = [info.id for info in dataset.episodes()]
    command = [sys.executable, "-c", KILLED_WRITER, str(tmp_path / "set")]
    assert subprocess.run(command, cwd=REPOSITORY, check=False, timeout=30).returncode == -9
    cut = Dataset.open(tmp_path / "set").episodes()[-1].id
    report = export(Dataset.open(tmp_path / "set"), tmp_path / "out")
    assert_left_out(tmp_path / "out", report, cut, f"understudy data repair {cut}", kept=kept)


def test_an_episode_that_is_being_recorded_is_left_out(dataset: Dataset, tmp_path: Path) -> None:
    kept = [info.id for info in dataset.episodes()]
    with dataset.create_episode(example.spec()) as writer:
        example.write(writer, ticks=20)
        report = export(dataset, tmp_path / "out")
        assert_left_out(tmp_path / "out", report, writer.path.name, "being recorded", kept=kept)


def test_an_episode_without_a_frame_is_left_out(dataset: Dataset, tmp_path: Path) -> None:
    kept = [info.id for info in dataset.episodes()]
    writer = dataset.create_episode(example.spec())
    vector = np.zeros(example.SIZE, np.float32)
    for tick in range(5):
        time_ns = example.START_NS + tick * example.TICK_NS
        writer.append_tick(
            time_ns=time_ns,
            position=vector,
            velocity=vector,
            effort=vector,
            action_time_ns=time_ns,
            requested=vector,
            sent=vector,
            source=1,
        )
        writer.append_frame("front", time_ns, example.encode_jpeg(example.picture(tick), 90))
    writer.close(Outcome.SUCCESS)
    writer.wait_settled()
    report = export(dataset, tmp_path / "out")
    empty = "camera left-wrist has no frame"
    assert_left_out(tmp_path / "out", report, writer.path.name, empty, kept=kept)


def test_an_episode_of_another_robot_is_left_out(dataset: Dataset, tmp_path: Path) -> None:
    kept = [info.id for info in dataset.episodes()]
    other = record_episode(dataset).id
    report = export(dataset, tmp_path / "out")
    assert_left_out(tmp_path / "out", report, other, "the robot, the numbers of state and action", kept=kept)


def test_an_episode_with_another_camera_is_left_out(dataset: Dataset, tmp_path: Path) -> None:
    kept = [info.id for info in dataset.episodes()]
    spec = msgspec.structs.replace(example.spec(), cameras=(CameraSpec("front", 24, 32, 25.0),))
    writer = dataset.create_episode(spec)
    example.write(writer, ticks=20)
    writer.close(Outcome.SUCCESS)
    writer.wait_settled()
    report = export(dataset, tmp_path / "out")
    assert_left_out(tmp_path / "out", report, writer.path.name, "the cameras differ", kept=kept)


def test_an_episode_whose_labels_the_disk_refuses_is_left_out(dataset: Dataset, tmp_path: Path) -> None:
    infos = dataset.episodes()
    store = LabelStore(dataset.path)
    store.journal_path("ann", infos[0].id).mkdir()  # as good as one of another user's, and root meets it too
    report = export(dataset, tmp_path / "out")
    reason = "its labels cannot be read: .*directory"
    assert_left_out(tmp_path / "out", report, infos[0].id, reason, kept=[info.id for info in infos[1:]])


def test_an_episode_that_has_lost_the_texts_of_its_subtasks_is_left_out(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    infos = dataset.episodes()
    whole = Episode.subtasks.func
    lost = cached_property(lambda episode: () if episode.path == infos[2].path else whole(episode))
    lost.__set_name__(Episode, "subtasks")
    monkeypatch.setattr(Episode, "subtasks", lost)
    report = export(dataset, tmp_path / "out")
    reason = "damaged: actions were sent under subtask number 0, and there are texts of 0"
    assert_left_out(tmp_path / "out", report, infos[2].id, reason, kept=[info.id for info in infos[:2]])


def test_labels_that_are_damaged_are_told_and_nobody_elses_stand_for_them(
    dataset: Dataset, tmp_path: Path
) -> None:
    second = dataset.episodes()[1].id
    store = LabelStore(dataset.path)
    journal = store.journal_path(FINAL, second)
    store.edit(FINAL, second).close()
    journal.write_bytes(b"nothing of ours\n")
    report = export(dataset, tmp_path / "out")
    assert "line 1" in " ".join(report.episodes[1].notes)
    assert "grasp" not in exported.subtasks(tmp_path / "out", 1), "ann's, who did not decide"


def test_a_dataset_of_damaged_episodes_leaves_no_dataset(dataset: Dataset, tmp_path: Path) -> None:
    for info in dataset.episodes():
        spoil_a_frame(info)
    with pytest.raises(NothingToExport, match="damaged: frame 19"):
        export(dataset, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def assert_left_out(target: Path, report: Report, episode_id: str, reason: str, *, kept: list[str]) -> None:
    """It is named with its reason, in the report's file too; the others are whole and numbered without a hole."""
    assert [one.id for one in report.left_out] == [episode_id]
    assert re.search(reason, report.left_out[0].reason), report.left_out[0].reason
    assert episode_id in (target / "understudy-export.json").read_text()
    assert [episode.id for episode in report.episodes] == kept
    assert exported.info(target)["total_episodes"] == len(kept)
    for number, episode in enumerate(report.episodes):
        rows = exported.rows(target, number)
        assert rows["episode_index"] == [number] * episode.rows
        assert len(exported.pictures(target, "left-wrist", number)[0]) == episode.rows
    assert len(list(target.glob("videos/*/*/*"))) == 2 * len(kept), "no file is left of what was begun"
