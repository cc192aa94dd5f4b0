"""What may reach a servo: one filter of pure functions, last before the write, applied to every source alike.

The filter passes on unchanged whatever respects the robot's limits. What does not becomes the fastest motion that
does: positions, speeds and accelerations stay within the profile's limits, a target runs only so far ahead of the arm,
and what is not a number or is too old becomes a controlled stop. Whatever comes in, what goes out is finite and never
jumps.

Two kinds of entries share the vector. *Position-like* ones (arms, grippers, lifts) are targets that move; the filter
bounds the target's speed and acceleration and always keeps room to brake before its limits. *Velocity-like* ones (the
base) are speeds already; the filter bounds them and their rate of change.

Braking: from speed v with deceleration a, the distance to rest in steps of any lengths is at most v²/2a, because each
step moves at the speed it ends with. A step of length dt to speed v is therefore safe while v·dt + v²/2a ≤ d, the
distance left, which gives v ≤ √((a·dt)² + 2·a·d) − a·dt. Once true it stays reachable, however the steps jitter.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivers.safety_limits import SafetyLimits, Vector

__all__ = ["Clip", "Filtered", "SafetyLimits", "SafetyState", "filter_action"]

STEP_RANGE_S = (0.001, 0.1)
"""The lengths of a step that are believed; a longer pause moves no target further than 0.1 s would."""

NOTICEABLE = 1e-6
"""What counts as changed when the filter says which limits it applied."""


class Clip(IntFlag):
    """Why a requested value was not sent as it was, by entry."""

    POSITION = 1
    VELOCITY = 2
    ACCELERATION = 4
    LEAD = 8
    NONFINITE = 16
    STALE = 32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SafetyState:
    """What the filter must remember from one tick to the next.

    Attributes:
        sent: (D,) what was sent last.
        velocity: (D,) its rate of change.
        requested: (D,) what was asked for last, within limits; NaN where that is not known. None: nowhere known.
        requested_velocity: (D,) the rate of change of that.
        velocity_before: (D,) that of what was sent, a tick earlier; None where there was none.
    """

    sent: NDArray[np.floating]
    velocity: NDArray[np.floating]
    requested: Vector | None = None
    requested_velocity: Vector | None = None
    velocity_before: Vector | None = None

    @classmethod
    def at_rest(cls, measured: ArrayLike) -> SafetyState:
        """The state of a robot that stands where it was measured.

        Args:
            measured: (D,) finite.

        Raises:
            ValueError: when an entry is not finite: a robot of unknown pose cannot be moved safely from it.
        """
        sent = np.array(measured, np.float64)
        if not np.isfinite(sent).all():
            unknown = np.flatnonzero(~np.isfinite(sent)).tolist()
            raise ValueError(
                f"the pose to start from is not known in entries {unknown}; read every device first"
            )
        return cls(sent=sent, velocity=np.zeros_like(sent))

    def standing_goal(self) -> SafetyState:
        """The same, with what was asked for forgotten: what is asked for next is a place to stop at, not a motion.

        For changes of who asks; without it, a place to hold that lies on the way looks for one tick like the motion
        going on.
        """
        return SafetyState(sent=self.sent, velocity=self.velocity, velocity_before=self.velocity_before)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filtered:
    """The outcome of one tick.

    Attributes:
        sent: (D,) float32, finite; what to write.
        state: for the next tick.
        clips: (D,) uint8 of `Clip` flags: which limits applied where.
    """

    sent: NDArray[np.float32]
    state: SafetyState
    clips: NDArray[np.uint8]


def filter_action(
    requested: ArrayLike,
    *,
    state: SafetyState,
    measured: ArrayLike,
    age_s: float,
    dt_s: float,
    limits: SafetyLimits,
    hand_over: bool = False,
) -> Filtered:
    """Make a request safe.

    Args:
        requested: (D,) the action that is asked for; entries that are not finite ask for a stop.
        state: what the tick before returned, or `SafetyState.at_rest`.
        measured: (D,) the robot's state now; NaN where it is not known.
        age_s: age of the request.
        dt_s: time since the tick before; believed within `STEP_RANGE_S`.
        limits: the robot's.
        hand_over: whether one plan of motion gives way to another in this tick. No entry then changes faster than in
            either of the two ticks before, even where what is sent was still catching up with the old plan.
    """
    wanted = np.asarray(requested, np.float64)
    dt = _believable(dt_s)
    sent, velocity = np.asarray(state.sent, np.float64), np.asarray(state.velocity, np.float64)
    acceleration = limits.max_acceleration

    finite = np.isfinite(wanted)
    # An age that is not a number is not a young one.
    stale = ~(age_s <= limits.command_timeout_s)
    usable = finite & ~stale
    led = _within_lead(wanted, np.asarray(measured, np.float64), limits.max_lead)
    within = _between(led, limits.min, limits.max)
    goal = np.where(usable, within, np.where(limits.velocity_like, 0.0, sent))

    goal_velocity, anticipated = _goal_motion(goal, usable, state, dt, limits)
    direct = (goal - sent) / dt
    gap = goal - sent - anticipated * dt
    catching_up = anticipated + np.copysign(_safe_speed(np.abs(gap), acceleration, dt), gap)
    rate = _between(catching_up, -limits.max_velocity, limits.max_velocity)
    # Room to brake before either limit, whatever the goal does next.
    rate = np.minimum(rate, _safe_speed(np.maximum(limits.max - sent, 0.0), acceleration, dt))
    rate = np.maximum(rate, -_safe_speed(np.maximum(sent - limits.min, 0.0), acceleration, dt))
    rate = np.where(usable, rate, 0.0)
    slowest, fastest = velocity - acceleration * dt, velocity + acceleration * dt
    least, most = _speed_change(sent, dt, limits)
    rate = np.where(limits.velocity_like, direct, rate)
    if hand_over:
        most_rate = _slower(state)
        rate = np.where(usable, _between(rate, -most_rate, most_rate), rate)
    slowest = np.where(limits.velocity_like, least, slowest)
    fastest = np.where(limits.velocity_like, most, fastest)
    rate = _between(rate, slowest, fastest)
    moved = sent + rate * dt

    too_fast = ~limits.velocity_like & (np.abs(direct) > limits.max_velocity + NOTICEABLE)
    attainable = np.where(too_fast, np.copysign(limits.max_velocity, direct), direct)
    clips = _flags(
        {
            Clip.POSITION: finite & ((wanted < limits.min) | (wanted > limits.max)),
            Clip.VELOCITY: too_fast,
            Clip.ACCELERATION: usable & (np.abs(attainable - rate) * dt > NOTICEABLE),
            Clip.LEAD: finite & (led != wanted),
            Clip.NONFINITE: ~finite,
            Clip.STALE: stale,
        }
    )
    return Filtered(
        sent=moved.astype(np.float32),
        state=SafetyState(
            sent=moved,
            velocity=rate,
            requested=np.where(usable, goal, np.nan),
            requested_velocity=goal_velocity,
            velocity_before=velocity,
        ),
        clips=clips,
    )


def _believable(dt_s: float) -> float:
    shortest, longest = STEP_RANGE_S
    return shortest if not dt_s > shortest else min(dt_s, longest)


def _between(value: Vector, low: Vector, high: Vector) -> Vector:
    """`np.clip` at a third of its cost; of two bounds that cross, the upper one counts."""
    bounded: Vector = np.minimum(np.maximum(value, low), high)
    return bounded


def _flags(where: dict[Clip, NDArray[np.bool_]]) -> NDArray[np.uint8]:
    """(D,) the flags whose mask is true, entry by entry."""
    bits: NDArray[np.uint8] = np.packbits([where[clip] for clip in Clip], axis=0, bitorder="little")[0]
    return bits


def _safe_speed(distance: Vector, acceleration: Vector, dt_s: float) -> Vector:
    """The greatest speed of this step that leaves room to brake within a distance; see the top of the file."""
    per_step = acceleration * dt_s
    return np.sqrt(per_step * per_step + 2.0 * acceleration * distance) - per_step


def _slower(state: SafetyState) -> Vector:
    """(D,) the lesser of the last two rates' magnitudes."""
    last = np.abs(np.asarray(state.velocity, np.float64))
    return last if state.velocity_before is None else np.minimum(last, np.abs(state.velocity_before))


def _within_lead(wanted: Vector, measured: Vector, max_lead: Vector) -> Vector:
    known = np.isfinite(measured)
    seen, lead = np.where(known, measured, 0.0), np.where(known, max_lead, np.inf)
    return _between(wanted, seen - lead, seen + lead)


def _goal_motion(
    goal: Vector, usable: NDArray[np.bool_], state: SafetyState, dt_s: float, limits: SafetyLimits
) -> tuple[Vector, Vector]:
    """How fast the goal moves, and how fast it may be expected to go on.

    A target that brakes for a goal as if it stood still lags a moving one by v²/2a, 30 ms for a calm hand. A goal
    led by a hand goes on as it goes, as long as its acceleration is one that the robot could follow; a goal that
    jumps or stops dead is taken to stand.
    """
    if state.requested is None or state.requested_velocity is None:
        return np.where(usable, 0.0, np.nan), np.zeros_like(goal)
    velocity = np.where(usable, (goal - state.requested) / dt_s, np.nan)
    # Twice the limit, because an encoder's steps make a steady motion look jerky. Comparisons with NaN are false: what
    # was not known goes nowhere.
    followable = np.abs(velocity - state.requested_velocity) <= 2.0 * limits.max_acceleration * dt_s
    followable &= (np.abs(velocity) <= limits.max_velocity) & limits.hand_led
    known = np.where(np.isnan(velocity) & usable, 0.0, velocity)
    return known, np.where(followable, velocity, 0.0)


def _speed_change(speed: Vector, dt_s: float, limits: SafetyLimits) -> tuple[Vector, Vector]:
    """The least and the greatest rate of change of a velocity-like entry: harder towards rest than away from it."""
    away = limits.max_acceleration
    # Towards rest at most to rest, unless even the gentler rate goes beyond.
    towards = np.maximum(np.minimum(limits.max_deceleration, np.abs(speed) / dt_s), away)
    return np.where(speed > 0, -towards, -away), np.where(speed < 0, towards, away)
