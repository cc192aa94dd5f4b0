"""The robot of `understudy bench cockpit`: the simulated kitchen's, with test pictures from four full-size cameras."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

WIDTH_PX, HEIGHT_PX, RATE_HZ = 640, 480, 30.0

_CAMERA = re.compile(r"^\[cameras\.(\w+)\]\n(?:(?!\[).*\n?)*", re.MULTILINE)
_DRIVABLE = re.compile(r"^drivable = true$", re.MULTILINE)


def write_cockpit_profile(folder: Path, *, drivable: bool = True) -> Path:
    """Write the profile into a folder; returns its path.

    Args:
        folder: where to.
        drivable: whether the leaders can be driven to their followers; without, hands bring them to the gate.
    """
    shipped = (resources.files("drivers.profiles") / "sim-kitchen.toml").read_text()
    text = _CAMERA.sub(
        rf'[cameras.\1]\nsource = "test"\nwidth_px = {WIDTH_PX}\nheight_px = {HEIGHT_PX}\nrate_hz = {RATE_HZ}\n\n',
        shipped,
    )
    if not drivable:
        text = _DRIVABLE.sub("drivable = false", text)
    path = folder / "cockpit.toml"
    path.write_text(text)
    return path
