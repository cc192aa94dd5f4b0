"""What ELAN opens is a file as its format is laid down, says the same as the labels, and comes back exactly."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import msgspec
import pympi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.labels import EpisodeLabels, Origin, SpanLabel, Tier
from recordings.labels.formats import read, write
from recordings.labels.formats.eaf_names import visible
from tests.recordings.labels.any_labels import CLOCK, any_labels, spans, subtasks
from tests.recordings.labels.exchanged import MS, NOTHING, SLOW, START, at, shown, taken_in, what_counts


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
