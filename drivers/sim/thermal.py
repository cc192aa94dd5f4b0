"""How a servo warms up: enough heat that a servo under load reads warmer, minutes later."""

from __future__ import annotations

import math
from typing import Final

AMBIENT_C: Final = 30.0
TIME_CONSTANT_S: Final = 240.0
RISE_C_PER_A2: Final = 6.0
"""Steady rise for each ampere squared: 3 A held for ever settle at 84 °C, just above the factory limit of 80 °C."""

_PERIOD_NS: Final = 100_000_000


class Winding:
    """One thermal mass, heated by the square of the current, cooled by the room."""

    def __init__(self, *, now_ns: int) -> None:
        self._rise_c = 2.0
        self._last_ns = now_ns

    def advance(self, current_a: float, *, now_ns: int) -> float:
        """Take in the present current, at most ten times a second; gives the temperature in °C."""
        elapsed_ns = now_ns - self._last_ns
        if elapsed_ns >= _PERIOD_NS:
            self._last_ns = now_ns
            steady_c = RISE_C_PER_A2 * current_a * current_a
            self._rise_c += (steady_c - self._rise_c) * -math.expm1(-elapsed_ns * 1e-9 / TIME_CONSTANT_S)
        return AMBIENT_C + self._rise_c
