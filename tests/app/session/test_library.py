from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.session.library import Library
from recordings import Dataset
from recordings.metadata import read_attributes, update_attributes
from tests.support.episodes import record_episode


class Told:
    """A library and what it could not do."""

    def __init__(self, folder: Path) -> None:
        self.failures: list[str] = []
        self.library = Library(folder, self.failures.append)

    def settle(self) -> None:
        done = threading.Event()
        self.library.run(done.set)
        assert done.wait(10)


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    made = Told(tmp_path / "set")
    yield made
    made.library.close()


def record(folder: Path, count: int) -> list[str]:
    dataset = Dataset.open(folder, create=True)
    return [record_episode(dataset).id for _ in range(count)]


def test_both_lists_are_newest_first(tmp_path: Path, told: Told) -> None:
    ids = record(tmp_path / "set", 4)
    for episode_id in (ids[0], ids[2]):
        told.library.trash(episode_id)
    told.settle()
    assert [view.episode_id for view in told.library.shelf.episodes] == [ids[3], ids[1]]
    assert [view.episode_id for view in told.library.shelf.trashed] == [ids[2], ids[0]]


def test_a_line_stays_the_same_object_until_something_changes(tmp_path: Path, told: Told) -> None:
    ids = record(tmp_path / "set", 2)
    told.library.refresh()
    told.settle()
    newest, other = told.library.shelf.episodes
    told.library.annotate(ids[0], notes="dim")
    told.settle()
    assert told.library.shelf.episodes[0] is newest
    assert told.library.shelf.episodes[1] is not other
    assert told.library.shelf.episodes[1].notes == "dim"


def test_what_another_process_changed_is_seen(tmp_path: Path, told: Told) -> None:
    ids = record(tmp_path / "set", 1)
    told.library.refresh()
    told.settle()
    Dataset.open(tmp_path / "set").set_tags(ids[0], ["elsewhere"])
    told.library.refresh()
    told.settle()
    assert told.library.shelf.episodes[0].tags == ("elsewhere",)


def test_many_changes_at_once_are_listed_once_they_are_done(tmp_path: Path, told: Told) -> None:
    ids = record(tmp_path / "set", 6)
    for episode_id in ids:
        told.library.annotate(episode_id, tags=("batch",))
    told.settle()
    assert [view.tags for view in told.library.shelf.episodes] == [("batch",)] * 6


def test_what_was_done_is_listed_even_when_the_last_thing_asked_for_cannot_be(
    tmp_path: Path, told: Told
) -> None:
    ids = record(tmp_path / "set", 1)
    told.library.annotate(ids[0], notes="seen")
    told.library.trash("20200101-000000-0001")
    told.settle()
    assert told.library.shelf.episodes[0].notes == "seen"
    assert "no episode '20200101-000000-0001'" in told.failures[0]


def test_only_what_is_in_the_trash_can_be_deleted(tmp_path: Path, told: Told) -> None:
    ids = record(tmp_path / "set", 2)
    told.library.trash(ids[0])
    told.library.delete((ids[0], ids[1]))
    told.settle()
    assert [view.episode_id for view in told.library.shelf.episodes] == [ids[1]]
    assert told.library.shelf.trashed == ()
    assert list((tmp_path / "set" / "trash").iterdir()) == [tmp_path / "set" / "trash" / "zarr.json"]
    assert "in the trash" in told.failures[0]


def test_who_drove_in_old_episodes_is_counted_by_the_way(tmp_path: Path, told: Told) -> None:
    ids = record(tmp_path / "set", 3)
    for episode_id in ids[:2]:
        _forget_sources(tmp_path / "set" / "episodes" / episode_id)
    (tmp_path / "set" / "episodes" / ids[0] / "action" / "source" / "c.0").unlink()
    told.library.refresh()
    told.settle()
    told.settle()
    told.settle()
    rows = [view.source_rows for view in told.library.shelf.episodes]
    assert rows == [(("teleop", 20),), (("teleop", 20),), ()]
    assert told.failures == []
    told.library.annotate(ids[1], notes="as before")
    told.settle()
    assert told.library.shelf.episodes[1].source_rows == (("teleop", 20),)


def _forget_sources(episode: Path) -> None:
    """As an earlier version wrote it."""
    plain = read_attributes(episode)
    del plain["counts"]["sources"]
    update_attributes(episode, {"counts": plain["counts"]})
