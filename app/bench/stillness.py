"""Whether the robot came to rest and stayed there, judged by the world, or by its ticks where the world is gone."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.config import read_config
from app.dataplane import DataPlane
from app.dataplane.layouts import tick_layout, tick_topic
from app.messages import Mode
from drivers.profile import load_profile
from drivers.sim.interface import Truth
from drivers.sim.remote import SimRemote

LOOK_S = 0.05
REST_MAY_TAKE_S = 1.5
STILL = 0.01
"""Greatest change, rad or m, over a tenth of a second that counts as standing still."""

STANDS = 0.05
"""How far, rad or m, gravity may pull a joint from the place where it is told to stay."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the robot is, or is told to be.

    Attributes:
        values: (N,) rad and m.
        measured: (N,) where it stands, for a pose that it is told; NaN where nobody knows. None for a true pose.
    """

    values: NDArray[np.float64]
    measured: NDArray[np.float64] | None = None

    def moved_from(self, before: Pose) -> bool:
        """Whether this is another pose; to be told to stay where it stands, in a new world, is not to be moved."""
        changed = np.abs(self.values - before.values) > STILL
        if self.measured is not None:
            changed &= ~(np.abs(self.values - self.measured) <= STANDS)
        return bool(changed.any())


class Watcher:
    """Watches one session's robot.

    Args:
        runtime_dir: the session's directory.
    """

    def __init__(self, runtime_dir: Path) -> None:
        profile = load_profile(read_config(runtime_dir).profile)
        self._layout = tick_layout(profile.dof)
        self._plane = DataPlane(runtime_dir)
        self._ticks = self._plane.subscriber(tick_topic(profile))
        self._remote = SimRemote(runtime_dir)

    def rests(self, since_ns: int, *, watch_s: float, has_world: bool) -> tuple[bool, float]:
        """Watch for a while.

        Args:
            since_ns: when the process was killed.
            watch_s: for how long.
            has_world: whether the simulated world lives; without, the robot's own ticks must say that it holds.

        Returns:
            Whether the robot was at rest soon enough and stayed so, and how long it took, s.
        """
        moved_ns = since_ns
        before: Pose | None = None
        while time.monotonic_ns() - since_ns < watch_s * 1e9:
            time.sleep(2 * LOOK_S)
            now = Pose(pose_of(self._remote.truth())) if has_world else self._held()
            # A robot that does not say that it holds counts as one that moves.
            if now is None or (before is not None and now.moved_from(before)):
                moved_ns = time.monotonic_ns()
            before = now if now is not None else before
        rest_s = (moved_ns - since_ns) / 1e9
        return before is not None and rest_s < REST_MAY_TAKE_S, rest_s

    def _held(self) -> Pose | None:
        """What the robot sends while it holds, and where it stands; None while it does not hold or is not heard."""
        payload = self._ticks.newest()
        row = payload.view(self._layout)[0] if payload is not None else None
        if row is None or int(row["mode"]) not in (Mode.HOLD, Mode.STOPPED):
            return None
        return Pose(np.asarray(row["sent"], np.float64), measured=np.asarray(row["position"], np.float64))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remote.close()
        self._plane.close()


def pose_of(truth: Truth) -> NDArray[np.float64]:
    """Arms, base and lift in one vector."""
    arms = [truth.arm_rad[name] for name in sorted(truth.arm_rad)]
    return np.concatenate([*arms, np.asarray(truth.base_pose), [truth.lift_m]])
