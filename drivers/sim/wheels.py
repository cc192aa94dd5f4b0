"""A kiwi base: what three driven wheels do to the robot, and what the robot's motion does to the wheels."""

from __future__ import annotations

from collections import deque

import mujoco
import numpy as np
from numpy.typing import NDArray

from drivers.profile.schema import Base
from drivers.sim.interface import Drive, DriveKind
from drivers.sim.ramp import Ramp

_AXES = ("base_x", "base_y", "base_yaw")
_WINDUP = np.array([0.10, 0.10, 0.20])
"""How far the velocity servos' integral may lead, m and rad; less than top speed · kv / kp would cost speed."""

_POSITION_GAIN_HZ = 10.0


class Wheels:
    """The three wheels, rolling without slip.

    Wheel speeds ω and the body's twist v = (vx, vy, wz) are tied by r ω = M v with M's rows [cos a, sin a, R]; forces
    therefore by F = Mᵀ τ / r. The body moves as the driven speeds say, and the speeds reported are those of the body:
    a base that is held up says so. An unpowered wheel brakes, as its gearbox does.

    Args:
        model: the model.
        data: its state.
        base: the base's measures.
        command_steps: physics steps in a command period.
    """

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, base: Base, *, command_steps: int) -> None:
        angles = np.radians(base.wheel_angles_deg)
        rows = np.column_stack([np.cos(angles), np.sin(angles), np.full(3, base.base_radius_m)])
        self._twist_to_wheels: NDArray[np.float64] = rows / base.wheel_radius_m
        self._wheels_to_twist = np.linalg.inv(self._twist_to_wheels)
        self._data = data
        self._step_s = model.opt.timestep
        self._qpos = np.array([model.joint(name).qposadr[0] for name in _AXES])
        self._dof = np.array([model.joint(name).dofadr[0] for name in _AXES])
        self._actuator = np.array([model.actuator(name).id for name in _AXES])
        self._activation = np.array([model.actuator(name).actadr[0] for name in _AXES])
        self._ramp = Ramp(3, steps=command_steps)
        self._max_wheel_rad_s = base.max_wheel_rad_s
        self._powered = np.zeros(3)
        self._goals_rad: dict[int, float] = {}
        self._inbox: deque[tuple[int, Drive]] = deque()
        self.position_rad = np.zeros(3)
        self.velocity_rad_s = np.zeros(3)
        self.effort_nm = np.zeros(3)

    def drive(self, row: int, drive: Drive) -> None:
        """Take a wheel's wish. Any thread may call this.

        Velocity is what wheels are for. A wheel in position mode goes to its angle and stays; torque alone is not
        simulated, and brakes.
        """
        self._inbox.append((row, drive))

    def before_step(self) -> None:
        """Write the controls for the physics step to come."""
        while self._inbox:
            row, drive = self._inbox.popleft()
            self._powered[row] = drive.kind is not DriveKind.OFF
            self._goals_rad.pop(row, None)
            if drive.kind is DriveKind.POSITION:
                self._goals_rad[row] = drive.target
            self._ramp.aim(row, drive.target if drive.kind is DriveKind.VELOCITY else 0.0)
        for row, goal_rad in self._goals_rad.items():
            speed = _POSITION_GAIN_HZ * (goal_rad - self.position_rad[row])
            self._ramp.jump(row, np.clip(speed, -self._max_wheel_rad_s, self._max_wheel_rad_s))
        data = self._data
        twist = self._wheels_to_twist @ self._ramp.advance()
        data.ctrl[self._actuator] = _rotate(twist, data.qpos[self._qpos[2]])
        here = data.qpos[self._qpos]
        lead = np.maximum(data.act[self._activation], here - _WINDUP)
        data.act[self._activation] = np.minimum(lead, here + _WINDUP)

    def observe(self) -> None:
        """Read the wheels' speeds off the body's after a physics step, and count their turns."""
        data = self._data
        motion = data.qvel[self._dof]
        yaw = data.qpos[self._qpos[2]] - 0.5 * self._step_s * motion[2]  # halfway through the step
        twist = _rotate(motion, -yaw)
        self.velocity_rad_s = self._twist_to_wheels @ twist
        self.position_rad = self.position_rad + self.velocity_rad_s * self._step_s
        force = _rotate(data.actuator_force[self._actuator], -yaw)
        self.effort_nm = (self._wheels_to_twist.T @ force) * self._powered

    def settle(self) -> None:
        """Stand still where the base is now; the wheels' turns stay as counted."""
        self._ramp.jump(slice(None), 0.0)
        self.velocity_rad_s = np.zeros(3)
        self._data.ctrl[self._actuator] = 0.0
        self._data.act[self._activation] = self._data.qpos[self._qpos]


def _rotate(twist: NDArray[np.float64], yaw_rad: float) -> NDArray[np.float64]:
    """Turn the first two of (x, y, wz) by an angle; the rotation about the upright stays."""
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    return np.array([cos * twist[0] - sin * twist[1], sin * twist[0] + cos * twist[1], twist[2]])
