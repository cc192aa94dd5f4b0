"""Everything the operator can do, in one registry: what it is called, its keys, and when it can be done.

Buttons, key presses, the palette and the overlay of keys all read from here, so that none can say otherwise. What was
bound instead of the defaults comes in through `Bindings`, and every reader follows a change at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.inputs.bindings import STOP_ACTION, Bindable, Bindings
from app.inputs.defaults import EXTRA_TRIGGERS
from app.inputs.trigger import is_text_key, key_of, key_trigger


class DuplicateActionError(ValueError):
    """Two actions with one id, or with one key on the same page."""


@dataclass(slots=True, kw_only=True, eq=False)
class Action:
    """One thing to do. Its keys and triggers are those bound now: the registry changes them, and nobody else.

    Attributes:
        id: such as `record.start`; unique.
        title: as on the button, in the imperative.
        group: heading in the overlay of keys.
        run: does it.
        key: in Qt's portable form, such as `R`, `Ctrl+K`, `Backspace`; empty for none.
        steady_key: a second key that also works while text is typed, or while driving takes the first.
        page: the page it belongs to; empty for everywhere.
        enabled: whether it can be done now.
        icon: name in the icon set.
        why_not: why it cannot be done now, or what stands in its way; empty where `enabled` says enough.
        repeats: done again and again while its key is held.
        hidden: left out of the palette and the overlay, such as moves within the palette itself.
        held: it lasts as long as its key or pedal is held down, and is not run by a press.
        triggers: everything that means it, keys first as bound; see `app.inputs`.
    """

    id: str
    title: str
    group: str
    run: Callable[[], None]
    key: str = ""
    steady_key: str = ""
    page: str = ""
    enabled: Callable[[], bool] = lambda: True
    icon: str = ""
    why_not: Callable[[], str] = lambda: ""
    hidden: bool = False
    held: bool = False
    triggers: tuple[str, ...] = ()
    repeats: bool = False


class Actions:
    """The registry. It knows nothing of Qt; who receives keys asks it what they mean.

    Args:
        bindings: what the operator has bound; without, everything has its defaults.
    """

    def __init__(self, bindings: Bindings | None = None) -> None:
        self._by_id: dict[str, Action] = {}
        self._listeners: list[Callable[[], None]] = []
        self.bindings = bindings or Bindings()
        self.bindings.listen(self._rebound)

    def add(self, *actions: Action) -> None:
        """Register actions.

        Raises:
            DuplicateActionError: for an id, or a key on the same page, that is taken by default.
        """
        for action in actions:
            if action.id in self._by_id:
                raise DuplicateActionError(f"action {action.id!r} is registered twice")
            defaults = tuple(
                [key_trigger(key) for key in (action.key, action.steady_key) if key]
                + list(EXTRA_TRIGGERS.get(action.id, ()))
            )
            for other in self._by_id.values():
                shared = set(defaults) & set(self.bindings.defaults_of(other.id))
                if shared and (action.page == other.page or not action.page or not other.page):
                    taken = key_of(min(shared)) or min(shared)
                    raise DuplicateActionError(f"key {taken!r} means both {other.id!r} and {action.id!r}")
            self._by_id[action.id] = action
            self.bindings.declare(action.id, Bindable(page=action.page, defaults=defaults, held=action.held))
            self._follow(action)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call this after keys or triggers have changed."""
        self._listeners.append(listener)

    def __getitem__(self, action_id: str) -> Action:
        return self._by_id[action_id]

    def on_page(self, page: str) -> tuple[Action, ...]:
        """What can be asked for on a page: its own actions, then those of every page."""
        own = [action for action in self._by_id.values() if page and action.page == page]
        return tuple(own + [action for action in self._by_id.values() if not action.page])

    def everywhere(self) -> tuple[Action, ...]:
        """Every action, in order of registration."""
        return tuple(self._by_id.values())

    def meanings(self, trigger: str, *, page: str) -> tuple[Action, ...]:
        """What a trigger means on a page: one action or none, and several while a conflict is not settled.

        STOP goes before all others.
        """
        found = tuple(action for action in self.on_page(page) if trigger in action.triggers)
        return tuple(action for action in found if action.id == STOP_ACTION) or found

    def for_key(self, key: str, *, page: str, only_steady: bool = False) -> Action | None:
        """What a key means on a page; nothing while it means two things.

        Args:
            key: in Qt's portable form.
            page: the page shown.
            only_steady: while text is typed, when plain letters mean themselves.
        """
        if only_steady and is_text_key(key):
            return None
        found = self.meanings(key_trigger(key), page=page)
        return found[0] if len(found) == 1 else None

    def press(self, trigger: str, *, page: str) -> Action | None:
        """Do what a gamepad's button, a gesture or a spoken word means on a page, if it can be done now.

        Returns:
            What it means, whether or not it could be done; None when that is nothing, or not clear.
        """
        found = self.meanings(trigger, page=page)
        if len(found) != 1:
            return None
        if not found[0].held:
            self.trigger(found[0].id)
        return found[0]

    def trigger(self, action_id: str) -> bool:
        """Do it if it can be done now; says whether it was."""
        action = self._by_id[action_id]
        if not action.enabled():
            return False
        action.run()
        return True

    def _rebound(self) -> None:
        for action in self._by_id.values():
            self._follow(action)
        for listener in self._listeners:
            listener()

    def _follow(self, action: Action) -> None:
        action.triggers = self.bindings.of(action.id)
        keys = [key for trigger in action.triggers if (key := key_of(trigger))]
        action.key, action.steady_key = (*keys[:2], "", "")[:2]


def matching(actions: Iterable[Action], words: str) -> list[Action]:
    """The actions whose group or title has every word typed, those whose title begins so first."""
    wanted = words.lower().split()
    found = [
        action
        for action in actions
        if not action.hidden
        and not action.held
        and all(word in f"{action.group} {action.title}".lower() for word in wanted)
    ]
    return sorted(found, key=lambda action: not action.title.lower().startswith(words.lower().strip()))
