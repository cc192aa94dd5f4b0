from __future__ import annotations

import re
from pathlib import Path

import pytest

import app.gui
from app.gui import tokens
from app.gui.stylesheet import stylesheet
from app.messages import Mode

FOLDER = Path(app.gui.__file__).parent
COLOUR = re.compile(r"#[0-9A-Fa-f]{3,8}\b|GlobalColor|QColor\(\s*\d|(?<!\.)rgba?\(")


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.stem)
def test_only_the_tokens_name_a_colour(path: Path) -> None:
    if path.name != "tokens.py":
        assert COLOUR.findall(path.read_text()) == []


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", tokens.PALETTES.values(), ids=lambda palette: palette.name)
def test_text_can_be_read_on_every_ground(palette: tokens.Palette) -> None:
    for ground in (palette.ground, palette.panel, palette.raised):
        assert contrast(palette.text, ground) >= 4.5
        assert contrast(palette.text_dim, ground) >= 4.5
    for hue in (tokens.TELEOP, tokens.WARNING, tokens.GOOD):
        assert contrast(tokens.ink_of(hue, palette), palette.ground) >= 4.5


def test_words_can_be_read_on_every_hue() -> None:
    for mode, look in tokens.MODE_LOOKS.items():
        large = 3.0 if mode is Mode.STOPPED else 4.5  # white on vermilion is only ever set large or bold
        assert contrast(look.ink, look.hue) >= large


def test_every_mode_has_a_look_and_no_two_share_an_icon() -> None:
    assert set(tokens.MODE_LOOKS) == set(Mode)
    assert len({look.icon for look in tokens.MODE_LOOKS.values()}) == len(Mode)


@pytest.mark.parametrize("palette", tokens.PALETTES.values(), ids=lambda palette: palette.name)
def test_the_stylesheet_has_no_hole(palette: tokens.Palette) -> None:
    assert "$" not in stylesheet(palette)
