"""What goes out comes back: exact where the format can, to the millisecond where it cannot, never less in silence."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import msgspec
import pympi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recordings.labels import (
    BoxKey,
    BoxLabel,
    EpisodeLabel,
    EpisodeLabels,
    History,
    LabelStore,
    Origin,
    SpanLabel,
    State,
    Tier,
)
from recordings.labels.formats import (
    FORMATS,
    EpisodeClock,
    FileNotUnderstood,
    changes,
    episode_named,
    format_of,
    read,
    write,
)
from recordings.labels.formats.eaf_names import visible
from tests.recordings.labels.any_labels import CLOCK, any_labels, spans, subtasks

MS = 1_000_000
NOTHING = EpisodeLabels()
START = CLOCK.start_ns
SLOW = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


def at(label_id: str, start_ms: float, end_ms: float, text: str = "", tier: Tier = Tier.SUBTASK) -> SpanLabel:
    return SpanLabel(label_id, tier, START + round(start_ms * MS), START + round(end_ms * MS), text)


def taken_in(
    data: bytes,
    file: str,
    *,
    existing: EpisodeLabels = NOTHING,
    clock: EpisodeClock = CLOCK,
    replace: bool = False,
) -> EpisodeLabels:
    """The labels after a file was imported among them."""
    imported = read(data, clock, file, existing=existing)
    history = History()
    history.labels = existing
    step = history.step(changes(existing, imported, replace=replace)[0], "import", utc_ns=0)
    return history.take(step) if step is not None else existing


def what_counts(labels: EpisodeLabels) -> list[SpanLabel]:
    return sorted((s for tier in Tier for s in labels.spans(tier)), key=lambda s: s.id)


def shown(labels: EpisodeLabels) -> set[tuple[str, int, int, str]]:
    """Accepted spans as a format of milliseconds has them."""
    return {(s.tier, *CLOCK.shown_ms(s.start_ns, s.end_ns), s.text) for s in what_counts(labels)}


def said(data: bytes, file: str, *, existing: EpisodeLabels = NOTHING) -> list[str]:
    """What an import reports."""
    imported = read(data, CLOCK, file, existing=existing)
    return [str(loss) for loss in (*imported.losses, *changes(existing, imported)[1])]


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
def test_elan_gives_back_the_same_nanoseconds(labels: EpisodeLabels) -> None:
    data = write(labels, CLOCK, "eaf", reviewer="ann").data
    imported = read(data, CLOCK, "a.eaf", existing=NOTHING)
    assert sorted(imported.labels, key=lambda label: label.id) == what_counts(labels)
    assert imported.losses == ()
    assert taken_in(data, "a.eaf", existing=labels) == labels


@given(labels=any_labels())
@SLOW
def test_elan_without_what_only_we_know_is_exact_to_the_millisecond(labels: EpisodeLabels) -> None:
    data = write(labels, CLOCK, "eaf").data
    data = re.sub(rb'<PROPERTY NAME="understudy.labels">[^<]*</PROPERTY>', b"", data)
    found = read(data, CLOCK, "a.eaf", existing=NOTHING).labels
    shown_texts = {(*one[:3], visible(one[3]).strip()) for one in shown(labels)}
    assert shown(EpisodeLabels(found)) == shown_texts
    assert {label.origin for label in found if isinstance(label, SpanLabel)} <= {Origin("eaf", "a.eaf")}


@given(labels=any_labels())
@SLOW
def test_webvtt_is_exact_to_the_millisecond(labels: EpisodeLabels) -> None:
    data = write(labels, CLOCK, "vtt", reviewer="ann").data
    found = EpisodeLabels(read(data, CLOCK, "a.vtt", existing=NOTHING).labels)
    assert shown(found) == {(*one[:3], one[3].replace("\0", "\ufffd").strip()) for one in shown(labels)}
    assert [span.id for span in what_counts(found)] == [span.id for span in what_counts(labels)]
    assert taken_in(data, "a.vtt", existing=labels) == labels


@given(
    labels=st.lists(spans("x"), max_size=6).map(
        lambda many: [msgspec.structs.replace(s, id=str(i)) for i, s in enumerate(many)]
    ),
    more=subtasks(),
)
@SLOW
def test_an_independent_reader_sees_the_same_in_elans_file(
    tmp_path_factory: pytest.TempPathFactory, labels: list[SpanLabel], more: list[SpanLabel]
) -> None:
    both = EpisodeLabels([*labels, *more])
    path = tmp_path_factory.mktemp("eaf") / "a.eaf"
    path.write_bytes(write(both, CLOCK, "eaf", reviewer="ann").data)
    eaf = pympi.Elan.Eaf(str(path))
    seen = sorted(
        (tier.partition("-")[0], start, end, text)
        for tier in eaf.get_tier_names()
        for start, end, text in eaf.get_annotation_data_for_tier(tier)
    )
    assert seen == sorted(
        (s.tier.value, *CLOCK.shown_ms(s.start_ns, s.end_ns), visible(s.text)) for s in what_counts(both)
    )
    for tier in eaf.get_tier_names():
        edges = sorted((start, end) for start, end, _ in eaf.get_annotation_data_for_tier(tier))
        assert all(one[1] <= other[0] for one, other in pairwise(edges))


def test_elan_has_what_the_robot_does_to_choose_from(tmp_path: Path) -> None:
    labels = EpisodeLabels([at("1", 0, 10, "grasp"), at("2", 10, 20, "grasp"), at("3", 20, 30)])
    path = tmp_path / "a.eaf"
    path.write_bytes(write(labels, CLOCK, "eaf", vocabulary=["lift"]).data)
    eaf = pympi.Elan.Eaf(str(path))
    _, entries, _ = eaf.controlled_vocabularies["subtasks"]
    assert [values[0][0] for values, _ in entries.values()] == ["lift", "grasp"]
    assert eaf.linguistic_types["subtask"]["CONTROLLED_VOCABULARY_REF"] == "subtasks"
    assert "CONTROLLED_VOCABULARY_REF" not in eaf.linguistic_types["note"]


def test_elements_of_elans_file_are_in_the_order_of_its_schema() -> None:
    root = ET.fromstring(write(EpisodeLabels([at("1", 0, 10)]), CLOCK, "eaf").data)
    order = ["HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "LANGUAGE", "CONTROLLED_VOCABULARY"]
    assert list(dict.fromkeys(child.tag for child in root)) == order
    assert root.get("VERSION") == root.get("FORMAT") == "3.0"


def test_notes_over_one_another_go_to_several_tiers_of_elan(tmp_path: Path) -> None:
    edges = {"a": (0, 30), "b": (10, 20), "c": (30, 40), "d": (39, 50), "e": (39.6, 41)}
    notes = [at(text, start, end, text, Tier.NOTE) for text, (start, end) in edges.items()]
    path = tmp_path / "a.eaf"
    path.write_bytes(write(EpisodeLabels(notes), CLOCK, "eaf").data)
    eaf = pympi.Elan.Eaf(str(path))
    tiers = {
        name: "".join(text for *_, text in sorted(eaf.get_annotation_data_for_tier(name)))
        for name in eaf.get_tier_names()
    }
    assert tiers == {"subtask": "", "utterance": "", "intervention": "", "note": "ace", "note-2": "bd"}
    assert taken_in(path.read_bytes(), "a.eaf") == EpisodeLabels(notes)


def test_what_was_changed_in_elan_wins_and_the_rest_keeps_its_nanoseconds(tmp_path: Path) -> None:
    spoken = Origin("spoken", "7", 0.9)
    labels = EpisodeLabels(
        [
            msgspec.structs.replace(at("1", 0.25, 100.25, "reach"), origin=spoken, thumb=1),
            at("2", 100.25, 200.25, "grasp"),
            at("3", 300.25, 400.25, "lift"),
        ]
    )
    path = tmp_path / "a.eaf"
    path.write_bytes(write(labels, CLOCK, "eaf").data)
    eaf = pympi.Elan.Eaf(str(path))
    eaf.remove_annotation("subtask", 50)
    eaf.add_annotation("subtask", 0, 90, "reach")  # as another program may: under another id
    for annotation_id, (start, end, text, svg) in list(eaf.tiers["subtask"][0].items()):
        if text == "grasp":
            eaf.timeslots[end] = 250
        if text == "lift":
            eaf.tiers["subtask"][0][annotation_id] = (start, end, "raise", svg)
    eaf.to_file(str(path))
    after = taken_in(path.read_bytes(), "a.eaf", existing=labels, replace=True)
    reach, grasp, lift = after.subtasks
    assert (reach.start_ns, reach.end_ns, reach.origin) == (START, START + 90 * MS, Origin("eaf", "a.eaf"))
    assert (grasp.id, grasp.start_ns, grasp.end_ns) == ("2", labels.subtasks[1].start_ns, START + 250 * MS)
    assert (lift.id, lift.start_ns, lift.text) == ("3", labels.subtasks[2].start_ns, "raise")


def test_a_suggestion_that_was_moved_in_elan_says_so() -> None:
    label = msgspec.structs.replace(at("1", 0, 100, "reach"), origin=Origin("spoken", "7"), thumb=1)
    data = write(EpisodeLabels([label]), CLOCK, "eaf").data.replace(b'"100"', b'"120"')
    (after,) = taken_in(data, "a.eaf").subtasks
    assert after == msgspec.structs.replace(
        label, end_ns=START + 120 * MS, origin=Origin("spoken", "7", edited=True)
    )


def test_numbers_given_anew_by_another_program_do_not_mix_labels_up() -> None:
    labels = EpisodeLabels([at("1", 0, 100, "reach"), at("2", 200, 300, "grasp")])
    data = write(labels, CLOCK, "eaf").data
    for old, new in ((b'ID="a1"', b'ID="a9"'), (b'ID="a2"', b'ID="a1"'), (b'ID="a9"', b'ID="a2"')):
        data = data.replace(old, new)
    after = read(data, CLOCK, "a.eaf", existing=NOTHING).labels
    assert [(s.text, s.id in "12") for s in after if isinstance(s, SpanLabel)] == [
        ("reach", False),
        ("grasp", False),
    ]


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


VTT_OF_OTHERS = """\ufeffWEBVTT - from somewhere
Kind: captions

STYLE
::cue { color: lime }

1
00:01.000 --> 00:02.500 align:start position:0%
<v Roger>pick <b>up</b> &amp; hold</v>

NOTE a remark
over two lines

01:00,250-->01:00,750
second line
third

note left alone
"""


def test_webvtt_of_others_is_read() -> None:
    data = VTT_OF_OTHERS.replace("\n", "\r\n").encode()
    found = read(data, CLOCK, "a.vtt", existing=NOTHING, tiers={"Roger": Tier.UTTERANCE})
    assert [
        (s.tier, *CLOCK.shown_ms(s.start_ns, s.end_ns), s.text)
        for s in found.labels
        if isinstance(s, SpanLabel)
    ] == [
        ("utterance", 1000, 2500, "pick up & hold"),
        ("subtask", 60250, 60750, "second line\nthird"),
    ]
    assert [loss.what for loss in found.losses] == ["blocks without times", "cues with settings"]
    assert "1 spans of the tier 'Roger': it is none of subtask" in "\n".join(said(data, "a.vtt"))


ELAN_OF_OTHERS = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2020-01-01T00:00:00+00:00" FORMAT="2.8" VERSION="2.8">
<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>
<TIME_ORDER>
<TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1000"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="2000"/>
<TIME_SLOT TIME_SLOT_ID="ts3"/>
</TIME_ORDER>
<TIER LINGUISTIC_TYPE_REF="t" TIER_ID="Subtasks@ann"><ANNOTATION>
<ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
<ANNOTATION_VALUE> reach </ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
<ANNOTATION_VALUE>x</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER LINGUISTIC_TYPE_REF="t" TIER_ID="gaze"><ANNOTATION>
<ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
<ANNOTATION_VALUE>left</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER LINGUISTIC_TYPE_REF="s" TIER_ID="words" PARENT_REF="gaze"><ANNOTATION>
<REF_ANNOTATION ANNOTATION_ID="a4" ANNOTATION_REF="a3"><ANNOTATION_VALUE>y</ANNOTATION_VALUE>
</REF_ANNOTATION></ANNOTATION></TIER>
</ANNOTATION_DOCUMENT>
"""


def test_elan_of_others_is_read() -> None:
    (span,) = read(ELAN_OF_OTHERS.encode(), CLOCK, "b.eaf", existing=NOTHING).labels
    assert isinstance(span, SpanLabel)
    assert (span.tier, span.start_ns, span.text) == (Tier.SUBTASK, START + 1000 * MS, "reach")
    report = "\n".join(said(ELAN_OF_OTHERS.encode(), "b.eaf"))
    for part in ("1 dependent", "1 annotations without times", "1 spans of the tier 'gaze'"):
        assert part in report


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("start_s,end_s,text\n1.5,2,reach\n", [("subtask", 1500, 2000, "reach")]),
        ("\ufeffText;Tier;Start;End\r\nreach;Notes;1,5;2\r\n;;;\r\n", [("note", 1500, 2000, "reach")]),
        ('end\tstart\tlabel\n2\t1\t"a\nb"\n', [("subtask", 1000, 2000, "a\nb")]),
        (f"start_ns,end_ns,text\n{START},{START + 5 * MS},x\n", [("subtask", 0, 5, "x")]),
        ("start_ns,start_s,end_s,text\n1.23457E+14,1,2,x\n", [("subtask", 1000, 2000, "x")]),
    ],
)
def test_tables_of_others_are_read(text: str, found: list[tuple[str, int, int, str]]) -> None:
    for encoding in ("utf-8", "utf-16"):
        labels = read(text.encode(encoding), CLOCK, "a.csv", existing=NOTHING).labels
        assert [
            (s.tier, *CLOCK.shown_ms(s.start_ns, s.end_ns), s.text)
            for s in labels
            if isinstance(s, SpanLabel)
        ] == found


def test_seconds_changed_in_a_spreadsheet_count() -> None:
    labels = EpisodeLabels([at("1", 1000.25, 2000.25, "reach")])
    data = write(labels, CLOCK, "csv").data.replace(b",2.000,", b",3,")
    (after,) = taken_in(data, "a.csv", existing=labels).subtasks
    assert (after.start_ns, after.end_ns) == (labels.subtasks[0].start_ns, START + 3000 * MS)
    assert said(data, "a.csv")[0].startswith("1 times whose seconds and ns differ")


def test_boxes_stand_in_a_table_as_the_policy_says_them() -> None:
    labels = EpisodeLabels([BoxLabel("b", "front", "cup", (BoxKey(START, 0.5, 0.25, 0.75, 1.0),))])
    data = write(labels, CLOCK, "csv").data
    (row,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
    assert (row["kind"], row["loc"]) == ("box", "<loc0256><loc0512><loc1023><loc0768>")
    bare = "kind,start_s,text,camera,loc\nbox,0,cup,front,<loc0256><loc0512><loc1023><loc0768>\n"
    (box,) = taken_in(bare.encode(), "a.csv").boxes
    assert (box.text, box.keys) == ("cup", (BoxKey(START, 0.5, 0.25, 0.75, 1023 / 1024),))


CSV_HEAD = "kind,id,start_s,end_s,text,camera,left,top,right,bottom,thumb,state\n"


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("a.vtt", "1\n00:01.000 --> 00:02.000\nx\n", "line 1: it begins with '1'"),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:99.000\nx\n", "line 3: '00:99.000' is no time of WebVTT"),
        ("a.vtt", "WEBVTT\n\n-00:01.000 --> 00:02.000\nx\n", "line 3: '-00:01.000' is no time"),
        (
            "a.vtt",
            "WEBVTT\n\nx\n00:02.000 --> 00:01.000\nx\n",
            "line 4: the cue ends at 00:01.000, not after",
        ),
        ("a.csv", CSV_HEAD + "note,,nan,2,x\n", "line 2: start_s is 'nan', no number"),
        ("a.csv", CSV_HEAD + "note,,1,2,x\nnote,,-1,2,x\n", "line 3: start_s is '-1', before the episode"),
        ("a.csv", CSV_HEAD + "note,,,2,x\n", "line 2: start_s is '', so there is no time"),
        ("a.csv", CSV_HEAD + "note,,2,1,x\n", "line 2: end_s is '1', -1.000 s after the start"),
        ("a.csv", CSV_HEAD + "note,,1,1e30,x\n", "line 2: end_s is '1e30', more than"),
        ("a.csv", CSV_HEAD + "note,a,1,2,x\nnote,a,3,4,y\n", "line 3: the id 'a' stands there as in line 2"),
        ("a.csv", CSV_HEAD + "note,episode,1,2,x\n", "line 2: the id 'episode'"),
        ("a.csv", CSV_HEAD + "box,,1,,cup,front,nan,0,1,1\n", "line 2: left is 'nan', no number"),
        ("a.csv", CSV_HEAD + "box,,1,,cup,front,0,0,640,1\n", "line 2: right is '640', not from 0 to 1"),
        ("a.csv", CSV_HEAD + "box,,1,,cup,front,0.5,0,0.5,1\n", "line 2: a box has its left before"),
        (
            "a.csv",
            CSV_HEAD + "box,b,1,,cup,front,0,0,1,1\nbox,b,1,,cup,front,0,0,1,1\n",
            "line 3: start_s is '1'",
        ),
        ("a.csv", CSV_HEAD + "note,,1,2,x,,,,,,2\n", "line 2: thumb is '2', no whole number from -1 to 1"),
        ("a.csv", CSV_HEAD + "note,,1,2,x,,,,,,,fine\n", "line 2: state is 'fine', none of proposed"),
        ("a.csv", "start_s,end_s,text\n1,2,one, two\n", "line 2: 4 cells under 3 columns"),
        ("a.csv", "begin,end,text\n", "line 1: no column start_s or start_ns"),
        ("a.csv", "", "line 1: no column start_s or start_ns among none"),
        ("a.csv", 'start_s,end_s,text\n1,2,"x\n', "this is no CSV"),
        ("a.json", "{", "this is no JSON"),
        ("a.json", '{"format": "coco"}', "its format is 'coco'"),
        ("a.json", '{"format": "understudy-labels", "version": 2}', "its version is 2"),
        (
            "a.json",
            '[{"type":"span","id":"q","tier":"note","start_ns":5,"end_ns":4}]',
            "labels[0]` (the label 'q')",
        ),
        pytest.param("a.json", "[" * 100_000, "it is nested without end", id="deep"),
        pytest.param("a.vtt", f"WEBVTT\n\n{'9' * 5000}:00:01.000 --> 00:02.000\nx\n", "no time", id="long"),
        pytest.param(
            "a.vtt", f"WEBVTT\n\n00:01.000 --> 00:02.000\n&#{'9' * 5000};\n", "line 3: the cue's", id="sign"
        ),
        (
            "a.eaf",
            '<?xml version="1.0" encoding="gbk"?><a/>',
            "line 1: its encoding cannot be read (multi-byte",
        ),
        ("a.eaf", '<?xml version="1.0" encoding="UT8"?><a/>', "line 1: its encoding cannot be read (unknown"),
        ("a.eaf", "<ANNOTATION_DOCUMENT>", "line 1: this is no XML"),
        ("a.eaf", "<html/>", "line 1: it is a 'html' document"),
        ("a.eaf", '<!DOCTYPE a [<!ENTITY b "c">]><a/>', "line 1: it declares a document type"),
        ("a.eaf", ELAN_OF_OTHERS.replace('"1000"', '"NaN"'), "line 5: TIME_VALUE 'NaN' is no number"),
        ("a.eaf", ELAN_OF_OTHERS.replace('"1000"', '"-5"'), "line 5: TIME_VALUE '-5' is no number"),
        ("a.eaf", ELAN_OF_OTHERS.replace('"2000"', '"1000"'), "line 9: the annotation ' reach ' ends at"),
        ("a.eaf", ELAN_OF_OTHERS.replace('REF1="ts1"', 'REF1="ts9"'), "line 9: TIME_SLOT_REF1 'ts9'"),
        ("a.eaf", ELAN_OF_OTHERS.replace("milliseconds", "PAL-frames"), "its TIME_UNITS are 'PAL-frames'"),
        ("a.srt", "", "it ends with none of .eaf, .vtt, .csv, .json"),
    ],
)
def test_an_error_names_the_file_the_line_and_the_value(file: str, text: str, message: str) -> None:
    with pytest.raises(FileNotUnderstood) as refused:
        read(text.encode(), CLOCK, file, existing=NOTHING)
    assert str(refused.value).startswith(file)
    assert message in str(refused.value)


@pytest.mark.parametrize("said", ["9" * 5000, "²", "-1", ""], ids=len)
def test_a_start_that_makes_no_sense_counts_for_nothing(said: str) -> None:
    vtt = f"WEBVTT\n\nNOTE\nstart_ns: {said}\n\n00:01.000 --> 00:02.000\nx\n".encode()
    assert [span.start_ns - START for span in taken_in(vtt, "a.vtt").subtasks] == [10**9]
    start = f'<HEADER><PROPERTY NAME="understudy.start_ns">{said}</PROPERTY></HEADER>'
    eaf = re.sub("<HEADER.*?/>", start, ELAN_OF_OTHERS).encode()
    assert start.encode() in eaf
    assert [span.start_ns - START for span in taken_in(eaf, "a.eaf").subtasks] == [10**9]


def test_a_file_that_is_no_text_is_refused() -> None:
    with pytest.raises(FileNotUnderstood, match=r"a.csv, line 2: byte 0xe4 is no UTF-8"):
        read(b"start_s,end_s,text\n1,2,L\xe4ufer\n", CLOCK, "a.csv", existing=NOTHING)


def test_what_reaches_beyond_the_episode_is_cut_and_told() -> None:
    length_s = (CLOCK.end_ns - START) // 1000 // MS
    text = f"start_s,end_s,text\n0,1,a\n{length_s - 1},{length_s + 5},b\n{length_s + 1},{length_s + 2},c\n"
    labels = read(text.encode(), CLOCK, "a.csv", existing=NOTHING).labels
    assert [(s.text, s.end_ns) for s in labels if isinstance(s, SpanLabel)] == [
        ("a", START + 1000 * MS),
        ("b", CLOCK.end_ns),
    ]
    assert [line.split(":")[0] for line in said(text.encode(), "a.csv")] == ["1 spans", "1 spans"]


def test_key_frames_outside_of_the_episode_are_left_out() -> None:
    inside, outside = BoxKey(START, 0, 0, 1, 1), BoxKey(CLOCK.end_ns, 0, 0, 1, 1)
    labels = EpisodeLabels(
        [BoxLabel("a", "front", "", (inside, outside)), BoxLabel("b", "front", "", (outside,))]
    )
    data = write(labels, CLOCK, "json").data
    assert taken_in(data, "a.json") == EpisodeLabels([BoxLabel("a", "front", "", (inside,))])
    assert [line.split(":")[0] for line in said(data, "a.json")] == ["2 key frames of boxes", "1 boxes"]


def test_subtasks_never_lie_over_one_another_after_an_import() -> None:
    existing = EpisodeLabels([at("1", 0, 1000, "mine"), at("2", 4000, 5000, "far")])
    text = "start_s,end_s,text\n0.5,2,a\n1.5,3,b\n"
    after = taken_in(text.encode(), "a.csv", existing=existing)
    assert [(s.text, *CLOCK.shown_ms(s.start_ns, s.end_ns)) for s in after.subtasks] == [
        ("mine", 0, 500),
        ("a", 500, 1500),
        ("b", 1500, 3000),
        ("far", 4000, 5000),
    ]
    report = said(text.encode(), "a.csv", existing=existing)
    assert [line.split(":")[0] for line in report] == [
        "1 subtasks of the file",
        "1 labels that were there",
        "1 labels that were there",
    ]


def test_a_new_annotation_that_touches_an_exact_one_is_no_clash() -> None:
    labels = EpisodeLabels([at("1", 0, 100.4, "reach"), at("2", 200, 300, "grasp")])
    data = write(labels, CLOCK, "eaf").data.replace(
        b'"200"', b'"100"'
    )  # where ELAN shows the end of the first
    reach, grasp = taken_in(data, "a.eaf", existing=labels).subtasks
    assert reach.end_ns == grasp.start_ns == START + 100 * MS
    assert said(data, "a.eaf", existing=labels) == []


def test_replacing_takes_away_only_what_the_file_speaks_of() -> None:
    note = at("n", 0, 10, "blurred", Tier.NOTE)
    box = BoxLabel("b", "front", "cup", (BoxKey(START, 0, 0, 1, 1),))
    refused = msgspec.structs.replace(at("r", 0, 10), state=State.REJECTED)
    existing = EpisodeLabels([at("1", 0, 10), note, box, refused])
    text = "id,start_s,end_s,text\n9,1,2,new\n"
    after = taken_in(text.encode(), "a.csv", existing=existing, replace=True)
    assert set(after.by_id) == {"9", "n", "b", "r"}


def test_a_file_of_another_episode_is_refused() -> None:
    other = EpisodeClock("20261120-000000-0001", 5, 10 * MS)
    for name in FORMATS:
        data = write(EpisodeLabels([at("1", 0, 10)]), CLOCK, name).data
        assert episode_named(data, f"a.{name}", []) == CLOCK.episode_id
        with pytest.raises(FileNotUnderstood, match="not of 20261120-000000-0001"):
            read(data, other, f"a.{name}", existing=NOTHING)


def test_the_name_of_a_file_may_say_which_episode_it_is_of() -> None:
    text = b"start_s,end_s,text\n0,1,a\n"
    assert (
        episode_named(text, f"x/ann {CLOCK.episode_id} v2.csv", ["1", CLOCK.episode_id][1:])
        == CLOCK.episode_id
    )
    assert episode_named(text, "new.csv", [CLOCK.episode_id]) == ""
    both = f"episode,start_s,end_s,text\n{CLOCK.episode_id},0,1,a\nother,0,1,a\n".encode()
    with pytest.raises(FileNotUnderstood, match=r"a.csv, line 3: it has rows of 2 episodes"):
        episode_named(both, "a.csv", [])


def test_an_import_is_one_step_that_can_be_undone(tmp_path: Path) -> None:
    labels = EpisodeLabels([at("1", 0, 10, "a"), at("2", 10, 20, "b")])
    data = write(labels, CLOCK, "csv").data
    store = LabelStore(tmp_path)
    with store.edit("ann", "e1") as editor:
        imported = read(data, CLOCK, "a.csv", existing=editor.labels)
        editor.apply(changes(editor.labels, imported)[0], "import a.csv")
    assert store.read("ann", "e1") == labels
    with store.edit("ann", "e1") as editor:
        assert editor.undoable == "import a.csv"
        assert len(editor.undo()) == 0


def test_endings_in_capitals_and_tabs_are_known() -> None:
    assert format_of("A.EAF").name == "eaf"
    assert format_of("a.tsv").name == "csv"
