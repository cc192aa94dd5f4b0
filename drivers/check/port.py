"""Whether a bus's port is there, free, and quick enough; and if not, what to do."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from pathlib import Path

from drivers.check.finding import Finding, fail, warn
from drivers.errors import DriverError, PortBusyError, PortMissingError, PortPermissionError
from drivers.holders import holders

SERIAL_LINKS = Path("/dev/serial/by-id")
USB_SERIAL_DEVICES = Path("/sys/bus/usb-serial/devices")

UDEV_RULE = 'ACTION=="add", SUBSYSTEM=="usb-serial", DRIVER=="ftdi_sio", ATTR{latency_timer}="1"'
"""Sets the timer of every FTDI adapter whenever one is plugged in; belongs into a file under /etc/udev/rules.d."""


def port_failure(device: str, path: str, error: DriverError) -> Finding:
    """Why a port could not be opened, with what this machine shows about it."""
    if isinstance(error, PortMissingError):
        present = serial_ports()
        nearest = difflib.get_close_matches(path, present, n=1, cutoff=0.5)
        hint = f"; perhaps {nearest[0]} is meant" if nearest else ""
        remedy = f"plug its adapter in, or correct the bus's `port` in the profile{hint}"
        return fail(
            device, f"has no port {path}", value=f"ports here: {', '.join(present) or 'none'}", remedy=remedy
        )
    if isinstance(error, PortBusyError):
        others = holders(path)
        value = f"held by {', '.join(map(str, others))}" if others else "held by another program"
        remedy = (
            "close that program, then check again"
            if others
            else f"find it with `sudo fuser -v {path}` and close it"
        )
        return fail(device, f"cannot have {path}", value=value, remedy=remedy)
    if isinstance(error, PortPermissionError):
        group = _owning_group(path)
        remedy = f"sudo usermod -aG {group} $USER, then log in again"
        return fail(device, f"may not open {path}", value=f"it belongs to the group {group}", remedy=remedy)
    return fail(device, error.problem, remedy=error.remedy)


def port_warnings(device: str, path: str) -> Iterator[Finding]:
    """What makes an open port slow or shared; nothing for a port that is no USB adapter."""
    if others := holders(path):
        remedy = "close that program: two on one line answer each other's questions"
        yield warn(
            device, f"shares {path}", value=f"also open in {', '.join(map(str, others))}", remedy=remedy
        )
    yield from latency_warnings(device, path)


def latency_warnings(device: str, path: str, *, devices: Path = USB_SERIAL_DEVICES) -> Iterator[Finding]:
    """An FTDI adapter keeps bytes back for its latency timer, 16 ms by default: most of a tick."""
    timer = devices / Path(os.path.realpath(path)).name / "latency_timer"
    try:
        latency_ms = int(timer.read_text())
    except (OSError, ValueError):  # an adapter without such a timer, which is well
        return
    if latency_ms != 1:
        yield warn(
            device,
            "has a slow latency timer",
            value=f"{latency_ms} ms, 1 ms is needed",
            remedy=f"now: echo 1 | sudo tee {timer}; for good: put the line {UDEV_RULE} into "
            "/etc/udev/rules.d/99-understudy.rules and plug it in again",
        )


def serial_ports(*, links: Path = SERIAL_LINKS, devices: Path = Path("/dev")) -> list[str]:
    """Paths of the serial adapters plugged in, the stable ones under by-id where there are any."""
    by_id = sorted(str(link) for link in links.glob("*"))
    return by_id or sorted(str(node) for pattern in ("ttyUSB*", "ttyACM*") for node in devices.glob(pattern))


def _owning_group(path: str) -> str:
    try:
        return Path(path).group()
    except (OSError, KeyError):
        return "dialout"
