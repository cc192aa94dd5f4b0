"""Boxes as location tokens, and an answer of the high level as boxes and a subtask.

One convention, PaliGemma's: a box is `<locYMIN><locXMIN><locYMAX><locXMAX> label ;`. Each edge is a fraction of the
image from its top left corner, cut into 1024 steps: step = floor(1024 · edge), at most 1023, and read as step / 1024.
An answer is any number of boxes and then the subtask:

    <loc0102><loc0512><loc0301><loc0700> cup ; <loc0000><loc0000><loc0099><loc0199> plate ; pick up the cup
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from policy.text.sentencepieces import LOCATIONS, location_piece
from policy.types import Box

_LOCATION = r"<loc\d{4}>"
_RUN = re.compile(rf"\s*((?:{_LOCATION}\s*)+)([^;<]*)(;|$|(?=<))", re.ASCII)
_BOX = re.compile(rf"(?:{_LOCATION}){{4}}", re.ASCII)
_STEP = re.compile(r"<loc(\d{4})>", re.ASCII)


def edge_to_step(edge: float) -> int:
    """Step, 0 to 1023, of an edge, 0 to 1.

    Raises:
        ValueError: The edge is outside the image.
    """
    if not 0 <= edge <= 1:  # NaN included
        message = (
            f"an edge of a box must be 0 to 1, a fraction of the image, not {edge}; divide pixels by the size"
        )
        raise ValueError(message)
    return min(math.floor(edge * LOCATIONS), LOCATIONS - 1)


def format_box(box: Box) -> str:
    """A box as text, without the `;` that ends it in an answer.

    Raises:
        ValueError: An edge is outside the image, the edges are in the wrong order, or the label would end the box.
    """
    if box.y_min > box.y_max or box.x_min > box.x_max:
        message = f"box {box} has its edges in the wrong order; y_min and x_min come before y_max and x_max"
        raise ValueError(message)
    label = " ".join(box.label.split())
    if ";" in label or "<" in label:
        message = f"label {box.label!r} holds ';' or '<', which end a label in an answer; say it without"
        raise ValueError(message)
    edges = (box.y_min, box.x_min, box.y_max, box.x_max)
    return f"{''.join(location_piece(edge_to_step(edge)) for edge in edges)} {label}".rstrip()


def format_answer(boxes: Sequence[Box], subtask: str) -> str:
    """What the high level is taught to answer: boxes first, then the subtask.

    Raises:
        ValueError: As `format_box` says.
    """
    return "".join(f"{format_box(box)} ; " for box in boxes) + subtask


def parse_answer(text: str) -> tuple[tuple[Box, ...], str]:
    """Boxes and subtask in what a model answered.

    Never raises for what the text may be: of a malformed box (not four tokens, edges in the wrong order, no `;`) the
    location tokens are dropped and the words are kept as part of the subtask.
    """
    boxes: list[Box] = []
    words: list[str] = []
    rest = text
    while match := _RUN.match(rest):
        locations, label, end = match[1], " ".join(match[2].split()), match[3]
        box = _parse_box(locations, label) if end == ";" else None
        if box is not None:
            boxes.append(box)
        elif label:
            words.append(label)
        rest = rest[match.end() :]
    last = " ".join(_STEP.sub(" ", rest).split()) if _STEP.search(rest) else rest.strip()
    return tuple(boxes), " ; ".join([*words, *([last] if last else [])])


def _parse_box(locations: str, label: str) -> Box | None:
    if not _BOX.fullmatch(locations.rstrip()):
        return None
    steps = [int(step) for step in _STEP.findall(locations)]
    y_min, x_min, y_max, x_max = (step / LOCATIONS for step in steps)
    if max(steps) >= LOCATIONS or y_min > y_max or x_min > x_max:
        return None
    return Box(label=label, y_min=y_min, x_min=x_min, y_max=y_max, x_max=x_max)
