"""The leader arms: no physics, only angles that hands move, or their own servos when those are powered."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from drivers.profile.schema import Leader
from drivers.sim.interface import Drive, DriveKind, Hands
from drivers.sim.ramp import Ramp

_HAND_SPEED_RAD_S = 6.0
_SERVO_SPEED_RAD_S = 3.0
_STIFFNESS_NM_RAD = 20.0
"""What a powered leader shows as torque while it is away from its target."""
_STRENGTH_NM = 4.0


class Leaders:
    """All leaders as rows: of each its joints, then its handle.

    Hands move a row whose servo is unpowered; a powered servo is stronger than the hand. A row that nobody moves stays.

    Args:
        leaders: names, ranges and handles, by name.
        start_rad: joint angles of each to begin with, (J,).
        step_s: length of a physics step.
        command_steps: physics steps in a command period.
    """

    def __init__(
        self,
        leaders: Mapping[str, Leader],
        start_rad: Mapping[str, NDArray[np.float64]],
        *,
        step_s: float,
        command_steps: int,
    ) -> None:
        self.rows: dict[tuple[str, str], int] = {}
        """The row of each (leader, joint or `handle`)."""
        self._leaders = dict(leaders)
        ends: list[tuple[float, float]] = []
        start: list[float] = []
        for name, leader in self._leaders.items():
            handle = leader.handle
            names = [joint.name for joint in leader.joints] + ["handle"]
            self.rows |= {(name, joint): len(ends) + row for row, joint in enumerate(names)}
            ends += [(joint.min_rad, joint.max_rad) for joint in leader.joints]
            ends.append((min(handle.closed_rad, handle.open_rad), max(handle.closed_rad, handle.open_rad)))
            start += [*start_rad[name].tolist(), handle.open_rad]
        count = len(ends)
        self._low, self._high = np.array(ends).reshape(count, 2).T
        self._start = np.clip(np.array(start), self._low, self._high)
        self._step_s = step_s
        self._by_hand = Ramp(count, steps=command_steps, max_step=_HAND_SPEED_RAD_S * step_s)
        self._by_servo = Ramp(count, steps=command_steps, max_step=_SERVO_SPEED_RAD_S * step_s)
        self._powered = np.zeros(count, dtype=bool)
        self._limit = np.full(count, _STRENGTH_NM)
        self._drives = [Drive()] * count
        self._inbox: deque[tuple[int, Drive] | Hands] = deque()
        self._rests = False
        self.position_rad = self._start
        self.velocity_rad_s = np.zeros(count)
        self.restart()

    @property
    def effort_nm(self) -> NDArray[np.float64]:
        """Torque of the powered rows, (rows,): a pull towards the target, as far as the servo's limit allows."""
        pull = _STIFFNESS_NM_RAD * (self._by_servo.target - self.position_rad)
        return np.where(self._powered, np.clip(pull, -self._limit, self._limit), 0.0)

    def restart(self) -> None:
        """Be at the start again, with nobody's hands on it."""
        self.position_rad = self._start.copy()
        self.velocity_rad_s = np.zeros_like(self._start)
        self._by_hand.jump(slice(None), self.position_rad)
        self._by_servo.jump(slice(None), self.position_rad)
        self._rests = False

    def drive(self, row: int, drive: Drive) -> None:
        """Take a servo's wish. Any thread may call this.

        Only a position moves a leader. Held in velocity mode it stands still; by torque alone it yields to the hand.
        """
        self._inbox.append((row, drive))

    def hold(self, hands: Hands) -> None:
        """Put hands on them; what the hands leave out stays where it is. Any thread may call this."""
        self._inbox.append(hands)

    def step(self) -> None:
        """Advance by one physics step."""
        if self._rests and not self._inbox:
            return
        while self._inbox:
            wish = self._inbox.popleft()
            if isinstance(wish, Hands):
                self._feel(wish)
            elif wish[1] != self._drives[wish[0]]:
                self._take(*wish)
        before = self.position_rad
        if self._powered.any():
            self._by_hand.jump(self._powered, before[self._powered])
            after = np.where(self._powered, self._by_servo.advance(), self._by_hand.advance())
        else:
            after = self._by_hand.advance()
        self.position_rad = np.clip(after, self._low, self._high)
        self.velocity_rad_s = (self.position_rad - before) / self._step_s
        # Where nobody moves a leader, as when actions are asked for without hands, no step needs to look at it again.
        self._rests = not self.velocity_rad_s.any() and self._by_hand.is_there and self._by_servo.is_there

    def _take(self, row: int, drive: Drive) -> None:
        powered = drive.kind in (DriveKind.POSITION, DriveKind.VELOCITY)
        if powered != self._powered[row]:
            self._by_servo.jump(row, self.position_rad[row])
            self._by_hand.jump(row, self.position_rad[row])
        if drive.kind is DriveKind.POSITION:
            self._by_servo.aim(row, drive.target)
        self._powered[row] = powered
        self._limit[row] = min(drive.effort_limit_nm, _STRENGTH_NM)
        self._drives[row] = drive

    def _feel(self, hands: Hands) -> None:
        for name, angles in hands.leader_rad.items():
            for joint, angle in zip(self._leaders[name].joints, angles, strict=True):
                self._by_hand.aim(self.rows[name, joint.name], float(angle))
        for name, opening in hands.leader_opening.items():
            handle = self._leaders[name].handle
            angle = handle.closed_rad + float(opening) * (handle.open_rad - handle.closed_rad)
            self._by_hand.aim(self.rows[name, "handle"], angle)
