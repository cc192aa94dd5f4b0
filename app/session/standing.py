"""Notices about a state, which stand exactly as long as it lasts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.session.view import Notice

LOW_DISK_BYTES = 2 << 30


def standing_notices(
    robot: Mapping[str, Any], *, disk_free_bytes: int, data_dir: Path
) -> Iterator[tuple[Notice, bool]]:
    """Each such notice, and whether it is to stand now.

    Args:
        robot: the figures in the robot process's newest heartbeat; empty while it is starting or lost.
        disk_free_bytes: room for recordings; 0 while it is not known.
        data_dir: where they go.
    """
    searching = "searching" in robot.get("homing", {}).values()
    yield (
        Notice(
            key="homing",
            level="warning",
            what="The lift does not know its zero",
            remedy="let it go down to its stop once",
            action="home_lifts",
            action_label="Home the lift",
        ),
        not robot.get("homed", True) and not searching,
    )
    yield (
        Notice(
            key="torque",
            level="warning",
            what="The servos are let go",
            remedy="support the arms, then power them",
            action="torque_on",
            action_label="Power the servos",
        ),
        not robot.get("torque", True),
    )
    yield (
        Notice(
            key="realtime",
            level="info",
            what="No real-time priority: the 50 Hz loop can be late when the computer is busy",
            remedy="allow it for your user with a line in /etc/security/limits.d: @audio - rtprio 80",
        ),
        not robot.get("realtime", True),
    )
    yield (
        Notice(
            key="disk",
            level="warning",
            what=f"Little room left for recordings in {data_dir}",
            remedy="free some space, or choose another folder with --data",
        ),
        0 < disk_free_bytes < LOW_DISK_BYTES,
    )
