"""Which subtask a task needs next, by the true state of the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from drivers.sim.evaluate import drawer_closed, drawer_open, in_sink
from drivers.sim.interface import Truth
from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.operator.places import (
    held,
    holds_handle,
    is_folded,
    is_well_lifted,
    over_sink,
    stands_before,
    stands_before_drawer,
)
from drivers.sim.operator.subtasks import is_at_counter, is_lifted


def next_subtask(truth: Truth, task: str) -> str:
    """The subtask to do now, one of `SUBTASKS`; empty when there is nothing left to do.

    A task that has no end, such as "warm up", has no subtasks either.

    Raises:
        KeyError: when there is no such task; see `tasks()`.
    """
    return _NEXT[task](truth)


def tasks() -> tuple[str, ...]:
    """The tasks that can be asked about: every script."""
    return tuple(_NEXT)


def _sink_step(name: str, truth: Truth) -> str:
    if holds_handle(truth):
        return "let go of the handle"
    if in_sink(truth, name):
        # The hand is still on its way out.
        return "" if is_folded(truth) else f"put the {name} in the sink"
    in_hand = held(truth)
    if in_hand and in_hand != name:
        return _sink_step(in_hand, truth)
    if in_hand and is_well_lifted(truth, name):
        return f"put the {name} in the sink" if over_sink(truth, name) else f"carry the {name} to the sink"
    if in_hand or stands_before(truth, name):
        return f"pick up the {name}"
    return f"go to the {name}"


def _drawer_step(move: str, is_done: Callable[[Truth], bool], truth: Truth) -> str:
    if holds_handle(truth):
        return "let go of the handle" if is_done(truth) else move
    if is_done(truth):
        return "" if is_folded(truth) else "let go of the handle"
    in_hand = held(truth)
    if in_hand:
        return _sink_step(in_hand, truth)
    return "take the handle" if stands_before_drawer(truth) else "go to the drawer"


def _everything_step(truth: Truth) -> str:
    """All into the sink, first what is in the hand."""
    steps = (_sink_step(name, truth) for name in (*filter(None, [held(truth)]), *OBJECTS))
    return next(filter(None, steps), "")


def _tidy_step(truth: Truth) -> str:
    """All into the sink, then the drawer shut. The script also opens it first, which leaves nothing to see."""
    return _everything_step(truth) or _drawer_step("close the drawer", drawer_closed, truth)


def _alone(words: str, is_done: Callable[[Truth], bool], truth: Truth) -> str:
    return "" if is_done(truth) else words


_NEXT: Final[Mapping[str, Callable[[Truth], str]]] = MappingProxyType(
    {f"put the {name} in the sink": partial(_sink_step, name) for name in OBJECTS}
    | {
        "open the drawer": partial(_drawer_step, "open the drawer", drawer_open),
        "close the drawer": partial(_drawer_step, "close the drawer", drawer_closed),
        "drive to the counter": partial(_alone, "drive to the counter", is_at_counter),
        "raise the lift": partial(_alone, "raise the lift", is_lifted),
        "put everything in the sink": _everything_step,
        "tidy up": _tidy_step,
        "warm up": lambda _: "",
    }
)
