"""How fast base and lift may be driven by hand and foot, and how gently they set off."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.profile.schema import RobotProfile

PUBLISHED_M_S, PUBLISHED_YAW_RAD_S = 0.5, 1.57
"""Top speeds at which others drive such bases: a slow walk, a quarter turn a second. A profile may allow less, and the
lower counts; it may allow more to a policy that is quicker than a person's foot, never to the foot."""

PUBLISHED_M_S2, PUBLISHED_YAW_RAD_S2 = 0.25, 0.79
"""Their accelerations: two seconds from rest to full speed. A pedal is all or nothing, and a tap on it must be a nudge
of centimetres. Stopping is not softened by these: the safety filter brakes as hard as the profile allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FootLimits:
    """Top speeds of base and lift for one robot; zero where it has none."""

    base_m_s: float = 0.0
    yaw_rad_s: float = 0.0
    lift_m_s: float = 0.0

    @classmethod
    def of(cls, profile: RobotProfile) -> FootLimits:
        """The published speeds, or the profile's where those are lower. Lifts have none published: the profile's."""
        base = profile.base
        return cls(
            base_m_s=min(PUBLISHED_M_S, base.max_speed_m_s) if base else 0.0,
            yaw_rad_s=min(PUBLISHED_YAW_RAD_S, base.max_yaw_rate_rad_s) if base else 0.0,
            lift_m_s=min((lift.max_speed_m_s for lift in profile.lifts.values()), default=0.0),
        )


class SoftStart:
    """The twist that is asked of the base: up to what is wanted at the published accelerations, down at once."""

    def __init__(self) -> None:
        self._twist = (0.0, 0.0, 0.0)

    def step(self, wanted: tuple[float, float, float], dt_s: float) -> tuple[float, float, float]:
        """The twist for one tick.

        Args:
            wanted: vx, vy in m/s and wz in rad/s.
            dt_s: since the last tick.
        """
        steps = (PUBLISHED_M_S2 * dt_s, PUBLISHED_M_S2 * dt_s, PUBLISHED_YAW_RAD_S2 * dt_s)
        vx, vy, wz = (
            _toward(now, goal, step) for now, goal, step in zip(self._twist, wanted, steps, strict=True)
        )
        self._twist = (vx, vy, wz)
        return self._twist


def _toward(now: float, goal: float, step: float) -> float:
    """Slower and turning round at once, faster by a step."""
    start = now if now * goal > 0 else 0.0
    if abs(goal) <= abs(start):
        return goal
    return min(goal, start + step) if goal > 0 else max(goal, start - step)
