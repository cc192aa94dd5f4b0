"""What gives the loop reason to doubt: lost buses, faults of servos, an owner who no longer watches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from drivers.measurement import Fault, Measurement
from drivers.profile import RobotProfile

PATIENCE_TICKS = 5
"""A follower may fail to answer for this many ticks (100 ms at 50 Hz) before the robot holds."""

DISABLING = frozenset(
    {"overload", "overheating", "encoder", "shock", "torque off", "silent", "shadow", "settings"}
)
"""Faults of a servo after which its joint may no longer follow."""


class Watch:
    """Follows which buses and servos are well, and says each change once.

    Args:
        profile: the robot.
        say: where events go.
    """

    def __init__(self, profile: RobotProfile, say: Callable[..., None]) -> None:
        self._say = say
        self._silent_ticks = np.zeros(profile.dof, np.int64)
        self._told = np.ones(profile.dof, bool)
        self._lost: frozenset[str] = frozenset()
        self._owner_alive = True
        self._faults: dict[tuple[str, int | None, str], Fault] = {}
        self._slots_of: dict[str, NDArray[np.bool_]] = {}
        self._leaders: dict[str, NDArray[np.int64]] = {}
        for segment in profile.segments:
            bus = _bus_of(profile, segment.kind, segment.name)
            slots = self._slots_of.setdefault(bus, np.zeros(profile.dof, bool))
            slots[segment.slice] = True
            # A lift without its zero has no height to tell; its silence shows as a fault of its servo or of its bus.
            self._told[segment.slice] = segment.kind != "lift"
        for name, leader in profile.leaders.items():
            self._leaders[name] = np.concatenate(
                [
                    np.arange(segment.start, segment.start + segment.size)
                    for kind in ("arm", "gripper")
                    for segment in profile.segments
                    if segment.kind == kind and segment.name == leader.follows
                ]
            )
        self.blocked = ""

    def leader_slots(self, name: str) -> NDArray[np.int64]:
        """Indices of a leader's follower in the vector: the arm's joints, then the gripper."""
        return self._leaders[name]

    def lost_slots(self, measured: Measurement) -> NDArray[np.bool_]:
        """(D,) which entries belong to followers that have been silent for longer than patience lasts."""
        return self._silent_ticks > PATIENCE_TICKS

    def reason_to_hold(self, measured: Measurement, *, owner_alive: bool) -> str:
        """Why the robot must hold now, in words, or an empty string."""
        self._silent_ticks = np.where(measured.fresh, 0, self._silent_ticks + 1)
        self._say_lost(frozenset(measured.lost))
        if owner_alive != self._owner_alive:
            self._owner_alive = owner_alive
            if not owner_alive:
                self._say("owner", "The window stopped answering", key="owner", level="error")
        late = (self._silent_ticks > PATIENCE_TICKS) & self._told
        silent = [bus for bus, slots in self._slots_of.items() if bus in measured.lost or late[slots].any()]
        self.blocked = f"no answer from {', '.join(silent)}" if silent else self._ailing()
        if self.blocked:
            return self.blocked
        return "" if owner_alive else "nobody watches the robot"

    def take_faults(self, faults: tuple[Fault, ...]) -> None:
        """Learn everything that ails the robot now, and tell what is new and what is over."""
        now: dict[tuple[str, int | None, str], Fault] = {
            (fault.bus, fault.servo_id, fault.code): fault
            for fault in faults
            if fault.code != "lost"  # a lost bus is told from the measurement, in the same tick
        }
        for key in now.keys() - self._faults.keys():
            fault = now[key]
            self._say(
                "fault",
                fault.message,
                key=_topic(fault),
                level="error",
                remedy=fault.remedy,
                bus=fault.bus,
                servo_id=fault.servo_id,
                code=fault.code,
                needs_reboot=fault.needs_reboot,
            )
        for key in self._faults.keys() - now.keys():
            fault = self._faults[key]
            message = f"{fault.label}: {fault.code} is over"
            self._say("fault_cleared", message, key=_topic(fault), bus=fault.bus, servo_id=fault.servo_id)
        self._faults = now

    def _ailing(self) -> str:
        """The first fault that leaves a follower unable to do as it is told, in words."""
        for fault in self._faults.values():
            if fault.bus in self._slots_of and fault.code in DISABLING:
                return f"{fault.code} on {fault.label}"
        return ""

    def _say_lost(self, lost: frozenset[str]) -> None:
        for bus in sorted(lost - self._lost):
            self._say(
                "fault",
                f"The bus {bus} is lost",
                key=f"bus:{bus}",
                level="error",
                remedy="check its cable and power; it is taken up again by itself",
                bus=bus,
            )
        for bus in sorted(self._lost - lost):
            self._say("fault_cleared", f"The bus {bus} is back", key=f"bus:{bus}", bus=bus)
        self._lost = lost


def _topic(fault: Fault) -> str:
    return f"servo:{fault.bus}:{fault.servo_id}:{fault.code}"


def _bus_of(profile: RobotProfile, kind: str, name: str) -> str:
    if kind == "base" and profile.base is not None:
        return profile.base.bus
    if kind == "arm":
        return profile.arms[name].bus
    return profile.grippers[name].bus if kind == "gripper" else profile.lifts[name].bus
