"""Bad disks and power cuts: verify sees every changed byte, repair keeps all that can be proved."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recordings import DamagedData, Dataset, Episode, FrameMissing, metadata
from recordings.journal import journal_path
from recordings.repair import repair_episode
from recordings.verify import verify_episode
from tests.recordings import recorded as example

TICKS = 640  # 320 frames a camera: two full shards and one begun


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example.closed_episode(tmp_path_factory.mktemp("sound") / "set", ticks=TICKS)


@pytest.fixture
def episode(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / sound.name))


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x40
    path.write_bytes(data)


def _repaired(path: Path) -> Episode:
    report = repair_episode(path)
    assert report.changed
    assert report.damage
    assert verify_episode(path).errors == ()
    again = repair_episode(path)
    assert again.changed is False
    assert Episode(path).attributes.repaired is not None
    assert list(zarr.open_group(path, mode="r").members(max_depth=None))
    return Episode(path)


def test_a_flipped_byte_in_a_frame_costs_that_frame(episode: Path) -> None:
    shard = episode / "cameras/front/frames/c.1.0.0.0"
    original = shard.read_bytes()
    _flip(shard, 5_000)
    report = verify_episode(episode)
    assert [(finding.what, finding.where) for finding in report.errors] == [
        ("frames are damaged", "cameras/front")
    ]
    assert "1 of 320" in report.errors[0].value
    repaired = _repaired(episode)
    front = repaired.camera("front")
    assert len(front) == 320
    (lost,) = np.flatnonzero(front.missing)
    assert 150 <= lost < 300
    (told,) = [str(one) for one in verify_episode(episode).findings if "no picture" in one.what]
    since_s = (front.time_ns[lost] - front.time_ns[0]) / 1e9
    assert told == (
        f"warning: cameras/front: frames have no picture: 1 of 320, the first is frame {lost}, {since_s:.2f} s from the"
        " camera's start; they were damaged and an earlier repair took them out, so there is nothing to do about them"
    )
    with pytest.raises(FrameMissing, match=f"frame {lost} of camera front"):
        front.frame(lost)
    array = zarr.open_group(episode, mode="r")["cameras/front/frames"]
    assert array[lost].max() == 0
    assert array.attrs["missing"] == [lost]
    for index in (lost - 1, lost + 1, 299, 300, 319):
        assert abs(int(array[index].mean()) - int(example.picture(index).mean())) <= 2
    kept = bytes(zarr.open_group(episode, mode="r")["aside/front-shard-1"][:])
    assert len(kept) == len(original)
    assert sum(a != b for a, b in zip(kept, original, strict=True)) == 1


def test_a_flipped_byte_in_an_index_costs_nothing(episode: Path) -> None:
    _flip(episode / "cameras/front/frames/c.0.0.0.0", -300)
    assert [finding.what for finding in verify_episode(episode).errors] == ["shard index is damaged"]
    repaired = _repaired(episode)
    assert not repaired.camera("front").missing.any()
    assert len(repaired.camera("front")) == 320


def test_a_shard_cut_short_costs_its_end(episode: Path) -> None:
    shard = episode / "cameras/front/frames/c.2.0.0.0"
    with shard.open("r+b") as file:
        file.truncate(4_000)
    assert not verify_episode(episode).ok
    repaired = _repaired(episode)
    assert 300 < len(repaired.camera("front")) < 320
    assert len(repaired.camera("left-wrist")) == 320
    assert len(repaired.state.time_ns) == TICKS


def test_a_shard_that_is_gone_costs_its_frames(episode: Path) -> None:
    (episode / "cameras/front/frames/c.1.0.0.0").unlink()
    assert not verify_episode(episode).ok
    repaired = _repaired(episode)
    assert np.flatnonzero(repaired.camera("front").missing).tolist() == list(range(150, 300))
    assert repaired.camera("front").frame(300).shape == (example.HEIGHT, example.WIDTH, 3)


@pytest.mark.parametrize("column", ["position", "velocity", "time_ns", "crc32c"])
def test_a_flipped_byte_in_a_row_cuts_state_and_action_there(episode: Path, column: str) -> None:
    size = {"position": 16, "velocity": 16, "time_ns": 8, "crc32c": 4}[column]
    _flip(next((episode / "state" / column).glob("c.0*")), 500 * size)
    assert any(
        finding.what == "rows do not match their checksums" for finding in verify_episode(episode).errors
    )
    repaired = _repaired(episode)
    assert len(repaired.state.time_ns) == len(repaired.action.time_ns) == 500
    assert repaired.attributes.counts.ticks == 500
    assert repaired.attributes.repaired is not None
    assert repaired.attributes.repaired.cut_seconds == pytest.approx((TICKS - 500) * 0.02)


def test_a_column_that_is_gone_is_named(episode: Path) -> None:
    (episode / "action/sent/c.0.0").unlink()
    with pytest.raises(DamagedData, match=r"action/sent/c\.0\.0 is absent"):
        _ = Episode(episode).action
    assert not verify_episode(episode).ok
    assert len(_repaired(episode).state.time_ns) == 0


def test_lost_metadata_of_an_array_is_written_again(episode: Path) -> None:
    (episode / "state/effort/zarr.json").unlink()
    (episode / "cameras/front/frames/zarr.json").write_text('{"zarr_format": 3, "node')
    assert not verify_episode(episode).ok
    repaired = _repaired(episode)
    assert repaired.state.effort.shape == (TICKS, example.SIZE)
    assert not repaired.camera("front").missing.any()


def test_a_flipped_byte_in_an_event_is_seen(episode: Path) -> None:
    _flip(episode / "events/json/c.0", 40)
    assert any(finding.where == "events" for finding in verify_episode(episode).errors)
    assert len(_repaired(episode).events) == 0


def _unsettled(sound: Path, folder: Path) -> Path:
    """An episode as a crash leaves it: a journal, and shards without an index at the end."""
    writer = Dataset.open(folder, create=True).create_episode(example.spec())
    example.write(writer, ticks=TICKS)
    crashed = Path(shutil.copytree(writer.path, folder.parent / "crashed"))
    writer.close()
    writer.wait_settled()
    return crashed


@pytest.fixture(scope="module")
def unsettled(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _unsettled(sound, tmp_path_factory.mktemp("unsettled") / "set")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0.05, 1.0), shard_share=st.floats(0.0, 1.0), zeros=st.booleans())
def test_a_power_cut_leaves_a_prefix(
    unsettled: Path, tmp_path: Path, share: float, shard_share: float, zeros: bool
) -> None:
    """The journal ends anywhere, or in zeros, and a shard was not yet written to its end."""
    path = Path(shutil.copytree(unsettled, tmp_path / "episode", dirs_exist_ok=False))
    try:
        journal = journal_path(path).read_bytes()
        end = max(int(len(journal) * share), 2_500)
        journal_path(path).write_bytes(journal[:end] + bytes(len(journal) - end if zeros else 0))
        with (path / "cameras/front/frames/c.2.0.0.0").open("r+b") as file:
            size = file.seek(0, 2)
            file.truncate(int(size * shard_share))
        before = Episode(path)
        ticks = len(before.state.time_ns)
        assert np.array_equal(before.state.position[:, 0], np.arange(ticks))
        front = before.camera("front")
        for index in range(len(front)):
            assert abs(int(front.frame(index).mean()) - int(example.picture(index).mean())) <= 2
        counts = repair_episode(path).counts
        assert counts.ticks >= ticks
        assert counts.frames["front"] >= len(front)
        assert verify_episode(path).errors == ()
    finally:
        shutil.rmtree(path)


def test_a_journal_damaged_in_the_middle_is_helped_out_by_the_columns(
    unsettled: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copytree(unsettled, tmp_path / "episode"))
    _flip(journal_path(path), 20_000)
    assert Episode(path).damage is not None
    repaired = _repaired(path)
    assert len(repaired.state.time_ns) == 512  # two batches of rows had reached the columns
    assert (path / "aside/journal-end").exists()


def test_attributes_lost_in_a_crash_come_back_from_the_journal(unsettled: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(unsettled, tmp_path / "episode"))
    (path / "zarr.json").write_bytes(b"")
    repair_episode(path)
    assert Episode(path).attributes.task == "put the plate into the sink"
    assert verify_episode(path).errors == ()


def test_damaged_rows_are_never_served_as_good(episode: Path) -> None:
    _flip(episode / "action/sent/c.0.0", 500 * 16)
    read = Episode(episode)
    with pytest.raises(DamagedData, match=r"row 500 of action in .* does not match its checksum"):
        _ = read.action
    assert len(read.state.time_ns) == TICKS


def test_a_flipped_byte_in_a_text_is_seen(episode: Path) -> None:
    _flip(episode / "subtasks/json/c.0", 0)  # no longer JSON
    with pytest.raises(DamagedData, match="row 0 of subtasks"):
        _ = Episode(episode).subtasks
    assert [finding.where for finding in verify_episode(episode).errors] == ["subtasks"]


@pytest.mark.parametrize("writes", [3, 8, 30])
def test_a_repair_of_a_closed_episode_that_is_cut_off_loses_nothing(
    episode: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """While it runs, the arrays' lengths are not to be believed."""
    _flip(episode / "state/position/c.0.0", 500 * 16)
    _flip(episode / "cameras/front/frames/c.1.0.0.0", 5_000)

    class PowerCut(Exception):
        pass

    real_write, left = os.pwrite, iter(range(writes))

    def write_some(file: int, data: bytes, offset: int) -> int:
        if next(left, None) is None:
            raise PowerCut
        return real_write(file, data, offset)

    monkeypatch.setattr(os, "pwrite", write_some)
    with pytest.raises(PowerCut):
        repair_episode(episode)
    monkeypatch.undo()
    repaired = _repaired(episode)
    assert len(repaired.state.time_ns) == 500
    assert len(repaired.simulation.time_ns if repaired.simulation is not None else ()) == TICKS
    assert len(repaired.events) == TICKS // 100 + 1
    assert len(repaired.camera("front")) == 320
    assert int(repaired.camera("front").missing.sum()) == 1
    assert repaired.attributes.repaired is not None
    assert "state: rows from 500 on are damaged" in repaired.attributes.repaired.damage


def test_an_index_is_written_behind_the_frames_where_they_lie(unsettled: Path, tmp_path: Path) -> None:
    """A disk that was full when the recording died has no room for a second copy of a shard."""
    path = Path(shutil.copytree(unsettled, tmp_path / "episode"))
    shard = path / "cameras/front/frames/c.2.0.0.0"
    inode = shard.stat().st_ino
    repair_episode(path)
    assert shard.stat().st_ino == inode
    assert verify_episode(path).errors == ()


def test_a_count_that_is_wrong_is_seen(episode: Path) -> None:
    counts = Episode(episode).attributes.counts
    for name in ("ticks", "events", "subtasks", "simulation"):
        wrong = {**msgspec.to_builtins(counts), name: 1}
        metadata.update_attributes(episode, {"counts": wrong})
        assert [finding.what for finding in verify_episode(episode).errors] == ["counts differ"]


def test_a_frame_whose_row_was_not_written_is_told(unsettled: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(unsettled, tmp_path / "episode"))
    with (path / "cameras/front/frames/c.2.0.0.0").open("ab") as file:
        file.write(b"the beginning of a frame")
    read = Episode(path)
    assert read.damage is not None
    assert read.damage.frames == {"front": 1}
    assert "24 bytes of a frame whose row was not written" in read.damage.reasons[0]
    report = repair_episode(path)
    assert bytes(zarr.open_group(path, mode="r")["aside/front-shard-2-end"][:]) == b"the beginning of a frame"
    assert report.counts.frames["front"] == 320
    assert verify_episode(path).errors == ()


@pytest.mark.parametrize("begun", [[], ["zarr.json"], ["zarr.json", "time_ns/zarr.json"]])
def test_sound_that_was_only_just_begun_is_repaired(
    unsettled: Path, tmp_path: Path, begun: list[str]
) -> None:
    """Its table is made with its first block, so a crash may leave half of one without a row."""
    path = Path(shutil.copytree(unsettled, tmp_path / "episode"))
    (path / "audio").mkdir()
    for name in begun:
        (path / "audio" / name).parent.mkdir(exist_ok=True)
        shutil.copy(path / "events" / name, path / "audio" / name)
    repair_episode(path)
    assert verify_episode(path).errors == ()
    assert Episode(path).audio is None
    assert repair_episode(path).changed is False
