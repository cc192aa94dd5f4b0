"""Every filter as a menu, for who does not care to type; it writes the search line."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QMenu

from app.gui import tokens
from app.gui.actions import Action
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton

_MOST = 24
_TITLES = {
    "task": "Task",
    "outcome": "Outcome",
    "operator": "Operator",
    "place": "Place",
    "tag": "Tag",
    "is": "Flag",
    "source": "Who drove",
    "longer": "Longer than",
    "shorter": "Shorter than",
    "since": "Since",
    "before": "Before",
}


class FilterMenu(ActionButton):
    """A button with a menu: each kind of filter, and in it the values that the episodes hold."""

    def __init__(
        self,
        action: Action,
        theme: Theme,
        known: Callable[[], dict[str, tuple[str, ...]]],
        pick: Callable[[str, str], None],
    ) -> None:
        super().__init__(action, theme)
        self._known = known
        self._pick = pick
        self._menu = QMenu(self)
        self._menu.setFont(tokens.font())
        self._menu.aboutToShow.connect(self._fill)

    def showMenu(self) -> None:
        """Drop the menu below the button."""
        self._menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    @property
    def menu_shown(self) -> QMenu:
        """The menu."""
        return self._menu

    def _fill(self) -> None:
        self._menu.clear()
        known = self._known()
        for key, title in _TITLES.items():
            values = known.get(key, ())
            if not values:
                continue
            submenu = self._menu.addMenu(title)
            if submenu is None:
                continue
            submenu.setFont(tokens.font())
            for value in ("", *values[:_MOST]):
                entry = submenu.addAction(value or "Any")
                if entry is not None:
                    entry.triggered.connect(lambda _=False, k=key, v=value: self._pick(k, v))
