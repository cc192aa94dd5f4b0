"""Cameras: one interface, and a driver for each kind of source."""

from drivers.cameras.base import (
    Camera,
    CameraBusy,
    CameraError,
    CameraLost,
    CameraNotFound,
    CameraWrongFormat,
    Frame,
)
from drivers.cameras.choose import SimulatedCameras, camera_for, open_camera
from drivers.cameras.reader import CameraHealth, CameraReader

__all__ = [
    "Camera",
    "CameraBusy",
    "CameraError",
    "CameraHealth",
    "CameraLost",
    "CameraNotFound",
    "CameraReader",
    "CameraWrongFormat",
    "Frame",
    "SimulatedCameras",
    "camera_for",
    "open_camera",
]
