"""Cameras of the simulated world: all of a robot's drawn from one snapshot of it, and stamped with its time."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drivers.cameras.base import CameraLost, CameraNotFound, CameraWrongFormat, Frame
from drivers.profile.schema import Camera as CameraSpec
from drivers.profile.schema import RobotProfile
from drivers.sim.gl import NoOffscreenRendering
from drivers.sim.render import KitchenRenderer
from drivers.sim.statefile import STATE_FILE, CameraFault, FaultKind, Snapshot, StateReader

SIMULATED = "sim"
"""A camera's `source` in the profile when it is one of these."""

STALE_WORLD_S = 0.5
"""A world that has written nothing for so long is gone; it writes many times a second."""

MAX_WIDTH_PX, MAX_HEIGHT_PX = 1920, 1440
"""The largest picture that is drawn."""

_HEALTHY = CameraFault(FaultKind.NONE)
_ALMOST = 1e-6


def fresh_snapshot(reader: StateReader) -> Snapshot:
    """The newest state of a world that is alive.

    Raises:
        CameraNotFound: when no world has written any.
        CameraLost: when its world has stopped.
    """
    snapshot = reader.newest()
    if snapshot is None:
        raise CameraNotFound(f"no simulated world has written {reader.path}; start one, or wait for it")
    if snapshot.age_s > STALE_WORLD_S:
        raise CameraLost(
            f"the simulated world has written nothing for {snapshot.age_s:.1f} s; it has ended, or it hangs"
        )
    return snapshot


def refuse_large(name: str, spec: CameraSpec) -> None:
    """Raise when a camera's picture is too large to be drawn.

    Raises:
        CameraWrongFormat: then.
    """
    if spec.width_px > MAX_WIDTH_PX or spec.height_px > MAX_HEIGHT_PX:
        raise CameraWrongFormat(
            f"camera {name} is to be {spec.width_px}×{spec.height_px}; simulated cameras draw at most "
            f"{MAX_WIDTH_PX}×{MAX_HEIGHT_PX}"
        )


@dataclass(slots=True)
class _View:
    """One camera of the rig: how much of its next picture is due (1: now), and what it sent last."""

    name: str
    spec: CameraSpec
    due: float = 1.0
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

    Raises:
        CameraNotFound: when there is nothing to draw, or nothing to draw with.
        CameraWrongFormat: when a camera's picture is too large to be drawn.

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
        for view in self._views:
            refuse_large(view.name, view.spec)
        self.rate_hz = max(view.spec.rate_hz for view in self._views)
        self.last_state: NDArray[np.float64] = np.empty(0)
        self.skipped = 0
        self._reader = StateReader(runtime_dir / STATE_FILE)
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
        beats = self._wait_for_beat()
        for view in self._views:
            view.due = min(1.0, view.due + beats * view.spec.rate_hz / self.rate_hz)
        snapshot = fresh_snapshot(self._reader)
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

    def _wait_for_beat(self) -> int:
        """Sleep to the next multiple of the period, and tell how many have passed.

        One that is over already is skipped, not caught up with.
        """
        period_ns = round(1e9 / self.rate_hz)
        now_ns = time.monotonic_ns()
        if self._beat_ns == 0:
            self._beat_ns = now_ns
            return 0
        missed = max(0, (now_ns - self._beat_ns) // period_ns - 1)
        self.skipped += missed
        self._beat_ns += (1 + missed) * period_ns
        time.sleep(max(0, self._beat_ns - now_ns) / 1e9)
        return 1 + missed

    def _frame_of(self, view: _View, snapshot: Snapshot) -> Frame | None:
        fault = snapshot.faults.get(view.name, _HEALTHY)
        if fault.kind is FaultKind.FROZEN and view.last is not None:
            return view.last
        if view.due < 1.0 - _ALMOST or _holds_back(view, fault, snapshot):
            return None
        view.due -= 1.0
        width, height = view.spec.width_px, view.spec.height_px
        if fault.kind is FaultKind.BLACK:
            image = np.zeros((height, width, 3), np.uint8)
        else:
            image = self._renderer.picture(view.name, width_px=width, height_px=height)
        image.flags.writeable = False
        view.last = Frame(time_ns=snapshot.time_ns, sequence=view.sequence, image=image)
        view.sequence += 1
        return view.last


def _holds_back(view: _View, fault: CameraFault, snapshot: Snapshot) -> bool:
    """Whether a slow camera has not had its time since its last frame."""
    if fault.kind is not FaultKind.SLOW or view.last is None:
        return False
    return (snapshot.time_ns - view.last.time_ns) * fault.rate_hz < 1e9
