"""Where the pictures go: the front camera as large as it can be, the others in a row below it or a column beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui import tokens
from app.gui.widgets.camera_tile import CameraTile
from app.session.view import FrameView, Snapshot

_SHARES = tuple(share / 100 for share in range(16, 46, 2))
_FRONT_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels."""

    left: int
    top: int
    width: int
    height: int


def arrange(width: int, height: int, aspects: Sequence[float], *, gap: int) -> list[Box]:
    """Boxes for one main picture and its companions that leave the least of the area empty.

    Tries a row below the main picture and a column beside it, with several shares of the space, and takes the one
    that shows the most picture, the main one counting double.

    Args:
        width: of the whole area, in pixels.
        height: of the whole area, in pixels.
        aspects: width over height of each picture, the main one first.
        gap: pixels between boxes.
    """
    if len(aspects) < 2:
        return [Box(0, 0, width, height)] * len(aspects)
    candidates = [
        boxes
        for share in _SHARES
        for boxes in (
            _with_row(width, height, len(aspects) - 1, round(share * height), gap),
            _with_column(width, height, len(aspects) - 1, round(share * width), gap),
        )
    ]
    return max(candidates, key=lambda boxes: _shown(boxes, aspects))


def _with_row(width: int, height: int, others: int, row: int, gap: int) -> list[Box]:
    edges = [round(i * (width + gap) / others) for i in range(others + 1)]
    below = [Box(left, height - row, right - left - gap, row) for left, right in pairwise(edges)]
    return [Box(0, 0, width, height - row - gap), *below]


def _with_column(width: int, height: int, others: int, column: int, gap: int) -> list[Box]:
    edges = [round(i * (height + gap) / others) for i in range(others + 1)]
    beside = [Box(width - column, top, column, bottom - top - gap) for top, bottom in pairwise(edges)]
    return [Box(0, 0, width - column - gap, height), *beside]


def _shown(boxes: Sequence[Box], aspects: Sequence[float]) -> float:
    areas = [
        min(box.width, box.height * aspect) * min(box.height, box.width / aspect)
        for box, aspect in zip(boxes, aspects, strict=True)
    ]
    return _FRONT_WEIGHT * areas[0] + sum(areas[1:])


class CameraGrid(QWidget):
    """The tiles of a robot's cameras."""

    def __init__(self, tiles: Sequence[CameraTile]) -> None:
        super().__init__()
        self.tiles = tuple(tiles)
        for tile in self.tiles:
            tile.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(tokens.steps(80), tokens.steps(50))

    def apply(self, snapshot: Snapshot, frames: dict[str, FrameView | None]) -> None:
        """Show the newest pictures, and edge the main one in the mode's hue."""
        views = {view.name: view for view in snapshot.cameras}
        for tile in self.tiles:
            tile.apply(views.get(tile.name), frames.get(tile.name))
        if self.tiles:
            self.tiles[0].set_edge(tokens.MODE_LOOKS[snapshot.mode].hue)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Arrange the tiles anew."""
        boxes = arrange(
            self.width(), self.height(), [tile.aspect for tile in self.tiles], gap=tokens.steps(1)
        )
        for tile, box in zip(self.tiles, boxes, strict=True):
            tile.setGeometry(box.left, box.top, box.width, box.height)
