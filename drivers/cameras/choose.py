"""Which driver a camera of the profile takes."""

from __future__ import annotations

from collections.abc import Callable

from drivers.cameras.base import Camera, CameraNotFound
from drivers.cameras.kinds import SourceKind, source_kind
from drivers.cameras.opencv import OpenCVCamera
from drivers.profile.schema import Camera as CameraSpec

SimulatedCameras = Callable[[str, CameraSpec], Camera]
"""Makes the camera of a name in the simulated world, not yet open."""


def camera_for(name: str, spec: CameraSpec, *, simulated: SimulatedCameras | None = None) -> Camera:
    """The driver for a camera of the profile, not yet open.

    Args:
        name: the camera's name in the profile.
        spec: what the profile says of it.
        simulated: makes the simulated cameras; needed where the profile asks for one, and used only there.

    Raises:
        CameraNotFound: when the profile asks for a simulated camera and there is no simulated world.
    """
    if source_kind(spec.source) is not SourceKind.SIMULATED:
        return OpenCVCamera(name, spec)
    if simulated is None:
        raise CameraNotFound(f'camera {name} is simulated (source "sim") and no simulated world is running')
    return simulated(name, spec)


def open_camera(name: str, spec: CameraSpec, *, simulated: SimulatedCameras | None = None) -> Camera:
    """The driver for a camera of the profile, open and capturing.

    Raises:
        CameraError: as `Camera.open` does, by condition.
    """
    camera = camera_for(name, spec, simulated=simulated)
    camera.open()
    return camera
