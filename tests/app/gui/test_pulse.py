from __future__ import annotations

import math
import time

from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.gui.pulse import Pulse


def test_the_distribution_of_stalls_tells_a_rare_long_one_from_the_common(qapp: QApplication) -> None:
    pulse = Pulse(interval_ms=33)
    assert math.isnan(pulse.stall_quantile_ms(0.5))
    pulse.probe(True)
    QTest.qWait(400)
    time.sleep(0.25)
    QTest.qWait(400)
    pulse.probe(False)
    assert 230 <= pulse.stall_quantile_ms(1.0) <= pulse.longest_stall_ms + 0.5
    assert pulse.stall_quantile_ms(0.5) < 100
    pulse.reset()
    assert math.isnan(pulse.stall_quantile_ms(1.0))


def test_stalls_beyond_the_last_bin_read_as_the_longest(qapp: QApplication) -> None:
    pulse = Pulse(interval_ms=33)
    pulse.probe(True)
    time.sleep(1.3)
    QTest.qWait(50)
    pulse.probe(False)
    assert pulse.stall_quantile_ms(1.0) == pulse.longest_stall_ms > 1250
