"""Everything the operator can do, in one registry: what it is called, its keys, and when it can be done.

Buttons, key presses, the palette and the overlay of keys all read from here, so that none can say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


class DuplicateActionError(ValueError):
    """Two actions with one id, or with one key on the same page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do.

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
        why_not: why it cannot be done now, in words; empty where `enabled` says enough.
        hidden: left out of the palette and the overlay, such as moves within the palette itself.
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


class Actions:
    """The registry. It knows nothing of Qt; who receives keys asks it what they mean."""

    def __init__(self) -> None:
        self._by_id: dict[str, Action] = {}

    def add(self, *actions: Action) -> None:
        """Register actions.

        Raises:
            DuplicateActionError: for an id, or a key on the same page, that is taken.
        """
        for action in actions:
            if action.id in self._by_id:
                raise DuplicateActionError(f"action {action.id!r} is registered twice")
            for other in self._by_id.values():
                shared = {action.key, action.steady_key} & {other.key, other.steady_key} - {""}
                if shared and (action.page == other.page or not action.page or not other.page):
                    raise DuplicateActionError(
                        f"key {shared.pop()!r} means both {other.id!r} and {action.id!r}"
                    )
            self._by_id[action.id] = action

    def __getitem__(self, action_id: str) -> Action:
        return self._by_id[action_id]

    def on_page(self, page: str) -> tuple[Action, ...]:
        """What can be asked for on a page: its own actions, then those of every page."""
        own = [action for action in self._by_id.values() if action.page == page]
        return tuple(own + [action for action in self._by_id.values() if not action.page])

    def everywhere(self) -> tuple[Action, ...]:
        """Every action, in order of registration."""
        return tuple(self._by_id.values())

    def for_key(self, key: str, *, page: str, only_steady: bool = False) -> Action | None:
        """What a key means on a page.

        Args:
            key: in Qt's portable form.
            page: the page shown.
            only_steady: while text is typed, when plain letters mean themselves.
        """
        for action in self.on_page(page):
            if key in {action.steady_key, action.key if not only_steady or _is_steady(action.key) else ""} - {
                ""
            }:
                return action
        return None

    def trigger(self, action_id: str) -> bool:
        """Do it if it can be done now; says whether it was."""
        action = self._by_id[action_id]
        if not action.enabled():
            return False
        action.run()
        return True


def matching(actions: Iterable[Action], words: str) -> list[Action]:
    """The actions whose group or title has every word typed, those whose title begins so first."""
    wanted = words.lower().split()
    found = [
        action
        for action in actions
        if not action.hidden and all(word in f"{action.group} {action.title}".lower() for word in wanted)
    ]
    return sorted(found, key=lambda action: not action.title.lower().startswith(words.lower().strip()))


def _is_steady(key: str) -> bool:
    """Whether a key never means text: Escape, function keys, and what is held with Ctrl or Alt."""
    return key == "Esc" or "Ctrl+" in key or "Alt+" in key or (key.startswith("F") and key[1:].isdigit())
