"""A list that shows everything, a trash that gives back, attributes that change whole or not at all."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zarr

from recordings import Dataset, NotADataset, NotAnEpisode, Outcome, UnknownEpisode, metadata
from recordings.verify import verify_episode
from tests.recordings import recorded as example


def test_opening_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotADataset, match="pass create=True"):
        Dataset.open(tmp_path / "none")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").touch()
    with pytest.raises(NotADataset, match="not empty"):
        Dataset.open(tmp_path / "photos", create=True)
    zarr.create_group(tmp_path / "other.zarr")
    with pytest.raises(NotADataset, match="None version None"):
        Dataset.open(tmp_path / "other.zarr", create=True)


def test_broken_episodes_are_listed_with_their_reason(tmp_path: Path) -> None:
    good = example.closed_episode(tmp_path / "set", ticks=4)
    dataset = Dataset.open(tmp_path / "set")
    (good.parent / "0-empty").mkdir()
    (good.parent / "1-torn").mkdir()
    (good.parent / "1-torn" / "zarr.json").write_text('{"zarr_format": 3, "attr')
    for name, changes in (("2-newer", {"format_version": 99}), ("3-wrong", {"outcome": "perhaps"})):
        node = json.loads((good / "zarr.json").read_text())
        node["attributes"] |= changes
        (good.parent / name).mkdir()
        (good.parent / name / "zarr.json").write_text(json.dumps(node))
    listed = {info.id: info.problem for info in dataset.episodes()}
    assert listed.pop(good.name) is None
    assert "No such file" in (listed["0-empty"] or "")
    assert "no valid JSON" in (listed["1-torn"] or "")
    assert "use a newer release" in (listed["2-newer"] or "")
    assert "perhaps" in (listed["3-wrong"] or "")
    for name in listed:
        with pytest.raises(NotAnEpisode):
            dataset.episode(name)
        assert not verify_episode(good.parent / name).ok


def test_trash_and_back(tmp_path: Path) -> None:
    path = example.closed_episode(tmp_path / "set", ticks=20)
    dataset = Dataset.open(tmp_path / "set")
    dataset.trash(path.name)
    assert dataset.episodes() == []
    assert [info.id for info in dataset.trashed()] == [path.name]
    with pytest.raises(UnknownEpisode):
        dataset.episode(path.name)
    assert list(zarr.open_group(tmp_path / "set", mode="r")["trash"].keys()) == [path.name]
    dataset.restore(path.name)
    assert dataset.trashed() == []
    assert verify_episode(path).errors == ()
    with pytest.raises(UnknownEpisode):
        dataset.restore(path.name)


def test_an_episode_can_be_trashed_right_after_closing(tmp_path: Path) -> None:
    dataset = Dataset.open(tmp_path / "set", create=True)
    writer = dataset.create_episode(example.spec())
    example.write(writer, ticks=40)
    info = writer.close()
    dataset.trash(info.id)
    assert writer.wait_settled()
    dataset.restore(info.id)
    assert not (info.path / "journal").exists()
    assert verify_episode(info.path).errors == ()


def test_what_never_became_an_episode_is_cleared_away(tmp_path: Path) -> None:
    dataset = Dataset.open(tmp_path / "set", create=True)
    fresh, old = (tmp_path / "set/episodes" / f".20260101-00000{n}-0001.starting" for n in (1, 2))
    for folder in (fresh, old):
        folder.mkdir()
    os.utime(old, (0, 0))
    example.closed_episode(dataset.path, ticks=1)
    assert (fresh.exists(), old.exists()) == (True, False)


def test_ids_are_not_used_again(tmp_path: Path) -> None:
    first = example.closed_episode(tmp_path / "set", ticks=2)
    dataset = Dataset.open(tmp_path / "set")
    dataset.trash(first.name)
    second = example.closed_episode(tmp_path / "set", ticks=2)
    assert second.name.endswith("-0002")
    assert second.name > first.name
    dataset.restore(first.name)
    assert [info.id for info in dataset.episodes()] == [first.name, second.name]


def test_a_clock_that_was_set_back_does_not_change_the_order(tmp_path: Path) -> None:
    dataset = Dataset.open(tmp_path / "set", create=True)
    (tmp_path / "set/episodes/29991231-235959-0007").mkdir()
    (tmp_path / "set/episodes/copy-20261120").mkdir()
    assert example.closed_episode(tmp_path / "set", ticks=2).name == "29991231-235959-0008"
    assert [info.id for info in dataset.episodes() if info.complete] == ["29991231-235959-0008"]


def test_attributes_change_and_what_others_wrote_stays(tmp_path: Path) -> None:
    path = example.closed_episode(tmp_path / "set", ticks=2)
    dataset = Dataset.open(tmp_path / "set")
    zarr.open_group(path, mode="r+").attrs["reviewed_by"] = "Grace"
    dataset.set_outcome(path.name, Outcome.FAILURE)
    dataset.set_tags(path.name, ["a", "b"])
    dataset.set_notes(path.name, "slipped")
    (info,) = dataset.episodes()
    assert (info.outcome, info.tags, info.notes) == (Outcome.FAILURE, ("a", "b"), "slipped")
    attributes = zarr.open_group(path, mode="r").attrs
    assert attributes["reviewed_by"] == "Grace"
    assert attributes["task"] == "put the plate into the sink"
    with pytest.raises(UnknownEpisode):
        dataset.set_outcome("../set", Outcome.SUCCESS)


def test_several_may_change_attributes_at_once(tmp_path: Path) -> None:
    path = example.closed_episode(tmp_path / "set", ticks=2)

    def count(name: str) -> None:
        for number in range(40):
            metadata.update_attributes(path, {name: number}, durable=False)

    with ThreadPoolExecutor(3) as several:
        list(several.map(count, ("a", "b", "c")))
    attributes = metadata.read_attributes(path)
    assert [attributes[name] for name in ("a", "b", "c")] == [39, 39, 39]
    assert attributes["complete"] is True
