"""What was recorded and labelled stands in the export, read back by pyarrow and PyAV alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from recordings import Dataset, Outcome
from recordings.labels import LabelStore, edits
from recordings.lerobot import ExportOptions, Report, UnknownReviewer, export
from recordings.lerobot.video import write_video
from tests.recordings import recorded as example
from tests.recordings.lerobot import exported


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return exported.labelled_dataset(tmp_path_factory.mktemp("recordings") / "set")


@pytest.fixture(scope="module")
def done(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    target = tmp_path_factory.mktemp("lerobot") / "out"
    return target, export(dataset, target)


def test_states_and_actions_are_those_recorded_nearest_to_each_frame(
    dataset: Dataset, done: tuple[Path, Report]
) -> None:
    target, _ = done
    for index, info in enumerate(dataset.episodes()):
        rows, episode = exported.rows(target, index), dataset.episode(info.id)
        ticks = np.arange(exported.ROWS) * 2  # a frame comes 3 ms after every second tick, of 20 ms
        assert np.array_equal(np.float32(rows["observation.state"]), episode.state.position[ticks])
        assert np.array_equal(np.float32(rows["action"]), episode.action.sent[ticks])
        assert rows["source"] == [1] * exported.ROWS


def test_capture_times_are_exact_and_timestamps_are_what_lerobot_asks_for(
    dataset: Dataset, done: tuple[Path, Report]
) -> None:
    target, report = done
    for index, info in enumerate(dataset.episodes()):
        rows = exported.rows(target, index)
        assert rows["capture_time_ns"] == dataset.episode(info.id).camera("front").time_ns.tolist()
        assert rows["timestamp"] == [float(np.float32(row / 25)) for row in range(exported.ROWS)]
        assert rows["frame_index"] == list(range(exported.ROWS))
        assert rows["index"] == list(range(index * exported.ROWS, (index + 1) * exported.ROWS))
    assert report.greatest_skew_ms == {
        "camera front": 0.0,
        "camera left-wrist": 0.0,
        "state": 3.0,
        "action": 2.0,
    }


def test_subtasks_are_the_reviewers_and_else_those_told_while_recording(done: tuple[Path, Report]) -> None:
    target, report = done
    assert exported.subtasks(target, 1) == exported.labelled_texts()
    assert exported.subtasks(target, 0) == ["step 0"] * exported.ROWS
    assert [episode.subtasks_by for episode in report.episodes] == ["recorded", "best", "recorded"]
    assert exported.texts(target, "subtask")[0] == "", (
        "rows without a subtask need a number that can be looked up"
    )
    assert exported.texts(target, "task") == ["put the plate into the sink"]


def test_videos_hold_every_frame_at_its_time(dataset: Dataset, done: tuple[Path, Report]) -> None:
    target, _ = done
    for camera in ("front", "left-wrist"):
        for index, info in enumerate(dataset.episodes()):
            frames = dataset.episode(info.id).camera(camera)
            pictures, times = exported.pictures(target, camera, index)
            recorded = np.stack([frames.frame(number) for number in range(len(frames))])
            assert np.abs(pictures.astype(int) - recorded).max() <= 4, (
                "pictures differ by 7 from one to the next"
            )
            assert times == pytest.approx([row / 25 for row in range(exported.ROWS)], abs=1e-6)


def test_colours_survive(tmp_path: Path) -> None:
    """A swapped channel, matrix or range would not show in grey pictures."""
    colours = [(200, 30, 40), (30, 190, 60), (20, 40, 210), (0, 0, 0), (255, 255, 255), (240, 220, 10)]
    flat = [np.full((48, 64, 3), colour, np.uint8) for colour in colours]
    (tmp_path / "videos/observation.images.front/chunk-000").mkdir(parents=True)
    path = tmp_path / "videos/observation.images.front/chunk-000/file-000.mp4"
    write_video(path, flat, fps=25, height_px=48, width_px=64)
    pictures, _ = exported.pictures(tmp_path, "front", 0)
    assert np.abs(pictures.astype(int) - np.stack(flat)).max() <= 6


def test_a_picture_of_odd_size_is_exported(tmp_path: Path) -> None:
    (tmp_path / "videos/observation.images.front/chunk-000").mkdir(parents=True)
    path = tmp_path / "videos/observation.images.front/chunk-000/file-000.mp4"
    write_video(path, [np.full((25, 33, 3), 90, np.uint8)] * 3, fps=25, height_px=25, width_px=33)
    assert exported.pictures(tmp_path, "front", 0)[0].shape == (3, 25, 33, 3)


def test_info_names_numbers_units_and_cameras(done: tuple[Path, Report]) -> None:
    target, _ = done
    info = exported.info(target)
    assert (info["codebase_version"], info["fps"], info["robot_type"]) == ("v3.0", 25, "two-joints")
    assert (info["total_episodes"], info["total_frames"]) == (3, 3 * exported.ROWS)
    state = info["features"]["observation.state"]
    assert state["names"] == ["shoulder", "elbow", "gripper", "lift"]
    assert state["info"]["units"] == ["rad", "rad", "1", "m"]
    assert info["features"]["observation.images.left-wrist"]["shape"] == [24, 32, 3]
    assert set(exported.rows(target, 0)) == {
        name for name, feature in info["features"].items() if feature["dtype"] != "video"
    }


def test_the_episodes_table_points_at_rows_and_says_whose_they_are(
    dataset: Dataset, done: tuple[Path, Report]
) -> None:
    target, _ = done
    table = pq.read_table(target / "meta/episodes/chunk-000/file-000.parquet").to_pydict()
    assert table["episode_index"] == [0, 1, 2]
    assert table["dataset_from_index"] == [0, 50, 100]
    assert table["dataset_to_index"] == [50, 100, 150]
    assert table["videos/observation.images.front/to_timestamp"] == [2.0, 2.0, 2.0]
    assert table["understudy/id"] == [info.id for info in dataset.episodes()]
    starts = [(row["content"], row["timestamp"]) for row in table["understudy/language_persistent"][1]]
    assert starts == [
        ("reach", 0.0),
        ("grasp", pytest.approx(0.8)),
        ("", pytest.approx(1.2)),
        ("reach", pytest.approx(1.44)),
    ]


def test_statistics_are_those_of_all_rows(dataset: Dataset, done: tuple[Path, Report]) -> None:
    target, _ = done
    stats = json.loads((target / "meta/stats.json").read_text())
    every = np.concatenate([exported.rows(target, index)["observation.state"] for index in range(3)])
    for name, value in (
        ("mean", every.mean(0)),
        ("std", every.std(0)),
        ("min", every.min(0)),
        ("max", every.max(0)),
    ):
        assert stats["observation.state"][name] == pytest.approx(value.tolist()), name
    assert stats["observation.state"]["count"] == [150]
    front = np.concatenate([exported.pictures(target, "front", index)[0] for index in range(3)]) / 255
    assert np.shape(stats["observation.images.front"]["mean"]) == (3, 1, 1)
    assert np.ravel(stats["observation.images.front"]["mean"]) == pytest.approx(
        front.mean((0, 1, 2)), abs=0.01
    )
    assert np.ravel(stats["observation.images.front"]["q99"]).max() <= 1


def test_what_the_format_does_not_hold_is_counted(done: tuple[Path, Report]) -> None:
    target, report = done
    written = json.loads((target / "understudy-export.json").read_text())
    assert written["not_held"] == report.not_held
    assert report.not_held["state rows between frames"] == 3 * exported.ROWS
    assert report.not_held["effort rows"] == 3 * exported.TICKS
    assert report.not_held["events"] == 3
    assert report.not_held["labels of kind utterance"] == 1
    assert "boxes" not in report.not_held, "there are none"


def test_language_columns_on_request(dataset: Dataset, tmp_path: Path) -> None:
    second = dataset.episodes()[1].id
    export(dataset, tmp_path / "out", ExportOptions(episodes=(second,), language=True))
    rows = exported.rows(tmp_path / "out", 0)
    assert [row["content"] for row in rows["language_persistent"][49]] == ["reach", "grasp", "", "reach"]
    assert rows["language_persistent"][0] == rows["language_persistent"][49]
    assert {row["style"] for row in rows["language_persistent"][0]} == {"subtask"}
    said = {row: event for row, events in enumerate(rows["language_events"]) for event in events}
    assert {row: event["content"] for row, event in said.items()} == {4: "take it"}
    assert exported.info(tmp_path / "out")["features"]["language_events"]["dtype"] == "language"


def test_a_rate_of_rows_takes_the_frames_nearest(dataset: Dataset, tmp_path: Path) -> None:
    first = dataset.episodes()[0].id
    report = export(dataset, tmp_path / "out", ExportOptions(episodes=(first,), fps=10))
    rows = exported.rows(tmp_path / "out", 0)
    assert len(rows["index"]) == 20
    assert np.diff(rows["capture_time_ns"]).tolist() == [80_000_000, 120_000_000] * 9 + [80_000_000]
    assert report.not_held["frames of front"] == 30
    assert report.greatest_skew_ms["camera front"] == 20.0
    assert exported.info(tmp_path / "out")["fps"] == 10
    assert len(exported.pictures(tmp_path / "out", "front", 0)[0]) == 20


def test_a_tick_in_which_a_device_was_silent_is_passed_over(tmp_path: Path) -> None:
    dataset = Dataset.open(tmp_path / "set", create=True)
    with dataset.create_episode(example.spec()) as writer:
        for tick in range(10):
            time_ns = example.START_NS + tick * example.TICK_NS
            position = np.full(example.SIZE, tick, np.float32)
            if tick == 4:
                position[1] = np.nan
            writer.append_tick(
                time_ns=time_ns,
                position=position,
                velocity=position,
                effort=position,
                action_time_ns=time_ns,
                requested=np.zeros(example.SIZE, np.float32),
                sent=np.zeros(example.SIZE, np.float32),
                source=1,
            )
            for camera in ("front", "left-wrist"):
                writer.append_frame(camera, time_ns, example.encode_jpeg(example.picture(tick), 90))
    report = export(dataset, tmp_path / "out")
    states = [row[0] for row in exported.rows(tmp_path / "out", 0)["observation.state"]]
    assert states == [0, 1, 2, 3, 3, 5, 6, 7, 8, 9]
    assert report.greatest_skew_ms["state"] == 20.0
    assert "1 state rows in which a device did not answer were passed over" in report.episodes[0].notes


def test_only_successes_by_the_reviewers_word(dataset: Dataset, tmp_path: Path) -> None:
    dataset = exported.copy_of(dataset, tmp_path / "set")
    first, second, third = (info.id for info in dataset.episodes())
    with LabelStore(dataset.path).edit("bob", third) as editor:
        editor.apply(edits.judge(editor.labels, outcome=Outcome.FAILURE), "judged")
    report = export(dataset, tmp_path / "out", ExportOptions(only=Outcome.SUCCESS, reviewer="bob"))
    assert [episode.id for episode in report.episodes] == [first, second]
    assert [(one.id, one.by_choice) for one in report.left_out] == [(third, True)]
    with pytest.raises(UnknownReviewer, match=r"'carol'.*there are labels by ann, bob"):
        export(dataset, tmp_path / "other", ExportOptions(reviewer="carol"))
    assert not (tmp_path / "other").exists()
