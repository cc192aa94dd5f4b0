"""Results on disk: what a crash leaves, and what is refused."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path

import msgspec
import pytest

from app.evaluation.kept import StoreError
from app.evaluation.plan import trials_of
from app.evaluation.results import Outcome
from app.evaluation.store import PlanMismatch, Store, find, list_paths
from recordings import Dataset
from tests.app.evaluation.plans import plan
from tests.app.evaluation.results_of import attempt_of


def begun(tmp_path: Path, *, done: int = 0) -> Path:
    with Store.begin(tmp_path, plan()) as store:
        for trial in trials_of(store.plan)[:done]:
            store.append(attempt_of(trial))
    return store.path


def test_what_was_appended_is_read_back_and_the_missing_rest_is_left_to_do(tmp_path: Path) -> None:
    path = begun(tmp_path, done=5)
    with Store.resume(tmp_path, path.name) as store:
        assert [attempt.number for attempt in store.results] == [1, 2, 3, 4, 5]
        assert [trial.number for trial in store.missing] == list(range(6, 13))
        assert not store.complete
        assert store.told == ()


def test_it_is_on_the_disk_before_append_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    with Store.begin(tmp_path, plan()) as store:
        monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_size))
        store.append(attempt_of(trials_of(store.plan)[0]))
    assert synced == [(store.path / "trials.jsonl").stat().st_size]
    assert synced[0] > 0


def test_a_disk_that_is_full_is_said_and_leaves_no_half_a_line(tmp_path: Path) -> None:
    store = Store.begin(tmp_path, plan())
    first, second = trials_of(store.plan)[:2]
    store.append(attempt_of(first))
    before = (store.path / "trials.jsonl").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A file that may not grow fails as one on a full disk does: after the part for which there was room.
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, hard))
    try:
        with pytest.raises(
            StoreError, match=r"cannot write trial 2 to .*; make room on the disk, then resume"
        ):
            store.append(attempt_of(second))
        store.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (store.path / "trials.jsonl").read_bytes() == before
    with Store.resume(tmp_path, store.evaluation_id) as again:
        assert again.told == ()
        assert again.missing[0] == second


def test_a_torn_last_line_is_cut_off_and_said_and_its_trial_is_done_again(tmp_path: Path) -> None:
    path = begun(tmp_path, done=3)
    file = path / "trials.jsonl"
    whole = file.read_bytes()
    for kept in range(1, len(whole.splitlines(keepends=True)[-1])):
        file.write_bytes(whole[:-kept])
        assert next(trial.number for trial in Store.read(path).missing) == 3
        with Store.resume(tmp_path, path.name) as store:
            assert "torn" in store.told[0]
            store.append(attempt_of(trials_of(store.plan)[2], Outcome.FAILURE))
        outcomes = [attempt.outcome for attempt in Store.read(path).results]
        assert outcomes == [Outcome.SUCCESS, Outcome.SUCCESS, Outcome.FAILURE]


def test_a_last_line_of_zeros_counts_as_torn(tmp_path: Path) -> None:
    path = begun(tmp_path, done=2)
    with (path / "trials.jsonl").open("ab") as file:
        file.write(b"\0" * 100)
    with Store.resume(tmp_path, path.name) as store:
        assert len(store.results) == 2
        assert "torn" in store.told[0]


def test_looking_changes_nothing(tmp_path: Path) -> None:
    path = begun(tmp_path, done=2)
    with (path / "trials.jsonl").open("ab") as file:
        file.write(b'{"half')
    before = (path / "trials.jsonl").read_bytes()
    store = Store.read(path)
    assert (path / "trials.jsonl").read_bytes() == before
    assert "torn" in store.told[0]
    with pytest.raises(StoreError, match="reading only"):
        store.append(attempt_of(trials_of(store.plan)[2]))


def test_damage_in_the_middle_is_refused_with_its_line(tmp_path: Path) -> None:
    path = begun(tmp_path, done=3)
    lines = (path / "trials.jsonl").read_bytes().splitlines(keepends=True)
    (path / "trials.jsonl").write_bytes(lines[0] + b"?\n" + lines[2])
    with pytest.raises(StoreError, match=r"line 2 of .*damaged"):
        Store.resume(tmp_path, path.name)
    with pytest.raises(StoreError, match="line 2"):  # and it was let go of
        Store.resume(tmp_path, path.name)


def test_another_plan_is_refused_in_words(tmp_path: Path) -> None:
    path = begun(tmp_path)
    with pytest.raises(PlanMismatch, match=r"time limit: 0\.3 there, 60 now"):
        Store.resume(tmp_path, path.name, plan=plan(time_limit_s=60.0))
    Store.resume(tmp_path, path.name, plan=plan()).close()


def test_an_edited_plan_is_noticed(tmp_path: Path) -> None:
    path = begun(tmp_path)
    kept = json.loads((path / "plan.json").read_text())
    kept["plan"]["time_limit_s"] = 60.0
    (path / "plan.json").write_text(json.dumps(kept))
    with pytest.raises(StoreError, match="was changed after"):
        Store.resume(tmp_path, path.name)


def test_two_cannot_run_it_at_once(tmp_path: Path) -> None:
    with Store.begin(tmp_path, plan()) as store:
        with pytest.raises(StoreError, match="being run by another"):
            Store.resume(tmp_path, store.evaluation_id)
        assert Store.read(store.path).evaluation_id == store.evaluation_id
    Store.resume(tmp_path, store.evaluation_id).close()


def test_nothing_is_counted_twice(tmp_path: Path) -> None:
    path = begun(tmp_path, done=2)
    with Store.resume(tmp_path, path.name) as store:
        with pytest.raises(StoreError, match="not counted twice"):
            store.append(attempt_of(trials_of(store.plan)[1]))
        stranger = msgspec.structs.replace(trials_of(store.plan)[3], seed=100)
        with pytest.raises(StoreError, match="not the plan's"):
            store.append(attempt_of(stranger))
    line = (path / "trials.jsonl").read_bytes().splitlines(keepends=True)[0]
    with (path / "trials.jsonl").open("ab") as file:
        file.write(line)
    with pytest.raises(StoreError, match=r"line 3 .*not counted twice"):
        Store.read(path)


def test_a_spoiled_trial_is_tried_twice_again_and_then_left(tmp_path: Path) -> None:
    with Store.begin(tmp_path, plan()) as store:
        trial = trials_of(store.plan)[0]
        for number in (1, 2):
            store.append(attempt_of(trial, Outcome.SPOILED, attempt=number))
            assert store.missing[0] == trial
            assert store.results == ()
        assert store.tries_of(1) == 2
        store.append(attempt_of(trial, Outcome.SPOILED, attempt=3))
        assert store.missing[0].number == 2
        assert len(store.results) == 1


def test_evaluations_are_found_by_id_by_part_and_as_the_last(tmp_path: Path) -> None:
    first, second = begun(tmp_path), begun(tmp_path)
    oldest, newest = sorted((first, second))
    assert list_paths(tmp_path) == [oldest, newest]
    assert find(tmp_path, "last") == newest
    assert find(tmp_path, first.name[3:]) == first
    with pytest.raises(StoreError, match=r"no evaluation 'nonesuch'.*there are"):
        find(tmp_path, "nonesuch")
    with pytest.raises(StoreError, match="fits 2"):
        find(tmp_path, "20")


def test_recordings_can_be_made_in_a_new_folder_that_began_with_an_evaluation(tmp_path: Path) -> None:
    begun(tmp_path / "new")
    dataset = Dataset.open(tmp_path / "new", create=True)
    assert dataset.episodes() == []
    assert dataset.trashed() == []


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear diary")
    with pytest.raises(StoreError, match="is not empty and holds no dataset"):
        Store.begin(tmp_path, plan())
