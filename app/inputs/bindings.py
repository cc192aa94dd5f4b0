"""Which triggers mean which action: the defaults, what was bound instead, and where two actions clash.

Nothing is resolved silently: a trigger that two actions of one page share is reported for both, and means neither
until somebody has decided. Only STOP goes first, and Escape cannot be taken from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import permutations

from app.inputs.trigger import (
    DEAD_MEN,
    KEY,
    PAD,
    STOP_TRIGGER,
    is_text_key,
    key_of,
    parse_trigger,
    trigger_words,
)

STOP_ACTION = "mode.stop"

Overrides = dict[str, tuple[str, ...]]


RELEASES = ("key:Return", "key:Enter")
"""Held, they release STOP."""


class BindingRefusedError(ValueError):
    """A trigger that an action cannot have, and why."""


@dataclass(frozen=True, slots=True)
class Bindable:
    """What the bindings know of an action.

    Attributes:
        page: where it counts; empty for everywhere.
        defaults: its triggers before anybody has bound anything.
        held: whether it lasts as long as its key is held down.
    """

    page: str
    defaults: tuple[str, ...]
    held: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """A trigger that another action on the same page has too."""

    trigger: str
    other: str


class Bindings:
    """Triggers by action. Actions declare themselves; what differs from the defaults is kept apart, to be stored.

    Args:
        overrides: triggers by action, as they were stored; those of actions that are not declared are kept as they are.
    """

    def __init__(self, overrides: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._declared: dict[str, Bindable] = {}
        self._overrides: Overrides = dict(overrides or {})
        self._listeners: list[Callable[[], None]] = []

    def declare(self, action_id: str, bindable: Bindable) -> None:
        """Make an action known."""
        self._declared[action_id] = bindable

    def listen(self, listener: Callable[[], None]) -> None:
        """Call this after every change."""
        self._listeners.append(listener)

    @property
    def overrides(self) -> Overrides:
        """What differs from the defaults; a copy."""
        return dict(self._overrides)

    def of(self, action_id: str) -> tuple[str, ...]:
        """The triggers of an action, the first one shown on its button. STOP has Escape, whatever else is bound."""
        triggers = self._overrides.get(action_id)
        if triggers is None:
            return self._declared[action_id].defaults
        # A file may say anything, but Escape stops.
        others = tuple(trigger for trigger in triggers if trigger != STOP_TRIGGER)
        if action_id != STOP_ACTION:
            return others
        return triggers if STOP_TRIGGER in triggers else (STOP_TRIGGER, *others)

    def defaults_of(self, action_id: str) -> tuple[str, ...]:
        """The triggers an action came with."""
        return self._declared[action_id].defaults

    def is_default(self, action_id: str) -> bool:
        """Whether an action has the triggers it came with."""
        return self.of(action_id) == self._declared[action_id].defaults

    def add(self, action_id: str, trigger: str) -> None:
        """Let a trigger mean an action too.

        Raises:
            BindingRefusedError: where it could never work or would take Escape from STOP.
            TriggerError: when it is no trigger.
        """
        trigger = parse_trigger(trigger)
        self._refuse(action_id, trigger)
        if trigger not in self.of(action_id):
            self._set(action_id, (*self.of(action_id), trigger))

    def remove(self, action_id: str, trigger: str) -> None:
        """Let a trigger no longer mean an action.

        Raises:
            BindingRefusedError: for Escape, which always stops.
        """
        if action_id == STOP_ACTION and trigger == STOP_TRIGGER:
            raise BindingRefusedError("Escape always stops the robot; give STOP more triggers instead")
        self._set(action_id, tuple(kept for kept in self.of(action_id) if kept != trigger))

    def reset(self, action_id: str) -> None:
        """Give an action back the triggers it came with."""
        if self._overrides.pop(action_id, None) is not None:
            self._tell()

    def reset_all(self) -> None:
        """Forget everything that was bound."""
        if self._overrides:
            self._overrides.clear()
            self._tell()

    def take(self, action_id: str, trigger: str) -> None:
        """Settle a conflict: the trigger stays with this action and leaves every other one of its page."""
        for conflict in self.conflicts_of(action_id):
            if conflict.trigger == trigger:
                self.remove(conflict.other, trigger)

    def conflicts_of(self, action_id: str) -> tuple[Conflict, ...]:
        """Triggers that it shares with an action that is there on the same page."""
        return self.conflicts().get(action_id, ())

    def conflicts(self) -> dict[str, tuple[Conflict, ...]]:
        """Every action that is in another's way, and how."""
        owners: dict[str, list[str]] = {}
        for action_id in self._declared:
            for trigger in self.of(action_id):
                owners.setdefault(trigger, []).append(action_id)
        found: dict[str, list[Conflict]] = {}
        for trigger, sharing in owners.items():
            for one, other in permutations(sharing, 2):
                pages = {self._declared[one].page, self._declared[other].page}
                if len(pages) == 1 or "" in pages:
                    found.setdefault(one, []).append(Conflict(trigger, other))
        return {action_id: tuple(conflicts) for action_id, conflicts in found.items()}

    def stop_triggers(self) -> frozenset[str]:
        """What stops the robot, wherever it comes from."""
        return frozenset(self.of(STOP_ACTION)) if STOP_ACTION in self._declared else frozenset({STOP_TRIGGER})

    def _refuse(self, action_id: str, trigger: str) -> None:
        kind, _, name = trigger.partition(":")
        if trigger == STOP_TRIGGER and action_id != STOP_ACTION:
            raise BindingRefusedError("Escape always stops the robot, and nothing else")
        if kind == PAD and name in DEAD_MEN:
            raise BindingRefusedError(
                f"the {trigger_words(trigger).removeprefix('gamepad ')} is held to move the robot with the sticks"
            )
        if trigger in RELEASES:
            raise BindingRefusedError(
                "Enter, held, releases STOP; what is pressed for that must do nothing else"
            )
        if trigger in ("key:Tab", "key:Shift+Backtab", "key:Backtab", "key:Shift+Tab"):
            raise BindingRefusedError("Tab goes from one control to the next, for those who use no mouse")
        if self._declared[action_id].held and kind != KEY:
            raise BindingRefusedError(
                "only a key or a pedal can be held down for this; on a gamepad, hold the left bumper and use the sticks"
            )
        if self._declared[action_id].held and "+" in key_of(trigger)[:-1]:
            raise BindingRefusedError(
                "bind a single key or pedal: one that is held down together with others is lost easily"
            )

    def _set(self, action_id: str, triggers: tuple[str, ...]) -> None:
        if triggers == self._declared[action_id].defaults:
            self._overrides.pop(action_id, None)
        else:
            self._overrides[action_id] = triggers
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def works_while_typing(trigger: str) -> bool:
    """Whether a trigger still means its action while text is typed."""
    key = key_of(trigger)
    return not key or not is_text_key(key)
