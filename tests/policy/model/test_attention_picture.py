"""The picture in the documents shows the rules as they are."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import torch

from docs.draw_attention import DARK, EXPERT, LIGHT, SEGMENTS, TARGET, draw
from policy.model.rules import attention_matrix

RECT = "{http://www.w3.org/2000/svg}rect"


def test_the_file_is_what_the_script_draws() -> None:
    assert TARGET.read_text(encoding="utf-8") == draw(), "run `python -m docs.draw_attention`"
    assert "images/attention.svg" in (Path(TARGET).parents[1] / "policy.md").read_text(encoding="utf-8")


def test_a_cell_is_coloured_where_the_matrix_says_so() -> None:
    kinds = [segment.kind for segment in SEGMENTS for _ in range(segment.length)]
    sees = attention_matrix(SEGMENTS, torch.ones(1, len(kinds), dtype=torch.bool))[0]
    expected = [
        "empty" if not seen else "expert" if kind in EXPERT else "language"
        for kind, row in zip(kinds, sees.tolist(), strict=True)
        for seen in row
    ]
    cells = [rect for rect in ElementTree.fromstring(draw()).iter(RECT) if rect.get("rx") == "3"]
    in_rows = sorted(
        cells[: len(expected)], key=lambda cell: (float(cell.get("y", 0)), float(cell.get("x", 0)))
    )
    assert [cell.get("class") for cell in in_rows] == expected
    assert len(cells) == len(expected) + 3  # and the legend's


def test_text_stands_out_from_its_ground_in_both_schemes() -> None:
    """Contrast of at least 4.5 for text and 3 for cells, as the web's guidelines ask."""
    for palette in (LIGHT, DARK):
        assert min(contrast(palette.ground, each) for each in (palette.text, palette.quiet)) >= 4.5
        assert min(contrast(palette.empty, each) for each in (palette.language, palette.expert)) >= 3


def contrast(first: str, second: str) -> float:
    brighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
