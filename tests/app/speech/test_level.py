"""The level of sound."""

from __future__ import annotations

import numpy as np
import pytest

from app.speech.level import Level, level_of


def test_a_level_tells_loudness_peak_and_clipping() -> None:
    assert level_of(np.zeros(480, np.int16)) == Level()
    tone = np.rint(16_384 * np.sin(np.arange(4800) * 2 * np.pi / 48)).astype(np.int16)
    level = level_of(tone)
    assert (level.rms_dbfs, level.peak_dbfs) == (
        pytest.approx(-9.03, abs=0.02),
        pytest.approx(-6.02, abs=0.02),
    )
    assert level.clipped == 0
    assert level_of(np.full(10, 32_767, np.int16)).clipped == 10
