"""The newest picture of each camera, decoded off the GUI thread."""

from __future__ import annotations

import numpy as np

from app.dataplane import DataPlane
from app.dataplane.layouts import FRAME_HEADER, JPEG, frame_topic
from app.session.view import FrameView
from drivers.profile import RobotProfile
from recordings import FrameEncoding
from recordings.frames import decode_frame


class Pictures:
    """Takes newest frames from the cameras' topics.

    Args:
        profile: gives the cameras.
        plane: the session's data plane.
    """

    def __init__(self, profile: RobotProfile, plane: DataPlane) -> None:
        self._ports = {
            name: plane.subscriber(frame_topic(name, camera)) for name, camera in profile.cameras.items()
        }
        self._newest: dict[str, FrameView] = {}

    def poll(self) -> None:
        """Take what has come since the last time; a picture that cannot be decoded is passed over."""
        for name, port in self._ports.items():
            payload = port.newest()
            if payload is None:
                continue
            header = payload[: FRAME_HEADER.itemsize].view(FRAME_HEADER)[0]
            body = payload[FRAME_HEADER.itemsize :]
            if header["encoding"] == JPEG:
                image = decode_frame(body.tobytes(), FrameEncoding.JPEG)
            else:
                image = body.reshape(int(header["height"]), int(header["width"]), 3)
            image = np.ascontiguousarray(image)
            image.flags.writeable = False
            self._newest[name] = FrameView(name, int(header["time_ns"]), int(header["sequence"]), image)

    def newest(self, camera: str) -> FrameView | None:
        """The newest picture of a camera, or None before the first."""
        return self._newest.get(camera)
