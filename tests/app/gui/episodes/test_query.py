from __future__ import annotations

from datetime import date

import pytest

from app.gui.episodes.card import Card
from app.gui.episodes.hints import hints, vocabulary
from app.gui.episodes.query import KEYS, parse, token, with_token
from app.session.view import EpisodeView

TODAY = date(2026, 11, 29)


def episode(number: int, **what: object) -> EpisodeView:
    plain: dict[str, object] = {
        "episode_id": f"20261120-{number:06d}-{number:04d}",
        "task": "pick up the plate",
        "outcome": "success",
        "started_at": "2026-11-20T12:00:00+00:00",
        "duration_s": 41.0,
        "complete": True,
        "operator": "Ada",
        "home": "flat 3",
        "room": "kitchen",
    }
    return EpisodeView(**(plain | what))  # type: ignore[arg-type]


EPISODES = {
    "plain": episode(1),
    "failed": episode(2, outcome="failure", task="wipe the counter", operator="Grace"),
    "open": episode(3, outcome="unset", tags=("night", "flagged"), notes="The Plate slipped"),
    "cut": episode(4, complete=False, damage="cut short; mend it with: understudy data repair 4"),
    "damaged": episode(5, damage="3 frames of back are missing", duration_s=95.0),
    "repaired": episode(6, damage="repaired", started_at="2026-11-28T12:00:00+00:00"),
    "tried": episode(8, tags=("evaluation:20261120-090000", "trial:1")),
    "helped": episode(7, source_rows=(("policy", 300), ("intervention", 20)), duration_s=20.0),
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", set(EPISODES)),
        ("PLATE counter", set()),
        ("slipped", {"open"}),
        ("-plate", {"failed"}),
        ('task:"wipe the"', {"failed"}),
        ("operator:gra", {"failed"}),
        ("-operator:ada", {"failed"}),
        ("place:kitchen -task:pick", {"failed"}),
        ("outcome:unjudged", {"open"}),
        ("outcome:fail", {"failed"}),
        ("tag:night", {"open"}),
        ("is:flagged", {"open"}),
        ("is:cut", {"cut"}),
        ("is:damaged", {"damaged"}),
        ("is:repaired", {"repaired"}),
        ("is:intervention", {"helped"}),
        ("is:evaluation", {"tried"}),
        ("tag:trial -is:evaluation", set()),
        ("source:policy", {"helped"}),
        ("longer:90", {"damaged"}),
        ("longer:1.5m", {"damaged"}),
        ("shorter:20s", {"helped"}),
        ("since:2026-11-25", {"repaired"}),
        ("since:2d", {"repaired"}),
        ("since:yesterday", {"repaired"}),
        ("before:2026-11-25 is:damaged", {"damaged"}),
        ("task:", set(EPISODES)),
        ('task:"', set(EPISODES)),
    ],
)
def test_what_is_found(text: str, found: set[str]) -> None:
    query = parse(text, today=TODAY)
    assert query.problems == ()
    assert {name for name, view in EPISODES.items() if query.matches(Card(view))} == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tsk:plate", "did you mean task:?"),
        ("zzz:1", "there are task:, operator:"),
        ("outcome:great", "type outcome:success"),
        ("is:blue", "one of damaged, cut"),
        ("longer:soon", "longer:90s or longer:2m"),
        ("since:november", "since:2026-11-29, or today"),
        ("since:2026-13-01", "is no day"),
        ("since:99999999999d", "is no day"),
    ],
)
def test_a_bad_token_is_told_in_words_and_does_not_filter(text: str, words: str) -> None:
    query = parse(f"{text} outcome:failure", today=TODAY)
    assert len(query.problems) == 1
    assert words in query.problems[0]
    assert [name for name, view in EPISODES.items() if query.matches(Card(view))] == ["failed"]


def test_a_token_replaces_the_others_of_its_key() -> None:
    line = with_token("plate task:cup tag:a", "task", "wipe the counter")
    assert line == 'plate tag:a task:"wipe the counter"'
    assert with_token(line, "task", "") == "plate tag:a"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("ta", "task:"),
        ("plate ta", "plate task:"),
        ("-out", "-outcome:"),
        ("outcome:u", "outcome:unjudged"),
        ("task:w", 'task:"wipe the counter"'),
        ("task:counter", 'task:"wipe the counter"'),
        ("is:i", "is:intervention"),
        ("tag:n", "tag:night"),
    ],
)
def test_the_first_hint(text: str, first: str) -> None:
    known = vocabulary(Card(view) for view in EPISODES.values())
    assert hints(text, known)[0] == first


def test_no_hints_after_a_space_nor_for_what_nothing_begins_with() -> None:
    known = vocabulary(Card(view) for view in EPISODES.values())
    assert hints("task:plate ", known) == []
    assert hints("xyz", known) == []
    assert hints("", known) == []


def test_every_hint_is_understood() -> None:
    known = vocabulary(Card(view) for view in EPISODES.values())
    for key in KEYS:
        for value in known.get(key, ()):
            assert parse(token(key, value), today=TODAY).problems == ()
