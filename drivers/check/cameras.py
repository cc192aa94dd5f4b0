"""The cameras: whether they open, at the right size, and how many pictures a second they really deliver together."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from drivers.cameras import Camera, CameraError, Frame, SimulatedCameras, camera_for
from drivers.cameras.kinds import SourceKind, source_kind
from drivers.cameras.look import BLACK_BELOW, brightest
from drivers.check.finding import Finding, fail, ok, warn
from drivers.profile.schema import Camera as CameraSpec

MEASURE_S = 1.0
SLOW_FRACTION = 0.8


def camera_findings(
    cameras: Mapping[str, CameraSpec], *, simulated: SimulatedCameras | None, measure_s: float = MEASURE_S
) -> Iterator[Finding]:
    """Open every camera, then measure them together, since they share the USB's bandwidth.

    Args:
        cameras: the profile's, by name.
        simulated: makes the simulated cameras; without it those are left out.
        measure_s: how long to count frames.
    """
    opened: dict[str, Camera] = {}
    try:
        for name, spec in cameras.items():
            if source_kind(spec.source) is SourceKind.SIMULATED and simulated is None:
                yield ok(
                    f"camera {name}",
                    "is simulated",
                    value=f"{spec.width_px}×{spec.height_px}, not measured here",
                )
                continue
            try:
                camera = camera_for(name, spec, simulated=simulated)
                camera.open()
            except CameraError as error:
                yield _failure(name, error)
            else:
                opened[name] = camera
        if opened:
            yield from _measured(opened, measure_s)
    finally:
        for camera in opened.values():
            camera.close()


def _measured(cameras: Mapping[str, Camera], measure_s: float) -> Iterator[Finding]:
    frames: dict[str, list[Frame]] = {name: [] for name in cameras}
    lost: dict[str, CameraError] = {}
    deadline = time.monotonic() + measure_s
    while time.monotonic() < deadline:
        for name, camera in cameras.items():
            if name in lost:
                continue
            try:
                frame = camera.read(0.01)
            except CameraError as error:
                lost[name] = error
                continue
            if frame is not None:
                frames[name].append(frame)
    for name, camera in cameras.items():
        yield _failure(name, lost[name]) if name in lost else _verdict(name, camera.spec, frames[name])


def _verdict(name: str, spec: CameraSpec, frames: list[Frame]) -> Finding:
    device = f"camera {name}"
    if len(frames) < 2:
        return fail(
            device,
            "opened and delivers nothing",
            value=f"{len(frames)} frames",
            remedy="unplug it and plug it in again, in a port of its own",
        )
    rate_hz = (len(frames) - 1) / (frames[-1].time_ns - frames[0].time_ns) * 1e9
    kind = "its own JPEG" if frames[-1].jpeg is not None else "decoded pictures"
    value = f"{spec.width_px}×{spec.height_px}, {rate_hz:.1f} of {spec.rate_hz:g} a second, {kind}"
    seen = brightest(frames[-1])
    if seen is None:
        return fail(
            device,
            "sends pictures that cannot be decoded",
            value=value,
            remedy="check its cable; try another port",
        )
    if rate_hz < SLOW_FRACTION * spec.rate_hz:
        remedy = (
            "give it light (dark pictures take longer), a USB port of its own, or a lower `rate_hz` or size"
        )
        return warn(device, "is slow", value=value, remedy=remedy)
    if seen < BLACK_BELOW:
        return warn(
            device,
            "sees nothing",
            value=f"{value}, black",
            remedy="take its cover off, or switch the light on",
        )
    return ok(device, "is well", value=value)


def _failure(name: str, error: CameraError) -> Finding:
    problem, _, remedy = str(error).removeprefix(f"camera {name}").lstrip(": ").partition("; ")
    return fail(
        f"camera {name}",
        problem,
        remedy=remedy or "check its cable, and the camera's `source` in the profile",
    )
