"""The figures of servos, lines and cameras as names and values, in words."""

from __future__ import annotations

import math

from app.gui.robot.cell import servo_position
from app.gui.robot.groups import Place
from app.gui.wording import age, amount, millis, plain_name
from app.session.view import BusView, CameraView, ServoView, Snapshot

Facts = list[tuple[str, str]]
"""Name and value."""


def extremes(snapshot: Snapshot) -> Facts:
    """The servos, line and camera that are nearest to trouble, while there is none."""
    facts: Facts = []
    warm = [servo for servo in snapshot.servos if math.isfinite(servo.temperature_c)]
    if warm:
        hottest = max(warm, key=lambda servo: servo.temperature_c)
        facts.append(("Warmest", f"{hottest.label}, {hottest.temperature_c:.0f} °C"))
        lowest = min(warm, key=lambda servo: servo.voltage_v)
        facts.append(("Lowest supply", f"{lowest.label}, {lowest.voltage_v:.1f} V"))
    loaded = [servo for servo in snapshot.servos if math.isfinite(servo.load)]
    if loaded:
        most = max(loaded, key=lambda servo: abs(servo.load))
        facts.append(("Greatest load", f"{most.label}, {abs(most.load):.0%}"))
    read = [bus for bus in snapshot.buses if math.isfinite(bus.latency_p99_ms)]
    if read:
        slowest = max(read, key=lambda bus: bus.latency_p99_ms)
        facts.append(("Slowest line", f"{plain_name(slowest.name)}, 99 % in {slowest.latency_p99_ms:.1f} ms"))
    return facts


def servo_facts(place: Place, servo: ServoView, snapshot: Snapshot) -> Facts:
    """A servo's figures, name and value."""
    ticks = "" if servo.position_ticks is None else f"{servo.position_ticks} ticks"
    stands = servo_position(place, servo, snapshot)
    load = "not measured" if math.isnan(servo.load) else f"{abs(servo.load):.0%} of its full load"
    if math.isfinite(servo.current_a) and math.isfinite(servo.load):
        load = f"{abs(servo.current_a):.2f} of {servo.current_limit_a:.2f} A, {abs(servo.load):.0%}"
    torque = "on" if servo.torque_on else "off, let go"
    if servo.torque_on != servo.wanted:
        torque = "off, and it should hold" if servo.wanted else "on, and it should be let go"
    return [
        ("Servo", f"{servo.id} on {plain_name(servo.bus)}"),
        ("Position", stands if stands == ticks or not ticks else f"{stands}, {ticks}"),
        ("Load", load),
        ("Temperature", _of(servo.temperature_c, "°C", f"stops at {servo.max_temperature_c:.0f}", 0)),
        (
            "Voltage",
            _of(servo.voltage_v, "V", f"bears {servo.min_voltage_v:.1f} to {servo.max_voltage_v:.1f}", 1),
        ),
        ("Torque", torque),
        ("Asked", f"{age((snapshot.time_ns - servo.polled_ns) / 1e6)} ago" if servo.polled_ns else "not yet"),
    ]


def bus_facts(bus: BusView) -> Facts:
    """A line's figures, name and value."""
    return [
        ("State", "connected" if bus.connected else "lost"),
        ("Reads", f"{amount(bus.reads)}, {'fast' if bus.fast_sync_read else 'plain'} sync read"),
        ("Asked again", amount(bus.retries)),
        ("Failed", amount(bus.failures)),
        ("Corrupted", amount(bus.corrupted)),
        ("Reconnected", "never" if not bus.reconnects else f"{amount(bus.reconnects)} times"),
        ("Silent servos", ", ".join(map(str, bus.silent_servos)) or "none"),
        ("Median, 95 %", f"{millis(bus.latency_p50_ms, 2)}, {millis(bus.latency_p95_ms, 2)}"),
        ("99 %, worst", f"{millis(bus.latency_p99_ms, 2)}, {millis(bus.latency_max_ms, 2)}"),
        ("Last error", bus.last_error or "none"),
    ]


def camera_facts(camera: CameraView, snapshot: Snapshot) -> Facts:
    """A camera's figures, name and value."""
    skew = "not known" if math.isnan(camera.skew_ms) else f"{camera.skew_ms:+.1f} ms".replace("-", "−")
    spread = spread_ms(snapshot)
    return [
        ("Picture", f"{camera.width_px} × {camera.height_px}"),
        ("Rate", f"{camera.rate_hz:.1f} of {camera.wanted_hz:.0f} Hz"),
        ("Age", age(camera.age_ms) if math.isfinite(camera.age_ms) else "no picture yet"),
        ("Skew to joints", skew),
        ("All cameras", "–" if math.isnan(spread) else f"within {spread:.0f} ms"),
        ("Dropped", amount(camera.dropped)),
        ("Lost", amount(camera.lost)),
        ("Reopened", "never" if not camera.reopened else f"{amount(camera.reopened)} times"),
    ]


def _of(value: float, unit: str, bears: str, digits: int) -> str:
    if math.isnan(value):
        return "not known yet"
    return f"{value:.{digits}f} {unit}" + ("" if "nan" in bears else f", {bears}")


def timing_words(camera: CameraView) -> str:
    """Rate, age and skew: "30.0 Hz  21 ms  +3 ms"."""
    if not math.isfinite(camera.age_ms):
        return "no picture yet"
    aged = f"{camera.age_ms:.0f} ms" if camera.age_ms < 1000 else f"{camera.age_ms / 1000:.1f} s"
    skew = "–" if math.isnan(camera.skew_ms) else f"{camera.skew_ms:+.0f} ms".replace("-", "−")
    return f"{camera.rate_hz:.1f} Hz  {aged}  {skew}"


def spread_ms(snapshot: Snapshot) -> float:
    """How far apart the newest pictures of the cameras that deliver were taken; NaN with fewer than two."""
    times = [camera.newest_ns for camera in snapshot.cameras if not camera.stale and camera.newest_ns]
    return (max(times) - min(times)) / 1e6 if len(times) > 1 else math.nan


def latency_words(bus: BusView) -> str:
    """The median, the 95th and the 99th percentile: "0.6  1.1  1.4 ms"."""
    if math.isnan(bus.latency_p50_ms):
        return "no read yet"
    return f"{bus.latency_p50_ms:.1f}  {bus.latency_p95_ms:.1f}  {bus.latency_p99_ms:.1f} ms"
