from __future__ import annotations

from PyQt6.QtGui import QColor

from app.gui import tokens
from app.gui.theme import Theme
from app.gui.widgets.mark import Mark


def drawn_in(mark: Mark) -> set[str]:
    """The colours of its pixels that are not see-through at all."""
    image = mark.pixmap().toImage()
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return {pixel.name() for pixel in pixels if pixel.alpha() == 255}


def test_a_mark_wears_the_colours_of_the_theme_in_use(theme: Theme) -> None:
    plain = Mark("mdi6.square", theme)
    warning = Mark("mdi6.square", theme, hue=tokens.WARNING)
    dark, hue = QColor(tokens.DARK.text_dim).name(), QColor(tokens.WARNING).name()
    assert (drawn_in(plain), drawn_in(warning)) == ({dark}, {hue})
    theme.toggle()
    light, deeper = (
        QColor(c).name() for c in (tokens.LIGHT.text_dim, tokens.ink_of(hue.upper(), tokens.LIGHT))
    )
    assert (drawn_in(plain), drawn_in(warning)) == ({light}, {deeper})
    assert {light, deeper}.isdisjoint({dark, hue})
