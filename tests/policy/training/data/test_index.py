"""Which episodes, and which of their moments, something is learned from."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from policy.training.data.index import DatasetIndex, NoSamples, index_dataset
from policy.training.data.robots import RobotsDiffer
from policy.training.data.windows import Moments
from policy.training.recipe import Where
from policy.training.samples import Source
from recordings import ActionSource, Dataset, Outcome
from recordings.labels import EpisodeLabel, LabelStore, SpanLabel, Tier, new_id
from recordings.labels.history import Change
from tests.policy.training.recorded import CUP, LID, Plan, data, form, record, row_times, spec

TELEOP, POLICY, VERBAL, HOLD, HELPED = (
    ActionSource.TELEOP,
    ActionSource.POLICY,
    ActionSource.VERBAL,
    ActionSource.HOLD,
    ActionSource.INTERVENTION,
)


def moments_of(folder: Path, plan: Plan, **changes: object) -> Moments:
    record(folder, plan)
    (found,) = index_dataset(data(folder, **changes), form()).moments
    return found


def pairs(moments: Moments) -> dict[int, int]:
    """Row to the end of its chunk."""
    return dict(zip(moments.row.tolist(), moments.end.tolist(), strict=True))


def label(folder: Path, episode_id: str, *labels: SpanLabel | EpisodeLabel) -> None:
    with LabelStore(folder).edit("ann", episode_id) as editor:
        editor.apply(tuple(Change(None, one) for one in labels), "label")


def span(plan: Plan, first: int, last: int, text: str, *, thumb: int = 0) -> SpanLabel:
    times = row_times(plan)
    return SpanLabel(new_id(), Tier.SUBTASK, times[first], times[last], text, thumb=thumb)


def left_out(index: DatasetIndex) -> dict[str, str]:
    return {one.episode_id: one.why for one in index.selection.left_out}


def test_a_chunk_ends_with_its_subtask_and_rows_without_one_begin_none(tmp_path: Path) -> None:
    plan = Plan(rows=60, spells=((0, "", TELEOP), (10, CUP, TELEOP), (30, LID, TELEOP), (50, "", TELEOP)))
    moments = moments_of(tmp_path, plan)
    assert pairs(moments) == {row: 30 if row < 30 else 50 for row in range(10, 50)}
    assert [moments.texts[number] for number in moments.text[[0, -1]]] == [CUP, LID]


def test_rows_of_a_demonstration_count_and_those_that_nobody_or_the_policy_drove_do_not(
    tmp_path: Path,
) -> None:
    plan = Plan(rows=80, spells=((0, CUP, TELEOP), (20, CUP, HOLD), (30, CUP, TELEOP), (50, CUP, POLICY)))
    assert set(pairs(moments_of(tmp_path, plan))) == {*range(20), *range(30, 50)}


def test_spoken_subtasks_keep_the_rows_that_followed_them(tmp_path: Path) -> None:
    plan = Plan(rows=40, spells=((0, CUP, TELEOP), (20, LID, VERBAL)))
    found = moments_of(tmp_path, plan, source=Source.VI)
    assert set(pairs(found)) == set(range(20, 40))


def test_an_intervention_is_a_demonstration_and_the_second_before_it_is_not_imitated(tmp_path: Path) -> None:
    plan = Plan(rows=200, spells=((0, CUP, POLICY), (120, CUP, HELPED), (160, CUP, POLICY)))
    found = pairs(moments_of(tmp_path, plan, where=Where(control=("policy", "intervention"))))
    # The action of row 69 went out 51 rows before the one of row 120.
    assert set(found) == {*range(70), *range(120, 200)}
    assert found[0] == 70
    assert found[120] == 160


def test_a_hole_in_the_state_begins_no_sample_and_one_in_the_actions_ends_the_chunk(tmp_path: Path) -> None:
    found = pairs(moments_of(tmp_path, Plan(rows=40, holes=(5,), unsent=(20,))))
    assert set(found) == set(range(40)) - {5, 20}
    assert found[4] == 20
    assert found[21] == 40


def test_no_chunk_goes_over_a_gap_in_time(tmp_path: Path) -> None:
    found = pairs(moments_of(tmp_path, Plan(rows=40, late_rows=(20,))))
    assert found[19] == 20
    assert found[20] == 40


def test_a_moment_needs_a_young_picture(tmp_path: Path) -> None:
    found = pairs(moments_of(tmp_path, Plan(rows=120, without_frames=(20, 90))))
    # The last picture is of row 15, a millisecond before it.
    assert set(found) == {*range(65), *range(90, 120)}


def test_samples_begin_at_every_so_manieth_row_from_one_that_the_episode_chooses(tmp_path: Path) -> None:
    record(tmp_path, *[Plan(rows=50)] * 8)
    found = index_dataset(data(tmp_path, stride=5), form()).moments
    assert all(np.diff(moments.row).tolist() == [5] * 9 for moments in found)
    assert len({int(moments.row[0]) for moments in found}) > 1


def test_labels_go_before_what_was_recorded(tmp_path: Path) -> None:
    plan = Plan(rows=60)
    (episode_id,) = record(tmp_path, plan)
    label(tmp_path, episode_id, span(plan, 10, 30, "reach"), span(plan, 30, 40, "grasp"))
    (moments,) = index_dataset(data(tmp_path), form()).moments
    assert pairs(moments) == {row: 30 if row < 30 else 40 for row in range(10, 40)}
    assert set(moments.texts) == {"reach", "grasp"}


def test_what_a_reviewer_disliked_is_named_and_not_imitated(tmp_path: Path) -> None:
    plan = Plan(rows=60)
    (episode_id,) = record(tmp_path, plan)
    label(tmp_path, episode_id, span(plan, 0, 20, "reach"), span(plan, 20, 40, "grasp", thumb=-1))
    index = index_dataset(data(tmp_path), form())
    (moments,) = index.moments
    assert moments.row[moments.low].tolist() == list(range(20))
    assert [group.count for group in index.groups] == [20 + 40]


def test_what_is_left_out_is_told_with_its_reason(tmp_path: Path) -> None:
    ids = record(
        tmp_path,
        Plan(rows=20),
        Plan(rows=20, outcome=Outcome.FAILURE),
        Plan(rows=20, outcome=Outcome.UNSET),
        Plan(rows=100),
        Plan(rows=20, tags=("evaluation:e1",)),
        Plan(rows=20, tags=("blurred",)),
        Plan(rows=20, task="dance"),
        Plan(rows=20, spells=((0, "", TELEOP),)),
        Plan(rows=20, spells=((0, CUP, POLICY),)),
        Plan(rows=20, cameras=("back",)),
        Plan(rows=20),
        Plan(rows=20),
    )
    label(tmp_path, ids[10], EpisodeLabel(outcome=Outcome.FAILURE))
    damaged = tmp_path / "episodes" / ids[11] / "state" / "position" / "c.0.0"
    damaged.write_bytes(b"\xff" + damaged.read_bytes()[1:])
    writer = Dataset.open(tmp_path).create_episode(spec(Plan()))
    where = Where(outcome=(Outcome.SUCCESS,), longest_s=1.0, without_tags=("blurred",), tasks=("tidy up",))
    try:
        index = index_dataset(data(tmp_path, where=where), form())
    finally:
        writer.close()
        writer.wait_settled()

    assert [moments.episode_id for moments in index.moments] == [ids[0]]
    assert list(left_out(index).values()) == [
        "judged failure",
        "not judged yet",
        "longer than 1 s",
        "of evaluations",
        "tagged blurred",
        "of other tasks",
        "without subtasks",
        "without a row that was driven so",
        "without pictures of these cameras",
        "judged failure",
        "damaged",
        "being recorded",
    ]
    assert index.selection.told().startswith(
        f"{tmp_path.name}: 1 of 13 episodes; left out: 2 judged failure, 1 "
    )


def test_an_incomplete_episode_is_left_out(tmp_path: Path) -> None:
    record(tmp_path, Plan(rows=20))
    writer = Dataset.open(tmp_path).create_episode(spec(Plan()))
    writer.close()
    writer.wait_settled()
    path = writer.path / "zarr.json"
    path.write_text(path.read_text().replace('"complete": true', '"complete": false'))
    index = index_dataset(data(tmp_path), form())
    assert list(left_out(index).values()) == ["incomplete (repair completes them)"]


def test_a_stage_narrows_what_its_data_say(tmp_path: Path) -> None:
    record(tmp_path, Plan(rows=20), Plan(rows=100), Plan(rows=20, outcome=Outcome.FAILURE))
    index = index_dataset(data(tmp_path), form(), Where(longest_s=1.0, outcome=(Outcome.SUCCESS,)))
    assert len(index.moments) == 1


def test_nothing_left_is_an_error_that_says_why(tmp_path: Path) -> None:
    record(tmp_path, Plan(rows=20, outcome=Outcome.FAILURE))
    with pytest.raises(NoSamples, match="0 of 1 episodes; left out: 1 judged failure; change `where`"):
        index_dataset(data(tmp_path, where=Where(outcome=(Outcome.SUCCESS,))), form())


def test_samples_are_grouped_by_task_and_robot_and_numbered_without_a_hole(tmp_path: Path) -> None:
    record(
        tmp_path,
        Plan(rows=10, task="b"),
        Plan(rows=20, task="a"),
        Plan(rows=30, task="b"),
        Plan(rows=40, task="b", robot="other"),
    )
    index = index_dataset(data(tmp_path, level=("low", "high")), form())
    assert [(group.task, group.robot, group.count) for group in index.groups] == [
        ("a", "two-joints", 40),
        ("b", "other", 80),
        ("b", "two-joints", 80),
    ]
    index = pickle.loads(pickle.dumps(index))
    places = [index.place(2, number) for number in range(80)]
    assert len(set(places)) == 80
    assert {place.episode for place in places} == {0, 2}
    assert sum(place.level == "low" for place in places) == 40
    with pytest.raises(IndexError, match="sample 80 of 'b', which has 80"):
        index.place(2, 80)


def test_two_robots_of_one_name_are_refused(tmp_path: Path) -> None:
    record(tmp_path, Plan(rows=10))
    other = spec(Plan(rows=10))
    other = type(other)(
        **{name: getattr(other, name) for name in other.__struct_fields__} | {"control_rate_hz": 20.0}
    )
    writer = Dataset.open(tmp_path).create_episode(other)
    from tests.policy.training.recorded import write

    write(writer, Plan(rows=10))
    writer.close()
    writer.wait_settled()
    with pytest.raises(
        RobotsDiffer, match=r"'two-joints' with rate_hz 20\.0, and others of that robot have 50\.0"
    ):
        index_dataset(data(tmp_path), form())


def test_texts_are_all_tasks_and_subtasks_that_samples_hold(tmp_path: Path) -> None:
    plans: Sequence[Plan] = (Plan(rows=10), Plan(rows=10, task="cook", spells=((0, LID, TELEOP),)))
    record(tmp_path, *plans)
    assert index_dataset(data(tmp_path), form()).texts() == {CUP, LID, "tidy up", "cook"}
    assert index_dataset(data(tmp_path, level=("low",)), form()).texts() == {CUP, LID}
