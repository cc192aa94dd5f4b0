"""A renaming that waits, while the reviewer goes on to other episodes and datasets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.gui.labels.desk import LabelDesk, Stretch
from app.gui.labels.words import Words
from recordings import Dataset
from recordings.labels import LabelStore, Tier, edits
from recordings.labels.vocabulary import pinned
from tests.support.qt_waiting import wait_until

MS = 1_000_000
PATIENCE_MS = 20_000


@pytest.fixture
def store(tmp_path: Path) -> LabelStore:
    return labelled(tmp_path / "set", "lift")


@pytest.fixture
def desk(store: LabelStore) -> Iterator[LabelDesk]:
    made = LabelDesk()
    yield made
    made.close()
    assert made.join(20)


@pytest.fixture
def words(desk: LabelDesk, store: LabelStore) -> Iterator[Words]:
    made = Words(desk)
    made.of(store.path.parent)
    yield made
    assert made.join(20)


@pytest.fixture
def held_up(words: Words, store: LabelStore) -> Callable[[], None]:
    """Words have something long to do; what is called lets them go on."""
    go_on = threading.Event()
    words._do(store.path.parent, lambda: str(go_on.wait(20)))
    return go_on.set


def labelled(dataset: Path, *texts: str) -> LabelStore:
    """Ann and Bob have labelled two episodes each."""
    Dataset.open(dataset, create=True)
    store = LabelStore(dataset)
    for episode_id in ("e1", "e2"):
        (dataset / "episodes" / episode_id).mkdir(parents=True)
        for reviewer in ("ann", "bob"):
            with store.edit(reviewer, episode_id) as editor:
                for number, text in enumerate(texts):
                    changes = edits.put_span(
                        editor.labels, Tier.SUBTASK, number * 200 * MS, (number + 1) * 200 * MS, text
                    )
                    editor.apply(changes, "put")
    return store


def turn_to(desk: LabelDesk, store: LabelStore, episode_id: str) -> None:
    desk.open(store, "ann", episode_id)
    desk.stretch = Stretch(0, 10_000 * MS)

    def there() -> bool:
        desk.poll()
        return desk.ready

    assert wait_until(there, PATIENCE_MS), desk.problem


def done(desk: LabelDesk, words: Words) -> bool:
    """The window goes on to ask, as it does thirty times a second, until the words are done."""

    def is_done() -> bool:
        desk.poll()
        words.poll()
        return not words.busy and desk.is_kept

    return wait_until(is_done, PATIENCE_MS)


def texts(store: LabelStore) -> set[str]:
    return {
        span.text
        for reviewer in store.reviewers()
        for episode_id in store.episodes(reviewer)
        for span in store.read(reviewer, episode_id).subtasks
    }


def test_a_renaming_that_waited_while_the_episode_was_switched_is_done_in_both(
    desk: LabelDesk, words: Words, store: LabelStore, held_up: Callable[[], None]
) -> None:
    turn_to(desk, store, "e1")
    words.rename("lift", "raise", "subtasks")
    turn_to(desk, store, "e2")
    held_up()
    assert done(desk, words)
    assert words.report == "Renamed in 2 episodes by 2 reviewers"
    assert [span.text for span in desk.labels.subtasks] == ["raise"]
    assert texts(store) == {"raise"}


def test_a_renaming_that_waited_while_the_episode_was_closed_is_done_on_the_disk(
    desk: LabelDesk, words: Words, store: LabelStore, held_up: Callable[[], None]
) -> None:
    words.rename("lift", "raise", "subtasks")
    turn_to(desk, store, "e2")
    desk.close()
    held_up()
    assert done(desk, words)
    assert texts(store) == {"raise"}


def test_taking_back_goes_by_what_is_open_when_its_turn_has_come(
    desk: LabelDesk, words: Words, store: LabelStore
) -> None:
    turn_to(desk, store, "e1")
    words.rename("lift", "raise", "subtasks")
    assert done(desk, words)
    words.undo()
    turn_to(desk, store, "e2")
    assert done(desk, words)
    assert texts(store) == {"lift"}
    assert not words.undoable


def test_what_could_not_be_taken_back_can_be_once_it_is_free(
    desk: LabelDesk, words: Words, store: LabelStore
) -> None:
    turn_to(desk, store, "e1")
    words.rename("lift", "raise", "subtasks")
    assert done(desk, words)
    with store.edit("bob", "e2"):
        words.undo()
        assert done(desk, words)
        assert "1 is open in another window and was left" in words.report
    assert texts(store) == {"lift", "raise"}
    assert words.undoable
    words.undo()
    assert done(desk, words)
    assert texts(store) == {"lift"}
    assert not words.undoable


def test_a_number_is_kept_in_the_dataset_in_which_it_was_asked_for(
    desk: LabelDesk, words: Words, store: LabelStore, held_up: Callable[[], None], tmp_path: Path
) -> None:
    other = labelled(tmp_path / "other", "wipe", "dry")
    words.pin("lift", 2, "subtasks")
    words.of(other.path.parent)
    held_up()
    assert done(desk, words)
    assert pinned(store) == ("lift",)
    assert pinned(other) == ()
    assert words.report == "", "what is said is said of the dataset that is open"
