"""Make-believe figures of a robot's servos, lines and cameras, as a healthy one has them."""

from __future__ import annotations

import math
import time
from dataclasses import replace

from app.gui.robot.groups import SHADOW, Group, Place, servo_groups
from app.session.view import BusView, CameraView, FaultView, ServoView, Snapshot
from drivers.profile.schema import RobotProfile

OVERLOAD = FaultView(
    "overload",
    "overload on servo 5 (left elbow shadow): 11.2 V, 61 °C",
    "take the load off the joint, then reboot the servo",
    needs_reboot=True,
)
SILENT = FaultView(
    "silent",
    "no reply from servo 5 (left elbow shadow)",
    "check its cable and power; it is taken up again by itself",
)


def healthy_servos(profile: RobotProfile) -> tuple[ServoView, ...]:
    """Every servo of a profile: warm, powered where it follows, a little loaded."""
    polled_ns = time.monotonic_ns() - 300_000_000
    return tuple(
        ServoView(
            bus=place.pick.name,
            id=place.pick.servo_id,
            label=f"{group.title.removesuffix(' arm')} {_part(group, place)}",
            wanted=not place.leader,
            torque_on=not place.leader,
            position_ticks=2048 + 37 * number,
            load=0.0 if place.leader else 0.07 * (number % 5),
            current_a=0.0 if place.leader else 0.28 * (number % 5),
            current_limit_a=4.0,
            temperature_c=32.0 + (0 if place.leader else number % 9),
            max_temperature_c=80.0,
            voltage_v=12.1,
            min_voltage_v=9.5,
            max_voltage_v=16.0,
            polled_ns=polled_ns,
        )
        for group in servo_groups(profile)
        for number, place in enumerate(group.places)
    )


def _part(group: Group, place: Place) -> str:
    at = group.places.index(place)
    return f"{group.places[at - 1].part} shadow" if place.part == SHADOW else place.part


def with_servo(snapshot: Snapshot, bus: str, servo_id: int, **changes: object) -> Snapshot:
    """The snapshot with one servo changed."""
    servos = tuple(
        replace(servo, **changes) if (servo.bus, servo.id) == (bus, servo_id) else servo  # type: ignore[arg-type]
        for servo in snapshot.servos
    )
    return replace(snapshot, servos=servos)


def with_latencies(bus: BusView, *, around_ms: float) -> BusView:
    """The line with a histogram of ten seconds around a latency."""
    bins = 41
    centre = around_ms / bus.latency_bin_ms
    counts = tuple(round(180 * math.exp(-(((number - centre) / 1.3) ** 2))) for number in range(bins - 1))
    return replace(
        bus,
        latency_counts=(*counts, 1),
        latency_p50_ms=around_ms,
        latency_p95_ms=1.6 * around_ms,
        latency_p99_ms=2.1 * around_ms,
        latency_max_ms=2.6 * around_ms,
        fast_sync_read=True,
    )


def with_intervals(camera: CameraView) -> CameraView:
    """The camera with two seconds of intervals, one of them long."""
    usual = [33.3 + (number % 3 - 1) * 1.2 for number in range(58)]
    usual[40] = 66.7
    newest_ns = time.monotonic_ns() - 21_000_000
    return replace(camera, wanted_hz=30.0, newest_ns=newest_ns, skew_ms=4.2, intervals_ms=tuple(usual))
