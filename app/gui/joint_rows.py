"""The robot's numbers as people group them: one row for each arm with its gripper, one for base and lift."""

from __future__ import annotations

from dataclasses import dataclass

from app.gui.wording import plain_name
from drivers.profile.schema import RobotProfile


@dataclass(frozen=True, slots=True)
class Track:
    """One number of the vector: where it is, what it is called, and its range."""

    index: int
    label: str
    low: float
    high: float
    unit: str


@dataclass(frozen=True, slots=True)
class Row:
    """The tracks of one arm with its gripper, or of the body."""

    title: str
    tracks: tuple[Track, ...]


def rows_of(profile: RobotProfile) -> tuple[Row, ...]:
    """One row for each arm (its gripper beside its joints) and one for base and lifts."""
    arms: dict[str, list[Track]] = {}
    body: list[Track] = []
    for segment in profile.segments:
        at = segment.start
        if segment.kind == "arm":
            joints = profile.arms[segment.name].joints
            arms.setdefault(segment.name, []).extend(
                Track(at + i, plain_name(joint.name), joint.min_rad, joint.max_rad, "rad")
                for i, joint in enumerate(joints)
            )
        elif segment.kind == "gripper":
            arms.setdefault(segment.name, []).append(Track(at, "gripper", 0.0, 1.0, ""))
        elif segment.kind == "base" and profile.base is not None:
            speed, yaw = profile.base.max_speed_m_s, profile.base.max_yaw_rate_rad_s
            body.append(Track(at, "base forward", -speed, speed, "m/s"))
            body.append(Track(at + 1, "base left", -speed, speed, "m/s"))
            body.append(Track(at + 2, "base turn", -yaw, yaw, "rad/s"))
        elif segment.kind == "lift":
            lift = profile.lifts[segment.name]
            body.append(Track(at, "lift", 0.0, lift.max_m, "m"))
    rows = [Row(f"{plain_name(name)} arm", tuple(tracks)) for name, tracks in arms.items()]
    return tuple(rows + ([Row("body", tuple(body))] if body else []))
