"""What goes out comes back: exact where the format can, to the millisecond where it cannot, never less in silence."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest
from hypothesis import given

from recordings.labels import BoxKey, BoxLabel, EpisodeLabel, EpisodeLabels, Origin, State
from recordings.labels.formats import read, write
from tests.recordings.labels.any_labels import CLOCK, any_labels
from tests.recordings.labels.exchanged import NOTHING, SLOW, START, at, shown, taken_in, what_counts


@pytest.mark.parametrize("name", ["json", "csv"])
@given(labels=any_labels())
@SLOW
def test_json_and_csv_hold_everything(name: str, labels: EpisodeLabels) -> None:
    written = write(labels, CLOCK, name, reviewer="ann")
    assert written.losses == ()
    assert taken_in(written.data, f"a.{name}") == labels
    assert read(written.data, CLOCK, f"a.{name}", existing=labels).losses == ()
    assert taken_in(written.data, f"a.{name}", existing=labels) == labels


@given(labels=any_labels())
@SLOW
def test_webvtt_is_exact_to_the_millisecond(labels: EpisodeLabels) -> None:
    data = write(labels, CLOCK, "vtt", reviewer="ann").data
    found = EpisodeLabels(read(data, CLOCK, "a.vtt", existing=NOTHING).labels)
    assert shown(found) == {(*one[:3], one[3].replace("\0", "\ufffd").strip()) for one in shown(labels)}
    assert [span.id for span in what_counts(found)] == [span.id for span in what_counts(labels)]
    assert taken_in(data, "a.vtt", existing=labels) == labels


def test_each_format_says_what_it_does_not_hold() -> None:
    labels = EpisodeLabels(
        [
            msgspec.structs.replace(at("1", 0.5, 9, "x"), thumb=1, origin=Origin("spoken")),
            msgspec.structs.replace(at("2", 10, 20), state=State.REJECTED),
            BoxLabel("b", "front", "cup", (BoxKey(START, 0, 0, 1, 1),)),
            EpisodeLabel(rating=3),
        ]
    )
    for name in ("eaf", "vtt"):
        losses = {loss.what: loss.count for loss in write(labels, CLOCK, name).losses}
        assert losses == {
            "boxes": 1,
            "judgement of the episode": 1,
            "suggestions not accepted": 1,
            "spans with times between milliseconds": 1,
            "thumbs": 1,
            "origins": 1,
        }


def test_boxes_stand_in_a_table_as_the_policy_says_them() -> None:
    labels = EpisodeLabels([BoxLabel("b", "front", "cup", (BoxKey(START, 0.5, 0.25, 0.75, 1.0),))])
    data = write(labels, CLOCK, "csv").data
    (row,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
    assert (row["kind"], row["loc"]) == ("box", "<loc0256><loc0512><loc1023><loc0768>")
    bare = "kind,start_s,text,camera,loc\nbox,0,cup,front,<loc0256><loc0512><loc1023><loc0768>\n"
    (box,) = taken_in(bare.encode(), "a.csv").boxes
    assert (box.text, box.keys) == ("cup", (BoxKey(START, 0.5, 0.25, 0.75, 1023 / 1024),))
