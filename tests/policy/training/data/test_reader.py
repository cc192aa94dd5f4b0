"""What is read of a moment: the pixels, numbers and words that the policy is to learn from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from policy.text.boxes import parse_answer
from policy.training.data.index import index_dataset
from policy.training.data.reader import SampleReader
from policy.training.samples import SampleForm, SampleUnreadable, TrainingSample
from policy.transforms.embodiments.understudy import Understudy, observation_to_raw
from policy.transforms.images import ResizeImages
from policy.types import Observation
from recordings import DISTURBED_TAG, ActionSource, Dataset
from recordings.labels import BoxKey, BoxLabel, LabelStore, Seen, new_id
from recordings.labels.history import Change
from tests.policy.training.recorded import (
    ASKED_MORE,
    CUP,
    LID,
    Plan,
    data,
    form,
    position,
    record,
    row_times,
    sent,
)

TELEOP = ActionSource.TELEOP


def samples_of(folder: Path, plan: Plan, its_form: SampleForm, **changes: object) -> list[TrainingSample]:
    """Every sample of one recorded episode."""
    if not folder.exists():
        record(folder, plan)
    reader = SampleReader(index_dataset(data(folder, **changes), its_form), its_form)
    (group,) = reader.groups
    return [reader.sample(0, number) for number in range(group.count)]


def low(folder: Path, plan: Plan, **changes: object) -> dict[int, TrainingSample]:
    """Low samples by row."""
    rows = {time_ns: row for row, time_ns in enumerate(row_times(plan))}
    return {rows[one.time_ns]: one for one in samples_of(folder, plan, form(**changes), level=("low",))}


def inferred(dataset: Path, frame: int, its_form: SampleForm) -> Mapping[str, NDArray[np.uint8]]:
    """The pixels that a policy sees at inference when the cameras give these frames."""
    (info,) = Dataset.open(dataset).episodes()
    episode = Dataset.open(dataset).episode(info.id)
    images = {camera.name: episode.camera(camera.name).frame(frame) for camera in episode.attributes.cameras}
    robot = Understudy(3, slots=its_form.cameras_low, crops=its_form.crops)
    sample = robot.inputs(observation_to_raw(Observation(images, np.zeros(3)), "go"))
    size = its_form.image_size
    seen = ResizeImages(size, size, robot.slot_crops)(sample)["image"]
    return dict(seen)


def test_what_was_sent_is_imitated_and_what_was_meant_where_noise_was_added(tmp_path: Path) -> None:
    as_sent = low(tmp_path / "d", Plan())[10].actions
    as_meant = low(tmp_path / "noisy", Plan(tags=[DISTURBED_TAG]))[10].actions
    assert as_sent is not None
    assert as_meant is not None
    np.testing.assert_allclose(as_sent[0], sent(Plan(), 10), rtol=1e-6)
    np.testing.assert_allclose(as_meant - as_sent, ASKED_MORE, rtol=1e-5)


@pytest.mark.parametrize("crops", [{}, {"front": (0.0, 0.25, 0.9, 1.0)}])
def test_pictures_are_to_the_pixel_those_of_inference(
    tmp_path: Path, crops: dict[str, tuple[float, float, float, float]]
) -> None:
    found = low(tmp_path / "d", Plan(), crops=crops)
    for row, frame in ((0, 0), (4, 0), (5, 1), (52, 10)):
        wanted = inferred(tmp_path / "d", frame, form(crops=crops))
        assert set(found[row].images) == set(wanted)
        for slot, pixels in wanted.items():
            np.testing.assert_array_equal(found[row].images[slot], pixels)


def test_a_low_sample_has_the_subtask_the_state_and_what_was_sent_from_that_row_on(tmp_path: Path) -> None:
    plan = Plan(rows=60, spells=((0, CUP, TELEOP), (30, LID, TELEOP)), number=2)
    sample = low(tmp_path / "d", plan, control_mode="joint")[12]
    assert (sample.level, sample.prompt, sample.answer) == ("low", CUP, None)
    assert (sample.robot, sample.control_mode) == ("two-joints", "joint")
    assert sample.dataset == str(tmp_path / "d")
    assert sample.state is not None
    assert sample.actions is not None
    np.testing.assert_array_equal(sample.state, position(plan, 12).astype(np.float64))
    np.testing.assert_array_equal(
        sample.actions, [sent(plan, row).astype(np.float64) for row in range(12, 22)]
    )
    assert sample.valid is not None
    assert sample.valid.all()


def test_past_the_end_of_its_subtask_a_chunk_stays_where_it_is(tmp_path: Path) -> None:
    plan = Plan(rows=60, spells=((0, CUP, TELEOP), (30, LID, TELEOP)))
    sample = low(tmp_path / "d", plan)[27]
    assert sample.actions is not None
    assert sample.valid is not None
    assert sample.valid.tolist() == [True] * 3 + [False] * 7
    last = sent(plan, 29).astype(np.float64)
    np.testing.assert_array_equal(sample.actions[2], last)
    np.testing.assert_array_equal(sample.actions[3:], [[last[0], last[1], 0.0]] * 7)


def test_a_high_sample_asks_the_task_and_is_answered_by_the_subtask(tmp_path: Path) -> None:
    (first, *_) = samples_of(tmp_path / "d", Plan(rows=20), form(), level=("high",))
    assert (first.level, first.prompt, first.answer) == ("high", "tidy up", CUP)
    assert first.actions is None
    assert first.state is not None
    assert set(first.images) == {"base_0_rgb"}


def test_boxes_in_sight_come_before_the_subtask(tmp_path: Path) -> None:
    plan = Plan(rows=20)
    (episode_id,) = record(tmp_path / "d", plan)
    times = row_times(plan)
    shown, gone = BoxKey(times[0], 0.3, 0.2, 0.5, 0.4), BoxKey(times[10], 0.3, 0.2, 0.5, 0.4, Seen.OUT)
    boxes = [
        BoxLabel(new_id(), "front", "a cup; red", (shown, gone)),
        BoxLabel(new_id(), "front", "edge", (BoxKey(times[0], 0.0, 0.0, 0.1, 1.0), gone)),
        BoxLabel(new_id(), "right_wrist", "hand", (shown, gone)),
    ]
    with LabelStore(tmp_path / "d").edit("ann", episode_id) as editor:
        editor.apply(tuple(Change(None, box) for box in boxes), "boxes")
    cut = form(crops={"front": (0.0, 0.2, 1.0, 1.0)})
    found = samples_of(tmp_path / "d", plan, cut, level=("high",))
    answers = {sample.time_ns: sample.answer or "" for sample in found}
    (box,), subtask = parse_answer(answers[times[3]])
    assert (box.label, subtask) == ("a cup red", CUP)
    assert (box.x_min, box.y_min) == pytest.approx((0.3, 0.2), abs=1e-3)
    assert answers[times[12]] == CUP


def test_boxes_are_not_asked_for_where_the_camera_gave_no_picture(tmp_path: Path) -> None:
    plan = Plan(rows=80, cameras=("front", "right_wrist"))
    (episode_id,) = record(tmp_path / "d", plan)
    box = BoxLabel(new_id(), "front", "cup", (BoxKey(row_times(plan)[0], 0.3, 0.2, 0.5, 0.4),))
    with LabelStore(tmp_path / "d").edit("ann", episode_id) as editor:
        editor.apply((Change(None, box),), "boxes")
    for cameras_high, boxes in ((("base_0_rgb",), 1), (("right_wrist_0_rgb",), 0)):
        seen = form(cameras_high=cameras_high)
        sample = samples_of(tmp_path / "d", plan, seen, level=("high",))[0]
        assert set(sample.images) == set(cameras_high)
        assert len(parse_answer(sample.answer or "")[0]) == boxes


def test_a_camera_without_a_young_picture_is_left_out(tmp_path: Path) -> None:
    plan = Plan(rows=20, cameras=("front",))
    assert set(low(tmp_path / "d", plan)[3].images) == {"base_0_rgb"}


def test_a_damaged_frame_is_named_with_its_episode(tmp_path: Path) -> None:
    (episode_id,) = record(tmp_path / "d", Plan(rows=20))
    shard = tmp_path / "d" / "episodes" / episode_id / "cameras" / "front" / "frames" / "c.0.0.0.0"
    if not shard.exists():
        (shard,) = shard.parent.glob("c.*")
    content = bytearray(shard.read_bytes())
    content[200] ^= 0xFF
    shard.write_bytes(content)
    with pytest.raises(SampleUnreadable, match=f"d: episode {episode_id}: frame 0 in .* does not match"):
        low(tmp_path / "d", Plan(rows=20))


def test_rows_of_few_episodes_are_kept_and_the_rest_is_read_again(tmp_path: Path) -> None:
    record(tmp_path / "d", *[Plan(rows=20, number=number) for number in range(4)])
    its_form = form()
    index = index_dataset(data(tmp_path / "d", level=("low",)), its_form)
    kept, forgetful = SampleReader(index, its_form), SampleReader(index, its_form, memory_bytes=1)
    for number in (0, 79, 1, 45, 0):
        one, other = kept.sample(0, number), forgetful.sample(0, number)
        assert one.time_ns == other.time_ns
        np.testing.assert_array_equal(one.actions, other.actions)
