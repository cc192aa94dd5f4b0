"""Boxes as PaliGemma's location tokens, the words in which a policy speaks of boxes.

A box is `<locYMIN><locXMIN><locYMAX><locXMAX>`: each edge a share of the picture from its top left corner, cut into
1024 steps, step = floor(1024 · edge), at most 1023, and read as step / 1024. `policy.text.boxes` speaks the same.
"""

from __future__ import annotations

import math
import re

from recordings.labels.label import BoxKey
from recordings.labels.view import EpisodeLabels

STEPS = 1024
_BOX = re.compile(r"\s*".join([r"<loc(\d{4})>"] * 4), re.ASCII)


def to_tokens(key: BoxKey) -> str:
    """Four tokens: y_min, x_min, y_max, x_max."""
    edges = (key.top, key.left, key.bottom, key.right)
    return "".join(f"<loc{min(math.floor(edge * STEPS), STEPS - 1):04d}>" for edge in edges)


def from_tokens(text: str, time_ns: int) -> BoxKey:
    """The box of four tokens, at a moment.

    Raises:
        ValueError: These are not four tokens from 0 to 1023, or the box has no area.
    """
    match = _BOX.fullmatch(text.strip())
    steps = [int(step) for step in match.groups()] if match is not None else []
    if len(steps) != 4 or max(steps) >= STEPS:
        raise ValueError(
            f"{text!r} is no box: it takes four tokens from <loc0000> to <loc1023>, for y_min, x_min, y_max and x_max"
        )
    top, left, bottom, right = (step / STEPS for step in steps)
    return BoxKey(time_ns, left, top, right, bottom)


def answer(labels: EpisodeLabels, camera: str, time_ns: int) -> str:
    """What a policy is taught to answer for a camera's picture: each box with its name and ` ; `, then the subtask.

    Texts lose what would end them there, `;` and `<`.
    """
    boxes = "".join(
        f"{to_tokens(key)} {_plain(box.text)}".rstrip() + " ; "
        for box, key in labels.boxes_at(camera, time_ns)
    )
    subtask = labels.subtask_at(time_ns)
    return (boxes + (_plain(subtask.text) if subtask is not None else "")).rstrip()


def _plain(text: str) -> str:
    return " ".join(text.replace(";", " ").replace("<", " ").split())
