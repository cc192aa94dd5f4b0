"""The simulated kitchen as the servos see it, the hands move it, and tests look at it."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivers.profile.schema import RobotProfile
from drivers.sim.actuators import PositionActuators
from drivers.sim.errors import WorldError as WorldError
from drivers.sim.fitting import fit_actuators
from drivers.sim.interface import Drive, Hands, SimJoint, Truth
from drivers.sim.kitchen.geometry import OBJECTS
from drivers.sim.kitchen.model import compile_kitchen
from drivers.sim.kitchen.placement import draw_placement
from drivers.sim.leaders import Leaders
from drivers.sim.wheels import Wheels

START_BASE_POSE = (-0.30, 0.0, 0.0)
"""x, y, yaw at the start: three quarters of a metre from the counter, clear of it whatever the arms do at home."""
START_LIFT_M = 0.02
START_OPENING = 0.8
_PLACEMENT_TRIES = 200
_INTEGRATION = mujoco.mjtState.mjSTATE_INTEGRATION


@dataclass(frozen=True, slots=True)
class _Joint:
    """A row of one of the groups of servos."""

    group: PositionActuators | Wheels | Leaders
    row: int

    @property
    def position_rad(self) -> float:
        return float(self.group.position_rad[self.row])

    @property
    def velocity_rad_s(self) -> float:
        return float(self.group.velocity_rad_s[self.row])

    @property
    def effort_nm(self) -> float:
        return float(self.group.effort_nm[self.row])

    def drive(self, drive: Drive) -> None:
        self.group.drive(self.row, drive)


class KitchenWorld:
    """MuJoCo's kitchen with the profile's robot in it.

    One thread steps it, resets it and reads its truth. Joints may be read, driven, and the leaders' hands moved, from
    other threads: a wish counts from the next step. The same seed and the same wishes at the same steps lead to the
    same states, bit by bit.

    Angles are the profile's joint angles, in its sense of rotation: `inverted` and `zero_ticks` belong to the servos.
    A joint's effort is that of each of its servos; the lift is balanced and needs effort only to move and to press.

    Args:
        profile: a robot with arms `left` and `right`; their geometry is the model's.
        seed: what the objects' places are drawn from.

    Raises:
        WorldError: when the profile's robot is not the one of the model.
    """

    def __init__(self, profile: RobotProfile, *, seed: int) -> None:
        mujoco.set_mju_user_warning(_log_warning)
        self.profile = profile
        self.model = compile_kitchen()
        self.data = mujoco.MjData(self.model)
        self._time_ns = time.monotonic_ns()
        self._objects = {name: int(self.model.joint(name).qposadr[0]) for name in OBJECTS}
        self._object_dof = {name: int(self.model.joint(name).dofadr[0]) for name in OBJECTS}
        joints = (self.model.joint(index) for index in range(self.model.njnt))
        self._coordinate_at = {joint.name: int(joint.qposadr[0]) for joint in joints}
        self._robot_bodies = self._bodies_of("base")
        self._object_bodies = {self.model.body(name).id for name in OBJECTS}
        steps = max(1, round(1.0 / profile.control_rate_hz / self.step_s))
        names, specs = fit_actuators(profile, self.model)
        self._actuators = PositionActuators(self.model, self.data, specs, command_steps=steps)
        self._joints: dict[tuple[str, str], SimJoint] = {
            name: _Joint(self._actuators, row) for row, name in enumerate(names)
        }
        self._arm_at = {
            name: np.array([self._coordinate_at[f"{name}_{joint.name}"] for joint in arm.joints])
            for name, arm in profile.arms.items()
        }
        self._wheels = self._add_wheels(steps)
        self._leaders = self._add_leaders(steps)
        self.reset(seed, robot=True)

    @property
    def step_s(self) -> float:
        """Length of a physics step in seconds."""
        return float(self.model.opt.timestep)

    def joint(self, bus: str, name: str) -> SimJoint:
        """The degree of freedom on a bus: a profile joint's name, `gripper`, `handle`, `wheel_1`… or `lift`.

        Raises:
            KeyError: when the world has no such joint; the message lists those of the bus.
        """
        try:
            return self._joints[bus, name]
        except KeyError:
            there = ", ".join(sorted(joint for line, joint in self._joints if line == bus)) or "nothing"
            raise KeyError(f"no joint {name!r} on bus {bus!r}; the world has {there}") from None

    def set_hands(self, hands: Hands) -> None:
        """Move the hands on the leaders; what they leave out stays. Any thread may call this.

        Raises:
            WorldError: when the robot has no such leader.
        """
        unknown = (set(hands.leader_rad) | set(hands.leader_opening)) - set(self.profile.leaders)
        if unknown:
            there = ", ".join(self.profile.leaders) or "none"
            raise WorldError(f"hands on leader {', '.join(sorted(unknown))}; the robot's leaders are {there}")
        self._leaders.hold(hands)

    def step(self) -> None:
        """Advance by one physics step.

        Raises:
            WorldError: when the physics came apart, which MuJoCo answers by starting over.
        """
        before_s = self.data.time
        self._actuators.before_step()
        if self._wheels is not None:
            self._wheels.before_step()
        mujoco.mj_step(self.model, self.data)
        self._time_ns = time.monotonic_ns()
        if self.data.time <= before_s:
            raise WorldError(f"the physics came apart at {before_s:.3f} s of simulated time; reset the world")
        self._actuators.observe()
        if self._wheels is not None:
            self._wheels.observe()
        self._leaders.step()

    def reset(self, seed: int, *, robot: bool) -> None:
        """Put the objects on the counter as the seed says, the drawer closed; nothing moves any more.

        Places and yaws are uniform within the row beside the sink (`kitchen.placement`).

        Args:
            seed: what the objects' places are drawn from.
            robot: also put the robot and its leaders to their start; otherwise it stays as it is, and the objects are
                placed clear of it.

        Raises:
            WorldError: when the robot leaves no room for the objects.
        """
        if robot:
            self._restart_robot()
        self.data.qpos[self.model.joint("drawer").qposadr[0]] = 0.0
        self.data.qvel[:] = 0.0
        rng = np.random.default_rng(seed)
        for _ in range(_PLACEMENT_TRIES):
            for name, pose in draw_placement(rng).items():
                self._set_object(name, pose)
            mujoco.mj_forward(self.model, self.data)
            if not self._objects_touched():
                self._settle(on_stands=robot)
                return
        raise WorldError(
            "the robot leaves no room for the objects on the counter; move it back, or reset it too"
        )

    def place(self, name: str, pose: ArrayLike) -> None:
        """Put an object somewhere, at rest.

        Args:
            name: of the object.
            pose: (7,) x y z qw qx qy qz in the world frame, m.

        Raises:
            WorldError: when there is no such object.
        """
        if name not in self._objects:
            raise WorldError(f"no object {name!r}; the kitchen has {', '.join(OBJECTS)}")
        self._set_object(name, np.asarray(pose, dtype=np.float64))
        mujoco.mj_forward(self.model, self.data)

    def arrange(
        self,
        *,
        base_pose: tuple[float, float, float] | None = None,
        lift_m: float | None = None,
        drawer_m: float | None = None,
        arm_rad: Mapping[str, ArrayLike] = MappingProxyType({}),
        opening: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        """Put robot and drawer somewhere, at rest; what is left out stays, and so do the leaders.

        Nothing makes way: whoever asks sees to it that no thing is put into another.

        Args:
            base_pose: x, y in m and yaw in rad in the world frame.
            lift_m: height of the lift.
            drawer_m: how far the drawer is open.
            arm_rad: joint angles of follower arms by name, (6,).
            opening: opening of follower grippers by name, in [0, 1].

        Raises:
            WorldError: when the robot has no such arm or gripper.
        """
        for given, there, what in (
            (arm_rad, self.profile.arms, "arm"),
            (opening, self.profile.grippers, "gripper"),
        ):
            if unknown := sorted(set(given) - set(there)):
                raise WorldError(f"no {what} {unknown[0]!r}; the robot's are {', '.join(there)}")
        if base_pose is not None:
            for axis, value in zip(("base_x", "base_y", "base_yaw"), base_pose, strict=True):
                self._set_coordinate(axis, value)
        if lift_m is not None:
            self._set_coordinate("lift", lift_m)
        if drawer_m is not None:
            self._set_coordinate("drawer", drawer_m)
        for name, angles in arm_rad.items():
            for joint, angle in zip(self.profile.arms[name].joints, np.asarray(angles), strict=True):
                self._set_coordinate(f"{name}_{joint.name}", float(angle))
        for name, share in opening.items():
            for finger in ("finger_a", "finger_b"):
                self._set_coordinate(
                    f"{name}_{finger}", float(share) * self.profile.grippers[name].opening_m / 2
                )
        self.data.qvel[:] = 0.0
        mujoco.mj_forward(self.model, self.data)
        self._settle()

    def robot_touches(self) -> bool:
        """Whether the robot touches anything that is not the robot."""
        for contact in self.data.contact[: self.data.ncon]:
            ours = [int(self.model.geom_bodyid[geom]) in self._robot_bodies for geom in contact.geom]
            if ours[0] != ours[1]:
                return True
        return False

    def truth(self) -> Truth:
        """The state of the world now."""
        data = self.data
        arms = {name: data.qpos[at] for name, at in self._arm_at.items()}
        return Truth(
            time_ns=self._time_ns,
            sim_time_s=float(data.time),
            objects={name: data.qpos[at : at + 7].copy() for name, at in self._objects.items()},
            drawer_m=self._coordinate("drawer"),
            base_pose=(self._coordinate("base_x"), self._coordinate("base_y"), self._coordinate("base_yaw")),
            lift_m=self._coordinate("lift"),
            arm_rad=arms,
            gripper_opening={
                name: (self._coordinate(f"{name}_finger_a") + self._coordinate(f"{name}_finger_b"))
                / gripper.opening_m
                for name, gripper in self.profile.grippers.items()
            },
        )

    def integration_state(self) -> NDArray[np.float64]:
        """MuJoCo's integration state, (N,): enough to draw the world, and to go on from here."""
        state = np.empty(self.state_size)
        mujoco.mj_getState(self.model, self.data, state, _INTEGRATION)
        return state

    def set_integration_state(self, state: ArrayLike) -> None:
        """Go to a state from `integration_state`; the servos hold what they find there."""
        mujoco.mj_setState(self.model, self.data, np.asarray(state, dtype=np.float64), _INTEGRATION)
        mujoco.mj_forward(self.model, self.data)
        self._settle()

    @property
    def state_size(self) -> int:
        """N, the length of the integration state."""
        return int(mujoco.mj_stateSize(self.model, _INTEGRATION))

    @property
    def time_ns(self) -> int:
        """`time.monotonic_ns()` of the latest physics step."""
        return self._time_ns

    # -- building ------------------------------------------------------------------------------------------------------

    def _add_wheels(self, command_steps: int) -> Wheels | None:
        base = self.profile.base
        if base is None:
            return None
        wheels = Wheels(self.model, self.data, base, command_steps=command_steps)
        for row in range(3):
            self._joints[base.bus, f"wheel_{row + 1}"] = _Joint(wheels, row)
        return wheels

    def _add_leaders(self, command_steps: int) -> Leaders:
        profile = self.profile
        homes = {
            name: np.array(profile.arms[spec.follows].home_rad) for name, spec in profile.leaders.items()
        }
        leaders = Leaders(profile.leaders, homes, step_s=self.step_s, command_steps=command_steps)
        for (name, joint), row in leaders.rows.items():
            self._joints[profile.leaders[name].bus, joint] = _Joint(leaders, row)
        return leaders

    def _bodies_of(self, root: str) -> set[int]:
        bodies = {self.model.body(root).id}
        for body in range(self.model.nbody):
            if self.model.body_parentid[body] in bodies:
                bodies.add(body)
        return bodies

    # -- state ---------------------------------------------------------------------------------------------------------

    def _coordinate(self, joint: str) -> float:
        return float(self.data.qpos[self._coordinate_at[joint]])

    def _set_coordinate(self, joint: str, value: float) -> None:
        self.data.qpos[self.model.joint(joint).qposadr[0]] = value

    def _set_object(self, name: str, pose: NDArray[np.float64]) -> None:
        at, dof = self._objects[name], self._object_dof[name]
        self.data.qpos[at : at + 7] = pose
        self.data.qvel[dof : dof + 6] = 0.0

    def _restart_robot(self) -> None:
        mujoco.mj_resetData(self.model, self.data)
        for axis, value in zip(("base_x", "base_y", "base_yaw"), START_BASE_POSE, strict=True):
            self._set_coordinate(axis, value)
        self._set_coordinate("lift", START_LIFT_M)
        for name, arm in self.profile.arms.items():
            for joint, angle in zip(arm.joints, arm.home_rad, strict=True):
                self._set_coordinate(f"{name}_{joint.name}", angle)
        for name, gripper in self.profile.grippers.items():
            for finger in ("finger_a", "finger_b"):
                self._set_coordinate(f"{name}_{finger}", START_OPENING * gripper.opening_m / 2)
        self._leaders.restart()

    def _settle(self, *, on_stands: bool = False) -> None:
        self._actuators.settle(on_stands=on_stands)
        if self._wheels is not None:
            self._wheels.settle()
        self._time_ns = time.monotonic_ns()

    def _objects_touched(self) -> bool:
        for contact in self.data.contact[: self.data.ncon]:
            bodies = {int(self.model.geom_bodyid[geom]) for geom in contact.geom}
            if bodies & self._robot_bodies and bodies & self._object_bodies:
                return True
        return False


def _log_warning(text: str) -> None:
    """Take MuJoCo's warnings, which it would otherwise write to a file in the current folder."""
    if "unstable" not in text:  # `step` raises for that
        logging.getLogger(__name__).warning("MuJoCo: %s", text)
