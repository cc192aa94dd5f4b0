"""Which servos sit on which line and joint: a profile's devices, as whoever built the robot would have set them up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from drivers.profile.schema import Arm, Leader, RobotProfile
from drivers.sim import control_table as ct
from drivers.sim.bus import SimBus
from drivers.sim.interface import ServoWorld
from drivers.sim.servo import ServoSpec, SimServo
from drivers.sim.shared_joint import SharedJoint

ARM_NM_PER_A: Final[dict[str, float]] = {
    "XM540-W270": 11.25,
    "XM430-W350": 10.0,
    "XL430-W250": 10.0,
    "XC430-W240": 10.0,
}
"""Torque of one ampere on an arm joint. The real servos give about 2.4 and 1.8 N·m/A; the simulated arms are heavier
and quicker than the real ones, so the scale puts the joints' strength of 90 N·m (two servos) at the usual 4 A."""

GRIPPER_NM_PER_A: Final = 6.0
"""The pads' 80 N, 4 N·m at the servo, come at 0.7 A."""

WHEEL_NM_PER_A: Final = 8.0
LIFT_NM_PER_A: Final = 8.0
"""The carriage's weight takes about half an ampere, so a homing threshold near 0.9 A tells the stop from the ride."""


def build_buses(
    profile: RobotProfile,
    world: ServoWorld,
    *,
    now_ns: int,
    fast_sync_read: bool = True,
    keeps_goals: bool = False,
) -> dict[str, SimBus]:
    """A bus with its servos for every bus of the profile that ends in the simulated world (`port = "sim:…"`).

    Args:
        profile: the robot.
        world: its joints.
        now_ns: `time.monotonic_ns()`.
        fast_sync_read: whether the servos know the fast sync read.
        keeps_goals: as `ServoSpec`.

    Raises:
        KeyError: when the world lacks a joint of the profile.
    """
    firmware = 46 if fast_sync_read else 44
    servos: dict[str, list[SimServo]] = {
        name: [] for name, bus in profile.buses.items() if bus.port.startswith("sim:")
    }

    def add(bus: str, joint: str, specs: Iterable[ServoSpec]) -> None:
        if bus not in servos:
            return
        shared = SharedJoint(world.joint(bus, joint))
        # All ports exist before the first servo drives, since the joint's load is shared by as many as there are.
        for spec, port in [(spec, shared.port()) for spec in specs]:
            servos[bus].append(SimServo(spec, port, now_ns=now_ns))

    def spec(bus: str, servo_id: int, model: str, nm_per_a: float, **mounting: int) -> ServoSpec:
        return ServoSpec(
            id=servo_id,
            model=model,
            effort_per_ampere_nm=nm_per_a,
            baud=profile.buses[bus].baud,
            firmware=firmware,
            keeps_goals=keeps_goals,
            **mounting,
        )

    def add_joints(part: Arm | Leader) -> None:
        for joint in part.joints:
            mounting = {"direction": -1 if joint.inverted else 1, "zero_ticks": joint.zero_ticks}
            master, *shadows = joint.ids
            scale = ARM_NM_PER_A[joint.model]
            specs = [spec(part.bus, master, joint.model, scale, **mounting)]
            specs += [
                spec(part.bus, id_, joint.model, scale, shadow_of=master, **mounting) for id_ in shadows
            ]
            add(part.bus, joint.name, specs)

    for arm in profile.arms.values():
        add_joints(arm)
    for gripper in profile.grippers.values():
        add(gripper.bus, "gripper", [spec(gripper.bus, gripper.id, gripper.model, GRIPPER_NM_PER_A)])
    for leader in profile.leaders.values():
        add_joints(leader)
        add(leader.bus, "handle", [spec(leader.bus, leader.handle.id, leader.handle.model, GRIPPER_NM_PER_A)])
    if profile.base is not None:
        base = profile.base
        for number, (servo_id, inverted) in enumerate(zip(base.ids, base.inverted, strict=True), start=1):
            mounting = {"direction": -1 if inverted else 1, "mode": ct.MODE_VELOCITY}
            add(
                base.bus,
                f"wheel_{number}",
                [spec(base.bus, servo_id, base.model, WHEEL_NM_PER_A, **mounting)],
            )
    for lift in profile.lifts.values():
        mounting = {"direction": -1 if lift.inverted else 1, "mode": ct.MODE_EXTENDED_POSITION}
        add(lift.bus, "lift", [spec(lift.bus, lift.id, lift.model, LIFT_NM_PER_A, **mounting)])
    return {name: SimBus(listed, fast_sync_read=fast_sync_read) for name, listed in servos.items()}
