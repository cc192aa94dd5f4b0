"""A label whose words name keys, and follow when others are bound."""

from __future__ import annotations

from app.gui import tokens
from app.gui.actions import Actions
from app.gui.told_keys import with_keys
from app.gui.widgets.label import Label


class KeyLabel(Label):
    """Says words in which ids of actions stand in braces; see `app.gui.told_keys`."""

    def __init__(
        self,
        words: str,
        actions: Actions,
        *,
        size_px: int = tokens.TEXT_PX,
        bold: bool = False,
        dim: bool = False,
        wrap: bool = False,
    ) -> None:
        super().__init__(with_keys(words, actions), size_px=size_px, bold=bold, dim=dim, wrap=wrap)
        actions.listen(lambda: self.say(with_keys(words, actions)))
