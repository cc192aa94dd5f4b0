"""Files of ELAN as labels: ours exactly where nobody changed them, and anybody's.

An annotation of ours is known by its id. An edge whose millisecond is still the exported one keeps its ns; one that was
moved is where it was moved to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import msgspec

from recordings.labels.formats.clock import MS, EpisodeClock
from recordings.labels.formats.draft import Draft, FileNotUnderstood, Loss, SpanRow, fitted, told
from recordings.labels.formats.eaf_names import EPISODE, KNOWN, START, visible
from recordings.labels.formats.xml_lines import Element, parsed
from recordings.labels.label import SpanLabel

_MILLISECONDS = re.compile(r"\d{1,12}(\.\d*)?", re.ASCII)
Slots = dict[str, Element]


def episode_named(data: bytes, file: str) -> str:
    """The episode that the file says it is of, empty where it says none; raises `FileNotUnderstood`."""
    return _properties(_document(data, file)).get(EPISODE, "").strip()


def read(data: bytes, clock: EpisodeClock, *, file: str) -> Draft:
    """Annotations as spans; raises `FileNotUnderstood`."""
    document = _document(data, file)
    properties = _properties(document)
    units = next((header.attributes.get("TIME_UNITS") for header in document.of("HEADER")), None)
    if units not in (None, "milliseconds"):
        raise FileNotUnderstood(
            file, 0, f"its TIME_UNITS are {units!r}; only milliseconds are read, so save it with those"
        )
    counted = clock.counted_from(properties.get(START, "").strip())
    known, unreadable = _known(properties)
    slots = {slot.attributes.get("TIME_SLOT_ID", ""): slot for slot in document.of("TIME_ORDER", "TIME_SLOT")}
    rows: list[SpanRow] = []
    dependent = unaligned = 0
    for tier, annotation in _annotations(document):
        if annotation.name != "ALIGNABLE_ANNOTATION":
            dependent += 1
            continue
        row = _row(tier, annotation, slots, counted, file)
        if row is None:
            unaligned += 1
            continue
        label = known.get(annotation.attributes.get("ANNOTATION_ID", ""))
        if label is not None and _is_still(row, label, counted):
            rows.append(fitted(row, label, counted, visible_text=visible(label.text)))
        else:
            rows.append(replace(row, text=row.text.strip()))
    losses = told(
        Loss(dependent, "dependent annotations", "they have no times of their own, only their parents'"),
        Loss(unaligned, "annotations without times", "align them in ELAN to have them"),
        Loss(unreadable, "property with the exact labels", f"{KNOWN} is damaged; milliseconds are taken"),
    )
    tiers = frozenset(tier.attributes.get("TIER_ID", "") for tier in document.of("TIER"))
    return Draft(rows, (), tiers, losses=losses)


def _is_still(row: SpanRow, label: SpanLabel, clock: EpisodeClock) -> bool:
    """Whether an annotation is still the label of its id; another program may have numbered them anew."""
    now, were = (clock.shown_ms(one.start_ns, one.end_ns) for one in (row, label))
    alike = now[0] == were[0] or now[1] == were[1] or row.text == visible(label.text)
    return alike and row.tier.partition("-")[0] == label.tier.value


def _row(tier: Element, annotation: Element, slots: Slots, clock: EpisodeClock, file: str) -> SpanRow | None:
    """An annotation as a row; None where it hangs between others without times of its own."""
    edges = [
        _slot_ms(annotation, reference, slots, file) for reference in ("TIME_SLOT_REF1", "TIME_SLOT_REF2")
    ]
    start_ms, end_ms = edges
    if start_ms is None or end_ms is None:
        return None
    text = next((value.text for value in annotation.of("ANNOTATION_VALUE")), "")
    if end_ms <= start_ms:
        raise FileNotUnderstood(
            file,
            annotation.line,
            f"the annotation {text!r} ends at {end_ms} ms, not after it begins, {start_ms} ms; put it right in ELAN",
        )
    start_ns, end_ns = (clock.start_ns + round(ms * MS) for ms in (start_ms, end_ms))
    return SpanRow(annotation.line, tier.attributes.get("TIER_ID", ""), start_ns, end_ns, text)


def _slot_ms(annotation: Element, reference: str, slots: Slots, file: str) -> float | None:
    name = annotation.attributes.get(reference, "")
    slot = slots.get(name)
    if slot is None:
        raise FileNotUnderstood(
            file,
            annotation.line,
            f"{reference} {name!r} is no time slot of this file; save it in ELAN once more",
        )
    value = slot.attributes.get("TIME_VALUE")
    if value is None:
        return None
    if _MILLISECONDS.fullmatch(value.strip()) is None:
        raise FileNotUnderstood(
            file, slot.line, f"TIME_VALUE {value!r} is no number of milliseconds from 0 on; put one there"
        )
    return float(value)


def _annotations(document: Element) -> Iterator[tuple[Element, Element]]:
    for tier in document.of("TIER"):
        for annotation in tier.of("ANNOTATION"):
            for one in annotation.children:
                yield tier, one


def _known(properties: dict[str, str]) -> tuple[dict[str, SpanLabel], int]:
    """Labels by the ids of their annotations, and how often they could not be read."""
    try:
        return msgspec.json.decode(properties.get(KNOWN, "{}"), type=dict[str, SpanLabel]), 0
    except msgspec.DecodeError:
        return {}, 1


def _properties(document: Element) -> dict[str, str]:
    found = document.of("HEADER", "PROPERTY")
    return {one.attributes.get("NAME", ""): one.text for one in found}


def _document(data: bytes, file: str) -> Element:
    document = parsed(data, file)
    if document.name != "ANNOTATION_DOCUMENT":
        raise FileNotUnderstood(
            file,
            document.line,
            f"it is a {document.name!r} document, none of ELAN; open it there and save it as .eaf",
        )
    return document
