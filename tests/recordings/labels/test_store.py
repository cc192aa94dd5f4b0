"""Labels on the disk: nothing is ever unsaved, and nothing damaged passes for good."""

from __future__ import annotations

import errno
import fcntl
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr

from recordings import Dataset
from recordings.errors import StorageFailed
from recordings.labels import (
    FINAL,
    EpisodeLabel,
    LabelsGone,
    LabelsInUse,
    LabelStore,
    Progress,
    ReviewerNameRefused,
    Tier,
    edits,
)

LABELS_FOREVER = """
import sys
from recordings.labels import LabelStore, Tier, edits
editor = LabelStore(sys.argv[1]).edit("ann", "e1")
number = len(editor.labels.subtasks)
while True:
    editor.apply(edits.put_span(editor.labels, Tier.SUBTASK, number * 10, number * 10 + 10, str(number)), "put")
    number += 1
    print(number, flush=True)
"""


def label(store: LabelStore, reviewer: str, *texts: str, episode_id: str = "e1") -> None:
    with store.edit(reviewer, episode_id) as editor:
        for number, text in enumerate(texts):
            editor.apply(
                edits.put_span(editor.labels, Tier.SUBTASK, number * 100, number * 100 + 100, text), text
            )


def texts(store: LabelStore, reviewer: str = "ann") -> list[str]:
    return [span.text for span in store.read(reviewer, "e1").subtasks]


def test_what_was_labelled_is_there_again_and_can_still_be_undone(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    label(store, "ann", "reach", "grasp", "lift")
    with store.edit("ann", "e1") as editor:
        assert editor.undoable == "lift"
        editor.undo()
        editor.undo()
        assert (editor.undoable, editor.redoable) == ("reach", "grasp")
    with store.edit("ann", "e1") as editor:
        editor.redo()
        assert editor.redoable == "lift"
    assert texts(store) == ["reach", "grasp"]
    assert store.episodes("ann") == ["e1"]


def test_a_kill_loses_at_most_the_step_being_taken(tmp_path: Path) -> None:
    rng = random.Random(3)
    told = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", LABELS_FOREVER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _ in range(rng.randint(1, 60)):
                told = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            told = max([told, *map(int, process.stdout.read().split())])
        labels = LabelStore(tmp_path).read("ann", "e1")
        assert told <= len(labels.subtasks) <= told + 1
        assert [span.text for span in labels.subtasks] == [str(n) for n in range(len(labels.subtasks))]


def test_a_torn_line_is_told_and_written_over(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    label(store, "ann", "reach", "grasp")
    path = store.journal_path("ann", "e1")
    path.write_bytes(path.read_bytes()[:-20])
    assert texts(store) == ["reach"]
    assert "cut off" in store.read("ann", "e1").damage[0]
    label(store, "ann", "push")
    assert texts(store) == ["push"]
    assert store.read("ann", "e1").damage == ()


def test_a_flipped_byte_costs_its_own_step_and_is_named(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    label(store, "ann", "reach", "grasp", "lift")
    path = store.journal_path("ann", "e1")
    data = bytearray(path.read_bytes())
    data[data.index(b'"grasp"') + 2] ^= 1
    path.write_bytes(data)
    labels = store.read("ann", "e1")
    assert [span.text for span in labels.subtasks] == ["reach", "lift"]
    assert len(labels.damage) == 1
    assert f"line 2 of {path}" in labels.damage[0]


def test_a_line_of_a_later_version_is_left_out_and_named(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    label(store, "ann", "reach")
    path = store.journal_path("ann", "e1")
    body = b'{"number":2,"what":"x","changes":[[null,{"type":"hologram","id":"h"}]]}'
    from recordings.checksum import crc32c

    path.write_bytes(path.read_bytes() + b"%08x %b\n" % (crc32c(body), body))
    labels = store.read("ann", "e1")
    assert [span.text for span in labels.subtasks] == ["reach"]
    assert "newer version" in labels.damage[0]


def test_two_windows_cannot_write_the_same_labels(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    with store.edit("ann", "e1"):
        with pytest.raises(LabelsInUse, match="e1 by ann"):
            store.edit("ann", "e1")
        store.edit("bob", "e1").close()
    store.edit("ann", "e1").close()
    assert store.reviewers() == []


def test_labels_deleted_while_they_are_open_are_told_and_those_of_another_stay(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    label(store, "ann", "reach")
    with store.edit("ann", "e1") as editor:
        store.journal_path("ann", "e1").unlink()
        with pytest.raises(LabelsGone, match="was deleted while it was open"):
            editor.apply(edits.judge(editor.labels, flagged=True), "flag")
        assert not editor.labels.episode.flagged
        label(store, "ann", "push")
    assert texts(store) == ["push"]


def test_an_empty_file_put_in_the_place_of_a_deleted_one_is_not_taken_away(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    with store.edit("ann", "e1"):
        store.journal_path("ann", "e1").unlink()
        store.journal_path("ann", "e1").touch()
    assert store.journal_path("ann", "e1").exists()


def test_who_waits_while_an_empty_file_is_taken_away_writes_to_the_one_under_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other window closes just between opening the file and locking it."""
    store = LabelStore(tmp_path)
    other = [store.edit("ann", "e1")]
    lock = fcntl.flock

    def lock_late(file: int, how: int) -> None:
        while other:
            other.pop().close()
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    label(store, "ann", "reach")
    assert texts(store) == ["reach"]


def test_a_step_that_the_disk_does_not_take_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LabelStore(tmp_path)
    label(store, "ann", "reach")

    def failing(file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with store.edit("ann", "e1") as editor:
        with monkeypatch.context() as broken:
            broken.setattr(os, "fdatasync", failing)
            with pytest.raises(StorageFailed, match="Input/output error"):
                editor.apply(edits.judge(editor.labels, flagged=True), "flag")
        assert store.read("ann", "e1") == editor.labels
        editor.apply(edits.judge(editor.labels, rating=4), "rate")
        editor.undo()
    assert texts(store) == ["reach"]
    labels = store.read("ann", "e1")
    assert (labels.episode, labels.damage) == (EpisodeLabel(), ())


def test_a_name_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    for name in ("", "../ann", "a/b", ".hidden", "x" * 65, "best", "zarr.json"):
        with pytest.raises(ReviewerNameRefused, match="letters"):
            LabelStore(tmp_path).read(name, "e1")
    label(LabelStore(tmp_path), "Zoë", "reach")
    assert LabelStore(tmp_path).reviewers() == ["Zoë"]


def test_the_best_labels_are_the_decided_ones(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    assert store.best("e1") is None
    label(store, "ann", "reach")
    best = store.best("e1")
    assert best is not None
    assert [s.text for s in best.subtasks] == ["reach"]
    label(store, "bob", "touch")
    assert store.best("e1") is None, "two reviewers and nobody has decided"
    with store.edit("bob", "e1") as editor:
        editor.apply(edits.judge(editor.labels, progress=Progress.ACCEPTED), "accept")
    best = store.best("e1")
    assert best is not None
    assert [s.text for s in best.subtasks] == ["touch"]
    label(store, FINAL, "press")
    best = store.best("e1")
    assert best is not None
    assert [s.text for s in best.subtasks] == ["press"]
    assert store.reviewers() == ["ann", "bob", FINAL]
    for progress, text in ((Progress.OPEN, "touch"), (Progress.ACCEPTED, "press")):
        with store.edit(FINAL, "e1") as editor:
            editor.apply(edits.judge(editor.labels, progress=progress), "judge")
        best = store.best("e1")
        assert best is not None
        assert [s.text for s in best.subtasks] == [text], "final labels that are still open do not count"


def test_labels_of_which_nothing_can_be_read_are_not_replaced_by_anothers(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    label(store, "ann", "push")
    label(store, FINAL, "reach")
    store.journal_path(FINAL, "e1").write_bytes(b"nothing of ours\n")
    best = store.best("e1")
    assert best is not None
    assert (best.subtasks, len(best.damage)) == ((), 1)


def test_final_labels_that_have_lost_the_step_that_decided_are_not_taken_for_open(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    label(store, "ann", "push")
    label(store, FINAL, "reach")
    for progress in (Progress.OPEN, Progress.DONE):
        with store.edit(FINAL, "e1") as editor:
            editor.apply(edits.judge(editor.labels, progress=progress, flagged=True), "judge")
    journal = store.journal_path(FINAL, "e1")
    decided = journal.read_bytes()
    journal.write_bytes(decided[:-10] + b"x" + decided[-9:])
    best = store.best("e1")
    assert best is not None
    assert (best.episode.progress, [span.text for span in best.subtasks]) == (Progress.OPEN, ["reach"])
    assert len(best.damage) == 1


def test_a_folder_that_no_reviewer_can_have_is_nobodys(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    label(store, "ann", "reach")
    shutil.copytree(store.path / "ann", store.path / "ann (copy)")
    (store.path / "notes.txt").write_text("call bob")
    assert store.reviewers() == ["ann"]
    best = store.best("e1")
    assert best is not None
    assert [span.text for span in best.subtasks] == ["reach"]


def test_plain_zarr_sees_nothing_odd(tmp_path: Path) -> None:
    Dataset.open(tmp_path / "d", create=True)
    label(LabelStore(tmp_path / "d"), "ann", "reach")
    group = zarr.open_group(str(tmp_path / "d"), mode="r")
    assert {name for name, _ in group.members(max_depth=None)} == {"episodes", "labels", "labels/ann"}


def test_rows_are_given_their_subtask(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    label(store, "ann", "reach", "grasp")
    labels = store.read("ann", "e1")
    rows = labels.subtask_rows(np.array([-1, 0, 99, 100, 199, 200, 1000]))
    assert rows.tolist() == [-1, 0, 0, 1, 1, -1, -1]
    found = [labels.subtask_at(t) for t in (-1, 0, 99, 100, 199, 200)]
    assert [s.text if s is not None else None for s in found] == [
        None, "reach", "reach", "grasp", "grasp", None,
    ]  # fmt: skip
    assert store.read("nobody", "e1").subtask_rows(np.array([1, 2])).tolist() == [-1, -1]
