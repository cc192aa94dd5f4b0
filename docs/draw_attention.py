"""Draws `docs/images/attention.svg`: who sees whom, as `policy.model.rules` says it.

Run it from the project's root after a change of the rules: `python -m docs.draw_attention`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from policy.model.rules import Kind, Segment, attention_matrix

TARGET = Path(__file__).parent / "images" / "attention.svg"
SEGMENTS = (
    Segment(Kind.IMAGE, 6),
    Segment(Kind.PROMPT, 4),
    Segment(Kind.ANSWER, 3),
    Segment(Kind.FAST, 4),
    Segment(Kind.STATE, 1),
    Segment(Kind.ACTION, 5),
)
NAMES = {
    Kind.IMAGE: "images",
    Kind.PROMPT: "prompt",
    Kind.ANSWER: "answer",
    Kind.FAST: "FAST",
    Kind.STATE: "state",
    Kind.ACTION: "actions",
}
EXPERT = (Kind.STATE, Kind.ACTION)
CELL, GAP, LEFT, TOP, MARGIN, LINE = 24, 6, 190, 84, 20, 26


@dataclass(frozen=True)
class Palette:
    """Colours, by what they are for."""

    ground: str
    text: str
    quiet: str
    empty: str
    language: str
    expert: str


LIGHT = Palette("#ffffff", "#1f2328", "#59636e", "#dde3e9", "#2768ad", "#b85c0a")
DARK = Palette("#0d1117", "#e6edf3", "#9da7b3", "#252c35", "#58a6ff", "#f0a04b")


def draw(*, light: Palette = LIGHT, dark: Palette = DARK) -> str:
    """The picture. Viewers that know no colour schemes show the light one."""
    edges = _edges()
    size = edges[-1][1]
    width, height = LEFT + size + MARGIN, TOP + size + 4 * LINE
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' font-family="-apple-system, Segoe UI, Helvetica, Arial, DejaVu Sans, sans-serif" font-size="14" role="img">',
        "<title>Which token sees which: rows look, columns are looked at</title>",
        f"<style>@media (prefers-color-scheme: dark) {{ {_css(dark)} }}</style>",
        f'<rect class="ground" width="{width}" height="{height}" rx="8" fill="{light.ground}"/>',
    ]
    lines += _labels(light, edges) + _cells(light, edges) + _legend(light, TOP + size)
    return "\n".join([*lines, "</svg>", ""])


def _css(palette: Palette) -> str:
    names = ("ground", "text", "quiet", "empty", "language", "expert")
    return " ".join(f".{name} {{ fill: {getattr(palette, name)} }}" for name in names)


def _edges() -> list[tuple[int, int]]:
    """Where each segment's first cell begins and its last one ends, from the corner of the matrix."""
    edges, start = [], 0
    for segment in SEGMENTS:
        edges.append((start, start + segment.length * CELL))
        start = edges[-1][1] + GAP
    return edges


def _labels(palette: Palette, edges: list[tuple[int, int]]) -> list[str]:
    lines = [
        _text(
            palette, "quiet", MARGIN, 30, "each row is a token that looks, each column one that is looked at"
        )
    ]
    for segment, (start, end) in zip(SEGMENTS, edges, strict=True):
        middle, name = (start + end) / 2, NAMES[segment.kind]
        lines.append(_text(palette, "text", LEFT + middle, TOP - 12, name, anchor="middle"))
        lines.append(_text(palette, "text", LEFT - 12, TOP + middle + 5, name, anchor="end"))
    first = next(index for index, segment in enumerate(SEGMENTS) if segment.kind in EXPERT)
    towers = (
        ("language", "language", "tower", edges[0][0], edges[first - 1][1]),
        ("expert", "action", "expert", edges[first][0], edges[-1][1]),
    )
    for style, upper, lower, start, end in towers:
        middle = TOP + (start + end) / 2
        lines.append(
            f'<rect class="{style}" x="{LEFT - 84}" y="{TOP + start}" width="4" height="{end - start}" rx="2"'
            f' fill="{getattr(palette, style)}"/>'
        )
        lines.append(_text(palette, "text", LEFT - 94, middle - 4, upper, anchor="end"))
        lines.append(_text(palette, "text", LEFT - 94, middle + 14, lower, anchor="end"))
    return lines


def _cells(palette: Palette, edges: list[tuple[int, int]]) -> list[str]:
    places = [
        (segment.kind, start + index * CELL)
        for segment, (start, _) in zip(SEGMENTS, edges, strict=True)
        for index in range(segment.length)
    ]
    sees = attention_matrix(SEGMENTS, torch.ones(1, len(places), dtype=torch.bool))[0].tolist()
    lines = []
    for (kind, y), row in zip(places, sees, strict=True):
        for (_, x), seen in zip(places, row, strict=True):
            style = "empty" if not seen else "expert" if kind in EXPERT else "language"
            lines.append(_cell(palette, style, LEFT + x, TOP + y))
    return lines


def _legend(palette: Palette, bottom: int) -> list[str]:
    entries = (
        ("language", "sees (language tower)"),
        ("expert", "sees (action expert)"),
        ("empty", "does not see"),
    )
    lines, x = [], LEFT
    for style, name in entries:
        lines.append(_cell(palette, style, x, bottom + LINE - 4))
        lines.append(_text(palette, "text", x + CELL + 4, bottom + LINE + 13, name))
        x += CELL + 24 + 7.2 * len(name)
    note = "Only π0 has a state token; π0.5 reads its state in the prompt. Padding and missing cameras are left out."
    lines.append(_text(palette, "quiet", MARGIN, bottom + 3 * LINE, note, size=13))
    return lines


def _cell(palette: Palette, style: str, x: float, y: float) -> str:
    side = CELL - 2
    fill = getattr(palette, style)
    return f'<rect class="{style}" x="{x + 1:g}" y="{y + 1:g}" width="{side}" height="{side}" rx="3" fill="{fill}"/>'


def _text(
    palette: Palette, style: str, x: float, y: float, text: str, *, anchor: str = "start", size: int = 14
) -> str:
    fill = getattr(palette, style)
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text class="{style}" {place} fill="{fill}">{text}</text>'


if __name__ == "__main__":
    TARGET.write_text(draw(), encoding="utf-8")
