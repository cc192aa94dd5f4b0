"""The way into teleoperation: leaders and followers must agree before the robot follows, and then it blends in.

Nothing jumps on the first tick. Powered leaders are driven to their followers; the others must be brought there by
hand. When every joint has agreed for a moment, following blends in over the profile's ramp.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from drivers.profile import RobotProfile

Vector = NDArray[np.float32]

AGREED_S = 0.2
"""How long every joint must stay in range before the ramp starts."""


class GatePhase(IntEnum):
    """Where on the way into following the gate is."""

    CLOSED = 0
    DRIVING = 1
    ALIGNING = 2
    RAMPING = 3
    FOLLOWING = 4


@dataclass(frozen=True, slots=True)
class GateMask:
    """Which slots of the vector a leader moves, and which of them the gate compares.

    Attributes:
        led: (D,) arms and grippers that have a leader.
        compared: (D,) the joints of those arms; a gripper's handle springs open and cannot be asked to match.
    """

    led: NDArray[np.bool_]
    compared: NDArray[np.bool_]

    @classmethod
    def of(cls, profile: RobotProfile) -> GateMask:
        """The masks of a profile."""
        led, compared = np.zeros(profile.dof, bool), np.zeros(profile.dof, bool)
        followers = {leader.follows for leader in profile.leaders.values()}
        for segment in profile.segments:
            if segment.name in followers and segment.kind in ("arm", "gripper"):
                led[segment.slice] = True
                compared[segment.slice] = segment.kind == "arm"
        return cls(led, compared)


class Gate:
    """Decides tick by tick how far the robot follows its leaders.

    Args:
        profile: gives the range within which leader and follower agree, and the length of the ramp.
        mask: the slots that matter.
    """

    def __init__(self, profile: RobotProfile, mask: GateMask) -> None:
        self._align_rad = profile.teleop.align_rad
        self._ramp_s = profile.teleop.ramp_s
        self._mask = mask
        self._drivable = any(leader.drivable for leader in profile.leaders.values())
        self._agreed_s = 0.0
        self._ramped_s = 0.0
        self._start = np.zeros(profile.dof, np.float32)
        self.phase = GatePhase.CLOSED
        self.error: Vector = np.full(profile.dof, np.nan, np.float32)
        self.within = np.zeros(profile.dof, bool)

    @property
    def ramp(self) -> float:
        """How far the blend has come, 0 to 1."""
        if self.phase is GatePhase.FOLLOWING:
            return 1.0
        return min(1.0, self._ramped_s / self._ramp_s) if self.phase is GatePhase.RAMPING else 0.0

    def open(self) -> None:
        """Start on the way into following."""
        self.phase = GatePhase.DRIVING if self._drivable else GatePhase.ALIGNING
        self._agreed_s = self._ramped_s = 0.0

    def close(self) -> None:
        """Stop following."""
        self.phase = GatePhase.CLOSED

    def step(self, leader: Vector, held: Vector, dt_s: float) -> Vector:
        """One tick.

        Args:
            leader: (D,) the leaders' pose; NaN where it is not known now.
            held: (D,) what the robot does without following.
            dt_s: length of the tick.

        Returns:
            (D,) what to ask of the led slots; `held` elsewhere and until the ramp starts.
        """
        self.error = np.where(self._mask.compared, leader - held, np.float32(np.nan))
        self.within = ~self._mask.compared | (np.abs(self.error) <= self._align_rad)
        if self.phase in (GatePhase.DRIVING, GatePhase.ALIGNING):
            self._agreed_s = self._agreed_s + dt_s if bool(self.within.all()) else 0.0
            if self._agreed_s >= AGREED_S:
                self.phase = GatePhase.RAMPING
                self._start = held.copy()
        if self.phase is GatePhase.RAMPING:
            self._ramped_s += dt_s
            if self._ramped_s >= self._ramp_s:
                self.phase = GatePhase.FOLLOWING
        if self.phase is GatePhase.FOLLOWING:
            return np.where(self._mask.led, leader, held)
        if self.phase is GatePhase.RAMPING:
            share = np.float32(smoothstep(self.ramp))
            return np.where(self._mask.led, self._start + share * (leader - self._start), held)
        return held


def smoothstep(x: float) -> float:
    """3x² − 2x³ on [0, 1]: a blend with no speed at either end."""
    return x * x * (3.0 - 2.0 * x)
