"""What our files of ELAN say that others do not, and how texts stand in them."""

from __future__ import annotations

import re

import msgspec

from recordings.labels.label import SpanLabel

EPISODE = "understudy.episode"
START = "understudy.start_ns"
TIMES = "understudy.times"
KNOWN = "understudy.labels"
"""A property that maps ids of annotations to the labels that they were, as JSON, exact to the ns."""

_REFUSED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_json(known: dict[str, SpanLabel]) -> str:
    """Labels as JSON in signs that XML can hold."""
    plain = msgspec.json.encode(known).decode()
    return _REFUSED.sub(lambda sign: f"\\u{ord(sign[0]):04x}", plain)


def visible(text: str) -> str:
    """A text as XML can hold it: control characters become a mark, and every line ends in one way."""
    return _REFUSED.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")
