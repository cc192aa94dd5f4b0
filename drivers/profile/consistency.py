"""Whether the parts of a profile agree with one another, and with what the servos can do.

Runs on values whose shape is already right; each rule yields its mistakes, and all rules always run.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from drivers.dynamixel.registers import TICKS_PER_TURN
from drivers.profile.mistakes import Mistake, did_you_mean, listed
from drivers.profile.schema import Arm, Leader, RobotProfile
from drivers.profile.servo_limits import (
    EXTENDED_TICKS,
    NAME,
    VELOCITY_REGISTER_RAD_S,
    current_mistakes,
    joint_mistakes,
    needs_current,
    opening_mistakes,
    velocity_mistakes,
)


def inconsistencies(profile: RobotProfile) -> Iterator[Mistake]:
    """Every disagreement in a profile."""
    yield from _names(profile)
    yield from _vector(profile)
    yield from _bus_references(profile)
    yield from _servo_ids(profile)
    yield from _ports(profile)
    yield from _watchdogs(profile)
    yield from _packet_timeouts(profile)
    for name, arm in profile.arms.items():
        yield from _arm(arm, f"arms.{name}")
    yield from _grippers(profile)
    yield from _leaders(profile)
    yield from _base_and_lifts(profile)
    yield from _cameras(profile)


def _names(profile: RobotProfile) -> Iterator[Mistake]:
    for kind in ("buses", "arms", "grippers", "leaders", "lifts", "cameras"):
        for name in getattr(profile, kind):
            if not NAME.fullmatch(name):
                yield Mistake(
                    f"{kind}.{name}", f'"{name}" is not a name of small letters, digits and underscores'
                )
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", profile.name):
        yield Mistake(
            "name", f'"{profile.name}" is not a name of small letters, digits, hyphens and underscores'
        )


def _vector(profile: RobotProfile) -> Iterator[Mistake]:
    devices = [f"arm.{name}" for name in profile.arms]
    devices += [f"gripper.{name}" for name in profile.grippers]
    devices += ["base"] if profile.base is not None else []
    devices += [f"lift.{name}" for name in profile.lifts]
    seen: set[str] = set()
    for index, entry in enumerate(profile.vector):
        if entry not in devices:
            hint = did_you_mean(entry, devices)
            problem = f'"{entry}" is no device of this robot; it has {listed(devices)}{hint}'
            yield Mistake(f"vector[{index}]", problem)
        elif entry in seen:
            yield Mistake(f"vector[{index}]", f'"{entry}" is listed twice; every device belongs in it once')
        seen.add(entry)
    if missing := [device for device in devices if device not in seen]:
        yield Mistake("vector", f"leaves out {listed(missing)}; every device has to be in it")
    if not profile.vector and not devices:
        yield Mistake("vector", "is empty: the robot has no arm, gripper, base or lift")


def _on_buses(profile: RobotProfile) -> Iterator[tuple[str, str]]:
    """(key, bus name) of everything that is on a bus."""
    for kind in ("arms", "grippers", "leaders", "lifts"):
        for name, device in getattr(profile, kind).items():
            yield f"{kind}.{name}.bus", device.bus
    if profile.base is not None:
        yield "base.bus", profile.base.bus


def _bus_references(profile: RobotProfile) -> Iterator[Mistake]:
    for key, bus in _on_buses(profile):
        if bus not in profile.buses:
            hint = did_you_mean(bus, profile.buses)
            yield Mistake(key, f'"{bus}" is no bus of this robot; it has {listed(profile.buses)}{hint}')


def _ids(profile: RobotProfile) -> Iterator[tuple[str, str, int]]:
    """(key, bus name, id) of every servo."""
    for kind, arms in (("arms", profile.arms), ("leaders", profile.leaders)):
        for name, arm in arms.items():
            for index, joint in enumerate(arm.joints):
                for servo_id in joint.ids:
                    yield f"{kind}.{name}.joints[{index}].ids", arm.bus, servo_id
    for name, gripper in profile.grippers.items():
        yield f"grippers.{name}.id", gripper.bus, gripper.id
    for name, leader in profile.leaders.items():
        yield f"leaders.{name}.handle.id", leader.bus, leader.handle.id
    if profile.base is not None:
        for index, servo_id in enumerate(profile.base.ids):
            yield f"base.ids[{index}]", profile.base.bus, servo_id
    for name, lift in profile.lifts.items():
        yield f"lifts.{name}.id", lift.bus, lift.id


def _servo_ids(profile: RobotProfile) -> Iterator[Mistake]:
    owners: dict[tuple[str, int], str] = {}
    for key, bus, servo_id in _ids(profile):
        if (bus, servo_id) in owners:
            first = owners[bus, servo_id]
            yield Mistake(
                key, f'servo {servo_id} on bus "{bus}" is already {first}; each id may be used once on a bus'
            )
        owners.setdefault((bus, servo_id), key)


def _ports(profile: RobotProfile) -> Iterator[Mistake]:
    first: dict[str, str] = {}
    for name, bus in profile.buses.items():
        key = f"buses.{name}.port"
        if not bus.port or bus.port == "sim:":
            yield Mistake(key, f'"{bus.port}" names no port; give a device path such as /dev/serial/by-id/…')
        elif bus.port in first:
            yield Mistake(
                key, f'"{bus.port}" is already the port of bus "{first[bus.port]}"; each bus has its own'
            )
        first.setdefault(bus.port, name)
        is_simulated = bus.port.startswith("sim:")
        if is_simulated and profile.simulation is None:
            yield Mistake(key, f'"{bus.port}" is a simulated port, but the profile has no [simulation] table')
        if not is_simulated and profile.simulation is not None:
            yield Mistake(
                key,
                f'"{bus.port}" is a real port in a simulated robot; give "sim:{name}", or leave [simulation] out',
            )
    if not profile.buses:
        yield Mistake("buses", "is empty: the robot needs at least one bus")


def _watchdogs(profile: RobotProfile) -> Iterator[Mistake]:
    period_ms = 1000 / profile.control_rate_hz
    for name, bus in profile.buses.items():
        key = f"buses.{name}.watchdog_ms"
        if bus.watchdog_ms % 20:
            yield Mistake(
                key, f"{bus.watchdog_ms} is not a multiple of 20, the unit of the servos' bus watchdog"
            )
        if bus.watchdog_ms < 3 * period_ms:
            yield Mistake(
                key,
                f"{bus.watchdog_ms} would trip when one or two ticks are late at {profile.control_rate_hz:g} Hz; "
                f"at least {3 * period_ms:g}, three ticks, is needed",
            )


def _packet_timeouts(profile: RobotProfile) -> Iterator[Mistake]:
    """A tick must have time for a state read that waits in vain and, after it, a question to the servo in doubt."""
    most_ms = 1000 / profile.control_rate_hz / 3
    for name, bus in profile.buses.items():
        if bus.packet_timeout_ms > most_ms:
            yield Mistake(
                f"buses.{name}.packet_timeout_ms",
                f"{bus.packet_timeout_ms:g} leaves no time in a tick to ask a silent servo, at "
                f"{profile.control_rate_hz:g} Hz; at most {most_ms:.1f}, a third of a tick, is allowed",
            )


def _arm(arm: Arm, key: str) -> Iterator[Mistake]:
    count = len(arm.joints)
    yield from joint_mistakes(arm.joints, key)
    for pose in ("home_rad", "rest_rad"):
        angles: tuple[float, ...] = getattr(arm, pose)
        if len(angles) != count:
            yield Mistake(f"{key}.{pose}", f"has {len(angles)} angles for {count} joints; one each is needed")
            continue
        for index, (angle, joint) in enumerate(zip(angles, arm.joints, strict=True)):
            # Swapped limits are told of the joint; every pose would be outside them.
            if joint.min_rad < joint.max_rad and not joint.min_rad <= angle <= joint.max_rad:
                yield Mistake(
                    f"{key}.{pose}[{index}]",
                    f"{angle:g} is outside the limits of {joint.name}, {joint.min_rad:g} to {joint.max_rad:g} rad",
                )
    if arm.chain is not None:
        if len(arm.chain.links) != count:
            yield Mistake(
                f"{key}.chain.links",
                f"has {len(arm.chain.links)} links for {count} joints; one each is needed",
            )
        for index, link in enumerate(arm.chain.links):
            if abs(math.hypot(*link.axis) - 1) > 1e-3:
                yield Mistake(
                    f"{key}.chain.links[{index}].axis",
                    f"{list(link.axis)} has length {math.hypot(*link.axis):.3g}; an axis has length 1",
                )


def _grippers(profile: RobotProfile) -> Iterator[Mistake]:
    for name, gripper in profile.grippers.items():
        key = f"grippers.{name}"
        yield from needs_current(gripper.model, "a gripper (current-based position, mode 5)", f"{key}.model")
        yield from current_mistakes(gripper.current_limit_a, gripper.model, f"{key}.current_limit_a")
        yield from opening_mistakes(gripper.closed_rad, gripper.open_rad, key)


def _leaders(profile: RobotProfile) -> Iterator[Mistake]:
    followed: dict[str, str] = {}
    sharers: dict[str, list[str]] = {}
    for key, bus in _on_buses(profile):
        sharers.setdefault(bus, []).append(key.removesuffix(".bus"))
    for name, leader in profile.leaders.items():
        key = f"leaders.{name}"
        # Torque is let go of by the bus, so whatever shared one with a leader would go limp with it.
        if others := [sharer for sharer in sharers[leader.bus] if sharer != key]:
            yield Mistake(
                f"{key}.bus", f'"{leader.bus}" is also the bus of {listed(others)}; a leader needs its own'
            )
        yield from joint_mistakes(leader.joints, key)
        yield from opening_mistakes(leader.handle.closed_rad, leader.handle.open_rad, f"{key}.handle")
        if leader.follows not in profile.arms:
            hint = did_you_mean(leader.follows, profile.arms)
            yield Mistake(
                f"{key}.follows",
                f'"{leader.follows}" is no arm of this robot; it has {listed(profile.arms)}{hint}',
            )
        else:
            yield from _leader_matches(leader, profile.arms[leader.follows], key)
        if leader.follows in followed:
            yield Mistake(
                f"{key}.follows", f'"{leader.follows}" is already led by "{followed[leader.follows]}"'
            )
        followed.setdefault(leader.follows, name)
        if leader.follows in profile.arms and leader.follows not in profile.grippers:
            yield Mistake(
                f"{key}.handle",
                f'moves no gripper: "{leader.follows}", the arm it leads, has none of the same name; there are '
                f"{listed(profile.grippers)}",
            )
        if leader.drivable:
            yield from needs_current(leader.handle.model, "a drivable leader", f"{key}.handle.model")
            for index, joint in enumerate(leader.joints):
                yield from needs_current(joint.model, "a drivable leader", f"{key}.joints[{index}].model")
                yield from current_mistakes(leader.drive_current_a, joint.model, f"{key}.drive_current_a")


def _leader_matches(leader: Leader, arm: Arm, key: str) -> Iterator[Mistake]:
    """A leader's joints answer its follower's one by one; names differ only by mistake."""
    if len(leader.joints) != len(arm.joints):
        yield Mistake(
            f"{key}.joints",
            f'has {len(leader.joints)} joints, but arm "{leader.follows}" has {len(arm.joints)}',
        )
        return
    for index, (ours, theirs) in enumerate(zip(leader.joints, arm.joints, strict=True)):
        if ours.name != theirs.name:
            yield Mistake(
                f"{key}.joints[{index}].name",
                f'"{ours.name}" would move "{theirs.name}" of arm "{leader.follows}"; the order has to be the same',
            )


def _base_and_lifts(profile: RobotProfile) -> Iterator[Mistake]:
    if profile.base is not None:
        base = profile.base
        yield from velocity_mistakes(base.max_wheel_rad_s, "base.max_wheel_rad_s")
        angles = [angle % 360 for angle in base.wheel_angles_deg]
        if len(set(angles)) < 3:
            yield Mistake(
                "base.wheel_angles_deg", f"{list(base.wheel_angles_deg)} has two wheels at the same angle"
            )
    for name, lift in profile.lifts.items():
        key = f"lifts.{name}"
        if lift.min_m >= lift.max_m:
            yield Mistake(f"{key}.min_m", f"{lift.min_m:g} is not below max_m, {lift.max_m:g}")
        reach_m = EXTENDED_TICKS / TICKS_PER_TURN * lift.m_per_rev
        if lift.max_m > reach_m:
            yield Mistake(
                f"{key}.max_m", f"{lift.max_m:g} is beyond the 256 turns of the servo, {reach_m:.2f} m"
            )
        servo_rad_s = lift.max_speed_m_s / lift.m_per_rev * 2 * math.pi
        if servo_rad_s > VELOCITY_REGISTER_RAD_S:
            most = VELOCITY_REGISTER_RAD_S / (2 * math.pi) * lift.m_per_rev
            yield Mistake(
                f"{key}.max_speed_m_s", f"{lift.max_speed_m_s:g} is more than the servo can, {most:.2f} m/s"
            )
        yield from needs_current(lift.model, "homing a lift against a stall", f"{key}.model")
        yield from current_mistakes(lift.current_limit_a, lift.model, f"{key}.current_limit_a")
        if lift.homing.stall_current_a >= lift.current_limit_a:
            yield Mistake(
                f"{key}.homing.stall_current_a",
                f"{lift.homing.stall_current_a:g} is never reached: the limit is {lift.current_limit_a:g} A",
            )


def _shared(source: str | int) -> bool:
    """Whether any number of cameras may have this source: what is drawn for each of them anew."""
    return source in ("sim", "test") or (isinstance(source, str) and source.startswith("test:"))


def _cameras(profile: RobotProfile) -> Iterator[Mistake]:
    for name, camera in profile.cameras.items():
        key = f"cameras.{name}"
        if camera.source == "sim" and profile.simulation is None:
            yield Mistake(
                f"{key}.source", '"sim" is a simulated camera, but the profile has no [simulation] table'
            )
        if camera.source == "" or (isinstance(camera.source, int) and camera.source < 0):
            yield Mistake(
                f"{key}.source", "names no camera; give an index, a device path, a video file or an address"
            )
        period_ms = 1000 / camera.rate_hz
        if camera.stale_after_ms < 2 * period_ms:
            yield Mistake(
                f"{key}.stale_after_ms",
                f"{camera.stale_after_ms:g} would call a healthy camera stale at {camera.rate_hz:g} a second; "
                f"at least {2 * period_ms:g}, two frames, is needed",
            )
    sources = Counter(camera.source for camera in profile.cameras.values() if not _shared(camera.source))
    for name, camera in profile.cameras.items():
        if sources[camera.source] > 1:
            yield Mistake(
                f"cameras.{name}.source", f'"{camera.source}" is used by {sources[camera.source]} cameras'
            )
