"""The whole check, finding by finding as they are made, so that a person sees it go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from drivers.cameras import SimulatedCameras
from drivers.check.bus import bus_findings
from drivers.check.cameras import camera_findings
from drivers.check.disk import disk_findings
from drivers.check.expected import expected_axes
from drivers.check.finding import Finding
from drivers.profile.schema import RobotProfile


def run_check(
    profile: RobotProfile,
    *,
    resolve_port: Callable[[str], str],
    simulated_cameras: SimulatedCameras | None = None,
    data_dir: Path | None = None,
) -> Iterator[Finding]:
    """Look at every device of a robot. Sends pings and reads only: nothing moves, and torque stays as it is.

    Takes a second or two for each bus with a servo missing, and one second for the cameras.

    Args:
        profile: the robot. A simulated one needs its world running.
        resolve_port: from a profile's `port`, such as `sim:left_leader` or a device path, to the path to open.
        simulated_cameras: makes simulated cameras; without it they are named and not measured.
        data_dir: where recordings go; without it the disk is not looked at.

    Yields:
        Findings in the profile's order: buses with their servos, cameras, disk.
    """
    axes = expected_axes(profile)
    for name, bus in profile.buses.items():
        yield from bus_findings(name, bus, axes[name], path=resolve_port(bus.port))
    yield from camera_findings(profile.cameras, simulated=simulated_cameras)
    if data_dir is not None:
        yield from disk_findings(data_dir)
