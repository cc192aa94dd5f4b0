"""A lift turned by one servo in extended-position mode, and the search for its zero.

The servo's count of turns does not survive a power cycle, so a lift is homed each time its servo may have lost power:
down slowly until the motor pushes against the hard stop for a while, that is zero, then up to the least height. Until
then it has no height and takes no targets. The search is advanced tick by tick from the control loop and never waits.
"""

from __future__ import annotations

import math

from drivers.dynamixel.registers import (
    MODELS,
    RAD_PER_TICK,
    RAD_S_PER_UNIT,
    TICKS_PER_TURN,
    OperatingMode,
)
from drivers.dynamixel.setup import ServoPlan, Unit
from drivers.errors import LiftNotHomedError
from drivers.measurement import HomingState
from drivers.profile.schema import Lift

MAX_LEAD_TURNS = 0.25
"""How far the search's goal may run ahead of the servo: enough to build up the stall current, no more."""
STANDSTILL_FRACTION = 0.2
"""Of the search's speed; below it the carriage counts as standing."""
ARRIVED_M = 0.002
RISE_LIMIT_S = 3.0
SEARCH_MARGIN = 1.5
"""The search may take so many times as long as the whole travel at its speed."""
STAY_S = 0.5
"""For how long a search that was given up sends its servo the place to stay at: a packet may be lost, and later the
servo may have been let go and moved by hand."""
MAX_BLIND_S = 0.5
"""The search fails when its servo has not been read for so long."""


class ServoLift:
    """One lift: its zero, its conversion between metres and ticks, and its homing.

    Args:
        name: its name in the profile.
        lift: geometry, limits and how to home.
        slot: its place in the D numbers.
    """

    def __init__(self, name: str, lift: Lift, *, slot: int) -> None:
        self.name = name
        self.lift = lift
        self.slot = slot
        self.servo_id = lift.id
        self.state = HomingState.NOT_HOMED
        self.why_failed = ""
        self._m_per_tick = (-1.0 if lift.inverted else 1.0) * lift.m_per_rev / TICKS_PER_TURN
        self._zero_ticks = 0.0
        self._ampere_per_unit = MODELS[lift.model].ampere_per_unit
        self._goal_ticks: float | None = None
        self._started_ns = 0
        self._last_ns = 0
        self._last_read_ns = 0
        self._seen_ticks: float | None = None
        self._given_up_ns = 0
        self._stalled_since_ns: int | None = None

    @property
    def homed(self) -> bool:
        """Whether heights mean anything and targets are taken."""
        return self.state is HomingState.HOMED

    @property
    def homing(self) -> bool:
        """Whether the search is under way."""
        return self.state in (HomingState.SEARCHING, HomingState.RISING)

    def height_m(self, ticks: float) -> float:
        """Height above the hard zero; NaN while it is not known."""
        known = self.homed or self.state is HomingState.RISING
        return (ticks - self._zero_ticks) * self._m_per_tick if known else math.nan

    def velocity_m_s(self, units: float) -> float:
        """Upward speed from the servo's velocity."""
        return units * RAD_S_PER_UNIT / RAD_PER_TICK * self._m_per_tick

    def current_a(self, units: float) -> float:
        """Current, positive where it pushes up; NaN for models that do not measure it."""
        return (
            math.nan
            if self._ampere_per_unit is None
            else math.copysign(1.0, self._m_per_tick) * units * self._ampere_per_unit
        )

    def goal_ticks(self, height_m: float) -> int:
        """Goal of the servo for a height, clamped to the travel.

        Raises:
            LiftNotHomedError: while it has no zero.
        """
        if not self.homed:
            raise LiftNotHomedError(
                f"lift {self.name} was sent to {height_m:.3f} m, and is {self.state.value}",
                remedy="home it first: the search runs down to the hard stop",
            )
        height_m = min(max(height_m, self.lift.min_m), self.lift.max_m)
        return round(height_m / self._m_per_tick + self._zero_ticks)

    @property
    def zero_ticks(self) -> float | None:
        """Where the servo's count has the hard zero; None while that is not known."""
        return self._zero_ticks if self.homed else None

    def recall_zero(self, ticks: float) -> None:
        """Take a zero that was found earlier, by a program that has ended while the servo kept its power."""
        self._zero_ticks = ticks
        self.state = HomingState.HOMED

    def forget_zero(self) -> None:
        """Its servo may have lost its count of turns."""
        self.state = HomingState.NOT_HOMED
        self._goal_ticks = self._seen_ticks = None

    def start_homing(self, *, now_ns: int) -> None:
        """Begin the search at the next reading. A search under way goes on."""
        if self.homing:
            return
        self.state, self.why_failed = HomingState.SEARCHING, ""
        self._goal_ticks = self._seen_ticks = self._stalled_since_ns = None
        self._started_ns = self._last_ns = self._last_read_ns = now_ns

    def stop_homing(self, *, now_ns: int) -> None:
        """Give up the search and stay where it is; without a search under way, nothing changes."""
        if self.homing:
            self._fail("it was stopped", now_ns=now_ns)

    def advance(self, state: tuple[int, int, int] | None, *, now_ns: int) -> None:
        """Take one tick's reading (current, velocity, position as the servo counts; None if not read)."""
        if not self.homing:
            return
        if state is None:
            if now_ns - self._last_read_ns > MAX_BLIND_S * 1e9:
                self._fail("its servo could not be read", now_ns=now_ns)
            self._last_ns = now_ns
            return
        self._last_read_ns = now_ns
        current_units, velocity_units, ticks = state
        self._seen_ticks = float(ticks)
        step_s, self._last_ns = (now_ns - self._last_ns) / 1e9, now_ns
        if self._goal_ticks is None:
            self._goal_ticks = float(ticks)
        if self.state is HomingState.SEARCHING:
            self._search(
                ticks, self.velocity_m_s(velocity_units), self.current_a(current_units), step_s, now_ns
            )
        else:
            self._rise(ticks, step_s, now_ns)

    def homing_goal(self) -> int | None:
        """The search's goal for the servo; None when there is nothing to say."""
        return None if self._goal_ticks is None or not self.homing else round(self._goal_ticks)

    def place_to_stay(self, *, now_ns: int) -> int | None:
        """For a moment after the search was given up, the goal that keeps the servo where it was; else None."""
        staying = self.state is HomingState.FAILED and now_ns - self._given_up_ns < STAY_S * 1e9
        return None if self._goal_ticks is None or not staying else round(self._goal_ticks)

    def _search(self, ticks: int, velocity_m_s: float, current_a: float, step_s: float, now_ns: int) -> None:
        homing = self.lift.homing
        standing = abs(velocity_m_s) < STANDSTILL_FRACTION * homing.speed_m_s
        if standing and -current_a > homing.stall_current_a:
            self._stalled_since_ns = self._stalled_since_ns or now_ns
            if now_ns - self._stalled_since_ns >= homing.stall_s * 1e9:
                self._zero_ticks = float(ticks)
                self._goal_ticks = float(ticks)
                self._started_ns = now_ns
                self.state = HomingState.RISING
                return
        else:
            self._stalled_since_ns = None
        if now_ns - self._started_ns > (1.0 + SEARCH_MARGIN * self.lift.max_m / homing.speed_m_s) * 1e9:
            felt = f"at least {homing.stall_current_a} A for {homing.stall_s} s"
            self._fail(f"no stop was felt ({felt})", now_ns=now_ns)
            return
        lead = math.copysign(MAX_LEAD_TURNS * TICKS_PER_TURN, self._m_per_tick)
        down = homing.speed_m_s * step_s / self._m_per_tick
        limit = ticks - lead
        goal = (self._goal_ticks or 0.0) - down
        self._goal_ticks = max(goal, limit) if lead > 0 else min(goal, limit)

    def _rise(self, ticks: int, step_s: float, now_ns: int) -> None:
        target = self._zero_ticks + self.lift.min_m / self._m_per_tick
        if abs(ticks - target) * abs(self._m_per_tick) < ARRIVED_M:
            self.state = HomingState.HOMED
            return
        if now_ns - self._started_ns > RISE_LIMIT_S * 1e9:
            self._fail(f"it did not rise to {self.lift.min_m} m from the stop", now_ns=now_ns)
            return
        up = self.lift.homing.speed_m_s * step_s / self._m_per_tick
        goal = (self._goal_ticks or 0.0) + up
        self._goal_ticks = min(goal, target) if up > 0 else max(goal, target)

    def _fail(self, why: str, *, now_ns: int) -> None:
        # Its last goal lies ahead of the servo, which would go on to it.
        self.state, self.why_failed = HomingState.FAILED, why
        self._goal_ticks, self._given_up_ns = self._seen_ticks, now_ns


def lift_unit(name: str, lift: Lift) -> Unit:
    """How a lift's servo must be set up."""
    return Unit(
        (
            ServoPlan(
                id=lift.id,
                label=f"lift {name}".replace("_", " "),
                model=lift.model,
                mode=OperatingMode.EXTENDED_POSITION,
                powered=True,
                current_limit_a=lift.current_limit_a,
                ease_rad_s=math.tau * lift.max_speed_m_s / lift.m_per_rev,
            ),
        )
    )
