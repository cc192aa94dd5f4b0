"""Labels as JSON: everything, exactly, with a version."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from recordings.labels.formats.clock import EpisodeClock
from recordings.labels.formats.draft import Draft, FileNotUnderstood, Loss, SpanRow
from recordings.labels.label import Label, SpanLabel
from recordings.labels.view import EpisodeLabels

NAME = "understudy-labels"
VERSION = 1


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One reviewer's labels of one episode.

    Attributes:
        format: `understudy-labels`.
        version: 1; a higher one is refused.
        episode_id: Of the episode.
        reviewer: Whose labels; empty where nobody says.
        start_ns, end_ns: The episode's `EpisodeClock`.
        labels: All of them, whatever their state, with capture times.
    """

    format: str
    version: int
    episode_id: str = ""
    reviewer: str = ""
    start_ns: int = 0
    end_ns: int = 0
    labels: tuple[Label, ...] = ()


def write(
    labels: EpisodeLabels, clock: EpisodeClock, *, reviewer: str, vocabulary: tuple[str, ...]
) -> tuple[bytes, tuple[Loss, ...]]:
    """The file, and that nothing is left out."""
    document = Document(
        format=NAME,
        version=VERSION,
        episode_id=clock.episode_id,
        reviewer=reviewer,
        start_ns=clock.start_ns,
        end_ns=clock.end_ns,
        labels=tuple(labels.by_id.values()),
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n", ()


def episode_named(data: bytes, file: str) -> str:
    """The episode that the file says it is of, empty where it says none; raises `FileNotUnderstood`."""
    return _document(data, file).episode_id


def read(data: bytes, clock: EpisodeClock, *, file: str) -> Draft:
    """The labels of a document, or of a bare list of labels; raises `FileNotUnderstood`."""
    labels = _document(data, file).labels
    spans = [
        SpanRow(0, one.tier, one.start_ns, one.end_ns, one.text, one.id, one.state, one.origin, one.thumb)
        for one in labels
        if isinstance(one, SpanLabel)
    ]
    others = [(0, one) for one in labels if not isinstance(one, SpanLabel)]
    return Draft(spans, others, frozenset(row.tier for row in spans))


def _document(data: bytes, file: str) -> Document:
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        plain: Any = msgspec.json.decode(data)
    except RecursionError as error:
        raise FileNotUnderstood(
            file, 0, "it is nested without end; take a file that `understudy labels export` wrote"
        ) from error
    except msgspec.DecodeError as error:
        at = re.search(r"byte (\d+)", str(error))
        line = data.count(b"\n", 0, int(at[1]) if at is not None else len(data)) + 1
        raise FileNotUnderstood(
            file, line, f"this is no JSON ({error}); was it cut off, or edited by hand? Export it once more"
        ) from error
    if isinstance(plain, list):
        plain = {"format": NAME, "version": VERSION, "labels": plain}
    if not isinstance(plain, dict) or plain.get("format") != NAME:
        kind = plain.get("format") if isinstance(plain, dict) else type(plain).__name__
        raise FileNotUnderstood(
            file,
            0,
            f"its format is {kind!r}, not {NAME!r}; take a file that `understudy labels export` wrote",
        )
    version = plain.get("version")
    if isinstance(version, int) and version > VERSION:
        raise FileNotUnderstood(
            file, 0, f"its version is {version}; this software reads up to {VERSION}, so use a newer one"
        )
    try:
        return msgspec.convert(plain, Document)
    except msgspec.ValidationError as error:
        raise FileNotUnderstood(
            file, 0, f"{_place(str(error), plain)}; put it right there, or export it once more"
        ) from error


def _place(message: str, plain: dict[str, Any]) -> str:
    """The message of an error, with the id of the label that it is about."""
    if "$.labels[" not in message:
        return message
    number = message.split("$.labels[", 1)[1].split("]", 1)[0]
    labels = plain.get("labels")
    one = labels[int(number)] if number.isdecimal() and isinstance(labels, list) else None
    return f"{message} (the label {one.get('id')!r})" if isinstance(one, dict) else message
