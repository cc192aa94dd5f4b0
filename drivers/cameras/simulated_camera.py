"""One camera of the simulated world by itself; a robot's cameras together are cheaper as a `SimulatedRig`."""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path

from drivers.cameras.base import CameraError, CameraNotFound, Frame
from drivers.cameras.simulated import SimulatedRig, fresh_snapshot, refuse_large
from drivers.profile.schema import Camera as CameraSpec
from drivers.profile.schema import RobotProfile
from drivers.sim.statefile import STATE_FILE, StateReader

_KEPT = 4
"""Frames that wait for their reader, as in a camera's driver; the oldest go first."""


class SimulatedCamera:
    """Draws on a thread of its own, from `open` to `close`, since OpenGL belongs to a thread.

    Args:
        name: its name in the profile, and in the kitchen.
        profile: the robot.
        runtime_dir: where the simulated world keeps its state.

    Raises:
        CameraNotFound: when the profile has no such camera.
    """

    def __init__(self, name: str, profile: RobotProfile, runtime_dir: Path) -> None:
        if name not in profile.cameras:
            there = ", ".join(profile.cameras) or "none"
            raise CameraNotFound(f"no camera {name} in profile {profile.name}; its cameras: {there}")
        self._name = name
        self._profile = profile
        self._runtime_dir = runtime_dir
        self._changed = threading.Condition()
        self._frames: deque[Frame] = deque(maxlen=_KEPT)
        self._error: CameraError | None = None
        self._ready = self._ending = False
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        """The camera's name in the profile."""
        return self._name

    @property
    def spec(self) -> CameraSpec:
        """What the profile says of it."""
        return self._profile.cameras[self._name]

    def open(self) -> None:
        """Begin to draw.

        Raises:
            CameraNotFound: when there is no simulated world, or nothing to draw with.
            CameraLost: when there was a world and it has stopped.
            CameraWrongFormat: when the picture is too large.
        """
        self.close()
        refuse_large(self._name, self.spec)
        self._look_for_world()
        self._ready = self._ending = False
        self._thread = threading.Thread(target=self._draw, name=f"simulated camera {self._name}", daemon=True)
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._error is not None)
            error = self._error
        if error is not None:
            self.close()
            raise error

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, or None when none came within `timeout_s` or the camera is closed.

        Raises:
            CameraLost: when the world has stopped.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._frames or self._error is not None or self._thread is None, timeout_s
            )
            if self._frames:
                return self._frames.popleft()
            if self._error is not None:
                raise self._error
            return None

    def close(self) -> None:
        """Stop drawing; a `read` that waits returns None. Closing twice is harmless."""
        thread = self._thread
        if thread is None:
            return
        self._ending = True
        thread.join()
        with self._changed:
            self._thread, self._error = None, None
            self._frames.clear()
            self._changed.notify_all()

    def _look_for_world(self) -> None:
        reader = StateReader(self._runtime_dir / STATE_FILE)
        try:
            fresh_snapshot(reader)
        except CameraError as error:
            raise type(error)(f"camera {self._name}: {error}") from error
        finally:
            reader.close()

    def _draw(self) -> None:
        try:
            rig = SimulatedRig(self._profile, self._runtime_dir, only=(self._name,))
        except CameraError as error:
            self._tell(error)
            return
        with self._changed:
            self._ready = True
            self._changed.notify_all()
        try:
            while not self._ending:
                for _, frame in rig.capture():
                    with self._changed:
                        self._frames.append(frame)
                        self._changed.notify_all()
        except CameraError as error:
            self._tell(error)
        finally:
            rig.close()

    def _tell(self, error: CameraError) -> None:
        with self._changed:
            self._error = error
            self._changed.notify_all()
