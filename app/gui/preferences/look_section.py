"""Look: theme and the size of everything."""

from __future__ import annotations

from app.gui import scale, tokens
from app.gui.actions import Actions
from app.gui.preferences.section import Section
from app.gui.settings import Settings
from app.gui.theme import Theme
from app.gui.widgets.action_button import ActionButton
from app.gui.widgets.choice import Choice
from app.gui.widgets.label import Label
from app.session.view import Snapshot


class LookSection(Section):
    """Theme, and the factor by which everything is larger.

    Args:
        actions: `window.theme`, `look.restart`.
        theme: the one in use.
        settings: where the size is kept.
    """

    def __init__(self, actions: Actions, theme: Theme, settings: Settings) -> None:
        super().__init__("Look")
        self._actions = actions
        self._theme = theme
        self._settings = settings
        self.theme_choice = Choice("Theme", [(name, name.capitalize()) for name in tokens.PALETTES])
        self.scale_choice = Choice(
            "Size of everything", [(option, _option_words(option)) for option in scale.OPTIONS]
        )
        self._note = Label("", size_px=tokens.TEXT_SMALL_PX, dim=True, wrap=True)
        self._restart = ActionButton(actions["look.restart"], theme)
        self.caption("Theme")
        self.body.addWidget(self.theme_choice)
        self.caption("Size of everything, in per cent")
        self.body.addWidget(self.scale_choice)
        self.body.addWidget(self._note)
        self.body.addWidget(self._restart)
        self.theme_choice.picked.connect(self._pick_theme)
        self.scale_choice.picked.connect(self._pick_scale)
        theme.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is chosen, and what it comes to."""
        self.theme_choice.show_value(self._theme.palette.name)
        self.scale_choice.show_value(self._settings.scale)
        wanted, now = scale.wanted(self._settings), scale.in_use()
        self._restart.setVisible(wanted != now)
        if wanted != now:
            self._note.say(f"Now {now:.0%}. {wanted:.0%} counts from the next start on.")
        elif self._settings.scale == scale.AUTO:
            self._note.say(f"Chosen by the screen: {now:.0%}.")
        else:
            self._note.say("")

    def apply(self, snapshot: Snapshot) -> None:
        """A restart waits for the end of a recording."""
        self._restart.refresh()

    def _pick_theme(self, name: str) -> None:
        if name != self._theme.palette.name:
            self._actions.trigger("window.theme")

    def _pick_scale(self, option: str) -> None:
        self._settings.scale = option
        self.refresh()


def _option_words(option: str) -> str:
    return "Auto" if option == scale.AUTO else f"{float(option):.0%}".removesuffix("%")
