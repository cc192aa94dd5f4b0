"""The search line's language: plain words, and tokens such as `task:plate` or `longer:30`; free of Qt.

Everything typed must hold at once. A word or token with `-` before it must not hold. Words with spaces in them stand in
quotes: `task:"pick up the plate"`. What cannot be understood is told in words, and the rest still filters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches

from app.gui.episodes.card import FLAGS, Card, place_of

Test = Callable[[Card], bool]

KEYS = {
    "task": "a part of the task",
    "operator": "who drove",
    "outcome": "success, failure or unjudged",
    "tag": "a tag",
    "is": "damaged, cut, repaired, flagged, intervention, or evaluation: recorded by a trial of one",
    "place": "a part of home, room or scene",
    "source": "who drove the robot at some time: teleop, policy, verbal, intervention, replay",
    "longer": "at least so long: 30, 90s, 2m",
    "shorter": "at most so long",
    "since": "made on this day or later: 2026-11-01, today, 7d",
    "before": "made before this day",
}
"""Each token's name and, in words, what stands behind it."""

OUTCOMES = {"success": "success", "failure": "failure", "unjudged": "unset", "unset": "unset"}

_PIECE = re.compile(r'-?(?:[\w]+:)?"[^"]*"?|\S+')
_LENGTH = re.compile(r"(?P<value>\d+(?:\.\d+)?)(?P<unit>s|m|min|h|)")
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_CLOSE = 0.5


class BadToken(ValueError):
    """A token that cannot be understood; the message says why and what would be."""


@dataclass(frozen=True)
class Query:
    """What was typed, understood.

    Attributes:
        tests: all must hold.
        problems: what was not understood, one line each, with what to type instead.
    """

    tests: tuple[Test, ...] = ()
    problems: tuple[str, ...] = ()

    def matches(self, card: Card) -> bool:
        """Whether an episode is meant."""
        return all(test(card) for test in self.tests)


def parse(text: str, *, today: date) -> Query:
    """Understand a search line.

    Args:
        text: as typed.
        today: this machine's day, for `today` and `7d`.
    """
    tests: list[Test] = []
    problems: list[str] = []
    for piece in pieces(text):
        negated = piece.startswith("-") and len(piece) > 1
        try:
            test = _test_of(piece[1:] if negated else piece, today)
        except BadToken as error:
            problems.append(str(error))
            continue
        if test is not None:
            tests.append(_not(test) if negated else test)
    return Query(tuple(tests), tuple(problems))


def pieces(text: str) -> list[str]:
    """The words and tokens of a line, quotes and all."""
    return _PIECE.findall(text)


def token(key: str, value: str) -> str:
    """A token as it is typed, in quotes where the value needs them."""
    return f'{key}:"{value}"' if re.search(r"\s", value) or not value else f"{key}:{value}"


def with_token(text: str, key: str, value: str) -> str:
    """The line with a token of this key, in place of those that it has; without any when the value is empty."""
    others = [piece for piece in pieces(text) if not piece.casefold().startswith(f"{key}:")]
    return " ".join([*others, token(key, value)] if value else others)


def _test_of(piece: str, today: date) -> Test | None:
    key, colon, value = piece.partition(":")
    key = key.casefold()
    if not colon or piece.startswith('"'):
        word = piece.strip('"').casefold()
        return (lambda card: word in card.text) if word else None
    if key not in KEYS:
        meant = get_close_matches(key, KEYS, n=1, cutoff=_CLOSE)
        hint = f"did you mean {meant[0]}:?" if meant else "there are " + ", ".join(f"{k}:" for k in KEYS)
        raise BadToken(f"There is no {key}:, {hint}")
    value = value.strip('"').strip().casefold()
    if not value:
        return None  # still being typed
    return _MAKERS[key](value, today)


def _not(test: Test) -> Test:
    return lambda card: not test(card)


def _part_of(field: Callable[[Card], str]) -> Callable[[str, date], Test]:
    return lambda value, today: lambda card: value in field(card).casefold()


def _outcome(value: str, today: date) -> Test:
    wanted = {outcome for word, outcome in OUTCOMES.items() if word.startswith(value)}
    if not wanted:
        raise BadToken(
            f"There is no outcome {value!r}: type outcome:success, outcome:failure or outcome:unjudged"
        )
    return lambda card: card.view.outcome in wanted


def _tag(value: str, today: date) -> Test:
    return lambda card: any(tag.casefold().startswith(value) for tag in card.view.tags)


def _flag(value: str, today: date) -> Test:
    wanted = {flag for flag in FLAGS if flag.startswith(value)}
    if not wanted:
        raise BadToken(f"An episode is never {value!r}: type is: and one of {', '.join(FLAGS)}")
    return lambda card: bool(wanted & card.flags)


def _source(value: str, today: date) -> Test:
    return lambda card: any(rows and name.startswith(value) for name, rows in card.view.source_rows)


def _longer(value: str, today: date) -> Test:
    least_s = _seconds("longer", value)
    return lambda card: card.view.duration_s >= least_s


def _shorter(value: str, today: date) -> Test:
    most_s = _seconds("shorter", value)
    return lambda card: card.view.duration_s <= most_s


def _since(value: str, today: date) -> Test:
    first = _day("since", value, today)
    return lambda card: card.day is not None and card.day >= first


def _before(value: str, today: date) -> Test:
    end = _day("before", value, today)
    return lambda card: card.day is not None and card.day < end


def _seconds(key: str, value: str) -> float:
    found = _LENGTH.fullmatch(value)
    if found is None:
        raise BadToken(
            f"{key}:{value} is no length: type seconds, or a unit with them, such as {key}:90s or {key}:2m"
        )
    return float(found["value"]) * _SECONDS[found["unit"]]


def _day(key: str, value: str, today: date) -> date:
    if value == "today":
        return today
    if value == "yesterday":
        return today - timedelta(days=1)
    try:
        if value.endswith("d") and value[:-1].isdecimal():
            return today - timedelta(days=int(value[:-1]))
        return date.fromisoformat(value)
    except (ValueError, OverflowError):
        raise BadToken(
            f"{key}:{value} is no day: type year, month and day, such as {key}:{today}, or today, yesterday, 7d"
        ) from None


_MAKERS: dict[str, Callable[[str, date], Test]] = {
    "task": _part_of(lambda card: card.view.task),
    "operator": _part_of(lambda card: card.view.operator),
    "place": _part_of(lambda card: place_of(card.view)),
    "outcome": _outcome,
    "tag": _tag,
    "is": _flag,
    "source": _source,
    "longer": _longer,
    "shorter": _shorter,
    "since": _since,
    "before": _before,
}
