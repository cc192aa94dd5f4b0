"""Labels as WebVTT: one cue a span, in milliseconds from the episode's start, to be seen in a video player.

A cue's identifier is its tier and the label's id; its text stands in a class of the tier's name, by which a player's
style can tell tiers apart. See https://www.w3.org/TR/webvtt1/.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from recordings.labels.formats.clock import EpisodeClock
from recordings.labels.formats.draft import (
    Draft,
    FileNotUnderstood,
    Loss,
    SpanRow,
    early,
    not_shown,
    told,
    uneven,
    without_origin,
)
from recordings.labels.formats.text import decoded
from recordings.labels.label import Tier
from recordings.labels.view import EpisodeLabels

ARROW = "-->"
_TIME = re.compile(r"(?:(\d{1,9}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9}))?", re.ASCII)
_OURS = re.compile(rf"({'|'.join(tier.value for tier in Tier)}) (\S.*)")
_TAG = re.compile(r"<[^<>]*>")
_CLASS = re.compile(rf"<c\.({'|'.join(tier.value for tier in Tier)})[.>]")
_VOICE = re.compile(r"<v(?:\.[^\s>]+)?\s+([^>]+)>")
_FACT = re.compile(r"(episode|start_ns):\s*(\S+)")
Block = list[tuple[int, str]]


def write(
    labels: EpisodeLabels, clock: EpisodeClock, *, reviewer: str, vocabulary: tuple[str, ...]
) -> tuple[bytes, tuple[Loss, ...]]:
    """The file, and what it does not hold."""
    spans = sorted((span for tier in Tier for span in labels.spans(tier)), key=lambda span: span.start_ns)
    blocks = [
        "WEBVTT",
        "NOTE\nlabels of an episode; times count from its first capture time, start_ns, in milliseconds\n"
        f"episode: {clock.episode_id}\nstart_ns: {clock.start_ns}\nreviewer: {reviewer}",
    ]
    for span in spans:
        start_ms, end_ms = clock.shown_ms(span.start_ns, span.end_ns)
        times = f"{_written(start_ms)} {ARROW} {_written(end_ms)}"
        blocks.append(f"{span.tier.value} {span.id}\n{times}\n<c.{span.tier.value}>{_escaped(span.text)}</c>")
    losses = told(
        Loss(
            uneven(spans, clock),
            "spans with times between milliseconds",
            "rounded; read back by a reviewer who still has them, they are exact where nobody moved them",
        ),
        Loss(sum(span.thumb != 0 for span in spans), "thumbs", "the format holds none; CSV and JSON do"),
        Loss(without_origin(spans), "origins", "the format holds none; CSV and JSON do"),
        early(spans, clock),
    )
    return ("\n\n".join(blocks) + "\n").encode(), (*not_shown(tuple(labels.by_id.values())), *losses)


def episode_named(data: bytes, file: str) -> str:
    """The episode that the file says it is of, empty where it says none; raises `FileNotUnderstood`."""
    return _facts(_blocks(data, file)).get("episode", "")


def read(data: bytes, clock: EpisodeClock, *, file: str) -> Draft:
    """Cues as spans; raises `FileNotUnderstood`."""
    blocks = _blocks(data, file)
    start_ns = clock.counted_from(_facts(blocks).get("start_ns", "")).start_ns
    rows: list[SpanRow] = []
    settings = lost = 0
    for block in blocks[1:]:
        if re.match(r"(NOTE|STYLE|REGION)(\s|$)", block[0][1]):
            continue
        at = next((i for i, (_, line) in enumerate(block[:2]) if ARROW in line), None)
        if at is None:
            lost += 1
            continue
        row, has_settings = _row(block, at, start_ns, file)
        rows.append(row)
        settings += has_settings
    losses = told(
        Loss(lost, "blocks without times", "they are no cues"),
        Loss(settings, "cues with settings", "where the words stand on the screen is not kept"),
    )
    return Draft(rows, (), frozenset(row.tier for row in rows), exact=False, losses=losses)


def shown(text: str) -> str:
    """A text as it comes back from a cue that nobody changed."""
    return text.replace("\0", "\ufffd").strip()


def _row(block: Block, at: int, start_ns: int, file: str) -> tuple[SpanRow, bool]:
    """A cue as a row, and whether it had settings."""
    number, timing = block[at]
    begin, _, rest = timing.partition(ARROW)
    end, *settings = rest.split() or [""]
    first, last = (_time_ns(time.strip(), file, number) for time in (begin, end))
    if last <= first:
        raise FileNotUnderstood(
            file, number, f"the cue ends at {end}, not after it begins, {begin.strip()}; put its times right"
        )
    payload = "\n".join(line for _, line in block[at + 1 :])
    named = _OURS.fullmatch(block[0][1]) if at == 1 else None
    tag = _CLASS.search(payload) or _VOICE.search(payload)
    tier = named[1] if named is not None else tag[1].strip() if tag is not None else ""
    try:
        text = html.unescape(_TAG.sub("", payload)).strip()
    except ValueError as error:  # of a sign whose number has thousands of digits
        raise FileNotUnderstood(
            file, number, f"the cue's text cannot be read ({error}); write `&` as `&amp;`"
        ) from error
    row = SpanRow(
        number, tier, start_ns + first, start_ns + last, text, named[2] if named is not None else ""
    )
    return row, bool(settings)


def _time_ns(text: str, file: str, line: int) -> int:
    match = _TIME.fullmatch(text)
    if match is None or int(match[2]) > 59 or int(match[3]) > 59:
        raise FileNotUnderstood(
            file, line, f"{text!r} is no time of WebVTT; write it as 00:01.500 or 01:00:01.500"
        )
    seconds = (int(match[1] or 0) * 60 + int(match[2])) * 60 + int(match[3])
    return seconds * 1_000_000_000 + int((match[4] or "").ljust(9, "0"))


def _blocks(data: bytes, file: str) -> list[Block]:
    lines = decoded(data, file).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.match(r"WEBVTT(\s|$)", lines[0]):
        raise FileNotUnderstood(
            file,
            1,
            f"it begins with {lines[0][:40]!r}; a WebVTT file begins with the line WEBVTT, so add that",
        )
    return list(_parted(lines))


def _parted(lines: list[str]) -> Iterator[Block]:
    """Lines with their numbers, apart where a line is empty."""
    block: Block = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip(" \t"):
            block.append((number, line))
        elif block:
            yield block
            block = []


def _facts(blocks: list[Block]) -> dict[str, str]:
    notes = (line for block in blocks if block[0][1].startswith("NOTE") for _, line in block)
    return {match[1]: match[2] for line in notes if (match := _FACT.fullmatch(line.strip()))}


def _written(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}"


def _escaped(text: str) -> str:
    """No line end in a cue's text is one that would end the cue."""
    escaped = html.escape(text, quote=False).replace("\0", "\ufffd").replace("\r", "&#13;")
    return re.sub(r"\n(?=[ \t]*\n)", "&#10;", escaped)
