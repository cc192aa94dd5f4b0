"""What the writer refuses, and what it does not let go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from recordings import (
    Dataset,
    Episode,
    EpisodeClosed,
    EpisodeWriter,
    FrameEncoding,
    Outcome,
    TimeNotIncreasing,
    UnknownCamera,
    WrongShape,
    encode_jpeg,
)
from recordings.verify import verify_episode
from tests.recordings import recorded as example


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.open(tmp_path / "set", create=True)


@pytest.fixture
def writer(dataset: Dataset) -> Iterator[EpisodeWriter]:
    with dataset.create_episode(example.spec()) as writer:
        yield writer


def _tick(writer: EpisodeWriter, time_ns: int, **changes: object) -> None:
    vector = np.zeros(example.SIZE, np.float32)
    values: dict[str, object] = {
        "time_ns": time_ns,
        "position": vector,
        "velocity": vector,
        "effort": vector,
        "action_time_ns": time_ns + 1,
        "requested": vector,
        "sent": vector,
        "source": 0,
    }
    writer.append_tick(**(values | changes))  # type: ignore[arg-type]  # a dict of mixed keyword values


@pytest.mark.parametrize("late", [10, 9])
def test_a_tick_must_be_later_than_the_last(writer: EpisodeWriter, late: int) -> None:
    _tick(writer, 10)
    with pytest.raises(TimeNotIncreasing, match=rf"state: time {late} ns is not after the last one, 10 ns"):
        _tick(writer, late)
    assert writer.counts.ticks == 1


def test_a_bad_action_time_leaves_no_state_row(writer: EpisodeWriter) -> None:
    _tick(writer, 10)
    with pytest.raises(TimeNotIncreasing, match="action"):
        _tick(writer, 20, action_time_ns=5)
    _tick(writer, 30)
    writer.close()
    episode = Episode(writer.path)
    assert episode.state.time_ns.tolist() == [10, 30]
    assert episode.action.time_ns.tolist() == [11, 31]


def test_frames_must_be_in_order_of_one_camera_only(writer: EpisodeWriter) -> None:
    frame = encode_jpeg(example.picture(1), 90)
    writer.append_frame("front", 10, frame)
    writer.append_frame("left-wrist", 5, frame)
    with pytest.raises(TimeNotIncreasing, match="cameras/front"):
        writer.append_frame("front", 10, frame)
    assert writer.counts.frames == {"front": 1, "left-wrist": 1}


def test_an_unknown_camera_is_named_with_the_known_ones(writer: EpisodeWriter) -> None:
    with pytest.raises(UnknownCamera, match=r"no camera 'back'; this episode has front, left-wrist"):
        writer.append_frame("back", 10, encode_jpeg(example.picture(1), 90))


def test_an_empty_frame_is_refused(dataset: Dataset) -> None:
    with dataset.create_episode(example.spec(encoding=FrameEncoding.JPEGXL)) as writer:
        with pytest.raises(WrongShape, match="at least one byte"):
            writer.append_frame("front", 10, b"")
        assert writer.counts.frames["front"] == 0


@pytest.mark.parametrize(
    "frame", [encode_jpeg(np.zeros((8, 8, 3), np.uint8), 90), b"", b"\xff\xd8\xff\xe0", b"PNG"]
)
def test_a_frame_of_the_wrong_size_is_refused(writer: EpisodeWriter, frame: bytes) -> None:
    with pytest.raises(WrongShape):
        writer.append_frame("front", 10, frame)
    assert writer.counts.frames["front"] == 0


def test_a_vector_of_the_wrong_length_is_refused(writer: EpisodeWriter) -> None:
    with pytest.raises(WrongShape, match=r"sent has shape \(3,\), the episode's vectors \(4,\)"):
        _tick(writer, 10, sent=np.zeros(3))
    with pytest.raises(WrongShape, match="simulation state"):
        writer.append_simulation(10, np.zeros(4))
    with pytest.raises(WrongShape, match="int16"):
        writer.append_audio(10, np.zeros(4, np.float32))  # type: ignore[arg-type]  # that is the point


def test_nothing_goes_into_a_closed_episode(dataset: Dataset) -> None:
    writer = dataset.create_episode(example.spec())
    writer.close()
    assert writer.wait_settled()
    with pytest.raises(EpisodeClosed):
        _tick(writer, 10)
    with pytest.raises(EpisodeClosed):
        writer.close()
    with pytest.raises(EpisodeClosed):
        writer.append_audio(10, np.zeros(4, np.int16))
    assert not (writer.path / "audio").exists()


def test_an_episode_without_a_row_is_an_episode(dataset: Dataset) -> None:
    with dataset.create_episode(example.spec()) as writer:
        pass
    assert verify_episode(writer.path).errors == ()
    episode = Episode(writer.path)
    assert episode.state.position.shape == (0, example.SIZE)
    assert episode.audio is None
    assert len(episode.camera("front")) == 0


def test_a_silent_device_is_a_gap_and_an_action_that_is_not_finite_an_error(writer: EpisodeWriter) -> None:
    silent = np.array([0, np.nan, 0, 0], np.float32)
    _tick(writer, 10, position=silent)
    writer.add_subtask("one")
    _tick(writer, 20_000_010, sent=silent, subtask=1)
    _tick(writer, 40_000_010, sent=np.array([1e7, 0, 0, 0]), source=77)
    writer.close()
    report = verify_episode(writer.path)
    assert {(finding.what, finding.where) for finding in report.errors} == {
        ("not finite", "action/sent"),
        ("outside its limits", "action/sent shoulder"),
        ("no such subtask", "action/subtask"),
        ("no such source", "action/source"),
    }
    assert any(finding.what == "gaps in state" for finding in report.findings)


def test_dropped_frames_and_late_ticks_are_counted(writer: EpisodeWriter) -> None:
    frame = encode_jpeg(example.picture(1), 90)
    for tick in range(50):
        if tick not in (20, 21):
            _tick(writer, 1 + tick * example.TICK_NS)
    for number in (0, 1, 2, 5, 6):
        writer.append_frame("front", 1 + number * example.FRAME_NS, frame)
    writer.close()
    report = verify_episode(writer.path)
    assert report.ok
    gaps = {finding.where: finding.value for finding in report.findings if finding.what == "gaps in time"}
    assert gaps["state"].startswith("1 gaps, about 2 items at 50 Hz; the longest is 60.0 ms before row 20")
    assert gaps["cameras/front"].startswith("1 gaps, about 2 items at 25 Hz")


def test_a_gap_in_the_sound_is_told_with_its_length(writer: EpisodeWriter) -> None:
    _tick(writer, example.START_NS)
    for block in (0, 1, 2, 60, 61):
        writer.append_audio(example.START_NS + block * 30_000_000, np.zeros(480, np.int16))
    writer.close()
    report = verify_episode(writer.path)
    assert report.ok
    (found,) = (finding for finding in report.findings if finding.what == "gaps in sound")
    assert found.value == "1 gaps, 1.7 s in all; the longest is 1.7 s before block 3"
    sound = Episode(writer.path).audio
    assert sound is not None
    assert (sound.time_ns[3] - sound.time_ns[2], sound.first_sample[3]) == (58 * 30_000_000, 3 * 480)
    assert sound.duration_s == pytest.approx(0.15)


def test_frames_far_from_any_state_row_are_counted(writer: EpisodeWriter) -> None:
    frame = encode_jpeg(example.picture(1), 90)
    _tick(writer, example.START_NS)
    for number in range(4):
        writer.append_frame("front", example.START_NS + number * example.FRAME_NS, frame)
    writer.close()
    (found,) = (
        finding for finding in verify_episode(writer.path).findings if finding.what == "frames without state"
    )
    assert found.value.startswith("2 frames are over a period away from any state row, the worst 120.0 ms")


def test_the_next_episode_starts_while_the_last_one_settles(dataset: Dataset) -> None:
    writers = []
    for _ in range(5):
        writer = dataset.create_episode(example.spec())
        example.write(writer, ticks=4)
        writer.close(Outcome.SUCCESS)
        writers.append(writer)
    assert all(writer.wait_settled() for writer in writers)
    ids = [info.id for info in dataset.episodes()]
    assert ids == sorted({writer.path.name for writer in writers})
    assert all(info.complete and not info.recording for info in dataset.episodes())
    assert not list(dataset.path.glob("episodes/*/journal"))


def test_an_open_episode_can_be_read_while_it_grows(writer: EpisodeWriter, dataset: Dataset) -> None:
    example.write(writer, ticks=300)
    (info,) = dataset.episodes()
    assert info.recording
    assert not info.complete
    episode = dataset.episode(info.id)
    assert episode.damage is None
    assert len(episode.state.time_ns) == 300
    assert abs(int(episode.camera("front").frame(149).mean()) - int(example.picture(149).mean())) <= 2


def test_what_was_said_of_it_meanwhile_stays(writer: EpisodeWriter, dataset: Dataset) -> None:
    dataset.set_outcome(writer.path.name, Outcome.FAILURE)
    dataset.set_notes(writer.path.name, "fell off")
    info = writer.close()
    assert info.outcome is Outcome.FAILURE
    assert info.notes == "fell off"
