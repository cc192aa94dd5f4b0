"""Which boxes are to be seen in a camera's picture, and how; free of Qt."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum

from app.gui.labels.box_geometry import HANDLES, Handle, PictureArea
from recordings.labels import BoxKey, BoxLabel, EpisodeLabels
from recordings.labels.boxes import key_near

REACH_PX = 7
"""How near the pointer must be to a handle."""

_ROOMY_PX = 36


class Standing(StrEnum):
    """What a frame is to a box."""

    KEY = "key"
    BETWEEN = "between"
    AWAY = "away"
    """Before its first key frame, after its last, or where its object is out of view."""


@dataclass(frozen=True, slots=True)
class ShownBox:
    """A box as it is drawn over one stored frame.

    Attributes:
        box_id: which.
        text: what the object is.
        key: where it is; away from the frame, where it is nearest before it.
        standing: what the frame is to it.
        chosen: edits are about it.
    """

    box_id: str
    text: str
    key: BoxKey
    standing: Standing
    chosen: bool


def shown_boxes(
    labels: EpisodeLabels, camera: str, frame_ns: int, *, chosen_id: str = ""
) -> tuple[ShownBox, ...]:
    """The boxes in a stored frame, large ones first and the chosen one last.

    The chosen one is there even in frames that it is not in, so that it can be carried on to them.
    """
    found = [
        _shown(box, key, frame_ns, chosen=box.id == chosen_id)
        for box, key in labels.boxes_at(camera, frame_ns)
    ]
    chosen = labels.by_id.get(chosen_id)
    if isinstance(chosen, BoxLabel) and chosen.camera == camera and not any(box.chosen for box in found):
        found.append(ShownBox(chosen.id, chosen.text, key_near(chosen, frame_ns), Standing.AWAY, True))
    return tuple(sorted(found, key=lambda box: (box.chosen, -_size(box.key))))


def boxes_under(boxes: tuple[ShownBox, ...], area: PictureArea, x: float, y: float) -> tuple[ShownBox, ...]:
    """The boxes that a pixel lies in, the smallest first."""
    across, down = area.share_of(x, y)
    under = [
        box
        for box in boxes
        if box.key.left <= across <= box.key.right and box.key.top <= down <= box.key.bottom
    ]
    return tuple(sorted(under, key=lambda box: _size(box.key)))


def handles_of(key: BoxKey, area: PictureArea) -> tuple[Handle, ...]:
    """The handles that a box has room for: always those at its corners, one amid each edge that is long enough."""
    left, top, right, bottom = area.edges_of(key)
    wide, high = right - left >= _ROOMY_PX, bottom - top >= _ROOMY_PX
    return tuple(handle for handle in HANDLES if all(handle) or (wide if handle[0] == 0 else high))


def handle_under(key: BoxKey, area: PictureArea, x: float, y: float) -> Handle | None:
    """The handle of a box that a pixel is near enough to; however small the box, its middle third is none's."""
    left, top, right, bottom = area.edges_of(key)
    aside, above = min(REACH_PX, (right - left) / 3), min(REACH_PX, (bottom - top) / 3)
    if left + aside < x < right - aside and top + above < y < bottom - above:
        return None
    off = {handle: _off(area.handle_at(key, handle), x, y) for handle in handles_of(key, area)}
    nearest = min(off, key=lambda handle: off[handle])
    return nearest if off[nearest] <= REACH_PX else None


def _shown(box: BoxLabel, key: BoxKey, frame_ns: int, *, chosen: bool) -> ShownBox:
    before = box.keys[bisect_right(box.keys, frame_ns, key=lambda other: other.time_ns) - 1]
    is_key = before.time_ns == frame_ns
    return ShownBox(box.id, box.text, key, Standing.KEY if is_key else Standing.BETWEEN, chosen)


def _size(key: BoxKey) -> float:
    return (key.right - key.left) * (key.bottom - key.top)


def _off(place: tuple[float, float], x: float, y: float) -> float:
    return max(abs(place[0] - x), abs(place[1] - y))
