"""The newest picture of each camera, decoded off the GUI thread."""

from __future__ import annotations

import numpy as np

from app.dataplane import Bytes, DataPlane
from app.dataplane.layouts import FRAME_HEADER, JPEG, frame_topic
from app.session.view import FrameView
from drivers.profile import RobotProfile
from recordings import DamagedData, FrameEncoding
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
            try:
                self._newest[name] = _view(name, payload)
            except DamagedData:
                # USB cameras send a broken picture now and then; a stream of them shows as a camera that is stale.
                continue

    def newest(self, camera: str) -> FrameView | None:
        """The newest picture of a camera, or None before the first."""
        return self._newest.get(camera)


def _view(camera: str, payload: Bytes) -> FrameView:
    """A published frame as the window shows it; raises `DamagedData` when its JPEG does not decode."""
    header = payload[: FRAME_HEADER.itemsize].view(FRAME_HEADER)[0]
    body = payload[FRAME_HEADER.itemsize :]
    if header["encoding"] == JPEG:
        image = np.ascontiguousarray(decode_frame(body.tobytes(), FrameEncoding.JPEG))
    else:
        image = body.reshape(int(header["height"]), int(header["width"]), 3)
    image.flags.writeable = False
    return FrameView(camera, int(header["time_ns"]), int(header["sequence"]), image)
