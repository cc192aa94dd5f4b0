"""From what the processes publish to what the window shows: pure functions, one for each view."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from app.robot.gate import GateMask, GatePhase
from app.session.view import (
    BusView,
    CameraView,
    FaultView,
    FrameView,
    GateView,
    RecordingView,
    ServoView,
    SpeechView,
    TickView,
)
from drivers.profile.schema import Camera


def tick_view(row: np.void) -> TickView:
    """The vectors of a tick, in the layout of `app.dataplane.layouts`."""
    return TickView(
        time_ns=int(row["time_ns"]),
        position=row["position"].copy(),
        velocity=row["velocity"].copy(),
        effort=row["effort"].copy(),
        requested=row["requested"].copy(),
        sent=row["sent"].copy(),
        leader=row["leader"].copy(),
    )


def gate_view(row: np.void, mask: GateMask) -> GateView | None:
    """The way into following as a tick tells it; None while nobody is on it."""
    phase = GatePhase(int(row["gate_phase"]))
    if phase in (GatePhase.CLOSED, GatePhase.FOLLOWING):
        return None
    error = np.where(mask.compared, row["leader"] - row["sent"], np.float32(np.nan))
    return GateView(phase.name.lower(), error, row["gate_within"].copy(), float(row["gate_ramp"]))


def camera_view(
    name: str,
    camera: Camera,
    newest: FrameView | None,
    figures: Mapping[str, Any],
    ticks_ns: Collection[int] = (),
) -> CameraView:
    """A camera by its newest picture's age here, and by the cameras process's figures, empty while it is lost.

    Args:
        name: of the camera.
        camera: as the profile has it.
        newest: its newest picture, if any.
        figures: the cameras process's.
        ticks_ns: when the newest ticks' positions were read, for the skew of the picture against them.
    """
    age_ms = (time.monotonic_ns() - newest.time_ns) / 1e6 if newest is not None else float("inf")
    stale = age_ms > camera.stale_after_ms
    skew_ms = math.nan
    if newest is not None and ticks_ns and not stale:
        skew_ms = min((newest.time_ns - tick_ns for tick_ns in ticks_ns), key=abs) / 1e6
    return CameraView(
        name=name,
        rate_hz=float(figures.get("rate_hz", 0.0)),
        age_ms=age_ms,
        dropped=int(figures.get("dropped", 0)),
        stale=stale,
        width_px=camera.width_px,
        height_px=camera.height_px,
        wanted_hz=camera.rate_hz,
        newest_ns=newest.time_ns if newest is not None else 0,
        skew_ms=skew_ms,
        lost=int(figures.get("lost", 0)),
        reopened=int(figures.get("reopened", 0)),
        intervals_ms=tuple(figures.get("intervals_ms", ())),
        can_reopen="is_open" in figures,
        is_black=bool(figures.get("is_black", False)),
        error=figures.get("error", ""),
    )


def recording_view(detail: Mapping[str, Any]) -> RecordingView | None:
    """The running episode by the recorder's figures; None while there is none."""
    if not detail.get("episode_id"):
        return None
    return RecordingView(
        episode_id=detail["episode_id"],
        task=detail["task"],
        started_ns=detail["started_ns"],
        duration_s=(time.monotonic_ns() - detail["started_ns"]) / 1e9,
        rows=detail["rows"],
        frames=detail["frames"],
        dropped=detail["dropped"],
        bytes_written=detail["bytes_written"],
    )


def speech_view(detail: Mapping[str, Any]) -> SpeechView:
    """The ear for spoken words by the speech process's figures, empty while it is starting or lost."""
    if not detail:
        return SpeechView()
    state = "hushed" if detail["hushed"] else "listening"
    return SpeechView(
        state=state if detail["microphone"] else "no microphone" if detail["trouble"] else "starting",
        device=detail["microphone"],
        trouble=detail["trouble"],
        devices=tuple(detail["devices"]),
        rms_dbfs=detail["rms_dbfs"],
        peak_dbfs=detail["peak_dbfs"],
        clipped=detail["clipped"],
        hearing=detail["hearing"],
        words=tuple(detail["words"]),
        last_word=detail["last_word"],
        last_word_ns=detail["last_word_ns"],
    )


def bus_view(name: str, bus: Mapping[str, Any], faults: Collection[Mapping[str, Any]] = ()) -> BusView:
    """A serial line by the robot's figures.

    Args:
        name: of the bus.
        bus: its `BusHealth` as JSON has it.
        faults: every `Fault` of the robot.
    """
    return BusView(
        name=name,
        connected=bus["connected"],
        reads=bus["reads"],
        retries=bus["retries"],
        failures=bus["failures"],
        latency_p50_ms=_number(bus["latency_p50_ms"]),
        latency_p99_ms=_number(bus["latency_p99_ms"]),
        last_error=bus["last_error"],
        latency_p95_ms=_number(bus["latency_p95_ms"]),
        latency_max_ms=_number(bus["latency_max_ms"]),
        corrupted=bus["corrupted"],
        reconnects=bus["reconnects"],
        fast_sync_read=bus["fast_sync_read"],
        latency_counts=tuple(bus["latency_counts"]),
        silent_servos=tuple(bus["silent_servos"]),
        faults=_faults_of(faults, name, None),
    )


def servo_view(servo: Mapping[str, Any], faults: Collection[Mapping[str, Any]]) -> ServoView:
    """A servo by the robot's figures.

    Args:
        servo: its `ServoState` as JSON has it.
        faults: every `Fault` of the robot.
    """
    return ServoView(
        bus=servo["bus"],
        id=servo["id"],
        label=servo["label"],
        answers=servo["answers"],
        in_hand=servo["in_hand"],
        wanted=servo["wanted"],
        torque_on=servo["torque_on"],
        position_ticks=servo["position_ticks"],
        load=_number(servo["load"]),
        current_a=_number(servo["current_a"]),
        current_limit_a=_number(servo["current_limit_a"]),
        temperature_c=_number(servo["temperature_c"]),
        max_temperature_c=_number(servo["max_temperature_c"]),
        voltage_v=_number(servo["voltage_v"]),
        min_voltage_v=_number(servo["min_voltage_v"]),
        max_voltage_v=_number(servo["max_voltage_v"]),
        polled_ns=servo["polled_ns"],
        faults=_faults_of(faults, servo["bus"], servo["id"]),
    )


def _faults_of(
    faults: Collection[Mapping[str, Any]], bus: str, servo_id: int | None
) -> tuple[FaultView, ...]:
    return tuple(
        FaultView(fault["code"], fault["message"], fault["remedy"], fault["needs_reboot"])
        for fault in faults
        if fault["bus"] == bus and fault["servo_id"] == servo_id
    )


def _number(value: float | None) -> float:
    """NaN for what JSON had no number for."""
    return math.nan if value is None else value
