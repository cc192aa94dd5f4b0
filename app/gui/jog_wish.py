"""What the operator's fingers ask of hand, base and lift: a wish per axis in [-1, 1], and how keys make one. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from app.hands.limits import FootLimits
from app.messages import Jog
from drivers.profile.schema import RobotProfile

HAND_M_S = 0.12
HAND_RAD_S = 0.9
OPENING_RATE = 1.5
"""Of a simulated leader's hand. A key is all or nothing, so it moves a hand no faster than a person places a cup
(a fifth of a metre in two seconds); a stick, which can be pushed a little, may go half as fast again: `app.hands`."""

Triple = tuple[float, float, float]
ZERO: Triple = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class JogWish:
    """Axes in [-1, 1]: the hand forward, left, up and about these axes; the gripper open; the base; the lift up."""

    linear: Triple = ZERO
    angular: Triple = ZERO
    opening: float = 0.0
    base: Triple = ZERO
    lift: float = 0.0

    def __add__(self, other: JogWish) -> JogWish:
        """Both at once, no axis beyond its full speed."""
        return JogWish(
            linear=_clipped(self.linear, other.linear),
            angular=_clipped(self.angular, other.angular),
            opening=_clip(self.opening + other.opening),
            base=_clipped(self.base, other.base),
            lift=_clip(self.lift + other.lift),
        )

    @property
    def still(self) -> bool:
        """Whether nothing is asked for."""
        return self == JogWish()


@dataclass(frozen=True, slots=True, kw_only=True)
class JogSpeeds:
    """Full speed of each axis."""

    hand_m_s: float = HAND_M_S
    hand_rad_s: float = HAND_RAD_S
    opening_rate: float = OPENING_RATE
    base_m_s: float = 0.0
    yaw_rad_s: float = 0.0
    lift_m_s: float = 0.0

    @classmethod
    def of(cls, profile: RobotProfile) -> JogSpeeds:
        """The speeds at which base and lift of a robot may be driven by hand and foot."""
        limits = FootLimits.of(profile)
        return cls(base_m_s=limits.base_m_s, yaw_rad_s=limits.yaw_rad_s, lift_m_s=limits.lift_m_s)

    def jog(self, wish: JogWish, *, hand: str, factor: float, time_ns: int) -> Jog:
        """The message for a wish.

        Args:
            wish: what is asked for.
            hand: which leader the wish for a hand is about.
            factor: the speed in (0, 1], which slows the hand down here. Base and lift are slowed down by the robot's
                own process, alike for every source (`app.robot.arbiter`): here it would count twice.
            time_ns: monotonic.
        """
        linear, angular, base = wish.linear, wish.angular, wish.base
        hand_m_s, hand_rad_s = self.hand_m_s * factor, self.hand_rad_s * factor
        base_m_s, yaw_rad_s = self.base_m_s, self.yaw_rad_s
        return Jog(
            time_ns=time_ns,
            hand=hand,
            linear_m_s=(linear[0] * hand_m_s, linear[1] * hand_m_s, linear[2] * hand_m_s),
            angular_rad_s=(angular[0] * hand_rad_s, angular[1] * hand_rad_s, angular[2] * hand_rad_s),
            opening_rate=wish.opening * self.opening_rate,
            base_twist=(base[0] * base_m_s, base[1] * base_m_s, base[2] * yaw_rad_s),
            lift_m_s=wish.lift * self.lift_m_s,
        )


PLAIN_KEYS: dict[str, JogWish] = {
    "W": JogWish(base=(1, 0, 0)),
    "S": JogWish(base=(-1, 0, 0)),
    "A": JogWish(base=(0, 1, 0)),
    "D": JogWish(base=(0, -1, 0)),
    "Q": JogWish(base=(0, 0, 1)),
    "E": JogWish(base=(0, 0, -1)),
    "PgUp": JogWish(lift=1),
    "PgDown": JogWish(lift=-1),
    "Up": JogWish(linear=(1, 0, 0)),
    "Down": JogWish(linear=(-1, 0, 0)),
    "Left": JogWish(linear=(0, 1, 0)),
    "Right": JogWish(linear=(0, -1, 0)),
    "[": JogWish(opening=-1),
    "]": JogWish(opening=1),
}
SHIFT_KEYS: dict[str, JogWish] = {
    "Up": JogWish(linear=(0, 0, 1)),
    "Down": JogWish(linear=(0, 0, -1)),
    "Left": JogWish(angular=(0, 0, 1)),
    "Right": JogWish(angular=(0, 0, -1)),
}
CTRL_KEYS: dict[str, JogWish] = {
    "Up": JogWish(angular=(0, -1, 0)),
    "Down": JogWish(angular=(0, 1, 0)),
    "Left": JogWish(angular=(-1, 0, 0)),
    "Right": JogWish(angular=(1, 0, 0)),
}
KEY_LEGEND: tuple[tuple[str, str], ...] = (
    ("W A S D", "base"),
    ("Q E", "turn"),
    ("Page ↑ ↓", "lift"),
    ("← ↑ ↓ →", "hand"),
    ("Shift ↑ ↓", "hand up, down"),
    ("Shift ← →", "turn hand"),
    ("Ctrl ← ↑ ↓ →", "tilt, roll hand"),
    ("[ ]", "close, open"),
    ("Tab", "other hand"),
)


class JogKeys:
    """The keys held down, and the wish they make together."""

    def __init__(self) -> None:
        self._held: set[str] = set()

    def press(self, key: str) -> bool:
        """A key went down; says whether it is one of these keys."""
        if key not in PLAIN_KEYS and key not in ("Shift", "Ctrl"):
            return False
        self._held.add(key)
        return True

    def release(self, key: str) -> bool:
        """A key went up; says whether it was held."""
        if key not in self._held:
            return False
        self._held.discard(key)
        return True

    def clear(self) -> None:
        """Every key counts as released."""
        self._held.clear()

    @property
    def wish(self) -> JogWish:
        """What the held keys ask for; opposite keys cancel out."""
        keys = dict(PLAIN_KEYS)
        if "Shift" in self._held:
            keys |= SHIFT_KEYS
        elif "Ctrl" in self._held:
            keys |= CTRL_KEYS
        wish = JogWish()
        for key in self._held & keys.keys():
            wish += keys[key]
        return wish


def _clip(value: float) -> float:
    return min(1.0, max(-1.0, value))


def _clipped(one: Triple, other: Triple) -> Triple:
    return (_clip(one[0] + other[0]), _clip(one[1] + other[1]), _clip(one[2] + other[2]))
