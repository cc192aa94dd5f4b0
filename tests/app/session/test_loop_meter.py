"""The loop's health: its true rate, its worst tick, and a new beginning with a new robot process."""

from __future__ import annotations

import numpy as np
import pytest

from app.dataplane.layouts import tick_layout
from app.session.loop_meter import LoopMeter

PERIOD_NS = 20_000_000


def feed(meter: LoopMeter, *, ticks: range, start_ns: int, late_ms: float = 0.1) -> None:
    row = np.zeros(1, tick_layout(2))
    for tick in ticks:
        row["tick"], row["action_time_ns"] = tick, start_ns + tick * PERIOD_NS
        row["lateness_ns"], row["late_ticks"] = late_ms * 1e6, 3
        meter.take(row[0])


def test_the_rate_counts_ticks_that_were_not_heard() -> None:
    meter = LoopMeter()
    assert meter.view(realtime=True).rate_hz == 0.0
    feed(meter, ticks=range(0, 60, 3), start_ns=10**9)
    view = meter.view(realtime=True)
    assert view.rate_hz == pytest.approx(50.0)
    assert (view.ticks, view.late_ticks, view.realtime) == (58, 3, True)


def test_a_new_robot_process_is_measured_by_itself() -> None:
    meter = LoopMeter()
    feed(meter, ticks=range(500), start_ns=10**9, late_ms=7.0)
    assert meter.view(realtime=False).max_lateness_ms == pytest.approx(7.0)
    feed(meter, ticks=range(20), start_ns=20 * 10**9)
    view = meter.view(realtime=False)
    assert view.rate_hz == pytest.approx(50.0)
    assert view.ticks == 20
    assert view.max_lateness_ms == pytest.approx(0.1)
