"""Which episodes are listed, and in which order; free of Qt, and quick enough for every key typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.gui.episodes.card import Card, flags_of, place_of
from app.gui.episodes.query import Query
from app.session.view import EpisodeView

_OUTCOME_ORDER = {"success": 0, "failure": 1, "unset": 2}

_KEYS: dict[str, Callable[[EpisodeView], Any]] = {
    "made": lambda view: view.started_at,
    "task": lambda view: view.task.casefold(),
    "operator": lambda view: view.operator.casefold(),
    "outcome": lambda view: _OUTCOME_ORDER.get(view.outcome, len(_OUTCOME_ORDER)),
    "length": lambda view: view.duration_s,
    "place": lambda view: place_of(view).casefold(),
    "tags": lambda view: tuple(tag.casefold() for tag in view.tags),
    "state": flags_of,
    "size": lambda view: view.bytes_written,
}
SORTS = tuple(_KEYS)


@dataclass(frozen=True, slots=True)
class Order:
    """By which column, and whether from the greatest down."""

    column: str = "made"
    descending: bool = True


class Listing:
    """Keeps a card for each episode, made once for as long as the episode stays as it is."""

    def __init__(self) -> None:
        self._cards: dict[str, Card] = {}

    @property
    def cards(self) -> tuple[Card, ...]:
        """Those of the episodes taken last."""
        return tuple(self._cards.values())

    def take(self, episodes: tuple[EpisodeView, ...]) -> None:
        """Replace the episodes."""
        before = self._cards
        newest_first = sorted(episodes, key=lambda view: view.episode_id, reverse=True)
        self._cards = {view.episode_id: _card(before.get(view.episode_id), view) for view in newest_first}

    def arranged(self, query: Query, order: Order) -> tuple[EpisodeView, ...]:
        """The episodes that a query means, in order; equal ones stay newest first."""
        cards = self._cards.values()
        views = [card.view for card in cards if not query.tests or query.matches(card)]
        views.sort(key=_KEYS.get(order.column, _KEYS["made"]), reverse=order.descending)
        return tuple(views)


def _card(before: Card | None, view: EpisodeView) -> Card:
    return before if before is not None and (before.view is view or before.view == view) else Card(view)
