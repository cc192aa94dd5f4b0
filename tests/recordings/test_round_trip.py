"""What goes in comes out, through plain zarr and through the reader alike."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import zarr

from recordings import Dataset, Episode, FrameEncoding, Outcome
from recordings.verify import verify_episode
from tests.recordings import recorded as example

TICKS = 4_500  # more than a chunk of rows, and frames for more than a dozen shards


@pytest.fixture(scope="module")
def episode(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, example.Recorded]:
    dataset = Dataset.open(tmp_path_factory.mktemp("data") / "set", create=True)
    writer = dataset.create_episode(example.spec())
    recorded = example.write(writer, ticks=TICKS)
    example.write_audio(writer, recorded, blocks=200)
    writer.close(Outcome.FAILURE, notes="dropped it", tags=["plates", "evening"])
    assert writer.wait_settled()
    return writer.path, recorded


def test_plain_zarr_reads_rows(episode: tuple[Path, example.Recorded]) -> None:
    path, recorded = episode
    group = zarr.open_group(path, mode="r")
    assert np.array_equal(group["state/position"][:], np.stack(recorded.position))
    assert np.array_equal(group["state/velocity"][:], -np.stack(recorded.position))
    assert np.array_equal(group["action/sent"][:], np.stack(recorded.sent))
    assert np.array_equal(group["action/time_ns"][:], group["state/time_ns"][:] + 1_000_000)
    assert np.array_equal(np.diff(group["state/time_ns"][:]), np.full(TICKS - 1, example.TICK_NS))
    assert np.array_equal(group["action/subtask"][:], np.arange(TICKS) // 100)
    assert np.array_equal(group["action/chunk"][:], np.arange(TICKS) // 50)
    assert set(group["action/source"][:]) == {1}
    assert group["action/source"].attrs["names"]["1"] == "teleop"
    assert group["action/source"].attrs["names"]["4"] == "intervention"
    assert group.attrs["counts"]["sources"] == {"teleop": TICKS}
    assert np.array_equal(group["simulation/state"][-1], np.arange(5) + (TICKS - 1) / 7)
    assert np.array_equal(group["audio/samples"][:], np.concatenate(recorded.audio))


def test_plain_zarr_reads_frames(episode: tuple[Path, example.Recorded]) -> None:
    path, recorded = episode
    group = zarr.open_group(path, mode="r")
    for name, frames in recorded.frames.items():
        array = group[f"cameras/{name}/frames"]
        assert array.shape == (TICKS // 2, example.HEIGHT, example.WIDTH, 3)
        assert len(frames) == TICKS // 2
        for index in (0, 1, 149, 150, 151, 1000, TICKS // 2 - 1):
            assert abs(int(array[index].mean()) - int(example.picture(index).mean())) <= 2
        assert array[140:160].shape[0] == 20


def test_plain_zarr_reads_texts_and_attributes(episode: tuple[Path, example.Recorded]) -> None:
    path, _ = episode
    group = zarr.open_group(path, mode="r")
    lines = bytes(group["subtasks/json"][:]).splitlines()
    assert [json.loads(line)["text"] for line in lines] == [f"step {n}" for n in range(45)]
    events = [json.loads(line) for line in bytes(group["events/json"][:]).splitlines()]
    assert events[3]["data"] == {"tick": 300}
    attributes = dict(group.attrs)
    assert attributes["complete"] is True
    assert attributes["outcome"] == "failure"
    assert attributes["notes"] == "dropped it"
    assert attributes["tags"] == ["plates", "evening"]
    assert attributes["environment"] == {"home": "flat 3", "room": "kitchen", "scene": "evening"}
    assert attributes["counts"]["ticks"] == TICKS
    assert attributes["duration_s"] == pytest.approx((TICKS - 1) * 0.02)
    assert {"monotonic_ns", "utc_ns"} == set(attributes["clock_anchor"])


def test_dataset_is_one_zarr_group(episode: tuple[Path, example.Recorded]) -> None:
    path, _ = episode
    group = zarr.open_group(path.parent.parent, mode="r")
    assert list(group.keys()) == ["episodes"]
    assert list(group["episodes"].keys()) == [path.name]
    # Nothing in the folder is unknown to zarr, which would warn, and a warning fails a test.
    assert len(list(zarr.open_group(path, mode="r").members(max_depth=None))) > 40


def test_reader_agrees(episode: tuple[Path, example.Recorded]) -> None:
    path, recorded = episode
    read = Episode(path)
    assert read.damage is None
    assert np.array_equal(read.state.position, np.stack(recorded.position))
    assert np.array_equal(read.action.sent, np.stack(recorded.sent))
    front = read.camera("front")
    assert [front.jpeg(index) for index in range(len(front))] == recorded.frames["front"]
    assert np.array_equal(front.time_ns, read.state.time_ns[::2] + 3_000_000)
    assert front.frame(-1).shape == (example.HEIGHT, example.WIDTH, 3)
    assert read.subtasks[2] == "step 2"
    assert read.events[2].data == {"tick": 200}
    assert read.audio is not None
    assert read.audio.first_sample[3] == 4_800
    assert np.array_equal(read.audio.samples, np.concatenate(recorded.audio))
    assert read.simulation is not None
    assert read.simulation.state.shape == (TICKS, 5)


def test_verify_finds_nothing_wrong(episode: tuple[Path, example.Recorded]) -> None:
    shares: list[float] = []
    report = verify_episode(episode[0], progress=shares.append)
    assert report.errors == ()
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_lossless_frames_come_back_exactly(tmp_path: Path) -> None:
    writer = Dataset.open(tmp_path / "set", create=True).create_episode(
        example.spec(encoding=FrameEncoding.JPEGXL)
    )
    example.write(writer, ticks=20)
    with writer:
        pass
    array = zarr.open_group(writer.path, mode="r")["cameras/front/frames"]
    for index in range(10):
        assert np.array_equal(array[index], example.picture(index))
        assert np.array_equal(Episode(writer.path).camera("front").frame(index), example.picture(index))


def test_codec_also_writes(tmp_path: Path) -> None:
    codec = {"name": "imagecodecs_jpeg", "configuration": {"level": 95, "subsampling": "444"}}
    array = zarr.create_array(
        tmp_path / "a.zarr", shape=(3, 16, 24, 3), chunks=(1, 16, 24, 3), dtype="u1", serializer=codec
    )
    values = np.stack([np.full((16, 24, 3), level, np.uint8) for level in (10, 100, 200)])
    array[:] = values
    assert np.abs(zarr.open_array(tmp_path / "a.zarr", mode="r")[:].astype(int) - values).max() <= 2


def test_codec_refuses_what_it_cannot_honour(tmp_path: Path) -> None:
    codec = {"name": "imagecodecs_jpeg", "configuration": {"header": "AAAA"}}
    with pytest.raises(ValueError, match="unknown configuration"):
        zarr.create_array(tmp_path / "a.zarr", shape=(1, 8, 8, 3), dtype="u1", serializer=codec)
