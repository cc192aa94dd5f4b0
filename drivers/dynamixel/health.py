"""How well a bus does: counters and latencies, and each servo's last known condition."""

from __future__ import annotations

import math
from collections import deque

import msgspec

LATENCY_WINDOW = 500
"""Latencies kept for the percentiles: ten seconds at 50 reads a second."""
LATENCY_BIN_MS = 0.25
LATENCY_BINS = 41
"""Bins of the histogram: forty up to half a tick at 50 Hz, and one for everything slower."""


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
        latency_counts: how many of those reads fell into each of `LATENCY_BINS` bins of `LATENCY_BIN_MS`.
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
    latency_counts: tuple[int, ...] = ()
    silent_servos: tuple[int, ...] = ()
    last_error: str = ""
    last_error_ns: int = 0
    lost_since_ns: int | None = None
    reconnect_attempts: int = 0
    reconnects: int = 0


class ServoLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a servo's own settings let it bear before it shuts down, as read when it was set up.

    Attributes:
        max_temperature_c: above it the servo is overheated.
        min_voltage_v, max_voltage_v: its supply must lie between them.
        current_units: the most it draws, in its own unit; 0 on models that do not measure current.
    """

    max_temperature_c: float
    min_voltage_v: float
    max_voltage_v: float
    current_units: int


class ServoState(msgspec.Struct, frozen=True, kw_only=True):
    """A servo's condition: as last polled, and as read in the newest tick where it says so.

    Attributes:
        bus: name of its bus.
        id: its id on the bus.
        label: what a person calls it.
        answers: whether it answers now; a silent servo's values are those from before.
        in_hand: whether it is being set up now, as after a reboot.
        wanted: whether it is meant to have torque now.
        position_ticks: where it stood in the newest tick; None when it was not read in it.
        load: signed share of its current limit (of its full load, for models that do not measure current) in the newest
            tick; NaN when it was not read in it.
        current_limit_a: the most it may draw; NaN for models that do not measure current.
        max_temperature_c, min_voltage_v, max_voltage_v: see `ServoLimits`; NaN before it was first set up.
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
    answers: bool = False
    in_hand: bool = False
    wanted: bool = False
    position_ticks: int | None = None
    load: float = float("nan")
    current_limit_a: float = float("nan")
    max_temperature_c: float = float("nan")
    min_voltage_v: float = float("nan")
    max_voltage_v: float = float("nan")
    polled_ns: int = 0
    temperature_c: float = float("nan")
    voltage_v: float = float("nan")
    torque_on: bool = False
    hardware_error: int = 0
    current_a: float = float("nan")


class HealthCounters:
    """The counters behind `BusHealth`; they outlive a lost line, so one object serves a bus for the whole session.

    Attributes:
        limits: what each servo that was set up can bear, by id.
    """

    def __init__(self) -> None:
        self.reads = 0
        self.retries = 0
        self.failures = 0
        self.corrupted = 0
        self.writes = 0
        self.reconnects = 0
        self.last_error = ""
        self.last_error_ns = 0
        self.limits: dict[int, ServoLimits] = {}
        self._latencies_ms: deque[float] = deque()
        self._latency_counts = [0] * LATENCY_BINS

    def add_latency(self, latency_ms: float) -> None:
        """Count one complete state read's time from request to last reply."""
        self._latencies_ms.append(latency_ms)
        self._latency_counts[_bin_of(latency_ms)] += 1
        if len(self._latencies_ms) > LATENCY_WINDOW:
            self._latency_counts[_bin_of(self._latencies_ms.popleft())] -= 1

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
            latency_counts=tuple(self._latency_counts),
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


def _bin_of(latency_ms: float) -> int:
    """The bin of the histogram that a latency falls into."""
    return min(int(latency_ms / LATENCY_BIN_MS), LATENCY_BINS - 1)
