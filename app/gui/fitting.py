"""Words that have to fit a place: broken into lines, and ended with an ellipsis where there are more than fit."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QFontMetrics


def fit(words: str, metrics: QFontMetrics, width_px: float) -> str:
    """One line of them; what is cut off at its end is told by an ellipsis."""
    return metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(width_px))


def fit_lines(words: str, metrics: QFontMetrics, width_px: float, *, most: int) -> tuple[str, ...]:
    """At most so many lines of them, broken between words; the last ends in an ellipsis where it is not the end."""
    lines: list[str] = []
    left = words.split(" ")
    while left and len(lines) < most - 1:
        count = 1
        while count < len(left) and metrics.horizontalAdvance(" ".join(left[: count + 1])) <= width_px:
            count += 1
        lines.append(fit(" ".join(left[:count]), metrics, width_px))
        left = left[count:]
    return (*lines, fit(" ".join(left), metrics, width_px)) if left else tuple(lines)
