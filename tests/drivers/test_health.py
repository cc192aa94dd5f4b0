"""The counters of a bus as they are sent."""

from __future__ import annotations

import math

import msgspec

from drivers.dynamixel.health import (
    LATENCY_BIN_MS,
    LATENCY_BINS,
    LATENCY_WINDOW,
    BusHealth,
    HealthCounters,
)


def test_percentiles_are_of_the_latest_reads_only() -> None:
    counters = HealthCounters()
    for _ in range(LATENCY_WINDOW):
        counters.add_latency(1000.0)
    for latency_ms in range(1, LATENCY_WINDOW + 1):
        counters.add_latency(float(latency_ms))
    health = counters.snapshot(connected=True, fast_sync_read=True)
    assert (health.latency_p50_ms, health.latency_p95_ms) == (250.0, 475.0)
    assert (health.latency_p99_ms, health.latency_max_ms) == (495.0, 500.0)


def test_percentiles_of_a_few_reads_are_reads() -> None:
    counters = HealthCounters()
    for latency_ms in (3.0, 1.0, 2.0):
        counters.add_latency(latency_ms)
    health = counters.snapshot(connected=True, fast_sync_read=True)
    assert (health.latency_p50_ms, health.latency_p95_ms, health.latency_max_ms) == (2.0, 3.0, 3.0)


def test_a_bus_never_read_has_no_latency_and_can_be_sent() -> None:
    health = HealthCounters().snapshot(connected=False, fast_sync_read=False, lost_since_ns=5)
    assert math.isnan(health.latency_p99_ms)
    sent = msgspec.msgpack.decode(msgspec.msgpack.encode(health), type=BusHealth)
    assert (sent.connected, sent.lost_since_ns) == (False, 5)


def test_the_latest_error_is_kept_with_its_time() -> None:
    counters = HealthCounters()
    counters.note_error("first", time_ns=1)
    counters.note_error("second", time_ns=2)
    health = counters.snapshot(connected=True, fast_sync_read=False)
    assert (health.last_error, health.last_error_ns) == ("second", 2)


def test_the_histogram_is_of_the_latest_reads_only_and_its_last_bin_is_open() -> None:
    counters = HealthCounters()
    for _ in range(3):
        counters.add_latency(0.1)
    for _ in range(LATENCY_WINDOW - 2):
        counters.add_latency(1.3)
    counters.add_latency(250.0)
    counts = counters.snapshot(connected=True, fast_sync_read=True).latency_counts
    assert len(counts) == LATENCY_BINS
    assert counts[0] == 1  # two of the first three have left the window
    assert counts[int(1.3 / LATENCY_BIN_MS)] == LATENCY_WINDOW - 2
    assert counts[-1] == 1
    assert sum(counts) == LATENCY_WINDOW
