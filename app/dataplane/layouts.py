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

SUBTASK_BYTES = 160
"""The longest subtask, as UTF-8: longer than any that a model of 20 tokens says."""

CHUNK_HEADER = np.dtype(
    [
        ("chunk", "<i8"),
        ("observed_ns", "<i8"),
        ("first_ns", "<i8"),
        ("step_ns", "<i8"),
        ("applied_ns", "<i8"),
        ("rows", "<i4"),
        ("dof", "<i4"),
        ("mode", "<i4"),
        ("final", "<i4"),
        ("subtask", f"S{SUBTASK_BYTES}"),
    ]
)
"""Before a policy's actions, float32 of shape (rows, dof): its number, when the robot was observed, when the first step
is due and how far apart they are at full speed, when the subtask was applied (its number), the `Mode` it was made for,
whether nothing comes after it, and the subtask."""

LONGEST_CHUNK = 128
"""Steps in a chunk; π0.5's have 50."""

AUDIO_HEADER = np.dtype([("time_ns", "<i8"), ("count", "<i8")])
"""Before a block's samples (int16, mono, 16 kHz): when the first of them was captured, and how many there are."""

AUDIO = Topic("audio", max_bytes=AUDIO_HEADER.itemsize + 2 * 4800, depth=256, subscribers=6)
"""What the microphone hears: seven seconds of it fit before a reader loses a block of 30 ms."""

INPUTS_TOPIC = Topic("inputs", max_bytes=INPUTS.itemsize, depth=4)


def tick_layout(dof: int) -> np.dtype[np.void]:
    """One 50 Hz tick: what was measured, asked for and sent, by whom, and how late.

    `subtask` is the text that the action was made under, so that a row needs no other stream to be understood; `chunk`
    and `chunk_step` say which chunk it comes from and how far into it, -1 and NaN where it comes from none.

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
            ("subtask", f"S{SUBTASK_BYTES}"),
            ("chunk", "<i4"),
            ("chunk_step", "<f4"),
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


def chunk_topic(profile: RobotProfile) -> Topic:
    """A policy's chunks: to the robot, and to whoever shows or measures them."""
    size = CHUNK_HEADER.itemsize + 4 * LONGEST_CHUNK * profile.dof
    return Topic("chunk", max_bytes=size, depth=8)


def status_topic(process: str) -> Topic:
    """A process's heartbeat."""
    return Topic(f"status/{process}", max_bytes=64 * 1024, depth=8, subscribers=16)
