"""Files that other programs and people wrote: what they say is read, and what makes no sense is named."""

from __future__ import annotations

import re

import pytest

from recordings.labels import EpisodeLabels, SpanLabel, Tier
from recordings.labels.formats import (
    FORMATS,
    EpisodeClock,
    FileNotUnderstood,
    episode_named,
    format_of,
    read,
    write,
)
from tests.recordings.labels.any_labels import CLOCK
from tests.recordings.labels.exchanged import MS, NOTHING, START, at, said, taken_in

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


def test_endings_in_capitals_and_tabs_are_known() -> None:
    assert format_of("A.EAF").name == "eaf"
    assert format_of("a.tsv").name == "csv"
