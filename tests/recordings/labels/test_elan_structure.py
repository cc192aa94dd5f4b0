"""Files for ELAN keep the rules of its format (EAF 3.0), element by element, however strange the labels are.

ELAN itself is not asked: the rules here are those that the format's description and schema state, as far as files of
ours come near them. See https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf.
"""

from __future__ import annotations

import re
import warnings
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pympi
from hypothesis import given

from recordings.labels import EpisodeLabels
from recordings.labels.formats import write
from tests.recordings.labels.any_labels import CLOCK, any_labels
from tests.recordings.labels.exchanged import SLOW, at

CHILDREN = {
    "ANNOTATION_DOCUMENT": (
        "LICENSE HEADER TIME_ORDER TIER LINGUISTIC_TYPE LOCALE LANGUAGE CONSTRAINT CONTROLLED_VOCABULARY"
        " LEXICON_REF EXTERNAL_REF"
    ),
    "HEADER": "MEDIA_DESCRIPTOR LINKED_FILE_DESCRIPTOR PROPERTY",
    "TIME_ORDER": "TIME_SLOT",
    "TIER": "ANNOTATION",
    "ANNOTATION": "ALIGNABLE_ANNOTATION",
    "ALIGNABLE_ANNOTATION": "ANNOTATION_VALUE",
    "CONTROLLED_VOCABULARY": "DESCRIPTION CV_ENTRY_ML",
    "CV_ENTRY_ML": "CVE_VALUE",
}
"""What may stand in an element, in this order; nothing in those that are not named."""

NEEDED = {
    "ANNOTATION_DOCUMENT": "AUTHOR DATE VERSION",
    "TIME_SLOT": "TIME_SLOT_ID TIME_VALUE",
    "TIER": "TIER_ID LINGUISTIC_TYPE_REF",
    "ALIGNABLE_ANNOTATION": "ANNOTATION_ID TIME_SLOT_REF1 TIME_SLOT_REF2",
    "LINGUISTIC_TYPE": "LINGUISTIC_TYPE_ID",
    "LANGUAGE": "LANG_ID",
    "CONTROLLED_VOCABULARY": "CV_ID",
    "DESCRIPTION": "LANG_REF",
    "CV_ENTRY_ML": "CVE_ID",
    "CVE_VALUE": "LANG_REF",
}
ALLOWED = {
    "ANNOTATION_DOCUMENT": "FORMAT {http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation",
    "HEADER": "MEDIA_FILE TIME_UNITS",
    "PROPERTY": "NAME",
    "TIER": "PARTICIPANT ANNOTATOR DEFAULT_LOCALE PARENT_REF EXT_REF LANG_REF",
    "ALIGNABLE_ANNOTATION": "SVG_REF EXT_REF LANG_REF CVE_REF",
    "LINGUISTIC_TYPE": (
        "TIME_ALIGNABLE CONSTRAINTS GRAPHIC_REFERENCES CONTROLLED_VOCABULARY_REF EXT_REF LEXICON_REF"
    ),
    "LANGUAGE": "LANG_DEF LANG_LABEL",
    "CONTROLLED_VOCABULARY": "EXT_REF",
    "CV_ENTRY_ML": "EXT_REF",
    "CVE_VALUE": "DESCRIPTION",
}
XML_IDS = {"TIME_SLOT": "TIME_SLOT_ID", "ALIGNABLE_ANNOTATION": "ANNOTATION_ID", "CV_ENTRY_ML": "CVE_ID"}
"""Attributes of XML's type ID: each is a name, and stands once in the whole file."""


def exported(labels: EpisodeLabels) -> ET.Element:
    return ET.fromstring(write(labels, CLOCK, "eaf", reviewer="ann", vocabulary=["lift"]).data)


@given(labels=any_labels())
@SLOW
def test_elements_and_their_attributes_are_those_of_the_format(labels: EpisodeLabels) -> None:
    document = exported(labels)
    for element in document.iter():
        order = CHILDREN.get(element.tag, "").split()
        places = [order.index(child.tag) for child in element]
        assert places == sorted(places), f"in {element.tag}"
        needed = set(NEEDED.get(element.tag, "").split())
        allowed = needed | set(ALLOWED.get(element.tag, "").split())
        assert needed <= set(element.attrib) <= allowed, f"of {element.tag}"
    once = Counter(child.tag for child in document)
    assert (once["HEADER"], once["TIME_ORDER"]) == (1, 1)
    assert datetime.fromisoformat(document.attrib["DATE"]).tzinfo is not None


@given(labels=any_labels())
@SLOW
def test_ids_are_unique_names_and_what_is_referred_to_is_there(labels: EpisodeLabels) -> None:
    document = exported(labels)
    ids = [element.attrib[XML_IDS[element.tag]] for element in document.iter() if element.tag in XML_IDS]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", one) for one in ids)

    def said(tag: str, attribute: str) -> list[str]:
        found = (element.get(attribute) for element in document.iter(tag))
        return [one for one in found if one is not None]

    for tag, attribute, there_tag, there in (
        ("TIER", "LINGUISTIC_TYPE_REF", "LINGUISTIC_TYPE", "LINGUISTIC_TYPE_ID"),
        ("LINGUISTIC_TYPE", "CONTROLLED_VOCABULARY_REF", "CONTROLLED_VOCABULARY", "CV_ID"),
        ("CVE_VALUE", "LANG_REF", "LANGUAGE", "LANG_ID"),
        ("DESCRIPTION", "LANG_REF", "LANGUAGE", "LANG_ID"),
    ):
        names = said(there_tag, there)
        assert len(set(names)) == len(names), there
        assert set(said(tag, attribute)) <= set(names), attribute
    slots = said("TIME_SLOT", "TIME_SLOT_ID")
    edges = said("ALIGNABLE_ANNOTATION", "TIME_SLOT_REF1") + said("ALIGNABLE_ANNOTATION", "TIME_SLOT_REF2")
    assert sorted(edges) == sorted(slots), "each edge has a slot of its own, and there is no slot besides"
    tiers = said("TIER", "TIER_ID")
    assert len(set(tiers)) == len(tiers)


@given(labels=any_labels())
@SLOW
def test_annotations_lie_in_time_as_their_tiers_types_allow(labels: EpisodeLabels) -> None:
    document = exported(labels)
    times = {
        slot.attrib["TIME_SLOT_ID"]: int(slot.attrib["TIME_VALUE"]) for slot in document.iter("TIME_SLOT")
    }
    assert list(times.values()) == sorted(times.values()), "slots stand in order of time"
    types = {one.attrib["LINGUISTIC_TYPE_ID"]: one for one in document.iter("LINGUISTIC_TYPE")}
    for tier in document.iter("TIER"):
        kind = types[tier.attrib["LINGUISTIC_TYPE_REF"]]
        # Without a constraint a type is one of tiers that hang on no other, whose annotations have times of their own.
        assert (kind.get("CONSTRAINTS"), tier.get("PARENT_REF")) == (None, None)
        assert kind.get("TIME_ALIGNABLE") == "true"
        edges = [
            (times[one.attrib["TIME_SLOT_REF1"]], times[one.attrib["TIME_SLOT_REF2"]])
            for one in tier.iter("ALIGNABLE_ANNOTATION")
        ]
        assert all(0 <= start < end for start, end in edges)
        assert all(one[1] <= other[0] for one, other in pairwise(edges)), "in order, and none over another"


@given(labels=any_labels())
@SLOW
def test_texts_of_a_tier_with_a_vocabulary_are_in_it_and_each_once(labels: EpisodeLabels) -> None:
    document = exported(labels)
    (vocabulary,) = document.iter("CONTROLLED_VOCABULARY")
    values = [value.text or "" for value in vocabulary.iter("CVE_VALUE")]
    assert len(set(values)) == len(values)
    assert all(len(list(entry)) == 1 for entry in vocabulary.iter("CV_ENTRY_ML")), "one for the one language"
    said = {
        value.text or ""
        for tier in document.iter("TIER")
        if tier.get("LINGUISTIC_TYPE_REF") == "subtask"
        for value in tier.iter("ANNOTATION_VALUE")
    }
    assert {text for text in said if text.strip()} <= set(values)


def test_the_header_says_what_elan_goes_on_from() -> None:
    header = exported(EpisodeLabels([at("1", 0, 10, "reach"), at("2", 10, 20, "grasp")])).find("HEADER")
    assert header is not None
    assert header.attrib == {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"}
    properties = [(one.get("NAME"), one.text) for one in header.iter("PROPERTY")]
    assert len(dict(properties)) == len(properties)
    assert dict(properties)["lastUsedAnnotationId"] == "2", "a new annotation gets a3"
    assert re.fullmatch(r"urn:nl-mpi-tools-elan-eaf:[0-9a-f-]{36}", dict(properties)["URN"] or "")
    # There is no video in it, so no descriptor names one that is not there.
    assert header.find("MEDIA_DESCRIPTOR") is None


def test_an_independent_reader_knows_all_of_it_and_writes_the_same(tmp_path: Path) -> None:
    labels = EpisodeLabels([at("1", 0.25, 10, "reach"), at("2", 10, 20, "grasp")])
    path, again = tmp_path / "a.eaf", tmp_path / "b.eaf"
    path.write_bytes(write(labels, CLOCK, "eaf", reviewer="ann").data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        eaf = pympi.Elan.Eaf(str(path))
        assert eaf.get_linked_files() == []
        assert eaf.get_parameters_for_tier("subtask")["ANNOTATOR"] == "ann"
        assert eaf.languages == {"und": ("http://cdb.iso.org/lg/CDB-00130975-001", "undetermined (und)")}
        eaf.to_file(str(again))
    first, second = ET.parse(path).getroot(), ET.parse(again).getroot()
    for tag in ("TIME_SLOT", "ALIGNABLE_ANNOTATION", "LINGUISTIC_TYPE", "CV_ENTRY_ML", "PROPERTY"):
        assert _held(second, tag) == _held(first, tag), tag


def _held(document: ET.Element, tag: str) -> list[tuple[dict[str, str], list[str]]]:
    """Elements with what they hold, whatever the order of elements and attributes."""
    found = (
        (element.attrib, [text.strip() for text in element.itertext()]) for element in document.iter(tag)
    )
    return sorted(found, key=str)
