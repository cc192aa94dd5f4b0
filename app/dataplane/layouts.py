"""The fixed binary layouts of the fast topics, and the list of every topic of a session."""

from __future__ import annotations

import struct

import numpy as np

from app.dataplane.plane import Topic
from drivers.profile.schema import Camera, RobotProfile

JPEG, RGB = 1, 2
"""Encodings of a frame's payload."""

FRAME_HEADER = np.dtype(
    [
        ("time_ns", "<i8"),
        ("sequence", "<u8"),
        ("height", "<u4"),
        ("width", "<u4"),
        ("encoding", "<u4"),
        ("spare", "<u4"),
    ]
)
"""Before each frame: when it was captured, its number at the camera, size and encoding."""

FRAME_STRUCT = struct.Struct("<qQIIII")
"""The same header for who reads it 120 times a second."""

INPUTS = np.dtype([("time_ns", "<i8"), ("twist", "<f8", (3,)), ("lift_m_s", "<f8"), ("dead_man", "<i8")])
"""What the operator's feet, keys or sticks want of base and lift."""

EVENTS = Topic("event", max_bytes=64 * 1024, depth=512, publishers=16, subscribers=8)
SIMULATION = Topic("simulation", max_bytes=8 * 2048, depth=128)
"""The simulated world's integration state under each set of pictures: time_ns, then float64 values."""

INPUTS_TOPIC = Topic("inputs", max_bytes=INPUTS.itemsize, depth=4)


def tick_layout(dof: int) -> np.dtype[np.void]:
    """One 50 Hz tick: what was measured, asked for and sent, by whom, and how late.

    Args:
        dof: D, the length of the vectors.
    """
    vector = ("<f4", (dof,))
    return np.dtype(
        [
            ("tick", "<i8"),
            ("time_ns", "<i8"),
            ("action_time_ns", "<i8"),
            ("lateness_ns", "<i8"),
            ("late_ticks", "<i8"),
            ("mode", "<i4"),
            ("source", "<i4"),
            ("subtask", "<i4"),
            ("chunk", "<i4"),
            ("position", *vector),
            ("velocity", *vector),
            ("effort", *vector),
            ("requested", *vector),
            ("sent", *vector),
            ("leader", *vector),
            ("gate_phase", "<i4"),
            ("gate_ramp", "<f4"),
            ("gate_within", "?", (dof,)),
        ]
    )


def tick_topic(profile: RobotProfile) -> Topic:
    """The ticks: five seconds of them fit before a reader loses one."""
    return Topic("tick", max_bytes=tick_layout(profile.dof).itemsize, depth=256, subscribers=8)


def frame_topic(name: str, camera: Camera) -> Topic:
    """A camera's frames: two seconds of them fit before a reader loses one."""
    size = FRAME_HEADER.itemsize + camera.width_px * camera.height_px * 3
    return Topic(f"camera/{name}", max_bytes=size, depth=max(8, int(2 * camera.rate_hz)), subscribers=4)


def status_topic(process: str) -> Topic:
    """A process's heartbeat."""
    return Topic(f"status/{process}", max_bytes=64 * 1024, depth=8, subscribers=16)
