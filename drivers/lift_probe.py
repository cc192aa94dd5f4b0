"""A small move of a lift from where it stands, whether its zero is known or not: to see which way is up.

A lift that turns the wrong way would look for its zero at the top, so its direction is settled first, without a zero.
The move is short and slow, its goal never runs far ahead of the servo, and it ends where the motor pushes against
something, where the servo falls silent or does not follow, and when it is told.
"""

from __future__ import annotations

import math

from drivers.dynamixel.registers import MODELS, RAD_PER_TICK, RAD_S_PER_UNIT, TICKS_PER_TURN
from drivers.profile.schema import Lift

MAX_PROBE_M = 0.03
PROBE_SPEED_M_S = 0.02
"""Or the profile's speed of homing, where that is less."""
LEAD_TURNS = 0.1
"""How far the goal may run ahead of the servo."""
STANDSTILL_FRACTION = 0.2
"""Of the probe's speed; below it the carriage counts as standing."""
STAY_S = 0.5
"""For how long after the end the servo is told where to stay: a packet may be lost."""
MAX_BLIND_S = 0.3
SLACK_S = 2.0
"""How much longer than at its speed the move may take: a servo that does not follow is not waited for."""


class LiftProbe:
    """One such move.

    Args:
        lift: the lift, whose `inverted` may be wrong.
        distance_m: how far, up where the profile says that up is; negative for down.
        now_ns: monotonic.
    """

    def __init__(self, lift: Lift, distance_m: float, *, now_ns: int) -> None:
        self._m_per_tick = (-1.0 if lift.inverted else 1.0) * lift.m_per_rev / TICKS_PER_TURN
        self._distance_m = distance_m
        self._speed_m_s = min(PROBE_SPEED_M_S, lift.homing.speed_m_s)
        self._stall_units = lift.homing.stall_current_a / (MODELS[lift.model].ampere_per_unit or math.inf)
        self._stall_s = lift.homing.stall_s
        self._start_ticks: float | None = None
        self._gone_m = 0.0
        self._last_ns = self._read_ns = now_ns
        self._until_ns = now_ns + round((abs(distance_m) / self._speed_m_s + SLACK_S) * 1e9)
        self._stalled_since_ns: int | None = None
        self._ended_ns: int | None = None
        self._seen_ticks: float | None = None
        self._goal_ticks: float | None = None

    @property
    def moving(self) -> bool:
        """Whether the move is under way."""
        return self._ended_ns is None

    def over(self, *, now_ns: int) -> bool:
        """Whether nothing is left to say to the servo."""
        return self._ended_ns is not None and now_ns - self._ended_ns > STAY_S * 1e9

    @property
    def goal_ticks(self) -> int | None:
        """What the servo is to be told now; None when there is nothing to say."""
        return None if self._goal_ticks is None else round(self._goal_ticks)

    def advance(self, state: tuple[int, int, int] | None, *, now_ns: int) -> None:
        """Take one tick's reading (current, velocity, position as the servo counts; None if not read)."""
        step_s, self._last_ns = (now_ns - self._last_ns) / 1e9, now_ns
        if self._ended_ns is not None:
            return
        if state is None:
            if now_ns - self._read_ns > MAX_BLIND_S * 1e9:
                self.end(now_ns=now_ns)
            return
        self._read_ns = now_ns
        current_units, velocity_units, ticks = state
        self._seen_ticks = float(ticks)
        if self._start_ticks is None:
            self._start_ticks = float(ticks)
        if self._is_stalled(current_units, velocity_units, now_ns=now_ns) or now_ns > self._until_ns:
            self.end(now_ns=now_ns)
            return
        wanted_m = min(abs(self._distance_m), self._gone_m + self._speed_m_s * step_s)
        goal = self._start_ticks + math.copysign(wanted_m, self._distance_m) / self._m_per_tick
        if abs(goal - ticks) <= LEAD_TURNS * TICKS_PER_TURN:
            self._gone_m, self._goal_ticks = wanted_m, goal
        if self._gone_m >= abs(self._distance_m):
            self._ended_ns = now_ns

    def end(self, *, now_ns: int) -> None:
        """Stay where it is."""
        if self._ended_ns is None:
            self._ended_ns = now_ns
            self._goal_ticks = self._seen_ticks

    def _is_stalled(self, current_units: int, velocity_units: int, *, now_ns: int) -> bool:
        speed_m_s = abs(velocity_units * RAD_S_PER_UNIT / RAD_PER_TICK * self._m_per_tick)
        if speed_m_s > STANDSTILL_FRACTION * self._speed_m_s or abs(current_units) <= self._stall_units:
            self._stalled_since_ns = None
            return False
        self._stalled_since_ns = self._stalled_since_ns or now_ns
        return now_ns - self._stalled_since_ns >= self._stall_s * 1e9
