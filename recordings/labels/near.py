"""Texts that may be one text written in two ways."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_ALIKE = 0.75
_SHORTEST_TYPO = 4
"""Words below this length differ too easily in one letter and mean something else: cup and cap."""

_NO_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Merge:
    """A text that may be another one: the one to give up, the one to keep, and why."""

    old: str
    new: str
    why: str


def near_duplicates(texts: Sequence[str]) -> tuple[Merge, ...]:
    """Texts that differ in case, spaces or punctuation; in a plural; or in one word that may be mistyped.

    Whether two really are one, only a person knows ("open the left drawer" is one letter from "open the lift drawer").

    Args:
        texts: Those to be kept first come first.
    """
    found: dict[str, Merge] = {}
    for why, key in (("case, spaces or punctuation", _joined), ("singular and plural", _singular)):
        first: dict[str, str] = {}
        for text in texts:
            kept = first.setdefault(key(text), text)
            if kept != text and text not in found:
                found[text] = Merge(text, kept, why)
    for old, new in _typos([text for text in texts if text not in found]):
        found.setdefault(old, Merge(old, new, "one word alike"))
    return tuple(Merge(text, _last(text, found), found[text].why) for text in texts if text in found)


def plain(text: str) -> str:
    """Without case and punctuation, one space between words."""
    return " ".join(_NO_LETTER.sub(" ", text.casefold()).split())


def _last(text: str, found: Mapping[str, Merge]) -> str:
    """The text that stays in the end; each merge leads to one that comes earlier, so there is one."""
    while text in found:
        text = found[text].new
    return text


def _joined(text: str) -> str:
    return plain(text).replace(" ", "")


def _singular(text: str) -> str:
    words = (word[:-1] if len(word) > 3 and word.endswith("s") else word for word in plain(text).split())
    return " ".join(word[:-1] if len(word) > 3 and word.endswith("e") else word for word in words)


def _typos(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs, the later one first, that differ in one word, which is alike."""
    pairs: list[tuple[str, str]] = []
    seen: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for text in texts:
        words = plain(text).split()
        for place, word in enumerate(words):
            others = seen.setdefault((*words[:place], "", *words[place + 1 :]), [])
            pairs += [(text, other) for other_word, other in others if _mistyped(word, other_word)]
            others.append((word, text))
    return pairs


def _mistyped(word: str, other: str) -> bool:
    if min(len(word), len(other)) < _SHORTEST_TYPO or not (word.isalpha() and other.isalpha()):
        return False
    return SequenceMatcher(None, word, other, autojunk=False).ratio() >= _ALIKE
