"""The theme in use: which palette, the icons drawn in it, and word of its change."""

from __future__ import annotations

import qtawesome
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QColor, QIcon, QPixmap
from PyQt6.QtWidgets import QApplication

from app.gui import tokens
from app.gui.stylesheet import stylesheet


class Theme(QObject):
    """Holds the palette that painted widgets ask for; `changed` tells them to ask again."""

    changed = pyqtSignal()

    def __init__(self, name: str = tokens.DARK.name, *, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._palette = tokens.PALETTES.get(name, tokens.DARK)
        self._icons: dict[tuple[str, str, str], QIcon] = {}

    @property
    def palette(self) -> tokens.Palette:
        """The colours in use."""
        return self._palette

    def apply(self) -> None:
        """Give the application this theme's stylesheet and font."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.setFont(tokens.font())
            application.setStyleSheet(stylesheet(self._palette))
        self.changed.emit()

    def toggle(self) -> None:
        """Dark becomes light, light becomes dark."""
        self._palette = tokens.LIGHT if self._palette is tokens.DARK else tokens.DARK
        self.apply()

    def icon(self, name: str, colour: str | None = None) -> QIcon:
        """An icon of the set, in the colour of text or in the hue given."""
        key = (name, colour or self._palette.text, self._palette.text_dim)
        icon = self._icons.get(key)
        if icon is None:  # making one takes a millisecond, which a list of many lines does not have
            icon = self._icons[key] = qtawesome.icon(name, color=key[1], color_disabled=key[2])
        return icon

    def pixmap(self, name: str, size_px: int, colour: str | None = None) -> QPixmap:
        """An icon as a picture of `size_px` square, sharp on dense screens."""
        return self.icon(name, colour).pixmap(size_px, size_px)


def with_alpha(colour: str, alpha: int) -> QColor:
    """A token's colour, let through by `alpha` of 255."""
    made = QColor(colour)
    made.setAlpha(alpha)
    return made
