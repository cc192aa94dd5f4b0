"""How well a bus does: counters and latencies, and each servo's last known condition."""

from __future__ import annotations

import math
from collections import deque

import msgspec

LATENCY_WINDOW = 500
"""Latencies kept for the percentiles: ten seconds at 50 reads a second."""


class BusHealth(msgspec.Struct, frozen=True, kw_only=True):
    """A bus's health at one moment, ready to be sent or shown.

    Attributes:
        connected: whether the bus is open and answering.
        fast_sync_read: whether its servos answer the fast kind of sync read.
        reads: state reads asked for, one a tick.
        retries: state reads asked for again in the same tick.
        failures: state reads that lacked at least one servo after all tries.
        corrupted: packets that arrived with a wrong checksum or length.
        writes: packets of goals and settings sent.
        latency_p50_ms, latency_p95_ms, latency_p99_ms, latency_max_ms: from request to last reply, over the last
            `LATENCY_WINDOW` reads; NaN before the first.
        silent_servos: ids that do not answer now.
        last_error: the latest failure in words.
        last_error_ns: when it happened, monotonic; 0 when never.
        lost_since_ns: when the bus was lost, monotonic; None while it is connected.
        reconnect_attempts: tries to get it back since then.
        reconnects: how often it came back.
    """

    connected: bool
    fast_sync_read: bool
    reads: int = 0
    retries: int = 0
    failures: int = 0
    corrupted: int = 0
    writes: int = 0
    latency_p50_ms: float = float("nan")
    latency_p95_ms: float = float("nan")
    latency_p99_ms: float = float("nan")
    latency_max_ms: float = float("nan")
    silent_servos: tuple[int, ...] = ()
    last_error: str = ""
    last_error_ns: int = 0
    lost_since_ns: int | None = None
    reconnect_attempts: int = 0
    reconnects: int = 0


class ServoState(msgspec.Struct, frozen=True, kw_only=True):
    """A servo's condition as last polled.

    Attributes:
        bus: name of its bus.
        id: its id on the bus.
        label: what a person calls it.
        polled_ns: when the values below were read, monotonic; 0 when never.
        temperature_c: its own temperature.
        voltage_v: its supply.
        torque_on: whether it holds.
        hardware_error: the hardware-error byte; 0 when well.
        current_a: signed current as the servo counts it; NaN for models that do not measure it.
    """

    bus: str
    id: int
    label: str
    polled_ns: int = 0
    temperature_c: float = float("nan")
    voltage_v: float = float("nan")
    torque_on: bool = False
    hardware_error: int = 0
    current_a: float = float("nan")


class HealthCounters:
    """The counters behind `BusHealth`; they outlive a lost line, so one object serves a bus for the whole session."""

    def __init__(self) -> None:
        self.reads = 0
        self.retries = 0
        self.failures = 0
        self.corrupted = 0
        self.writes = 0
        self.reconnects = 0
        self.last_error = ""
        self.last_error_ns = 0
        self._latencies_ms: deque[float] = deque(maxlen=LATENCY_WINDOW)

    def add_latency(self, latency_ms: float) -> None:
        """Count one complete state read's time from request to last reply."""
        self._latencies_ms.append(latency_ms)

    def note_error(self, message: str, *, time_ns: int) -> None:
        """Keep the latest failure in words."""
        self.last_error, self.last_error_ns = message, time_ns

    def snapshot(
        self,
        *,
        connected: bool,
        fast_sync_read: bool,
        silent_servos: tuple[int, ...] = (),
        lost_since_ns: int | None = None,
        reconnect_attempts: int = 0,
    ) -> BusHealth:
        """The counters as a frozen value, with the percentiles computed now."""
        ordered = sorted(self._latencies_ms)
        return BusHealth(
            connected=connected,
            fast_sync_read=fast_sync_read,
            reads=self.reads,
            retries=self.retries,
            failures=self.failures,
            corrupted=self.corrupted,
            writes=self.writes,
            latency_p50_ms=_nearest_rank(ordered, 0.50),
            latency_p95_ms=_nearest_rank(ordered, 0.95),
            latency_p99_ms=_nearest_rank(ordered, 0.99),
            latency_max_ms=_nearest_rank(ordered, 1.0),
            silent_servos=silent_servos,
            last_error=self.last_error,
            last_error_ns=self.last_error_ns,
            lost_since_ns=lost_since_ns,
            reconnect_attempts=reconnect_attempts,
            reconnects=self.reconnects,
        )


def _nearest_rank(ordered: list[float], share: float) -> float:
    """The value that `share` of the ordered ones do not exceed; NaN when there are none."""
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else math.nan
