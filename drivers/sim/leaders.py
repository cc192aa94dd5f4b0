"""The leader arms: no physics, only angles that hands move, or their own servos when those are powered."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from drivers.profile.schema import Leader
from drivers.sim.interface import Drive, DriveKind, Hands
from drivers.sim.ramp import Ramp

_HAND_SPEED_RAD_S = 6.0
_SERVO_SPEED_RAD_S = 3.0
_STIFFNESS_NM_RAD = 20.0
"""What a powered leader shows as torque while it is away from its target."""
_DEFAULT_STRENGTH_NM = 4.0


class LeaderArm:
    """One leader: its joints, then its handle, as rows.

    Hands move a row whose servo is unpowered; a powered servo is stronger than the hand. A row that nobody moves stays.

    Args:
        leader: names, ranges and the handle's angles.
        start_rad: joint angles to begin with, (J,).
        step_s: length of a physics step.
        command_steps: physics steps in a command period.
    """

    def __init__(
        self, leader: Leader, start_rad: NDArray[np.float64], *, step_s: float, command_steps: int
    ) -> None:
        joints, handle = leader.joints, leader.handle
        self.rows = {joint.name: row for row, joint in enumerate(joints)} | {"handle": len(joints)}
        ends = [(joint.min_rad, joint.max_rad) for joint in joints]
        ends.append((min(handle.closed_rad, handle.open_rad), max(handle.closed_rad, handle.open_rad)))
        self._low, self._high = np.array(ends).T
        self._handle = handle
        self._step_s = step_s
        count = len(ends)
        self._by_hand = Ramp(count, steps=command_steps, max_step=_HAND_SPEED_RAD_S * step_s)
        self._by_servo = Ramp(count, steps=command_steps, max_step=_SERVO_SPEED_RAD_S * step_s)
        self._powered = np.zeros(count, dtype=bool)
        self._limit = np.full(count, np.inf)
        self._drives = [Drive()] * count
        self._inbox: deque[tuple[int, Drive]] = deque()
        self._hands: tuple[NDArray[np.float64] | None, float | None] = (None, None)
        self.velocity_rad_s = np.zeros(count)
        self.effort_nm = np.zeros(count)
        self.position_rad = np.append(start_rad, handle.open_rad)
        self.restart(start_rad)

    def restart(self, start_rad: NDArray[np.float64]) -> None:
        """Be at the start again, with nobody's hands on it."""
        self.position_rad = np.clip(np.append(start_rad, self._handle.open_rad), self._low, self._high)
        self.velocity_rad_s = np.zeros_like(self.position_rad)
        self._hands = (None, None)
        self._by_hand.jump(slice(None), self.position_rad)
        self._by_servo.jump(slice(None), self.position_rad)

    def drive(self, row: int, drive: Drive) -> None:
        """Take a servo's wish. Any thread may call this.

        Only a position moves a leader. Held in velocity mode it stands still; by torque alone it yields to the hand.
        """
        self._inbox.append((row, drive))

    def hold(self, hands: Hands, name: str) -> None:
        """Put hands on it; what they leave out stays where it is. Any thread may call this."""
        self._hands = (hands.leader_rad.get(name), hands.leader_opening.get(name))

    def step(self) -> None:
        """Advance by one physics step."""
        while self._inbox:
            row, drive = self._inbox.popleft()
            if drive != self._drives[row]:
                self._take(row, drive)
        self._feel_hands()
        before = self.position_rad
        self._by_hand.jump(self._powered, before[self._powered])
        after = np.where(self._powered, self._by_servo.advance(), self._by_hand.advance())
        self.position_rad = np.clip(after, self._low, self._high)
        self.velocity_rad_s = (self.position_rad - before) / self._step_s
        pull = _STIFFNESS_NM_RAD * (self._by_servo.target - self.position_rad)
        strength = np.minimum(self._limit, _DEFAULT_STRENGTH_NM)
        self.effort_nm = np.where(self._powered, np.clip(pull, -strength, strength), 0.0)

    def _take(self, row: int, drive: Drive) -> None:
        powered = drive.kind in (DriveKind.POSITION, DriveKind.VELOCITY)
        if powered != self._powered[row]:
            self._by_servo.jump(row, self.position_rad[row])
            self._by_hand.jump(row, self.position_rad[row])
        if drive.kind is DriveKind.POSITION:
            self._by_servo.aim(row, drive.target)
        self._powered[row] = powered
        self._limit[row] = drive.effort_limit_nm
        self._drives[row] = drive

    def _feel_hands(self) -> None:
        angles, opening = self._hands
        if angles is not None:
            for row, angle in enumerate(angles):
                self._by_hand.aim(row, float(angle))
        if opening is not None:
            closed, wide = self._handle.closed_rad, self._handle.open_rad
            self._by_hand.aim(self.rows["handle"], closed + float(opening) * (wide - closed))
