"""What the operator's feet want is believed only while a hand is on it, fresh, and made of numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.dataplane.layouts import INPUTS
from app.robot.arbiter import Inputs
from app.robot.feet import believed_inputs

SENT_NS = 5_000_000_000
LIMIT_MS = 200.0


def inputs(*, age_ms: float = 10.0, dead_man: float = 1, vx: float = 0.2, lift_m_s: float = 0.05) -> Inputs:
    row = np.zeros(1, INPUTS)
    row[0] = (SENT_NS, (vx, -0.1, 0.4), lift_m_s, dead_man)
    return believed_inputs(row[0], now_ns=SENT_NS + round(age_ms * 1e6), limit_ms=LIMIT_MS)


def test_fresh_inputs_under_a_hand_are_passed_on() -> None:
    assert inputs() == Inputs(twist=(0.2, -0.1, 0.4), lift_m_s=0.05, dead_man=True)
    assert inputs(age_ms=LIMIT_MS) != Inputs()


@pytest.mark.parametrize(
    "doubt",
    [
        {"age_ms": LIMIT_MS + 1},
        {"age_ms": -1.0},
        {"dead_man": 0},
        {"vx": math.nan},
        {"vx": math.inf},
        {"lift_m_s": math.nan},
    ],
)
def test_anything_else_is_a_standstill(doubt: dict[str, float]) -> None:
    assert inputs(**doubt) == Inputs()
