"""Tables of labels as people send them back: in any order of columns, from any spreadsheet.

What a row needs is `start_s` and `end_s`, or `start_ns` and `end_ns`, and a `text`; without a kind it is a subtask.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import msgspec

from recordings.labels.formats import cells
from recordings.labels.formats.cells import Row
from recordings.labels.formats.clock import EpisodeClock
from recordings.labels.formats.csv_table import BOX, COLUMNS, EPISODE
from recordings.labels.formats.draft import Draft, FileNotUnderstood, Loss, SpanRow, told
from recordings.labels.formats.text import decoded
from recordings.labels.label import BoxKey, BoxLabel, EpisodeLabel, Origin, Seen, State, new_id
from recordings.labels.loc_tokens import from_tokens

_OTHER_NAMES = {"tier": "kind", "label": "text", "subtask": "text", "start": "start_s", "end": "end_s"}
_NEEDED = (("start_s", "start_ns"), ("text",))


@dataclass
class _Box:
    """A box whose rows are still being gathered."""

    first: Row
    keys: list[BoxKey] = field(default_factory=list)


def episode_named(data: bytes, file: str) -> str:
    """The one episode that the rows say they are of, empty where they say none; raises `FileNotUnderstood`."""
    rows, _ = _table(data, file)
    named = {row["episode"]: row for row in rows if row["episode"]}
    if len(named) > 1:
        raise FileNotUnderstood(
            file,
            list(named.values())[1].line,
            f"it has rows of {len(named)} episodes, {' and '.join(list(named)[:2])}; import a file for each",
        )
    return next(iter(named), "")


def read(data: bytes, clock: EpisodeClock, *, file: str) -> Draft:
    """Rows as labels; raises `FileNotUnderstood`."""
    rows, unknown = _table(data, file)
    spans: list[SpanRow] = []
    boxes: dict[str, _Box] = {}
    others: list[tuple[int, BoxLabel | EpisodeLabel]] = []
    changed = 0
    for row in rows:
        kind = row["kind"].casefold()
        if kind == EPISODE:
            others.append((row.line, _judgement(row)))
            continue
        start_ns, moved = cells.time_ns(row, "start", clock)
        changed += moved
        if kind == BOX:
            _gather(boxes, row, _key(row, start_ns))
            continue
        end_ns, moved = cells.time_ns(row, "end", clock)
        changed += moved
        spans.append(_span(row, start_ns, end_ns))
    others += [(box.first.line, _box(box)) for box in boxes.values()]
    losses = told(
        Loss(
            changed, "times whose seconds and ns differ", "the seconds count; empty those for the ns to count"
        ),
        Loss(
            len(unknown), f"columns not known ({', '.join(unknown)})", "see docs/labels.md for those that are"
        ),
    )
    return Draft(spans, others, frozenset(row.tier for row in spans), losses=losses)


def _span(row: Row, start_ns: int, end_ns: int) -> SpanRow:
    if end_ns <= start_ns:
        raise row.refused(
            "end_s", f"{(end_ns - start_ns) / 1e9:.3f} s after the start; a span ends after it begins"
        )
    return SpanRow(
        row.line,
        row["kind"],
        start_ns,
        end_ns,
        row["text"],
        row["id"],
        cells.choice(row, "state", State, State.ACCEPTED),
        _origin(row),
        cells.whole(row, "thumb", -1, 1) or 0,
    )


def _key(row: Row, time_ns: int) -> BoxKey:
    seen = cells.choice(row, "seen", Seen, Seen.VISIBLE)
    edges = [cells.share(row, edge) for edge in ("left", "top", "right", "bottom")]
    try:
        if None in edges:
            return msgspec.structs.replace(from_tokens(row["loc"], time_ns), seen=seen)
        left, top, right, bottom = (edge or 0.0 for edge in edges)
        return BoxKey(time_ns, left, top, right, bottom, seen)
    except ValueError as error:
        raise FileNotUnderstood(
            row.file, row.line, f"{error}; fill left, top, right and bottom, or loc"
        ) from error


def _gather(boxes: dict[str, _Box], row: Row, key: BoxKey) -> None:
    box = boxes.setdefault(row["id"] or new_id(), _Box(row))
    for column in ("text", "camera"):
        if row[column] != box.first[column]:
            raise row.refused(
                column, f"but {box.first[column]!r} in line {box.first.line}; give each box an id"
            )
    if any(other.time_ns == key.time_ns for other in box.keys):
        raise row.refused("start_s", "a second time for this box; give each box an id, or take the row out")
    box.keys.append(key)


def _box(box: _Box) -> BoxLabel:
    row = box.first
    return BoxLabel(
        row["id"] or new_id(),
        row["camera"],
        row["text"],
        tuple(sorted(box.keys, key=lambda key: key.time_ns)),
        cells.choice(row, "state", State, State.ACCEPTED),
        _origin(row) or Origin("csv", PurePath(row.file).name),
    )


def _judgement(row: Row) -> EpisodeLabel:
    plain: dict[str, Any] = {name: row[name].casefold() for name in ("outcome", "progress") if row[name]}
    plain |= {"rating": cells.whole(row, "rating", 1, 5), "flagged": cells.yes(row, "flagged")}
    try:
        return msgspec.convert({"type": "episode", **plain, "comment": row["comment"]}, EpisodeLabel)
    except msgspec.ValidationError as error:
        raise FileNotUnderstood(row.file, row.line, f"{error}; put it right or empty it") from error


def _origin(row: Row) -> Origin | None:
    """Where a row says that it came from; None where it says nothing."""
    if not row["by"]:
        return None
    return Origin(row["by"], row["source"], cells.share(row, "confidence"), cells.yes(row, "edited"))


def _table(data: bytes, file: str) -> tuple[list[Row], list[str]]:
    """Rows by our names of columns, and the names of columns that we do not know."""
    text = decoded(data, file)
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        lines = [(reader.line_num, values) for values in reader]
    except csv.Error as error:
        raise FileNotUnderstood(
            file, reader.line_num, f"this is no CSV ({error}); is a quotation mark missing?"
        ) from error
    header = [_column(name) for name in lines[0][1]] if lines else []
    for names in _NEEDED:
        if not set(names) & set(header):
            raise FileNotUnderstood(
                file, 1, f"no column {' or '.join(names)} among {', '.join(header) or 'none'}; name it so"
            )
    rows = list(_filled(lines[1:], header, file, decimal_comma=delimiter != ","))
    return rows, [name for name in header if name and name not in COLUMNS]


def _filled(
    lines: list[tuple[int, list[str]]], header: list[str], file: str, *, decimal_comma: bool
) -> Iterator[Row]:
    for line, values in lines:
        if any(value.strip() for value in values):
            if len(values) > len(header):
                raise FileNotUnderstood(
                    file,
                    line,
                    f"{len(values)} cells under {len(header)} columns; put texts with commas into quotes",
                )
            yield Row(file, line, dict(zip(header, values, strict=False)), decimal_comma)


def _column(name: str) -> str:
    plain = name.strip().casefold().replace(" ", "_")
    return _OTHER_NAMES.get(plain, plain)
