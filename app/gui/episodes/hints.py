"""What may come next in the search line, from what is typed and what the episodes hold; free of Qt."""

from __future__ import annotations

from collections.abc import Iterable

from app.gui.episodes.card import FLAGS, Card, place_of
from app.gui.episodes.query import KEYS, pieces, token

HINTS = 6


def vocabulary(cards: Iterable[Card]) -> dict[str, tuple[str, ...]]:
    """For each token that has them, the values that the episodes hold, most frequent first."""
    counts: dict[str, dict[str, int]] = {key: {} for key in ("task", "operator", "tag", "place", "source")}

    def count(key: str, value: str) -> None:
        if value:
            counts[key][value] = counts[key].get(value, 0) + 1

    for card in cards:
        view = card.view
        count("task", view.task)
        count("operator", view.operator)
        count("place", place_of(view))
        for tag in view.tags:
            count("tag", tag)
        for name, rows in view.source_rows:
            count("source", name if rows else "")
    known = {key: tuple(sorted(found, key=lambda v: (-found[v], v))) for key, found in counts.items()}
    return known | {
        "outcome": ("success", "failure", "unjudged"),
        "is": FLAGS,
        "longer": ("30", "60", "2m"),
        "shorter": ("5", "10", "30"),
        "since": ("today", "yesterday", "7d", "30d"),
        "before": ("today", "7d", "30d"),
    }


def hints(text: str, known: dict[str, tuple[str, ...]]) -> list[str]:
    """Whole lines that the last piece typed may become, the likeliest first; none after a space.

    Args:
        text: the line, the cursor at its end.
        known: from `vocabulary`.
    """
    found = pieces(text)
    if not found or (text[-1:].isspace() and text.count('"') % 2 == 0):
        return []
    last = found[-1]
    head = text[: text.rindex(last)]
    minus = "-" if last.startswith("-") else ""
    key, colon, value = last.removeprefix("-").partition(":")
    if not colon:
        return [f"{head}{minus}{name}:" for name in KEYS if name.startswith(key.casefold())][:HINTS]
    wanted = value.strip('"').casefold()
    values = known.get(key.casefold(), ())
    fitting = [v for v in values if v.casefold().startswith(wanted)]
    fitting += [v for v in values if wanted in v.casefold() and v not in fitting]
    lines = [f"{head}{minus}{token(key, v)}" for v in fitting]
    return [line for line in lines if line != text][:HINTS]
