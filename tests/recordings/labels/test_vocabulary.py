"""The words of a dataset: counted, offered, and changed everywhere or told where not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import zarr

from recordings import Dataset
from recordings.labels import BoxKey, LabelStore, Tier, boxes, edits
from recordings.labels.near import near_duplicates
from recordings.labels.renaming import rename, renaming, take_back, taking_back
from recordings.labels.vocabulary import Entry, Vocabulary, VocabularyReader, pin, pinned
from tests.recordings.recorded import closed_episode


def label(store: LabelStore, reviewer: str, episode_id: str, *texts: str) -> None:
    with store.edit(reviewer, episode_id) as editor:
        for number, text in enumerate(texts):
            at = number * 100
            editor.apply(edits.put_span(editor.labels, Tier.SUBTASK, at, at + 100, text), "put")


def texts(store: LabelStore, reviewer: str, episode_id: str) -> list[str]:
    return [span.text for span in store.read(reviewer, episode_id).subtasks]


def test_it_counts_labels_and_recordings_and_keeps_the_palette_first(tmp_path: Path) -> None:
    closed_episode(tmp_path, ticks=200)  # told "step 0" and "step 1"
    store = LabelStore(tmp_path)
    label(store, "ann", "e1", "reach", "grasp", "reach")
    label(store, "bob", "e1", "reach", "step 1")
    pin(store, ["lift", "grasp", "lift", " "])
    found = VocabularyReader(store, Dataset.open(tmp_path)).read()
    assert found.entries == (
        Entry("lift", 0, 0, True),
        Entry("grasp", 1, 0, True),
        Entry("reach", 3, 0),
        Entry("step 1", 1, 1),
        Entry("step 0", 0, 1),
    )


def test_reading_again_sees_what_has_changed(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    reader = VocabularyReader(store)
    assert reader.read().texts == ()
    label(store, "ann", "e1", "reach")
    assert reader.read().texts == ("reach",)
    with store.edit("ann", "e1") as editor:
        editor.undo()
    assert reader.read().texts == ()


def test_objects_have_words_of_their_own(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    with store.edit("ann", "e1") as editor:
        editor.apply(boxes.put_box("front", "cup", BoxKey(0, 0.1, 0.1, 0.2, 0.2)), "put")
        editor.apply(edits.put_span(editor.labels, Tier.SUBTASK, 0, 9, "reach"), "put")
        editor.apply(edits.put_span(editor.labels, Tier.NOTE, 0, 9, "blurred"), "put")
    reader = VocabularyReader(store)
    assert reader.read("objects").texts == ("cup",)
    assert reader.read().texts == ("reach",)


def test_the_palette_is_kept_where_plain_zarr_finds_nothing_odd(tmp_path: Path) -> None:
    Dataset.open(tmp_path / "d", create=True)
    store = LabelStore(tmp_path / "d")
    assert pinned(store) == ()
    assert pin(store, ["reach", "grasp"]) == ("reach", "grasp")
    pin(store, ["cup"], "objects")
    label(store, "ann", "e1", "reach")
    assert (pinned(store), pinned(store, "objects")) == (("reach", "grasp"), ("cup",))
    group = zarr.open_group(str(tmp_path / "d"), mode="r")
    assert {name for name, _ in group.members(max_depth=None)} == {"episodes", "labels", "labels/ann"}


OFFERED = Vocabulary(
    Counter(
        {
            "pick up the cup": 9,
            "put the cup down": 5,
            "open the drawer": 4,
            "pick up the plate": 2,
            "Close the drawer": 1,
        }
    ),
    pinned=["open the drawer"],
)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("pick", ["pick up the cup", "pick up the plate"]),
        ("PICK  up the p", ["pick up the plate"]),
        ("dr", ["open the drawer", "Close the drawer"]),
        ("pi pl", ["pick up the plate"]),
        ("p cup", ["pick up the cup", "put the cup down"]),
        ("cup p", []),
        ("rawer", ["open the drawer", "Close the drawer"]),
        ("clsoe", ["Close the drawer"]),
        ("opne the drawr", ["open the drawer"]),
        ("xyzzy", []),
    ],
)
def test_what_is_typed_is_completed(typed: str, offered: list[str]) -> None:
    assert list(OFFERED.complete(typed))[: max(1, len(offered))] == offered


def test_nothing_typed_offers_all_the_palette_first() -> None:
    assert OFFERED.complete("") == OFFERED.texts
    assert OFFERED.complete("", at_most=1) == ("open the drawer",)


def test_near_duplicates_are_proposed_with_the_more_frequent_kept() -> None:
    found = near_duplicates(
        [
            "pick up the cup",
            "Pick up the  cup.",
            "pick up the cups",
            "pickup the cup",
            "pick up the cap",
            "open the drawer",
            "open the drawr",
            "open the 1st drawer",
            "open the 2nd drawer",
            "carry the dish",
            "carry the dishes",
        ]
    )
    assert [(one.old, one.new, one.why) for one in found] == [
        ("Pick up the  cup.", "pick up the cup", "case, spaces or punctuation"),
        ("pick up the cups", "pick up the cup", "singular and plural"),
        ("pickup the cup", "pick up the cup", "case, spaces or punctuation"),
        ("open the drawr", "open the drawer", "one word alike"),
        ("carry the dishes", "carry the dish", "singular and plural"),
    ]


def test_a_merge_never_leads_to_a_text_that_goes_itself() -> None:
    found = near_duplicates(["grasp it", "graspp it", "Graspp it", "grasps it", "Grasps it!"])
    assert {one.new for one in found} == {"grasp it"}
    assert len(found) == 4


def test_a_renaming_is_one_step_in_each_journal_and_can_be_undone(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    label(store, "ann", "e1", "reach", "grasp", "reach")
    label(store, "bob", "e2", "grasp")
    label(store, "bob", "e3", "lift")
    pin(store, ["reach", "grasp", "touch"])
    untouched = store.journal_path("bob", "e3").read_bytes()
    done = rename(store, {"reach": "grasp", "grasp": "reach"})
    assert texts(store, "ann", "e1") == ["grasp", "reach", "grasp"], "they change places"
    assert texts(store, "bob", "e2") == ["reach"]
    assert store.journal_path("bob", "e3").read_bytes() == untouched
    assert [(one.reviewer, one.episode_id, one.labels) for one in done.changed] == [
        ("ann", "e1", 3),
        ("bob", "e2", 1),
    ]
    assert done.words == "4 labels renamed in 2 of 2 journals"
    assert pinned(store) == ("grasp", "reach", "touch")
    with store.edit("ann", "e1") as editor:
        assert editor.undoable == "rename"
        editor.undo()
    assert texts(store, "ann", "e1") == ["reach", "grasp", "reach"]


def test_what_was_made_one_is_two_again_but_for_what_was_changed_since(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    label(store, "ann", "e1", "reach", "Reach", "Reach")
    label(store, "bob", "e1", "Reach")
    label(store, "bob", "e2", "Reach")
    pin(store, ["Reach", "reach", "lift"])
    done = rename(store, {"Reach": "reach"}, apart_from=[("bob", "e2")])
    assert texts(store, "ann", "e1") == ["reach"] * 3
    assert texts(store, "bob", "e2") == ["Reach"], "the caller has it open"
    assert pinned(store) == ("reach", "lift")
    with store.edit("ann", "e1") as editor:
        editor.apply(edits.set_text(editor.labels, editor.labels.subtasks[2].id, "touch"), "name")
    with store.edit("bob", "e1") as open_in_a_window:
        back = take_back(store, done)
        assert [(one.reviewer, one.in_use) for one in back.left] == [("bob", True)]
        before = next(one.before for one in done.changed if one.reviewer == "bob")
        changes = taking_back(open_in_a_window.labels, before, done.texts)
        open_in_a_window.apply(changes, "rename back")
    assert texts(store, "ann", "e1") == ["reach", "Reach", "touch"]
    assert texts(store, "bob", "e1") == ["Reach"]
    assert pinned(store) == ("Reach", "reach", "lift")


def test_what_is_in_use_is_told_and_can_be_renamed_later(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    label(store, "ann", "e1", "reach")
    label(store, "bob", "e1", "reach")
    with store.edit("ann", "e1") as open_in_a_window:
        done = rename(store, {"reach": "touch"})
        assert [(one.reviewer, one.episode_id) for one in done.left] == [("ann", "e1")]
        assert "1 of 2 journals" in done.words
        assert "e1 by ann: the labels of e1 by ann are being written" in done.words
        assert texts(store, "bob", "e1") == ["touch"]
        assert texts(store, "ann", "e1") == ["reach"]
        open_in_a_window.apply(renaming(open_in_a_window.labels, {"reach": "touch"}), "rename")
    assert texts(store, "ann", "e1") == ["touch"]
    assert rename(store, {"reach": "touch"}).words == "0 labels renamed in 0 of 0 journals"


def test_a_journal_that_the_disk_refuses_is_told(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    label(store, "ann", "e2", "reach")
    store.journal_path("ann", "e1").mkdir()
    done = rename(store, {"reach": "touch"})
    assert [(one.episode_id, "directory" in one.why) for one in done.left] == [("e1", True)]
    assert texts(store, "ann", "e2") == ["touch"]


def test_what_was_said_and_noted_keeps_its_words(tmp_path: Path) -> None:
    store = LabelStore(tmp_path)
    with store.edit("ann", "e1") as editor:
        for tier in (Tier.SUBTASK, Tier.UTTERANCE, Tier.NOTE):
            editor.apply(edits.put_span(editor.labels, tier, 0, 9, "reach"), "put")
        editor.apply(boxes.put_box("front", "reach", BoxKey(0, 0.1, 0.1, 0.2, 0.2)), "put")
    rename(store, {"reach": "touch"})
    labels = store.read("ann", "e1")
    assert [labels.spans(tier)[0].text for tier in (Tier.SUBTASK, Tier.UTTERANCE, Tier.NOTE)] == [
        "touch", "reach", "reach",
    ]  # fmt: skip
    assert labels.boxes[0].text == "reach"
    rename(store, {"reach": "cup"}, of="objects")
    assert store.read("ann", "e1").boxes[0].text == "cup"


def test_nothing_is_renamed_to_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="to nothing"):
        rename(LabelStore(tmp_path), {"reach": " "})
