"""From what the processes publish to what the window shows: pure functions, one for each view."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from app.robot.gate import GateMask, GatePhase
from app.session.view import BusView, CameraView, FrameView, GateView, RecordingView, TickView
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
    name: str, camera: Camera, newest: FrameView | None, figures: Mapping[str, Any]
) -> CameraView:
    """A camera by its newest picture's age here, and by the cameras process's figures, empty while it is lost."""
    age_ms = (time.monotonic_ns() - newest.time_ns) / 1e6 if newest is not None else float("inf")
    return CameraView(
        name=name,
        rate_hz=float(figures.get("rate_hz", 0.0)),
        age_ms=age_ms,
        dropped=int(figures.get("dropped", 0)),
        stale=age_ms > camera.stale_after_ms,
        width_px=camera.width_px,
        height_px=camera.height_px,
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


def bus_view(name: str, bus: Mapping[str, Any]) -> BusView:
    """A serial line by the robot's figures; NaN for a latency that JSON had no number for."""
    return BusView(
        name=name,
        connected=bus["connected"],
        reads=bus["reads"],
        retries=bus["retries"],
        failures=bus["failures"],
        latency_p50_ms=bus["latency_p50_ms"] if bus["latency_p50_ms"] is not None else float("nan"),
        latency_p99_ms=bus["latency_p99_ms"] if bus["latency_p99_ms"] is not None else float("nan"),
        last_error=bus["last_error"],
    )
