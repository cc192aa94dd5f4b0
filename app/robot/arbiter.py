"""Who moves the robot: one arbiter with explicit modes, stepped once a tick.

It knows nothing of serial lines or processes. It takes what was measured and what the operator's inputs say, and
returns the action that is asked for and who asks. What is asked for still passes the safety filter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages import AUTOMATIC_MODES, POLICY_MODES, Mode, Source
from app.robot.chunk_player import ChunkPlayer
from app.robot.chunks import Chunk, ChunkError
from app.robot.gate import Gate, GateMask, GatePhase
from app.robot.nudge import Nudge
from app.robot.replay import Replay
from drivers.profile import RobotProfile

Vector = NDArray[np.float32]

LIFT_LEAD_M = 0.03
"""How far the lift's target may run ahead: enough to reach full speed, little enough to stop when told."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Base and lift as the operator's feet, keys or sticks want them, already checked for age and dead man.

    Attributes:
        twist: vx, vy in m/s and wz in rad/s.
        lift_m_s: speed of the lift.
        dead_man: whether the dead man's switch is held.
    """

    twist: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lift_m_s: float = 0.0
    dead_man: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """An action that is asked for.

    Attributes:
        action: (D,) finite numbers.
        source: who asks.
        age_s: how long ago the source last said so; beyond the robot's limits the request counts for nothing.
        chunk: the policy's chunk that it comes from; None where it comes from none.
        chunk_step: how far into it.
        hand_over: whether that chunk takes over in this tick.
    """

    action: Vector
    source: Source
    age_s: float = 0.0
    chunk: Chunk | None = None
    chunk_step: float = float("nan")
    hand_over: bool = False


class ModeRefusedError(Exception):
    """A change of mode that cannot be made now."""


class Arbiter:
    """The mode, and what each mode asks of the robot.

    Args:
        profile: the robot.

    Attributes:
        policy_trouble: why a policy cannot move the robot now; empty when it can.
        policy_rested_ns: when the policy said that it has no subtask, if that is the last it said; else 0.
    """

    def __init__(self, profile: RobotProfile) -> None:
        self._profile = profile
        self._mask = GateMask.of(profile)
        self._speeds = np.zeros(profile.dof, bool)
        self._lifts = np.zeros(profile.dof, bool)
        for segment in profile.segments:
            self._speeds[segment.slice] = segment.kind == "base"
            self._lifts[segment.slice] = segment.kind == "lift"
        self._held = np.zeros(profile.dof, np.float32)
        self._last_asked = self._held
        self._leader_silent_s = 0.0
        self._replay: Replay | None = None
        self._nudge: Nudge | None = None
        self._actions: NDArray[np.float32] | None = None
        self.player: ChunkPlayer | None = None
        self.policy_trouble = "no policy is loaded; load one first"
        self.policy_rested_ns = 0
        self.gate = Gate(profile, self._mask)
        self.mode = Mode.HOLD
        self.taken_over_from: Mode | None = None
        self.speed = 1.0

    @property
    def intervening(self) -> bool:
        """Whether a person leads the robot because they took over from an automatic mode."""
        return self.taken_over_from is not None

    @property
    def replay_progress(self) -> float:
        """0 to 1 while an episode is replayed."""
        return self._replay.progress if self._replay is not None else 0.0

    @property
    def nudging(self) -> bool:
        """Whether a small move out of hold is under way."""
        return self._nudge is not None

    @property
    def relaxing(self) -> NDArray[np.bool_]:
        """(D,) the entries that are to hold wherever they are found, so that they press against nothing."""
        return self._nudge.relaxing if self._nudge is not None else np.zeros(self._profile.dof, bool)

    def nudge(self, nudge: Nudge) -> None:
        """Begin a small move out of hold; it takes the place of one under way.

        Raises:
            ModeRefusedError: in any other mode.
        """
        if self.mode is not Mode.HOLD:
            raise ModeRefusedError(f"the robot is in {self.mode.name.lower()}; hold it first")
        self._nudge = nudge

    @property
    def following(self) -> bool:
        """Whether the robot now follows its leaders, ramp included."""
        return self.gate.phase in (GatePhase.RAMPING, GatePhase.FOLLOWING)

    def latch(self, pose: Vector, where: NDArray[np.bool_] | None = None) -> None:
        """Hold this pose from now on, with speeds at zero; NaN entries and slots outside `where` keep what was held."""
        known = np.isfinite(pose) if where is None else np.isfinite(pose) & where
        self._held = np.where(self._speeds, np.float32(0), np.where(known, pose, self._held)).astype(
            np.float32
        )

    def stop(self, pose: Vector) -> None:
        """Emergency stop: hold this pose and listen to nothing until `release`."""
        self._leave(Mode.STOPPED, pose)

    def release(self) -> None:
        """Leave the emergency stop for hold.

        Raises:
            ModeRefusedError: when the robot is not stopped.
        """
        if self.mode is not Mode.STOPPED:
            raise ModeRefusedError(
                f"the robot is not stopped but in {self.mode.name.lower()}; nothing to release"
            )
        self.mode = Mode.HOLD

    def load(self, actions: NDArray[np.float32]) -> None:
        """Take the actions of an episode, (T, D), to replay next.

        Raises:
            ModeRefusedError: when they do not fit this robot or are not finite.
        """
        if actions.ndim != 2 or len(actions) == 0 or actions.shape[1] != self._profile.dof:
            raise ModeRefusedError(
                f"actions of shape {actions.shape} do not fit this robot, which takes (T, {self._profile.dof}); "
                "choose an episode of the same profile"
            )
        if not np.isfinite(actions).all():
            raise ModeRefusedError(
                "the episode holds actions that are not finite; run `understudy data verify`"
            )
        self._actions = actions

    def offer(self, chunk: Chunk, *, now_ns: int) -> None:
        """Take a policy's chunk, to go on with it from the next tick.

        Raises:
            ChunkError: when the robot is not the policy's now, or the chunk is not one to run now.
        """
        if self.player is None:
            raise ChunkError(f"the robot is in {self.mode.name.lower()}, not the policy's")
        self.player.offer(chunk, now_ns=now_ns, speed=self.speed)

    def change(self, mode: Mode, pose: Vector, *, now_ns: int = 0) -> None:
        """Hand the robot to another source.

        Args:
            mode: the one wanted.
            pose: (D,) what was last sent, from which every mode starts.
            now_ns: monotonic; a policy's chunk from before is not run.

        Raises:
            ModeRefusedError: when it cannot be entered now; says why and what to do.
        """
        if self.mode is Mode.STOPPED:
            raise ModeRefusedError("the robot is stopped; release the emergency stop first")
        if mode is Mode.STOPPED:
            raise ModeRefusedError("an emergency stop is a command of its own; send Stop")
        if mode in POLICY_MODES and self.policy_trouble:
            raise ModeRefusedError(self.policy_trouble)
        if mode is Mode.REPLAY and self._actions is None:
            raise ModeRefusedError("no episode is loaded to replay; choose one first")
        if mode is Mode.TELEOP and not self._profile.leaders:
            raise ModeRefusedError(
                f"the profile {self._profile.name} has no leader arms; add [leaders] to it"
            )
        # Teleoperation asked for once more goes through the gate again, and is the same intervention.
        before = self.taken_over_from or self.mode
        self._leave(mode, pose)
        if mode is Mode.TELEOP:
            self.gate.open()
            self.taken_over_from = before if before in AUTOMATIC_MODES else None
        if mode in POLICY_MODES:
            self.player = ChunkPlayer(self._profile, self._held, mode=mode, began_ns=now_ns)
        if mode is Mode.REPLAY and self._actions is not None:
            self._replay = Replay(
                self._actions,
                start=self._held,
                speeds=self._speeds,
                control_rate_hz=self._profile.control_rate_hz,
            )

    def step(self, leader: Vector, inputs: Inputs, dt_s: float) -> Asked:
        """The action of this tick.

        Args:
            leader: (D,) the leaders' pose in the followers' slots, NaN where it is not known in this tick.
            inputs: base and lift wanted now.
            dt_s: length of the tick.
        """
        if self.mode is Mode.TELEOP:
            action = self._teleoperate(leader, inputs, dt_s)
            source = Source.INTERVENTION if self.intervening else Source.TELEOP
            return Asked(action, source, self._leader_silent_s)
        if self.mode is Mode.REPLAY and self._replay is not None:
            action = self._replay.step()
            if self._replay.done:
                self._leave(Mode.HOLD, action)
            return Asked(action, Source.REPLAY)
        if self.player is not None:
            return self._play(self.player)
        if self._nudge is not None:
            action, self._held = self._nudge.step(self._held, dt_s)
            if self._nudge.done:
                self._nudge = None
            return Asked(action, Source.HOLD)
        return Asked(self._held, Source.HOLD)

    def leader_lost(self) -> bool:
        """Whether a leader has been silent for longer than the profile allows while it was followed."""
        return (
            self.mode is Mode.TELEOP and self._leader_silent_s * 1e3 > self._profile.teleop.leader_timeout_ms
        )

    def _teleoperate(self, leader: Vector, inputs: Inputs, dt_s: float) -> Vector:
        known = np.isfinite(leader)
        silent = bool((self._mask.led & ~known).any())
        self._leader_silent_s = self._leader_silent_s + dt_s if silent else 0.0
        asked = self.gate.step(leader, self._held, dt_s)
        # A reading that failed in this tick asks for what was asked for in the tick before.
        asked = np.where(np.isfinite(asked), asked, self._last_asked if self.following else self._held)
        if self.following:
            self._held = np.where(
                self._lifts, self._held + np.float32(inputs.lift_m_s * self.speed * dt_s), self._held
            )
            asked = np.where(self._lifts, self._held, asked)
            asked[self._speeds] = np.asarray(inputs.twist, np.float32) * np.float32(self.speed)
        self._last_asked = asked.astype(np.float32)
        return self._last_asked

    def _play(self, player: ChunkPlayer) -> Asked:
        """What the policy's chunk asks for; once it has run out the robot stands, and nobody asks for more."""
        moving, hand_over = player.moving, player.beginning
        chunk, cursor = player.chunk, player.cursor
        action = player.step(speed=self.speed)
        if not moving:
            return Asked(action, Source.HOLD)
        source = Source.VERBAL if player.mode is Mode.VERBAL else Source.POLICY
        return Asked(action, source, chunk=chunk, chunk_step=cursor, hand_over=hand_over)

    def bound_lift(self, sent: Vector) -> None:
        """Keep the lift's target within reach of what the safety filter let through, so that it stops when told."""
        bounded = np.clip(self._held, sent - LIFT_LEAD_M, sent + LIFT_LEAD_M)
        self._held = np.where(self._lifts, bounded, self._held).astype(np.float32)

    def _leave(self, mode: Mode, pose: Vector) -> None:
        self.latch(pose)
        self._last_asked = self._held
        self._leader_silent_s = 0.0
        self._replay = self._nudge = self.player = None
        self.taken_over_from = None
        self.gate.close()
        self.mode = mode
