"""Arms as lines of points on the screen, for whoever draws one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF

LEAST_SPAN_M = 0.25
"""An arm that reaches less far than this, folded up, is not blown up to fill its area."""


def fitted(area: QRectF, *lines_m: NDArray[np.float64]) -> list[list[QPointF]]:
    """Lines moved and scaled alike, so that together they fill an area.

    Args:
        area: in pixels.
        lines_m: each (n, 2) in metres, to the right and up, as from `gate_drawing.on_paper`; one without points is
            none to fit, and stays so.
    """
    everything = np.concatenate(lines_m)
    if not len(everything):
        return [[] for _ in lines_m]
    low, high = everything.min(axis=0), everything.max(axis=0)
    span = np.maximum(high - low, LEAST_SPAN_M)
    scale = min(area.width() / span[0], area.height() / span[1])
    middle, centre = (low + high) / 2, area.center()
    return [
        [
            QPointF(centre.x() + (x - middle[0]) * scale, centre.y() - (y - middle[1]) * scale)
            for x, y in line.tolist()
        ]
        for line in lines_m
    ]
