"""Questions about a picture of the simulated kitchen that the picture itself answers, and captions of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np

from app.demonstrations.glimpse import Glimpse, Place
from drivers.sim.kitchen.geometry import OBJECTS

Asked = tuple[str, str]
"""A question and its answer."""

YES, NO, NOTHING = "yes", "no", "nothing"

CLEARLY_BESIDE: Final = 0.04
"""Share of the picture's width that must lie between two things' middles for one to be left of the other."""
OPENED, CLOSED = 0.6, 0.15
"""A hand that is empty and opened further is open, one less far is closed; nobody is asked about what is between."""


def ask(glimpse: Glimpse, rng: np.random.Generator, *, count: int) -> list[Asked]:
    """Some of the questions that a picture answers.

    Kinds of question are drawn alike, however many of a kind there are; of questions with yes and no those with either
    answer are, where the picture has both.

    Args:
        glimpse: What the picture shows.
        rng: What is drawn from.
        count: Of questions; fewer where there are not as many kinds.
    """
    kinds = [asked for kind in KINDS.values() if (asked := list(kind(glimpse)))]
    chosen = []
    for number in rng.permutation(len(kinds))[:count].tolist():
        by_answer: dict[str, list[Asked]] = {}
        for question, answer in kinds[number]:
            by_answer.setdefault(answer if answer in (YES, NO) else "", []).append((question, answer))
        alike = by_answer[sorted(by_answer)[int(rng.integers(len(by_answer)))]]
        chosen.append(alike[int(rng.integers(len(alike)))])
    return chosen


def caption(glimpse: Glimpse, rng: np.random.Generator) -> str:
    """A sentence on what is where: `the cup and the plate are on the counter, the sponge is in the hand`."""
    parts = []
    for place in Place:
        names = [str(name) for name in rng.permutation(glimpse.at(place))]
        if names:
            parts.append(f"{_listed(names)} {'is' if len(names) == 1 else 'are'} {place}")
    if glimpse.hand_seen and not glimpse.held:
        parts.append("the hand is empty")
    if glimpse.drawer_open is not None:
        parts.append(f"the drawer is {'open' if glimpse.drawer_open else 'closed'}")
    if not parts:
        return "a room without anything to tidy away"
    return ", ".join(parts[number] for number in rng.permutation(len(parts)))


def _listed(names: Sequence[str]) -> str:
    things = [f"the {name}" for name in names]
    return things[0] if len(things) == 1 else f"{', '.join(things[:-1])} and {things[-1]}"


# -- the kinds ---------------------------------------------------------------------------------------------------------


def _is_in_sink(glimpse: Glimpse) -> Iterator[Asked]:
    for name, place in glimpse.place.items():
        answer = YES if place is Place.SINK else NO
        yield f"is the {name} in the sink?", answer
        yield f"has the {name} been put in the sink?", answer


def _is_in_hand(glimpse: Glimpse) -> Iterator[Asked]:
    for name, place in glimpse.place.items():
        answer = YES if place is Place.HAND else NO
        yield f"is the {name} in the hand?", answer
        yield f"does the robot hold the {name}?", answer


def _what_in_hand(glimpse: Glimpse) -> Iterator[Asked]:
    # Something held that the picture does not show might as well be nothing.
    if glimpse.hand_seen and (not glimpse.held or glimpse.held in glimpse.seen):
        yield "what is in the hand?", glimpse.held or NOTHING
        yield "what does the robot hold?", glimpse.held or NOTHING


def _how_many(glimpse: Glimpse) -> Iterator[Asked]:
    objects = [name for name in OBJECTS if name in glimpse.seen]
    if glimpse.unsure or not objects or len(objects) > len(glimpse.place):
        return
    yield "how many things are on the counter?", str(len(glimpse.at(Place.COUNTER)))
    if "sink" in glimpse.seen:
        yield "how many things are in the sink?", str(len(glimpse.at(Place.SINK)))


def _where(glimpse: Glimpse) -> Iterator[Asked]:
    for name, place in glimpse.place.items():
        yield f"where is the {name}?", str(place)


def _is_there(glimpse: Glimpse) -> Iterator[Asked]:
    for name in OBJECTS:
        if name in glimpse.seen:
            yield f"is there a {name}?", YES
        elif name not in glimpse.unsure:
            yield f"is there a {name}?", NO


def _drawer(glimpse: Glimpse) -> Iterator[Asked]:
    if glimpse.drawer_open is not None:
        yield "is the drawer open?", YES if glimpse.drawer_open else NO
        yield "is the drawer closed?", NO if glimpse.drawer_open else YES


def _hand(glimpse: Glimpse) -> Iterator[Asked]:
    if not glimpse.hand_seen or glimpse.held or CLOSED < glimpse.opening < OPENED:
        return
    yield "is the hand open?", YES if glimpse.opening >= OPENED else NO


def _beside(glimpse: Glimpse) -> Iterator[Asked]:
    """What is next to an object on one side: asked where all that might be there is seen and none is level with it."""
    if glimpse.unsure:
        return
    middles = {name: glimpse.seen[name].middle for name in OBJECTS if name in glimpse.seen}
    for name, middle in middles.items():
        for side, sign in (("left", -1), ("right", 1)):
            away = sorted((sign * (at - middle), other) for other, at in middles.items() if other != name)
            if any(abs(distance) < CLEARLY_BESIDE for distance, _ in away):
                continue
            there = [pair for pair in away if pair[0] > 0]
            if len(there) > 1 and there[1][0] - there[0][0] < CLEARLY_BESIDE:
                continue
            yield f"what is {side} of the {name}?", there[0][1] if there else NOTHING


KINDS: Final[Mapping[str, Callable[[Glimpse], Iterator[Asked]]]] = MappingProxyType(
    {
        "in the sink": _is_in_sink,
        "in the hand": _is_in_hand,
        "held": _what_in_hand,
        "count": _how_many,
        "place": _where,
        "there": _is_there,
        "drawer": _drawer,
        "hand": _hand,
        "beside": _beside,
    }
)
"""Every kind of question: what it asks about a glimpse, with the answers, as far as the picture gives them."""
