"""What drives the arms, grippers and lifts: the wishes of servos turned into MuJoCo's controls, all joints at once.

One row a joint. `x` is MuJoCo's coordinate (rad or m), `θ` the servo's angle: θ = ratio · x + offset, and by virtual
work a torque τ at the servo is a force τ · ratio on x.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from drivers.sim.interface import Drive, DriveKind
from drivers.sim.ramp import Ramp

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
    """The actuators of arms, grippers and lifts.

    A joint that no servo has powered yet rests on its stand, as a robot does that was put down with care; once it was
    powered, power off means that it gives way.

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
        # Two coordinates a row; where one joint is all there is, twice the same.
        self._qpos = np.array([[pair[0].qposadr[0], pair[-1].qposadr[0]] for pair in joints])
        self._dof = np.array([[pair[0].dofadr[0], pair[-1].dofadr[0]] for pair in joints])
        self._share = np.array([[1 / len(pair)] * 2 for pair in joints])
        self._ratio = np.array([spec.ratio for spec in specs])
        self._offset = np.array([spec.offset_rad for spec in specs])
        self._servos = np.array([float(spec.servos) for spec in specs])
        self._falls = np.array([spec.falls for spec in specs])
        self._strength = model.actuator_forcerange[self._actuator, 1].copy()
        self._low, self._high = model.actuator_ctrlrange[self._actuator].T.copy()
        self._step_s = model.opt.timestep
        max_velocity = np.array([spec.max_velocity_rad_s for spec in specs])
        self._lead = _LEAD_S * max_velocity
        self._ramp = Ramp(count, steps=command_steps, max_step=max_velocity * self._step_s)
        self._drives = [Drive()] * count
        self._on_stand = np.ones(count, dtype=bool)
        self._inbox: deque[tuple[int, Drive]] = deque()
        self.position_rad = np.zeros(count)
        self.velocity_rad_s = np.zeros(count)
        self._sort_drives()
        self.observe()

    @property
    def effort_nm(self) -> NDArray[np.float64]:
        """Torque that each of a joint's servos exerted in the latest step, (rows,)."""
        force = self._data.actuator_force[self._actuator] + self._weight()
        held = np.where(self._powered, force / (self._ratio * self._servos), 0.0)
        return np.where(self._by_effort, self._effort_target, held)

    def drive(self, row: int, drive: Drive) -> None:
        """Take a servo's wish; it counts from the next step. Any thread may call this."""
        self._inbox.append((row, drive))

    def before_step(self) -> None:
        """Write controls, force ranges and applied forces for the physics step to come."""
        if self._inbox:
            self._read_inbox()
        if self._moving.any():
            self._follow_velocities()
        control = (self._ramp.advance() - self._offset) / self._ratio
        self._data.ctrl[self._actuator] = np.minimum(np.maximum(control, self._low), self._high)
        # A servo carries the weight out of the same torque that moves; in the model, gravcomp carries it.
        weight = self._weight()
        held = weight * self._holding
        forces = self._model.actuator_forcerange
        forces[self._actuator, 0] = -self._reach - held
        forces[self._actuator, 1] = self._reach - held
        applied = self._effort_force - (weight - held)
        self._data.qfrc_applied[self._dof] = applied[:, None] * self._share

    def observe(self) -> None:
        """Read the joints after a physics step, or after the state was set."""
        x, v = self._data.qpos[self._qpos], self._data.qvel[self._dof]
        self.position_rad = 0.5 * (x[:, 0] + x[:, 1]) * self._ratio + self._offset
        self.velocity_rad_s = 0.5 * (v[:, 0] + v[:, 1]) * self._ratio

    def settle(self, *, on_stands: bool = False) -> None:
        """Forget motions under way: every servo holds where its joint is now, until it is given another target.

        Args:
            on_stands: whether unpowered joints were put on their stands again.
        """
        self.observe()
        self._ramp.jump(slice(None), self.position_rad)
        if on_stands:
            self._on_stand[:] = True
            self._sort_drives()

    def _weight(self) -> NDArray[np.float64]:
        """What gravcomp carries of each joint that would fall, force on x."""
        return np.asarray(self._data.qfrc_gravcomp[self._dof[:, 0]] * self._falls)

    def _read_inbox(self) -> None:
        while self._inbox:
            row, drive = self._inbox.popleft()
            if drive == self._drives[row]:
                continue
            if drive.kind is not self._drives[row].kind:
                self._ramp.jump(row, self.position_rad[row])
            if drive.kind is DriveKind.POSITION:
                self._ramp.aim(row, drive.target)
            self._drives[row] = drive
            self._on_stand[row] &= drive.kind is DriveKind.OFF
        self._sort_drives()

    def _sort_drives(self) -> None:
        """Put the drives into arrays, once for many steps."""
        kinds = [drive.kind for drive in self._drives]
        targets = np.array([drive.target for drive in self._drives])
        limits = np.array([drive.effort_limit_nm for drive in self._drives])
        self._moving = np.array([kind is DriveKind.VELOCITY for kind in kinds])
        self._by_effort = np.array([kind is DriveKind.EFFORT for kind in kinds])
        self._powered = self._moving | np.array([kind is DriveKind.POSITION for kind in kinds])
        self._holding = self._powered | self._on_stand
        self._velocity_target = np.where(self._moving, targets, 0.0)
        self._effort_target = np.where(self._by_effort, np.clip(targets, -limits, limits), 0.0)
        self._effort_force = self._effort_target * self._servos * self._ratio
        strength = np.minimum(limits * self._servos * np.abs(self._ratio), self._strength)
        self._reach = np.where(self._powered, strength, np.where(self._on_stand, self._strength, 0.0))

    def _follow_velocities(self) -> None:
        ahead = self._ramp.setpoint + self._velocity_target * self._step_s
        lead = np.clip(ahead - self.position_rad, -self._lead, self._lead)
        self._ramp.jump(self._moving, (self.position_rad + lead)[self._moving])
