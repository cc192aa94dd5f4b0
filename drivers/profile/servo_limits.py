"""What the servos of a profile can do: the angles, speeds and currents that their registers hold.

Source: ROBOTIS e-manual, X series, ranges of current limit (38), velocity limit (44) and goal position (116).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from drivers.dynamixel.registers import MODELS, RAD_PER_TICK, RAD_S_PER_UNIT, TICKS_PER_TURN
from drivers.profile.mistakes import Mistake, listed
from drivers.profile.schema import Joint

EXTENDED_TICKS = 1_048_575
"""Extended position mode counts 256 turns either way."""

VELOCITY_REGISTER_RAD_S = 1023 * RAD_S_PER_UNIT
"""The largest Velocity Limit (44)."""

CURRENT_LIMIT_A: dict[str, float | None] = {
    name: None if model.ampere_per_unit is None else model.max_current_units * model.ampere_per_unit
    for name, model in MODELS.items()
}
"""The largest Current Limit (38); None where the servo has no current sensor and no current modes."""

NAME = re.compile(r"[a-z][a-z0-9_]*")
"""Names end up in recordings, topics and file names, so they are kept plain."""


def joint_mistakes(joints: tuple[Joint, ...], key: str) -> Iterator[Mistake]:
    """What is wrong with an arm's joints, one by one and together."""
    if not joints:
        yield Mistake(f"{key}.joints", "is empty: an arm has at least one joint")
    for name, times in Counter(joint.name for joint in joints).items():
        if times > 1:
            yield Mistake(f"{key}.joints", f'the name "{name}" is used {times} times; each joint has its own')
    for index, joint in enumerate(joints):
        yield from _joint(joint, f"{key}.joints[{index}]")


def _joint(joint: Joint, key: str) -> Iterator[Mistake]:
    if not NAME.fullmatch(joint.name):
        yield Mistake(f"{key}.name", f'"{joint.name}" is not a name of small letters, digits and underscores')
    if joint.min_rad >= joint.max_rad:
        yield Mistake(f"{key}.min_rad", f"{joint.min_rad:g} is not below max_rad, {joint.max_rad:g}")
    lowest, highest = _reach_rad(joint)
    for limit in ("min_rad", "max_rad"):
        angle: float = getattr(joint, limit)
        if not lowest - RAD_PER_TICK <= angle <= highest + RAD_PER_TICK:
            yield Mistake(
                f"{key}.{limit}",
                f"{angle:g} is beyond what {joint.name}'s ticks 0 to {TICKS_PER_TURN - 1} reach with zero_ticks "
                f"{joint.zero_ticks}, {lowest:.3f} to {highest:.3f} rad",
            )
    yield from velocity_mistakes(joint.max_velocity_rad_s, f"{key}.max_velocity_rad_s")
    yield from current_mistakes(joint.current_limit_a, joint.model, f"{key}.current_limit_a")


def _reach_rad(joint: Joint) -> tuple[float, float]:
    """Least and greatest angle that a joint in position mode (ticks 0 to 4095) can be sent to."""
    direction = -1 if joint.inverted else 1
    ends = [direction * (ticks - joint.zero_ticks) * RAD_PER_TICK for ticks in (0, TICKS_PER_TURN - 1)]
    return min(ends), max(ends)


def velocity_mistakes(velocity_rad_s: float, key: str) -> Iterator[Mistake]:
    """A velocity that the servo's register cannot hold."""
    if velocity_rad_s > VELOCITY_REGISTER_RAD_S:
        yield Mistake(
            key,
            f"{velocity_rad_s:g} is more than the servo's velocity limit can hold, {VELOCITY_REGISTER_RAD_S:.1f} rad/s",
        )


def current_mistakes(current_a: float, model: str, key: str) -> Iterator[Mistake]:
    """A current that the servo's register cannot hold."""
    most = CURRENT_LIMIT_A[model]
    if most is not None and current_a > most:
        yield Mistake(
            key, f"{current_a:g} is more than the current limit of a {model} can hold, {most:.2f} A"
        )


def needs_current(model: str, use: str, key: str) -> Iterator[Mistake]:
    """XL430 and XC430 measure load instead of current and have modes 1, 3, 4 and 16 only."""
    if CURRENT_LIMIT_A[model] is None:
        able = listed(name for name, limit in CURRENT_LIMIT_A.items() if limit is not None)
        yield Mistake(key, f'"{model}" has no current control, which {use} needs; use one of {able}')


def opening_mistakes(closed_rad: float, open_rad: float, key: str) -> Iterator[Mistake]:
    """Angles of a gripper or handle between which no opening can be told."""
    for name, angle in (("closed_rad", closed_rad), ("open_rad", open_rad)):
        if not -math.pi <= angle <= math.pi:
            yield Mistake(f"{key}.{name}", f"{angle:g} is outside one turn of the servo, -3.142 to 3.142 rad")
    if abs(closed_rad - open_rad) < 0.05:
        yield Mistake(
            f"{key}.open_rad",
            f"{open_rad:g} is within 0.05 rad of closed_rad, {closed_rad:g}: no opening can be told",
        )
