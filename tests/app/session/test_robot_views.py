"""What the robot process tells of lines and servos, as the window gets it."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from app.session.compose import camera_view
from app.session.robot_views import RobotViews
from app.session.view import FrameView
from drivers.dynamixel.health import HealthCounters
from drivers.measurement import Fault, ServoState
from drivers.profile.schema import Camera
from tests.support.fake_session import painted_image

OVERLOAD = Fault(
    bus="arm",
    servo_id=5,
    label="left elbow",
    code="overload",
    message="overload on servo 5",
    remedy="reboot it",
    needs_reboot=True,
)
WATCHDOG = Fault(
    bus="arm", servo_id=None, label="arm", code="watchdog", message="tripped", remedy="nothing to do"
)


def figures(
    *, health_ns: int = 1, faults: tuple[Fault, ...] = (), latency_ms: float | None = None
) -> dict[str, Any]:
    """As they come out of the heartbeat."""
    counters = HealthCounters()
    if latency_ms is not None:
        counters.add_latency(latency_ms)
    detail = {
        "health_ns": health_ns,
        "buses": {"arm": counters.snapshot(connected=True, fast_sync_read=True, silent_servos=(7,))},
        "servos": [
            ServoState(bus="arm", id=5, label="left elbow", answers=True, position_ticks=2100, load=0.25),
            ServoState(bus="arm", id=7, label="left wrist"),
        ],
        "faults": faults,
    }
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(detail))
    return decoded


def test_figures_become_views_with_their_faults() -> None:
    views = RobotViews()
    views.take(figures(faults=(OVERLOAD, WATCHDOG), latency_ms=1.3))
    elbow, wrist = views.servos
    assert (elbow.position_ticks, elbow.load, elbow.answers) == (2100, 0.25, True)
    assert [(fault.code, fault.needs_reboot) for fault in elbow.faults] == [("overload", True)]
    assert (wrist.position_ticks, math.isnan(wrist.load), wrist.faults) == (None, True, ())
    (bus,) = views.buses
    assert [fault.code for fault in bus.faults] == ["watchdog"]
    assert (bus.latency_counts[5], sum(bus.latency_counts)) == (1, 1)
    assert (bus.latency_p95_ms, bus.silent_servos, bus.fast_sync_read) == (1.3, (7,), True)


def test_views_are_made_anew_only_with_new_figures_and_go_with_the_process() -> None:
    views = RobotViews()
    views.take(figures(health_ns=1))
    servos = views.servos
    views.take(figures(health_ns=1, faults=(OVERLOAD,)))
    assert views.servos is servos
    views.take(figures(health_ns=2, faults=(OVERLOAD,)))
    assert views.servos[0].faults
    assert math.isnan(views.buses[0].latency_p50_ms)
    views.take({})
    assert (views.servos, views.buses) == ((), ())


def test_a_camera_is_held_against_the_nearest_tick() -> None:
    camera = Camera(source="sim", width_px=32, height_px=24, stale_after_ms=1e12)
    newest = FrameView("front", 1_007_000_000, 1, painted_image(32, 24, tint=0))
    ticks_ns = (980_000_000, 1_000_000_000, 1_020_000_000)
    told = {"rate_hz": 30.0, "intervals_ms": [33.3, 33.4], "is_open": True, "lost": 2, "reopened": 1}
    view = camera_view("front", camera, newest, told, ticks_ns)
    assert (view.skew_ms, view.newest_ns, view.can_reopen) == (7.0, 1_007_000_000, True)
    assert (view.intervals_ms, view.lost, view.reopened) == ((33.3, 33.4), 2, 1)
    later = FrameView("front", 1_013_000_000, 2, newest.image)
    assert camera_view("front", camera, later, told, ticks_ns).skew_ms == -7.0
    assert math.isnan(camera_view("front", camera, None, {}, ticks_ns).skew_ms)
    assert math.isnan(camera_view("front", camera, newest, told, ()).skew_ms)
    assert not camera_view("front", camera, newest, {}, ticks_ns).can_reopen
