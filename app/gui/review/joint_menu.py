"""Which numbers are drawn as curves: a menu to tick them in."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QMenu

from app.gui import tokens
from app.gui.actions import Action
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.wording import plain_name


class JointMenu(ActionButton):
    """A button with a menu of every number of the vector.

    Args:
        action: opens the menu.
        theme: colours.
        names: every number's name, and whether it is drawn.
        toggle: draws a number, or stops to; None for those that move most.
    """

    def __init__(
        self,
        action: Action,
        theme: Theme,
        names: Callable[[], list[tuple[str, bool]]],
        toggle: Callable[[str | None], None],
    ) -> None:
        super().__init__(action, theme, title="Curves", compact=True)
        self._names = names
        self._toggle = toggle
        self.menu_shown = QMenu(self)
        self.menu_shown.setFont(tokens.font())
        self.menu_shown.aboutToShow.connect(self._fill)

    def show_menu(self) -> None:
        """Drop the menu."""
        self.menu_shown.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def _fill(self) -> None:
        self.menu_shown.clear()
        most = self.menu_shown.addAction("Those that move most")
        if most is not None:
            most.triggered.connect(lambda: self._toggle(None))
        self.menu_shown.addSeparator()
        for name, drawn in self._names():
            entry = self.menu_shown.addAction(plain_name(name))
            if entry is not None:
                entry.setCheckable(True)
                entry.setChecked(drawn)
                entry.triggered.connect(lambda _=False, wanted=name: self._toggle(wanted))
