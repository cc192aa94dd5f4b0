"""The robot's servos as people group them: by arm, leader, base and lift, with where each one's number is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.gui.robot.pick import Kind, Pick
from app.gui.wording import plain_name
from drivers.profile.schema import Gripper, Joint, RobotProfile

SHADOW = "shadow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One servo.

    Attributes:
        pick: its bus and id.
        part: what it turns, within its group, such as `elbow`; `shadow` for the second servo of the joint before it.
        slot: the number of the vector that it turns; -1 when there is none, as for a wheel.
        leader: whether that number is the leader's rather than the follower's.
        unit: of that number: `rad`, `opening`, `m`, or empty.
    """

    pick: Pick
    part: str
    slot: int = -1
    leader: bool = False
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The servos of one device."""

    title: str
    places: tuple[Place, ...]


def servo_groups(profile: RobotProfile) -> tuple[Group, ...]:
    """A group for each arm with its gripper, each leader with its handle, the base, and each lift."""
    starts = {(segment.kind, segment.name): segment.start for segment in profile.segments}
    groups = []
    for name, arm in profile.arms.items():
        places = list(_joints(arm.bus, arm.joints, starts["arm", name]))
        if name in profile.grippers:
            places.append(_gripper(profile.grippers[name], starts["gripper", name]))
        groups.append(Group(f"{plain_name(name)} arm", tuple(places)))
    for name, gripper in profile.grippers.items():
        if name not in profile.arms:
            groups.append(Group(f"{plain_name(name)} gripper", (_gripper(gripper, starts["gripper", name]),)))
    for name, leader in profile.leaders.items():
        start = starts["arm", leader.follows]
        places = list(_joints(leader.bus, leader.joints, start, leader=True))
        pick = Pick(Kind.SERVO, leader.bus, leader.handle.id)
        slot = starts["gripper", leader.follows]
        places.append(Place(pick=pick, part="handle", slot=slot, leader=True, unit="opening"))
        groups.append(Group(f"{plain_name(name)} leader", tuple(places)))
    if profile.base is not None:
        bus = profile.base.bus
        wheels = (
            Place(pick=Pick(Kind.SERVO, bus, servo_id), part=f"wheel {number}")
            for number, servo_id in enumerate(profile.base.ids, start=1)
        )
        groups.append(Group("base", tuple(wheels)))
    for name, lift in profile.lifts.items():
        place = Place(
            pick=Pick(Kind.SERVO, lift.bus, lift.id), part="lift", slot=starts["lift", name], unit="m"
        )
        groups.append(Group("lift" if len(profile.lifts) == 1 else f"{plain_name(name)} lift", (place,)))
    return tuple(groups)


def _gripper(gripper: Gripper, slot: int) -> Place:
    pick = Pick(Kind.SERVO, gripper.bus, gripper.id)
    return Place(pick=pick, part="gripper", slot=slot, unit="opening")


def _joints(bus: str, joints: tuple[Joint, ...], start: int, *, leader: bool = False) -> Iterator[Place]:
    for slot, joint in enumerate(joints, start=start):
        for number, servo_id in enumerate(joint.ids):
            part = SHADOW if number else plain_name(joint.name)
            pick = Pick(Kind.SERVO, bus, servo_id)
            yield Place(pick=pick, part=part, slot=slot, leader=leader, unit="rad")
