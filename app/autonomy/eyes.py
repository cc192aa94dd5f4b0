"""What a policy is shown: the newest picture of each of its cameras, and the robot's state."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from app.dataplane import Bytes, DataPlane
from app.dataplane.layouts import FRAME_HEADER, JPEG, frame_topic
from drivers.profile import RobotProfile
from policy.types import Observation
from recordings import DamagedData, FrameEncoding
from recordings.frames import decode_frame

OLDEST_NS = 1_000_000_000
"""A picture that is older shows what is no more; the camera then counts as missing."""


class Eyes:
    """Takes newest frames from the cameras' topics. `glance` is for one thread; what it returns may go to another.

    Args:
        profile: gives the cameras.
        plane: of this process.
    """

    def __init__(self, profile: RobotProfile, plane: DataPlane) -> None:
        self._ports = {
            name: plane.subscriber(frame_topic(name, camera)) for name, camera in profile.cameras.items()
        }
        self._newest: dict[str, Bytes] = {}

    def glance(
        self, cameras: tuple[str, ...], state: NDArray[np.floating], captured_ns: int
    ) -> Callable[[], Observation]:
        """The observation of now; to be called where there is time, for it decodes the pictures.

        Args:
            cameras: by name; those without a young picture are left out.
            state: (D,) of the robot.
            captured_ns: when that was measured, monotonic.
        """
        payloads: dict[str, Bytes] = {}
        now_ns = time.monotonic_ns()
        for name in cameras:
            payload = self._ports[name].newest()
            if payload is not None:
                self._newest[name] = payload
            newest = self._newest.get(name)
            if newest is not None and now_ns - int(_header(newest)["time_ns"]) < OLDEST_NS:
                payloads[name] = newest
        numbers = np.array(state, np.float64)
        return lambda: Observation(_decoded(payloads), numbers, captured_ns)


def _decoded(payloads: Mapping[str, Bytes]) -> dict[str, NDArray[np.uint8]]:
    images = {}
    for name, payload in payloads.items():
        header, body = _header(payload), payload[FRAME_HEADER.itemsize :]
        if header["encoding"] != JPEG:
            images[name] = body.reshape(int(header["height"]), int(header["width"]), 3)
            continue
        try:
            images[name] = np.ascontiguousarray(decode_frame(body.tobytes(), FrameEncoding.JPEG))
        except DamagedData:
            # USB cameras send a broken picture now and then; without it the camera is masked this once.
            continue
    return images


def _header(payload: Bytes) -> np.void:
    header: np.void = payload[: FRAME_HEADER.itemsize].view(FRAME_HEADER)[0]
    return header
