"""Boxes in pixels and as shares of a picture: where one is drawn, and what a drag makes of it; free of Qt."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from recordings.labels import BoxKey

LEAST_SHARE = 0.01
"""A box's least width and height, as a share of the picture's."""

_DIGITS = 6
"""Kept of a share: a thousandth of a pixel in a picture a thousand wide, and half the length in the journal."""

Handle = tuple[int, int]
"""Which edges are held: -1 the left or the top one, 1 the right or the bottom one, 0 neither."""

HANDLES: tuple[Handle, ...] = ((-1, -1), (0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0))


@dataclass(frozen=True, slots=True)
class PictureArea:
    """Where a picture is drawn, in pixels of the widget that shows it."""

    left: float
    top: float
    width: float
    height: float

    def share_of(self, x: float, y: float) -> tuple[float, float]:
        """A pixel as shares of the picture, x to the right and y down; beyond 0 and 1 outside of it."""
        return (x - self.left) / self.width, (y - self.top) / self.height

    def edges_of(self, key: BoxKey) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of a box in pixels."""
        return (
            self.left + key.left * self.width,
            self.top + key.top * self.height,
            self.left + key.right * self.width,
            self.top + key.bottom * self.height,
        )

    def handle_at(self, key: BoxKey, handle: Handle) -> tuple[float, float]:
        """Where a box's handle is, in pixels."""
        left, top, right, bottom = self.edges_of(key)
        across, down = handle
        return left + (across + 1) / 2 * (right - left), top + (down + 1) / 2 * (bottom - top)


def spanned(time_ns: int, one: tuple[float, float], other: tuple[float, float]) -> BoxKey | None:
    """The box between two points, as far as it lies in the picture; None for one that is too small."""
    (left, right), (top, bottom) = (sorted((_within(a), _within(b))) for a, b in zip(one, other, strict=True))
    if right - left < LEAST_SHARE or bottom - top < LEAST_SHARE:
        return None
    return BoxKey(time_ns, left, top, right, bottom)


def moved(key: BoxKey, across: float, down: float) -> BoxKey:
    """A box moved by shares of the picture, as far as it stays in it."""
    across = min(max(across, -key.left), 1 - key.right)
    down = min(max(down, -key.top), 1 - key.bottom)
    return msgspec.structs.replace(
        key,
        left=_within(key.left + across),
        right=_within(key.right + across),
        top=_within(key.top + down),
        bottom=_within(key.bottom + down),
    )


def resized(key: BoxKey, handle: Handle, across: float, down: float) -> BoxKey:
    """A box with the edges of a handle moved by shares of the picture; they stop short of those across from them."""
    left, right = _edges(key.left, key.right, handle[0], across)
    top, bottom = _edges(key.top, key.bottom, handle[1], down)
    return msgspec.structs.replace(key, left=left, right=right, top=top, bottom=bottom)


def _edges(low: float, high: float, which: int, by: float) -> tuple[float, float]:
    least = min(LEAST_SHARE, high - low)
    if which < 0:
        low = _within(min(low + by, high - least))
    elif which > 0:
        high = _within(max(high + by, low + least))
    return low, high


def _within(share: float) -> float:
    return round(min(max(share, 0.0), 1.0), _DIGITS)
