"""An icon that stands by itself and changes its colour with the theme."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel

from app.gui import tokens
from app.gui.theme import Theme


class Mark(QLabel):
    """An icon of the set.

    Args:
        icon: its name; empty for none yet.
        theme: colours and icons.
        size_px: its side.
        hue: of meaning; dim like lesser text without.
    """

    def __init__(
        self, icon: str, theme: Theme, *, size_px: int = tokens.ICON_BANNER_PX, hue: str = ""
    ) -> None:
        super().__init__()
        self._icon = icon
        self._theme = theme
        self._size_px = size_px
        self._hue = hue
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        theme.changed.connect(self._recolour)
        self._recolour()

    def show_icon(self, icon: str) -> None:
        """Show another."""
        if icon != self._icon:
            self._icon = icon
            self._recolour()

    def _recolour(self) -> None:
        if self._icon:
            palette = self._theme.palette
            ink = tokens.ink_of(self._hue, palette) if self._hue else palette.text_dim
            self.setPixmap(self._theme.pixmap(self._icon, self._size_px, ink))
