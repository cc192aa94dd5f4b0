"""Cameras of the simulated world: all of a robot's drawn from one snapshot of it, and stamped with its time."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drivers.cameras.base import CameraLost, CameraNotFound, Frame
from drivers.profile.schema import Camera as CameraSpec
from drivers.profile.schema import RobotProfile
from drivers.sim.gl import NoOffscreenRendering
from drivers.sim.render import KitchenRenderer
from drivers.sim.statefile import STATE_FILE, CameraFault, FaultKind, Snapshot, StateReader

SIMULATED = "sim"
"""A camera's `source` in the profile when it is one of these."""

STALE_WORLD_S = 0.5
"""A world that has written nothing for so long is gone; it writes many times a second."""

_HEALTHY = CameraFault(FaultKind.NONE)
_EARLY = 0.25
"""A camera is due when less than this part of its period is left: beats of different rates never meet exactly."""


@dataclass(slots=True)
class _View:
    """One camera of the rig, and what it sent last."""

    name: str
    spec: CameraSpec
    sequence: int = 0
    last: Frame | None = field(default=None, repr=False)


class SimulatedRig:
    """The simulated cameras of a profile, on one beat.

    A thread calls `capture` again and again; it alone may, since OpenGL belongs to a thread. Every picture of a beat
    shows the same snapshot, and is stamped with the time at which the world was so, however long drawing took.

    Args:
        profile: the robot; its cameras with source `sim` are drawn.
        runtime_dir: where the simulated world keeps its state.
        only: names of the cameras to draw, when not all.

    Attributes:
        last_state: (N,) float64, the integration state under the newest pictures; empty before the first.
        skipped: beats left out because drawing took longer than the time between two.
    """

    def __init__(
        self, profile: RobotProfile, runtime_dir: Path, *, only: Collection[str] | None = None
    ) -> None:
        self._views = [
            _View(name, spec)
            for name, spec in profile.cameras.items()
            if spec.source == SIMULATED and (only is None or name in only)
        ]
        if not self._views:
            raise CameraNotFound(
                f"profile {profile.name} has no simulated camera (source {SIMULATED!r}) to draw"
            )
        self.rate_hz = max(view.spec.rate_hz for view in self._views)
        self.last_state: NDArray[np.float64] = np.empty(0)
        self.skipped = 0
        self._path = runtime_dir / STATE_FILE
        self._reader = StateReader(self._path)
        self._renderer = self._make_renderer()
        self._drawn_ns = 0
        self._beat_ns = 0

    @property
    def backend(self) -> str:
        """What draws: `egl` or `osmesa`."""
        return self._renderer.backend

    def capture(self) -> list[tuple[str, Frame]]:
        """Wait for the next beat and draw the world of that moment.

        Returns:
            Name and frame of each camera that has one; fewer than all where a camera is slower or has a fault, none
            where the world has not moved on since the last beat. A frozen camera sends its last frame again, with its
            old time and number.

        Raises:
            CameraNotFound: when there is no simulated world yet.
            CameraLost: when there was one and it has stopped; a later call succeeds once it is back.
        """
        self._wait_for_beat()
        snapshot = self._reader.newest()
        if snapshot is None:
            raise CameraNotFound(f"no simulated world has written {self._path}; start one, or wait for it")
        if snapshot.age_s > STALE_WORLD_S:
            raise CameraLost(
                f"the simulated world has written nothing for {snapshot.age_s:.1f} s; it has ended, or hangs"
            )
        if snapshot.time_ns <= self._drawn_ns:
            return []
        self._renderer.show(snapshot.state)
        self._drawn_ns = snapshot.time_ns
        self.last_state = snapshot.state
        frames = [(view.name, self._frame_of(view, snapshot)) for view in self._views]
        return [(name, frame) for name, frame in frames if frame is not None]

    def close(self) -> None:
        """Free the renderer and let the world's state go."""
        self._renderer.close()
        self._reader.close()

    def _make_renderer(self) -> KitchenRenderer:
        try:
            return KitchenRenderer(
                max_width_px=max(view.spec.width_px for view in self._views),
                max_height_px=max(view.spec.height_px for view in self._views),
            )
        except NoOffscreenRendering as error:
            raise CameraNotFound(f"simulated cameras cannot draw: {error}") from error

    def _wait_for_beat(self) -> None:
        """Sleep to the next multiple of the period; a beat that is over already is skipped, not caught up with."""
        period_ns = round(1e9 / self.rate_hz)
        now_ns = time.monotonic_ns()
        if self._beat_ns == 0:
            self._beat_ns = now_ns
            return
        self._beat_ns += period_ns
        if self._beat_ns <= now_ns - period_ns:
            missed = (now_ns - self._beat_ns) // period_ns
            self.skipped += missed
            self._beat_ns += missed * period_ns
        time.sleep(max(0, self._beat_ns - now_ns) / 1e9)

    def _frame_of(self, view: _View, snapshot: Snapshot) -> Frame | None:
        fault = snapshot.faults.get(view.name, _HEALTHY)
        if fault.kind is FaultKind.FROZEN and view.last is not None:
            return view.last
        rate_hz = view.spec.rate_hz
        if fault.kind is FaultKind.SLOW:
            rate_hz = min(rate_hz, fault.rate_hz)
        if view.last is not None and (snapshot.time_ns - view.last.time_ns) * rate_hz < (1 - _EARLY) * 1e9:
            return None
        width, height = view.spec.width_px, view.spec.height_px
        if fault.kind is FaultKind.BLACK:
            image = np.zeros((height, width, 3), np.uint8)
        else:
            image = self._renderer.picture(view.name, width_px=width, height_px=height)
        image.flags.writeable = False
        view.last = Frame(time_ns=snapshot.time_ns, sequence=view.sequence, image=image)
        view.sequence += 1
        return view.last


class SimulatedCamera:
    """One simulated camera by itself, for checks and tools; a robot's cameras together are cheaper as a rig.

    It draws on the thread that opened it, which must also be the one that reads.

    Args:
        name: its name in the profile, and in the kitchen.
        profile: the robot.
        runtime_dir: where the simulated world keeps its state.
    """

    def __init__(self, name: str, profile: RobotProfile, runtime_dir: Path) -> None:
        if name not in profile.cameras:
            raise CameraNotFound(
                f"no camera {name!r} in profile {profile.name}; it has {', '.join(profile.cameras)}"
            )
        self._name = name
        self._profile = profile
        self._runtime_dir = runtime_dir
        self._rig: SimulatedRig | None = None
        self._thread = 0
        self._closing = threading.Event()

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
        """
        path = self._runtime_dir / STATE_FILE
        if not path.exists():
            raise CameraNotFound(f"no simulated world has written {path}; start one, or wait for it")
        self._closing.clear()
        self._thread = threading.get_ident()
        self._rig = SimulatedRig(self._profile, self._runtime_dir, only=(self._name,))

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, or None when none came within `timeout_s`.

        Raises:
            CameraLost: when the world has stopped, or the camera is not open.
        """
        deadline_ns = time.monotonic_ns() + round(timeout_s * 1e9)
        while not self._closing.is_set():
            if self._rig is None:
                raise CameraLost(f"camera {self._name} is not open")
            for _, frame in self._rig.capture():
                return frame
            if time.monotonic_ns() >= deadline_ns:
                return None
        self._free()
        return None

    def close(self) -> None:
        """Stop drawing. From another thread it takes effect with the next read."""
        self._closing.set()
        if threading.get_ident() == self._thread:
            self._free()

    def _free(self) -> None:
        if self._rig is not None:
            self._rig.close()
            self._rig = None
