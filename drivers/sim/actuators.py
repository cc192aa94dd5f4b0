"""What drives the arms, grippers and lifts: the wishes of servos turned into MuJoCo's controls, all joints at once.

One row a joint. `x` is MuJoCo's coordinate (rad or m), `θ` the servo's angle: θ = ratio · x + offset, and by virtual
work a torque τ at the servo is a force τ · ratio on x.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import mujoco
import numpy as np

from drivers.sim.interface import Drive, DriveKind
from drivers.sim.ramp import Ramp

_OFF, _POSITION, _VELOCITY, _EFFORT = (
    kind.value for kind in (DriveKind.OFF, DriveKind.POSITION, DriveKind.VELOCITY, DriveKind.EFFORT)
)
_LEAD_S = 0.15
"""A servo in velocity mode leads its joint by at most this much of its top speed when something holds the joint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActuatorSpec:
    """How one servo (or a master with its shadow) hangs on the model.

    Attributes:
        actuator: name of the position actuator.
        joints: the one joint it moves, or two that share it half and half.
        ratio: servo radians per rad or m of the joint.
        offset_rad: servo angle at joint zero.
        servos: how many servos share the load; limits and reports are per servo.
        max_velocity_rad_s: as fast as the servo turns.
        falls: whether the joint gives way to gravity without power.
    """

    actuator: str
    joints: tuple[str, ...]
    ratio: float = 1.0
    offset_rad: float = 0.0
    servos: int = 1
    max_velocity_rad_s: float
    falls: bool = False


class PositionActuators:
    """The position-type servos of the model.

    Args:
        model: changed in place: the actuators' force ranges follow the drives.
        data: its state.
        specs: one a servo.
        command_steps: physics steps in a command period.
    """

    def __init__(
        self, model: mujoco.MjModel, data: mujoco.MjData, specs: list[ActuatorSpec], *, command_steps: int
    ) -> None:
        count = len(specs)
        joints = [[model.joint(name) for name in spec.joints] for spec in specs]
        self._model, self._data = model, data
        self._actuator = np.array([model.actuator(spec.actuator).id for spec in specs])
        self._qpos = np.array([[pair[0].qposadr[0], pair[-1].qposadr[0]] for pair in joints])
        self._dof = np.array([[pair[0].dofadr[0], pair[-1].dofadr[0]] for pair in joints])
        self._ratio = np.array([spec.ratio for spec in specs])
        self._offset = np.array([spec.offset_rad for spec in specs])
        self._servos = np.array([float(spec.servos) for spec in specs])
        self._falls = np.array([spec.falls for spec in specs])
        self._strength = model.actuator_forcerange[self._actuator, 1].copy()
        self._ctrl_range = model.actuator_ctrlrange[self._actuator].copy()
        max_velocity = np.array([spec.max_velocity_rad_s for spec in specs])
        self._lead = _LEAD_S * max_velocity
        self._ramp = Ramp(count, steps=command_steps, max_step=max_velocity * model.opt.timestep)
        self._kind = np.full(count, _OFF)
        self._velocity_target = np.zeros(count)
        self._effort_target = np.zeros(count)
        self._limit = np.full(count, np.inf)
        self._drives = [Drive()] * count
        self._inbox: deque[tuple[int, Drive]] = deque()
        self.position_rad = np.zeros(count)
        self.velocity_rad_s = np.zeros(count)
        self.effort_nm = np.zeros(count)
        self.observe()

    def drive(self, row: int, drive: Drive) -> None:
        """Take a servo's wish; it counts from the next step. Any thread may call this."""
        self._inbox.append((row, drive))

    def before_step(self) -> None:
        """Write controls, force ranges and the applied forces for the physics step to come."""
        while self._inbox:
            row, drive = self._inbox.popleft()
            if drive != self._drives[row]:
                self._take(row, drive)
        self._follow_velocities()
        setpoint = self._ramp.advance()
        unpowered = self._kind == _OFF
        if unpowered.any():
            self._ramp.jump(unpowered, self.position_rad[unpowered])
        control = (setpoint - self._offset) / self._ratio
        self._data.ctrl[self._actuator] = np.clip(control, self._ctrl_range[:, 0], self._ctrl_range[:, 1])

        balance = self._data.qfrc_gravcomp[self._dof[:, 0]] * self._falls
        servo_controlled = (self._kind == _POSITION) | (self._kind == _VELOCITY)
        limit = (
            np.minimum(self._limit * self._servos * np.abs(self._ratio), self._strength) * servo_controlled
        )
        # The servo carries the joint's weight out of the same torque; the model carries it by gravcomp.
        held = balance * servo_controlled
        forces = self._model.actuator_forcerange
        forces[self._actuator, 0] = -limit - held
        forces[self._actuator, 1] = limit - held
        applied = self._effort_target * self._servos * self._ratio * (self._kind == _EFFORT)
        applied -= balance * ~servo_controlled
        share = 0.5 * applied
        self._data.qfrc_applied[self._dof[:, 0]] = share
        self._data.qfrc_applied[self._dof[:, 1]] = np.where(
            self._dof[:, 0] == self._dof[:, 1], applied, share
        )

    def observe(self) -> None:
        """Read the joints after a physics step, or after the state was set."""
        data = self._data
        self.position_rad = data.qpos[self._qpos].mean(axis=1) * self._ratio + self._offset
        self.velocity_rad_s = data.qvel[self._dof].mean(axis=1) * self._ratio
        servo_controlled = (self._kind == _POSITION) | (self._kind == _VELOCITY)
        force = data.actuator_force[self._actuator] + data.qfrc_gravcomp[self._dof[:, 0]] * self._falls
        exerted = np.where(servo_controlled, force / (self._ratio * self._servos), 0.0)
        self.effort_nm = np.where(self._kind == _EFFORT, self._effort_target, exerted)

    def settle(self) -> None:
        """Forget motions under way: every servo holds where its joint is now, until it is given another target."""
        self.observe()
        self._ramp.jump(slice(None), self.position_rad)
        self._data.ctrl[self._actuator] = (self.position_rad - self._offset) / self._ratio

    def _take(self, row: int, drive: Drive) -> None:
        kind = drive.kind.value
        if kind != self._kind[row]:
            self._ramp.jump(row, self.position_rad[row])
        if kind == _POSITION:
            self._ramp.aim(row, drive.target)
        self._velocity_target[row] = drive.target if kind == _VELOCITY else 0.0
        self._effort_target[row] = drive.target if kind == _EFFORT else 0.0
        self._kind[row] = kind
        self._limit[row] = drive.effort_limit_nm
        self._drives[row] = drive

    def _follow_velocities(self) -> None:
        moving = self._kind == _VELOCITY
        if not moving.any():
            return
        ahead = self._ramp.setpoint + self._velocity_target * self._model.opt.timestep
        lead = np.clip(ahead - self.position_rad, -self._lead, self._lead)
        self._ramp.jump(moving, (self.position_rad + lead)[moving])
