"""Labels as a file of ELAN (EAF 3.0): a tier for each of ours, in milliseconds from the episode's start.

ELAN's time is in whole milliseconds, and its tiers hold no two annotations over one another; what overlaps goes to a
tier `note-2`, `note-3`. ELAN keeps the properties of a file, so one of them holds the exact labels for the way back.
See https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf.
"""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from recordings.labels.formats.clock import EpisodeClock
from recordings.labels.formats.draft import Loss, early, not_shown, told, uneven, without_origin
from recordings.labels.formats.eaf_names import EPISODE, KNOWN, START, TIMES, as_json, visible
from recordings.labels.label import SpanLabel, Tier
from recordings.labels.view import EpisodeLabels

VOCABULARY = "subtasks"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_UNDETERMINED = {
    "LANG_DEF": "http://cdb.iso.org/lg/CDB-00130975-001",
    "LANG_ID": "und",
    "LANG_LABEL": "undetermined (und)",
}


def write(
    labels: EpisodeLabels, clock: EpisodeClock, *, reviewer: str, vocabulary: tuple[str, ...]
) -> tuple[bytes, tuple[Loss, ...]]:
    """The file, and what ELAN does not show."""
    document = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": reviewer,
            "DATE": datetime.now(UTC).isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            f"{{{_XSI}}}noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv3.0.xsd",
        },
    )
    header = ET.SubElement(document, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    order = ET.SubElement(document, "TIME_ORDER")
    known: dict[str, SpanLabel] = {}
    edges: list[tuple[int, ET.Element, str]] = []
    for tier in Tier:
        for number, lane in enumerate(_lanes(labels.spans(tier), clock), start=1):
            name = tier.value if number == 1 else f"{tier.value}-{number}"
            attributes = {"LINGUISTIC_TYPE_REF": tier.value, "TIER_ID": name}
            if reviewer:
                attributes["ANNOTATOR"] = reviewer
            element = ET.SubElement(document, "TIER", attributes)
            for span in lane:
                annotation_id = f"a{len(known) + 1}"
                known[annotation_id] = span
                edges += _annotation(element, annotation_id, span, clock)
    _time_slots(order, edges)
    _properties(header, clock, known)
    texts = dict.fromkeys(visible(text) for text in (*vocabulary, *(span.text for span in labels.subtasks)))
    _types(document, [text for text in texts if text.strip()])
    ET.register_namespace("xsi", _XSI)
    ET.indent(document)
    data: bytes = ET.tostring(document, encoding="UTF-8", xml_declaration=True)
    return data + b"\n", (*not_shown(tuple(labels.by_id.values())), *_hidden(known.values(), clock))


def _lanes(spans: Sequence[SpanLabel], clock: EpisodeClock) -> list[list[SpanLabel]]:
    """Spans in order of time, dealt out so that those of one lane do not overlap in milliseconds; at least one lane."""
    lanes: list[list[SpanLabel]] = [[]]
    ends: list[int] = [0]
    for span in spans:
        start_ms, end_ms = clock.shown_ms(span.start_ns, span.end_ns)
        free = next((at for at, end in enumerate(ends) if end <= start_ms), None)
        if free is None:
            lanes.append([])
            ends.append(0)
            free = len(lanes) - 1
        lanes[free].append(span)
        ends[free] = end_ms
    return lanes


def _annotation(
    tier: ET.Element, annotation_id: str, span: SpanLabel, clock: EpisodeClock
) -> list[tuple[int, ET.Element, str]]:
    """Add an annotation; returns its edges, whose time slots are yet to be named."""
    alignable = ET.SubElement(
        ET.SubElement(tier, "ANNOTATION"), "ALIGNABLE_ANNOTATION", {"ANNOTATION_ID": annotation_id}
    )
    ET.SubElement(alignable, "ANNOTATION_VALUE").text = visible(span.text)
    start_ms, end_ms = clock.shown_ms(span.start_ns, span.end_ns)
    return [(start_ms, alignable, "TIME_SLOT_REF1"), (end_ms, alignable, "TIME_SLOT_REF2")]


def _time_slots(order: ET.Element, edges: list[tuple[int, ET.Element, str]]) -> None:
    """A slot for each edge, in order of time; ELAN moves an edge by its slot, so none is shared."""
    for number, (ms, alignable, reference) in enumerate(sorted(edges, key=lambda edge: edge[0]), start=1):
        ET.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": f"ts{number}", "TIME_VALUE": str(ms)})
        alignable.set(reference, f"ts{number}")


def _properties(header: ET.Element, clock: EpisodeClock, known: dict[str, SpanLabel]) -> None:
    properties = {
        "URN": f"urn:nl-mpi-tools-elan-eaf:{uuid.uuid4()}",
        "lastUsedAnnotationId": str(len(known)),
        EPISODE: clock.episode_id,
        START: str(clock.start_ns),
        TIMES: f"milliseconds from the episode's first capture time, {START}; exact times in {KNOWN}",
        KNOWN: as_json(known),
    }
    for name, value in properties.items():
        ET.SubElement(header, "PROPERTY", {"NAME": name}).text = value


def _types(document: ET.Element, texts: Iterable[str]) -> None:
    for tier in Tier:
        attributes = {
            "GRAPHIC_REFERENCES": "false",
            "LINGUISTIC_TYPE_ID": tier.value,
            "TIME_ALIGNABLE": "true",
        }
        if tier is Tier.SUBTASK:
            attributes["CONTROLLED_VOCABULARY_REF"] = VOCABULARY
        ET.SubElement(document, "LINGUISTIC_TYPE", attributes)
    ET.SubElement(document, "LANGUAGE", _UNDETERMINED)
    vocabulary = ET.SubElement(document, "CONTROLLED_VOCABULARY", {"CV_ID": VOCABULARY})
    ET.SubElement(vocabulary, "DESCRIPTION", {"LANG_REF": "und"}).text = "what the robot does"
    for number, text in enumerate(texts, start=1):
        entry = ET.SubElement(vocabulary, "CV_ENTRY_ML", {"CVE_ID": f"cve{number}"})
        ET.SubElement(entry, "CVE_VALUE", {"LANG_REF": "und", "DESCRIPTION": ""}).text = text


def _hidden(known: Iterable[SpanLabel], clock: EpisodeClock) -> tuple[Loss, ...]:
    spans = list(known)
    back = "ELAN does not show them; they come back with the file"
    return told(
        Loss(
            uneven(spans, clock),
            "spans with times between milliseconds",
            "ELAN shows them rounded; an edge that nobody moves there comes back exact",
        ),
        Loss(sum(span.thumb != 0 for span in spans), "thumbs", back),
        Loss(without_origin(spans), "origins", back),
        Loss(sum(visible(span.text) != span.text for span in spans), "texts with signs unknown to XML", back),
        early(spans, clock),
    )
