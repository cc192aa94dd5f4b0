"""A policy's chunks as a source of motion: walked through at the robot's pace, and handed over smoothly.

A chunk's steps carry the times at which they are due at full speed. The player walks from step to step, slower where
the speed is scaled down, and takes the next chunk the tick it comes. Chunks are never averaged: what is left of the
difference between what was asked for last and what the new chunk would ask for decays, slowly enough not to be a jump,
on top of the new chunk's own motion. The step at a hand-over is, entry by entry, the least of the two steps before it
and the new chunk's own, and none where these do not all go one way. What is sent may lag what is asked for; `beginning`
tells the safety filter of a hand-over, so that it does not make up for that in this very tick.

When no chunk follows in time, the last one runs out and the robot stands: it is for the loop to say so.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.messages import Mode
from app.robot.chunks import Chunk, ChunkError
from drivers.profile import RobotProfile
from drivers.safety import SafetyLimits

Vector = NDArray[np.float32]

SHORTEST_DECAY_S = 0.2
"""What is left of a difference never vanishes faster, however small it is."""
DECAY_SPEED = {"arm": 0.4, "gripper": 1.0, "lift": 0.04, "base": 0.25}
"""How fast it vanishes at most, in its middle: rad/s, openings/s, m/s, and m/s² or rad/s² for a base's speeds."""


class ChunkPlayer:
    """Walks through chunks, one tick at a time.

    Args:
        profile: the robot.
        pose: (D,) what is held when it begins, with speeds at zero.
        mode: the policy's mode that it plays for.
        began_ns: when that mode was entered; what was seen before is nothing to act on.
    """

    def __init__(self, profile: RobotProfile, pose: Vector, *, mode: Mode, began_ns: int) -> None:
        self.mode = mode
        self._began_ns = began_ns
        self._dt_s = 1.0 / profile.control_rate_hz
        self._speeds = np.zeros(profile.dof, bool)
        self._decay_speed = np.zeros(profile.dof)
        for segment in profile.segments:
            self._speeds[segment.slice] = segment.kind == "base"
            self._decay_speed[segment.slice] = DECAY_SPEED[segment.kind]
        self._limits = SafetyLimits.from_profile(profile)
        self._asked = np.where(self._speeds, 0.0, pose).astype(np.float64)
        self._step = self._step_before = np.zeros(profile.dof)
        self._chunk: Chunk | None = None
        self._cursor = 0.0
        self._offset = np.zeros(profile.dof)
        self._decay_s = np.ones(profile.dof)
        self._since_s = 0.0
        self._waited_s = 0.0
        self._rests = False
        self.late = 0

    @property
    def chunk(self) -> Chunk | None:
        """The one being run, or run out."""
        return self._chunk

    @property
    def cursor(self) -> float:
        """How many of its steps have passed; NaN without one."""
        return self._cursor if self._chunk is not None else float("nan")

    @property
    def moving(self) -> bool:
        """Whether there are steps left to run, or after a final chunk's last step still a way to where it leads."""
        if self._chunk is None:
            return False
        return self._in_steps or (self._chunk.final and self._since_s < float(self._decay_s.max()))

    @property
    def _in_steps(self) -> bool:
        return self._chunk is not None and self._cursor <= len(self._chunk.actions) - 1

    @property
    def beginning(self) -> bool:
        """Whether the next step is the first under its chunk."""
        return self._chunk is not None and self._since_s < 0.0

    @property
    def starved_s(self) -> float:
        """For how long a chunk that is to be followed by another has been run out; 0 while all is well."""
        return self._waited_s

    def rest(self) -> None:
        """Nothing is to follow the chunk that is run: its subtask has ended, and standing after it is no waiting."""
        self._rests, self._waited_s = True, 0.0

    def offer(self, chunk: Chunk, *, now_ns: int, speed: float) -> None:
        """Go on with this chunk from its step that is due now.

        Args:
            chunk: the newer one.
            now_ns: monotonic.
            speed: factor in (0, 1] at which the robot has moved since it was observed.

        Raises:
            ChunkError: when it was made for another mode, before this one began, or is not newer.
        """
        if chunk.mode is not self.mode:
            raise ChunkError(f"made for {chunk.mode.name.lower()} mode, not {self.mode.name.lower()}")
        if chunk.observed_ns < self._began_ns:
            raise ChunkError("made from what was seen before this mode began")
        if self._chunk is not None and chunk.number == self._chunk.number:
            raise ChunkError(f"chunk {chunk.number} came twice")
        cursor = speed * (now_ns - chunk.first_ns) / chunk.step_ns
        if cursor >= len(chunk.actions):
            raise ChunkError(
                f"{len(chunk.actions)} steps, all of them due before it came; the policy is too slow for its chunks"
            )
        if self._waited_s > 0.0:
            self.late += 1
        # Nothing gets beyond the limits anyway, and what is left of a difference must not take for ever to fade.
        within = np.clip(chunk.actions, self._limits.min, self._limits.max).astype(np.float32)
        self._chunk, self._cursor = replace(chunk, actions=within), max(0.0, cursor)
        self._waited_s, self._rests = 0.0, False
        due = self._scaled(self._at(self._cursor), speed)
        ahead = speed * self._dt_s * 1e9 / chunk.step_ns
        after = max(self._cursor, ahead)  # before its first step a chunk tells of no motion
        own = self._scaled(self._at(after) - self._at(after - ahead), speed)
        self._offset = self._asked + _lesser(_lesser(self._step, self._step_before), own) - due
        peak = 1.5  # of a smooth step's slope, over its mean
        self._decay_s = np.maximum(SHORTEST_DECAY_S, peak * np.abs(self._offset) / self._decay_speed)
        self._since_s = -self._dt_s  # nothing of it fades in the first tick

    def step(self, *, speed: float) -> Vector:
        """The action of this tick, (D,).

        Args:
            speed: factor in (0, 1] by which the pace is scaled.
        """
        before = self._asked
        self._asked = self._next(speed)
        self._step, self._step_before = self._asked - before, self._step
        return self._asked.astype(np.float32)

    def _next(self, speed: float) -> NDArray[np.float64]:
        chunk = self._chunk
        if chunk is None:
            return self._asked
        self._since_s += self._dt_s
        if not self._in_steps and not chunk.final:
            # It stands where it is: nobody knows any more whether the way goes on.
            self._waited_s += 0.0 if self._rests else self._dt_s
            return np.where(self._speeds, 0.0, self._asked)
        share = np.clip(self._since_s / self._decay_s, 0.0, 1.0)
        left = self._offset * (1.0 - share * share * (3.0 - 2.0 * share))
        if not self._in_steps:
            return np.where(self._speeds, 0.0, chunk.actions[-1] + left)
        wanted = self._scaled(self._at(self._cursor), speed) + left
        last, ahead = len(chunk.actions) - 1, self._cursor + speed * self._dt_s * 1e9 / chunk.step_ns
        # The last step is asked for too, wherever between two ticks it is due.
        self._cursor = last if self._cursor < last < ahead else ahead
        return wanted

    def _at(self, cursor: float) -> NDArray[np.float64]:
        """(D,) what the chunk asks for so many steps in, between two steps on the line that joins them."""
        actions = self._chunk.actions if self._chunk is not None else np.zeros((1, len(self._asked)))
        within = min(max(cursor, 0.0), len(actions) - 1.0)
        low = int(within)
        high = min(low + 1, len(actions) - 1)
        found: NDArray[np.float64] = actions[low] + (within - low) * (
            actions[high].astype(np.float64) - actions[low]
        )
        return found

    def _scaled(self, action: NDArray[np.float64], speed: float) -> NDArray[np.float64]:
        """Speeds as slow as the pace is."""
        return np.where(self._speeds, action * speed, action)


def _lesser(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entry by entry the one nearer to zero, and zero where their signs differ."""
    nearer = np.where(np.abs(one) < np.abs(other), one, other)
    return np.where(one * other > 0.0, nearer, 0.0)
