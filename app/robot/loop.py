"""One tick of the robot: read every bus, decide, make it safe, write, and say what was done.

The loop owns no policy of its own. It joins the robot (drivers), the arbiter (who moves) and the safety filter (what
may reach a servo), and turns doubt into a hold: a lost bus, silent leaders, or an owner who no longer watches.
"""

from __future__ import annotations

import time
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.messages import AUTOMATIC_MODES, POLICY_MODES, Mode
from app.robot.arbiter import Arbiter, Asked, Inputs, ModeRefusedError
from app.robot.chunks import ChunkError, parse_chunk
from app.robot.gate import GatePhase
from app.robot.nudge import Nudge
from app.robot.watch import Watch
from drivers.measurement import Measurement
from drivers.profile import RobotProfile
from drivers.robot import Robot
from drivers.safety import SafetyLimits, SafetyState, filter_action

Vector = NDArray[np.float32]

READ_SHARE = 0.6
"""Share of a tick by whose end the servos' answers must be in; what is not is retried in the next tick."""

POLL_SHARE = 0.8
"""Share of a tick by whose end the round-robin poll of one servo must be done."""

STARVED_S = 1.0
"""How long a policy may owe the next chunk before the robot is held: it stands by then, and may have been forgotten."""

DRIVE_LEADER_RAD_S = 0.8
"""Speed at which a powered leader is brought to its follower."""


class Voice(Protocol):
    """How the loop says that something happened; `ProcessContext.event` is one."""

    def __call__(
        self, kind: str, message: str, *, key: str = "", level: str = "info", remedy: str = "", **data: object
    ) -> None:
        """Say it."""
        ...


class RobotLoop:
    """The state of the 50 Hz loop between ticks.

    Args:
        profile: the robot.
        robot: its drivers, connected.
        say: where events go.
    """

    def __init__(self, profile: RobotProfile, robot: Robot, say: Voice) -> None:
        self._profile = profile
        self._robot = robot
        self._say = say
        self._dt_s = 1.0 / profile.control_rate_hz
        self._limits = SafetyLimits.from_profile(profile)
        self._safety: SafetyState | None = None
        self._driven = np.full(profile.dof, np.nan, np.float32)
        self._lifts = np.zeros(profile.dof, bool)
        for segment in profile.segments:
            self._lifts[segment.slice] = segment.kind == "lift"
        self._relatch_ticks = 0
        self._doubted = False
        self._intervening = False
        self._unread = np.ones(profile.dof, bool)
        self._watch = Watch(profile, say)
        self._dead_man = False
        self.refused_chunks = 0
        self.refusal = ""
        self.arbiter = Arbiter(profile)

    def tick(self, inputs: Inputs, *, owner_alive: bool) -> tuple[Measurement, Asked, Vector, int]:
        """Do one tick.

        Args:
            inputs: base and lift wanted now.
            owner_alive: whether somebody still watches; without, the robot holds.

        Returns:
            What was measured, what was asked for, what was sent, and when it was sent (monotonic ns).
        """
        started_ns = time.monotonic_ns()
        period_ns = int(self._dt_s * 1e9)
        self._robot.request()
        measured = self._robot.collect(started_ns + int(period_ns * READ_SHARE))
        if self._safety is None:
            self._safety = SafetyState.at_rest(self._from(np.nan_to_num(measured.position)))
        self._take_returned(measured)
        if self._relatch_ticks > 0:
            self._relatch_ticks -= 1
            self._relatch(measured.position)
        reason = self._watch.reason_to_hold(measured, owner_alive=owner_alive)
        if self._doubted and not reason and self.arbiter.mode is Mode.HOLD:
            self._say("mode", "All is well again; holding", key="mode", mode=int(Mode.HOLD))
        self._doubted = bool(reason) and (self._doubted or self._moving)
        if self.arbiter.leader_lost():
            reason = "a leader arm stopped answering"
        reason = reason or self._policy_fails(inputs)
        if reason and self._moving:
            self.hold()
            self._say("mode", f"Holding: {reason}", key="mode", level="warning", mode=int(Mode.HOLD))
        self._tell_intervention()
        mode = self.arbiter.mode
        asked = self.arbiter.step(measured.leader, inputs, self._dt_s)
        if mode is Mode.REPLAY and self.arbiter.mode is Mode.HOLD:
            self._say("mode", "Replay finished; holding", key="mode", mode=int(Mode.HOLD))
        filtered = filter_action(
            asked.action,
            state=self._safety,
            measured=measured.position,
            age_s=asked.age_s,
            dt_s=self._dt_s,
            limits=self._limits,
            hand_over=asked.hand_over,
        )
        self._safety = filtered.state
        self.arbiter.bound_lift(filtered.sent)
        self._robot.write(filtered.sent)
        sent_ns = time.monotonic_ns()
        self._drive_leaders(measured)
        self._watch.take_faults(self._robot.poll(started_ns + int(period_ns * POLL_SHARE)))
        return measured, asked, filtered.sent, sent_ns

    def change(self, mode: Mode, *, dead_man: bool = False, dead_man_held: bool = False) -> None:
        """Hand the robot to another source.

        Who takes over from an automatic mode must not be left with a robot that goes on: where teleoperation is
        refused, the robot holds.

        Args:
            mode: the one wanted.
            dead_man: for a policy's modes: whether it moves only while the dead man's switch is held.
            dead_man_held: whether it is now.

        Raises:
            ModeRefusedError: when that cannot be done now.
        """
        try:
            if mode is not Mode.HOLD and self._watch.blocked:
                raise ModeRefusedError(f"{self._watch.blocked}; the robot holds until it is back")
            if mode in POLICY_MODES | {Mode.TELEOP} and not self._robot.lifts_homed:
                raise ModeRefusedError("the lift does not know its zero yet; home it first")
            if mode in POLICY_MODES and dead_man and not dead_man_held:
                raise ModeRefusedError(
                    "the policy moves only while the dead man's switch is held; hold it first"
                )
            self._release_leaders()
            self._robot.stop_probes()
            self.arbiter.change(mode, self._stopping_point(), now_ns=time.monotonic_ns())
            self._dead_man = dead_man
        except ModeRefusedError as error:
            if mode is Mode.TELEOP and self.arbiter.mode in AUTOMATIC_MODES:
                self.hold()
                reason = f"Holding: the take-over was refused, {error}"
                self._say("mode", reason, key="mode", level="warning", mode=int(Mode.HOLD))
            raise
        self._say("mode", f"Mode: {mode.name.lower()}", key="mode", mode=int(mode))

    def take_chunk(self, payload: NDArray[np.uint8]) -> None:
        """Go on with a policy's chunk; one that cannot be run is left alone, counted, and named in `refusal`.

        Args:
            payload: as it came on the topic `chunk`.
        """
        now_ns = time.monotonic_ns()
        try:
            chunk = parse_chunk(payload, dof=self._profile.dof, now_ns=now_ns)
            self.arbiter.offer(chunk, now_ns=now_ns)
        except ChunkError as error:
            self.refused_chunks += 1
            self.refusal = str(error)

    def _policy_fails(self, inputs: Inputs) -> str:
        """Why a policy may no longer move the robot, in words, or an empty string."""
        player = self.arbiter.player
        if player is None:
            return ""
        if self._dead_man and not inputs.dead_man:
            return "the dead man's switch was let go"
        if player.chunk is not None and player.chunk.applied_ns < self.arbiter.policy_rested_ns:
            player.rest()  # vetoed, or the task is done: it waits for the next subtask, and nothing is amiss
        if player.starved_s > STARVED_S:
            why = self.arbiter.policy_trouble or (
                f"the last was refused: {self.refusal}" if self.refusal else ""
            )
            return f"the policy sends no more actions{f'; {why}' if why else ''}"
        if self.arbiter.policy_trouble and not player.moving:
            return self.arbiter.policy_trouble
        return ""

    def nudge(self, nudge: Nudge) -> None:
        """Make a small slow move out of hold.

        Raises:
            ModeRefusedError: in any other mode, and while something ails the robot.
        """
        if self._watch.blocked:
            raise ModeRefusedError(f"{self._watch.blocked}; the robot holds until it is back")
        self.arbiter.nudge(nudge)

    def probe_lift(self, name: str, distance_m: float) -> None:
        """Move a lift a little, whether its zero is known or not.

        Raises:
            ModeRefusedError: in any mode but hold, and while something ails the robot.
        """
        if self.arbiter.mode is not Mode.HOLD:
            raise ModeRefusedError(f"the robot is in {self.arbiter.mode.name.lower()}; hold it first")
        if self.arbiter.nudging:
            raise ModeRefusedError(
                "the robot still makes another small move; wait for its end, or hold it first"
            )
        if self._watch.blocked:
            raise ModeRefusedError(f"{self._watch.blocked}; the robot holds until it is back")
        self._robot.start_probe(name, distance_m)

    def _tell_intervention(self) -> None:
        """Mark the span in which a person has taken over, for the recording."""
        if self.arbiter.intervening == self._intervening:
            return
        self._intervening = self.arbiter.intervening
        if self.arbiter.taken_over_from is not None:
            before = self.arbiter.taken_over_from.name.lower()
            self._say("intervention", f"Taken over from {before}", state="began", taken_over_from=before)
        else:
            self._say("intervention", "The intervention is over", state="ended")

    def hold(self) -> None:
        """Come to rest and stay there."""
        self._release_leaders()
        self._robot.stop_probes()
        self.arbiter.change(Mode.HOLD, self._stopping_point())

    def home_lifts(self) -> None:
        """Let every lift that has no zero look for it.

        Raises:
            ModeRefusedError: while the robot moves, and after an emergency stop, which holds whatever moves.
        """
        if self.arbiter.mode is Mode.STOPPED:
            raise ModeRefusedError("the robot is stopped; release the emergency stop first")
        if self._moving:
            what = self.arbiter.mode.name.lower() if self.arbiter.mode is not Mode.HOLD else "a small move"
            raise ModeRefusedError(f"the robot is in {what}; hold it before homing the lift")
        self._robot.start_homing()

    def stop(self, reason: str) -> None:
        """Emergency stop, from any state."""
        self._release_leaders()
        self._robot.stop_homing()
        self._robot.stop_probes()
        self.arbiter.stop(self._stopping_point())
        self._say("mode", f"Stopped: {reason}", key="mode", level="error", mode=int(Mode.STOPPED))

    def relatch(self, for_s: float) -> None:
        """For a while, take the measured pose for the one that was sent: the world is moved under the robot.

        Raises:
            ModeRefusedError: while the robot moves.
        """
        if self.arbiter.mode not in (Mode.HOLD, Mode.STOPPED):
            raise ModeRefusedError(f"the robot is in {self.arbiter.mode.name.lower()}; hold it first")
        self._relatch_ticks = max(1, round(for_s / self._dt_s))

    def _relatch(self, measured: Vector) -> None:
        known = np.where(np.isfinite(measured), measured, self._sent())
        self._safety = SafetyState.at_rest(known)
        self.arbiter.latch(known)

    @property
    def _moving(self) -> bool:
        if self.arbiter.nudging or any(self._robot.probing.values()):
            return True
        return self.arbiter.mode not in (Mode.HOLD, Mode.STOPPED)

    @property
    def gate_phase(self) -> GatePhase:
        """Where on the way into following the robot is."""
        return self.arbiter.gate.phase

    def _sent(self) -> Vector:
        if self._safety is None:
            return np.zeros(self._profile.dof, np.float32)
        return self._safety.sent.astype(np.float32)

    def _stopping_point(self) -> Vector:
        """Where the robot comes to rest when it brakes now, as hard as it may: sent + v·|v| / 2a."""
        if self._safety is None:
            return self._sent()
        velocity = np.where(self._limits.velocity_like, 0.0, self._safety.velocity)
        reach = velocity * np.abs(velocity) / (2.0 * self._limits.max_acceleration)
        # What is asked for from now on stands still; it must not be taken for a hand that goes on moving.
        self._safety = self._safety.standing_goal()
        return (self._safety.sent + reach).astype(np.float32)

    def _from(self, measured: Vector) -> Vector:
        """Where to start from when it is found like this: there, but from a lift that is on its stop a little above."""
        within = np.clip(measured, self._limits.min, self._limits.max)
        return np.where(self._lifts, within, measured).astype(np.float32)

    def _take_returned(self, measured: Measurement) -> None:
        """Start from the measured pose wherever the servos have just come back, or do not know their zero yet."""
        returned = self._unread & measured.fresh & np.isfinite(measured.position)
        returned |= self.arbiter.relaxing & measured.fresh & np.isfinite(measured.position)
        if not self._robot.lifts_homed or self._robot.probing:
            returned |= self._lifts & np.isfinite(measured.position)
        if returned.any() and self._safety is not None:
            start = self._from(measured.position)
            self._safety = SafetyState(
                sent=np.where(returned, start, self._safety.sent),
                velocity=np.where(returned, 0.0, self._safety.velocity),
            )
            self.arbiter.latch(start, returned)
        self._unread &= ~returned
        self._unread |= self._watch.lost_slots(measured)

    def _drive_leaders(self, measured: Measurement) -> None:
        """Bring powered leaders to their followers at a calm speed; let go when the gate lets the robot follow."""
        if self.gate_phase is not GatePhase.DRIVING:
            if np.isfinite(self._driven).any():
                self._release_leaders()
            return
        goal = self._sent()
        step = np.float32(DRIVE_LEADER_RAD_S * self._dt_s)
        start = np.where(np.isfinite(self._driven), self._driven, measured.leader)
        self._driven = (start + np.clip(goal - start, -step, step)).astype(np.float32)
        for name, leader in self._profile.leaders.items():
            slots = self._watch.leader_slots(name)
            if leader.drivable and np.isfinite(self._driven[slots]).all():
                arm, opening = self._driven[slots][:-1], float(self._driven[slots][-1])
                self._robot.drive_leader(name, arm, opening)

    def _release_leaders(self) -> None:
        if np.isfinite(self._driven).any():
            for name, leader in self._profile.leaders.items():
                if leader.drivable:
                    self._robot.release_leader(name)
        self._driven[:] = np.nan
