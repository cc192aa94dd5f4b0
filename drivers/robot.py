"""The whole robot behind one object: read it, command it, know what ails it.

Use it from one thread. A tick of the control loop is

    robot.request()                       # every bus transmits its state read
    measured = robot.collect(deadline)    # the replies, of all buses at once on the wire
    robot.write(sent)                     # goals
    faults = robot.poll(deadline)         # one transaction of care: a servo's condition, a step of its recovery

No call waits longer than its deadline or, for `request` and `write`, at all. A bus that is lost is looked for on a
thread of its own and taken up again in `request`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from drivers.arm import follower_axes, follower_units
from drivers.axis import Axis, AxisGroup
from drivers.base import KiwiBase, Odometry, base_units
from drivers.dynamixel.bus import Reading
from drivers.dynamixel.line import ServoLine
from drivers.dynamixel.registers import GOAL_POSITION, GOAL_VELOCITY, RAD_S_PER_UNIT
from drivers.dynamixel.setup import Unit
from drivers.errors import NotDrivableError
from drivers.gripper import gripper_unit, opening_axis
from drivers.leader import leader_axes, leader_units
from drivers.lift import ServoLift, lift_unit
from drivers.lift_probe import MAX_PROBE_M, LiftProbe
from drivers.measurement import BusHealth, ConnectionReport, Fault, HomingState, Measurement, ServoState
from drivers.profile.schema import RobotProfile, Segment

MAX_ODOMETRY_GAP_S = 0.2
"""Between two readings of the wheels that lie further apart nobody knows how they turned, and nothing is summed up."""


class Robot:
    """A robot as its profile describes it.

    Args:
        profile: what the robot is.
        resolve_port: from a profile's `port`, such as `sim:left_leader` or a device path, to the path to open.
    """

    def __init__(self, profile: RobotProfile, *, resolve_port: Callable[[str], str]) -> None:
        self.profile = profile
        self.odometry = Odometry()
        self._dof = profile.dof
        self._segments = {(segment.kind, segment.name): segment for segment in profile.segments}
        units: dict[str, list[Unit]] = {bus: [] for bus in profile.buses}
        axes: dict[str, list[Axis]] = {bus: [] for bus in profile.buses}
        for name, arm in profile.arms.items():
            units[arm.bus] += follower_units(name, arm)
            axes[arm.bus] += follower_axes(arm, start=self._segment("arm", name).start)
        for name, gripper in profile.grippers.items():
            units[gripper.bus].append(gripper_unit(name, gripper))
            axes[gripper.bus].append(opening_axis(gripper, slot=self._segment("gripper", name).start))
        leader_axes_of: dict[str, tuple[Axis, ...]] = {}
        for name, leader in profile.leaders.items():
            units[leader.bus] += leader_units(name, leader)
            leader_axes_of[name] = leader_axes(
                leader,
                arm_start=self._segment("arm", leader.follows).start,
                gripper_slot=self._segment("gripper", leader.follows).start,
            )
        if profile.base is not None:
            units[profile.base.bus] += base_units(profile.base)
        for name, lift in profile.lifts.items():
            units[lift.bus].append(lift_unit(name, lift))
        self._lines = {
            name: ServoLine(name, bus, path=resolve_port(bus.port), units=units[name])
            for name, bus in profile.buses.items()
        }
        self._groups = {
            name: AxisGroup(group, self._lines[name].ids) for name, group in axes.items() if group
        }
        self._leaders = {
            name: AxisGroup(group, self._lines[profile.leaders[name].bus].ids)
            for name, group in leader_axes_of.items()
        }
        self._base = None if profile.base is None else KiwiBase(profile.base)
        self._base_slice = self._segment("base", "").slice if profile.base is not None else slice(0, 0)
        self._base_rows = (
            []
            if profile.base is None
            else [self._lines[profile.base.bus].ids.index(i) for i in profile.base.ids]
        )
        self._base_read_ns: int | None = None
        self._lifts = {
            name: ServoLift(name, lift, slot=self._segment("lift", name).start)
            for name, lift in profile.lifts.items()
        }
        self._probes: dict[str, LiftProbe] = {}
        self._care_turn = 0
        self._leader_lines = {leader.bus for leader in profile.leaders.values()}

    def _segment(self, kind: Literal["arm", "gripper", "base", "lift"], name: str) -> Segment:
        try:
            return self._segments[kind, name]
        except KeyError as error:
            raise ValueError(
                f"{kind}.{name} is not in the profile's `vector` ({', '.join(self.profile.vector)}); add it there"
            ) from error

    # --- connection --------------------------------------------------------------------------------------------

    def connect(self, *, lift_zeros: Mapping[str, float] | None = None) -> ConnectionReport:
        """Open every bus, set each servo up, followers with torque on where they stand. Blocks for seconds at most.

        A bus or servo that does not answer is in the report, stops nobody, and is taken up as soon as it does.

        Args:
            lift_zeros: `lift_zeros` of an earlier `Robot` of this session, which has ended: they count for lifts whose
                servo has kept its power since. With None this is the session's first, and lifts whose profile says so
                begin their homing; later nothing moves by itself, since the arms may be anywhere.
        """
        for name, ticks in (lift_zeros or {}).items():
            self._lifts[name].recall_zero(ticks)
        report = ConnectionReport(buses=tuple(line.connect() for line in self._lines.values()))
        self._note_restarts()
        if lift_zeros is None:
            for lift in self._lifts.values():
                if lift.lift.homing.on_connect and not lift.homed:
                    lift.start_homing(now_ns=time.monotonic_ns())
        return report

    def close(self, *, torque_off: bool = False) -> None:
        """Leave the robot holding its pose (or limp, if told so) with its wheels stopped, and give the ports back."""
        for line in self._lines.values():
            line.close(torque_off=torque_off or line.name in self._leader_lines)

    # --- the tick ----------------------------------------------------------------------------------------------

    def request(self) -> None:
        """Transmit the state read on every bus; returns at once."""
        for line in self._lines.values():
            line.request()

    def collect(self, deadline_ns: int) -> Measurement:
        """Take the replies; what is missing is asked for again while `deadline_ns` (monotonic) allows it."""
        lines = self._lines.values()
        for line in lines:
            line.receive(limit_ns=deadline_ns)
        for attempt in range(max(line.retries for line in lines)):
            asked = [
                line for line in lines if attempt < line.retries and line.request_again(limit_ns=deadline_ns)
            ]
            for line in asked:
                line.receive(limit_ns=deadline_ns)
        readings = {name: line.reading() for name, line in self._lines.items()}
        self._note_restarts()
        return self._measure(readings)

    def write(self, sent: NDArray[np.float32]) -> None:
        """Send goals: (D,) in the profile's order and units, base as a twist. Clamped to the profile's limits.

        What is not finite is not sent, except that a twist that is not finite stops the base. A lift without a zero
        takes no target; while it is being homed, the search's goals go out instead.
        """
        sent = np.asarray(sent, np.float32)
        if sent.shape != (self._dof,):
            raise ValueError(f"a command has shape {sent.shape}; this robot takes ({self._dof},)")
        for name, line in self._lines.items():
            if name in self._leader_lines:
                continue
            positions: dict[int, int] = {}
            group = self._groups.get(name)
            if group is not None:
                positions |= group.goals(sent[group.slots])
            for lift in self._lifts.values():
                if lift.lift.bus == name:
                    positions |= self._lift_goal(lift, float(sent[lift.slot]))
            velocities: dict[int, int] = {}
            if self._base is not None and self.profile.base is not None and self.profile.base.bus == name:
                velocities = self._base.goals(sent[self._base_slice])
            line.send((GOAL_VELOCITY, velocities), (GOAL_POSITION, positions))

    def _lift_goal(self, lift: ServoLift, height_m: float) -> dict[int, int]:
        probe = self._probes.get(lift.name)
        if probe is not None:
            goal = probe.goal_ticks
        elif lift.homing:
            goal = lift.homing_goal()
        elif lift.homed and math.isfinite(height_m):
            goal = lift.goal_ticks(height_m)
        else:
            goal = lift.place_to_stay(now_ns=time.monotonic_ns())
        return {} if goal is None else {lift.servo_id: goal}

    def _measure(self, readings: dict[str, Reading]) -> Measurement:
        position, velocity, effort, leader = np.full((4, self._dof), np.nan, np.float32)
        fresh, leader_fresh = np.zeros((2, self._dof), bool)
        for name, group in self._groups.items():
            reading, slots = readings[name], group.slots
            ok = group.fresh(reading)
            fresh[slots] = ok
            position[slots] = np.where(ok, group.positions(reading), np.nan)
            velocity[slots] = np.where(ok, group.velocities(reading), np.nan)
            effort[slots] = np.where(ok, group.currents(reading), np.nan)
        for name, group in self._leaders.items():
            reading, slots = readings[self.profile.leaders[name].bus], group.slots
            ok = group.fresh(reading)
            leader_fresh[slots] = ok
            leader[slots] = np.where(ok, group.positions(reading), np.nan)
        self._measure_base(readings, position, velocity, effort, fresh)
        self._measure_lifts(readings, position, velocity, effort, fresh)
        times_ns = [reading.sampled_ns for reading in readings.values() if reading.fresh.any()]
        return Measurement(
            time_ns=sum(times_ns) // len(times_ns) if times_ns else time.monotonic_ns(),
            position=position,
            velocity=velocity,
            effort=effort,
            fresh=fresh,
            leader=leader,
            leader_fresh=leader_fresh,
            lost=self.lost,
        )

    def _measure_base(
        self,
        readings: dict[str, Reading],
        position: NDArray[np.float32],
        velocity: NDArray[np.float32],
        effort: NDArray[np.float32],
        fresh: NDArray[np.bool_],
    ) -> None:
        if self._base is None or self.profile.base is None:
            return
        reading = readings[self.profile.base.bus]
        if not reading.fresh[self._base_rows].all():
            return
        twist = self._base.twist(reading.velocities[self._base_rows] * RAD_S_PER_UNIT)
        position[self._base_slice] = velocity[self._base_slice] = twist
        effort[self._base_slice] = 0.0
        fresh[self._base_slice] = True
        if self._base_read_ns is not None:
            since_s = (reading.sampled_ns - self._base_read_ns) / 1e9
            if since_s <= MAX_ODOMETRY_GAP_S:
                self.odometry.advance(twist, since_s)
        self._base_read_ns = reading.sampled_ns

    def _measure_lifts(
        self,
        readings: dict[str, Reading],
        position: NDArray[np.float32],
        velocity: NDArray[np.float32],
        effort: NDArray[np.float32],
        fresh: NDArray[np.bool_],
    ) -> None:
        for lift in self._lifts.values():
            reading = readings[lift.lift.bus]
            row = self._lines[lift.lift.bus].ids.index(lift.servo_id)
            if not reading.fresh[row]:
                lift.advance(None, now_ns=time.monotonic_ns())
                self._advance_probe(lift.name, None, now_ns=time.monotonic_ns())
                continue
            current, speed, ticks = reading.state[row].item()
            self._advance_probe(lift.name, (current, speed, ticks), now_ns=reading.sampled_ns)
            lift.advance((current, speed, ticks), now_ns=reading.sampled_ns)
            height_m = lift.height_m(ticks)
            if math.isnan(height_m):
                continue
            fresh[lift.slot] = True
            position[lift.slot] = height_m
            velocity[lift.slot] = lift.velocity_m_s(speed)
            effort[lift.slot] = lift.current_a(current)

    # --- lifts -------------------------------------------------------------------------------------------------

    @property
    def lift_zeros(self) -> dict[str, float]:
        """Where the servo's count has the hard zero, ticks, of every lift that has one."""
        return {name: lift.zero_ticks for name, lift in self._lifts.items() if lift.zero_ticks is not None}

    def start_homing(self) -> None:
        """Begin to look for the zero of every lift that has none; `collect` and `write` carry it on."""
        for lift in self._lifts.values():
            if not lift.homed:
                lift.start_homing(now_ns=time.monotonic_ns())

    def stop_homing(self) -> None:
        """Give up every search for a zero; those lifts stay where they are, and have none until they are homed."""
        for lift in self._lifts.values():
            lift.stop_homing(now_ns=time.monotonic_ns())

    def start_probe(self, name: str, distance_m: float) -> None:
        """Begin to move a lift a little from where it stands, at most `MAX_PROBE_M`; see `LiftProbe`.

        Raises:
            KeyError: when there is no such lift.
        """
        now_ns = time.monotonic_ns()
        self._lifts[name].stop_homing(now_ns=now_ns)
        distance_m = min(MAX_PROBE_M, max(-MAX_PROBE_M, distance_m))
        self._probes[name] = LiftProbe(self._lifts[name].lift, distance_m, now_ns=now_ns)

    def stop_probes(self) -> None:
        """End every such move where it is."""
        for probe in self._probes.values():
            probe.end(now_ns=time.monotonic_ns())

    @property
    def probing(self) -> dict[str, bool]:
        """The lifts that were told to move a little and whether they still do; their height is not the one sent."""
        return {name: probe.moving for name, probe in self._probes.items()}

    def _advance_probe(self, name: str, state: tuple[int, int, int] | None, *, now_ns: int) -> None:
        probe = self._probes.get(name)
        if probe is not None:
            probe.advance(state, now_ns=now_ns)
            if probe.over(now_ns=now_ns):
                del self._probes[name]

    @property
    def homing(self) -> dict[str, HomingState]:
        """Where each lift stands with its zero."""
        return {name: lift.state for name, lift in self._lifts.items()}

    @property
    def lifts_homed(self) -> bool:
        """Whether every lift has its zero."""
        return all(lift.homed for lift in self._lifts.values())

    def _note_restarts(self) -> None:
        """A servo that lost its power has lost its count of turns, and a lift on it its zero."""
        restarted = {name: line.take_restarted() for name, line in self._lines.items()}
        for lift in self._lifts.values():
            if lift.servo_id in restarted[lift.lift.bus]:
                lift.forget_zero()

    # --- leaders and torque ------------------------------------------------------------------------------------

    def drive_leader(self, name: str, position_rad: NDArray[np.floating], opening: float) -> None:
        """Move a leader: (6,) rad and its handle's opening, current-limited. Call it each tick, with a ramp.

        Raises:
            NotDrivableError: when the profile says that this leader must not be driven.
        """
        leader = self.profile.leaders[name]
        if not leader.drivable:
            raise NotDrivableError(
                f"leader {name} cannot be driven",
                remedy="move it by hand until it matches its follower, or set `drivable = true` in the profile",
            )
        line = self._lines[leader.bus]
        if not line.holding:
            if not line.all_fresh:
                return
            line.switch_on(current_a=leader.drive_current_a)
        line.send((GOAL_POSITION, self._leaders[name].goals(np.append(position_rad, opening))))

    def release_leader(self, name: str) -> None:
        """Let go of a leader: torque off. Whoever takes over should have it in hand."""
        line = self._lines[self.profile.leaders[name].bus]
        if line.holding:
            line.switch_off()

    def torque(self, on: bool) -> None:
        """Torque of everything but the leaders; on the operator's word only. Off, an arm that is not at rest falls.

        On, it waits a few milliseconds for each bus to confirm that its servos will stay where they are.
        """
        for name, line in self._lines.items():
            if name not in self._leader_lines:
                line.switch_on() if on else line.switch_off()

    # --- what ails it ------------------------------------------------------------------------------------------

    def poll(self, deadline_ns: int) -> tuple[Fault, ...]:
        """Take care of one servo, with at most one transaction, and tell everything that ails the robot now.

        Nothing is sent when its reply might not be in before `deadline_ns` (monotonic).
        """
        lines = list(self._lines.values())
        self._care_turn += 1
        candidates = [line for line in lines if line.urgent] or lines
        candidates[self._care_turn % len(candidates)].poll(limit_ns=deadline_ns)
        return self.faults()

    def faults(self) -> tuple[Fault, ...]:
        """Everything that ails the robot now, as far as it has been found out."""
        return tuple(fault for line in self._lines.values() for fault in line.faults())

    def reboot(self, bus: str, servo_id: int) -> None:
        """Restart a servo after a hardware error and set it up again where it stands; `poll` carries it on.

        Raises:
            KeyError: when there is no such bus, or no such servo on it.
        """
        self._lines[bus].reboot(servo_id)

    @property
    def lost(self) -> tuple[str, ...]:
        """The buses that are lost now."""
        return tuple(name for name, line in self._lines.items() if line.lost)

    def health(self) -> dict[str, BusHealth]:
        """Counters and latencies of each bus; cheap enough for a tick once a second, not for every one."""
        return {name: line.health() for name, line in self._lines.items()}

    def servos(self) -> tuple[ServoState, ...]:
        """Every servo's state: its condition as last polled, with the time of it, and what the newest tick read."""
        return tuple(state for line in self._lines.values() for state in line.servos())
