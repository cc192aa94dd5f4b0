"""The scripted operator's motions as a policy: a stand-in for a trained one, in the simulated kitchen only.

It looks at no picture. It sees the true state of the simulated world, which no robot ever does; that is what makes it
scripted. In everything else it is a policy like any other: an observation and a subtask in, chunks of actions out, made
half a second ahead, which go through the same hand-over, safety filter, lines and servos.

The motions read the world at every tick, and a chunk reaches a second ahead. So they are led through an imagined world
(`app.autonomy.imagination`) that starts from the true one at each call.
"""

from __future__ import annotations

import difflib
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.autonomy.imagination import LONGEST_DELAY, Imagination
from app.autonomy.sound_request import check_request
from drivers.profile import RobotProfile
from drivers.sim.interface import Truth
from drivers.sim.operator.body import Body
from drivers.sim.operator.motions import GaveUpError
from drivers.sim.operator.operator import LONG
from drivers.sim.operator.places import held
from drivers.sim.operator.subtasks import SUBTASKS
from drivers.sim.operator.whats_next import next_subtask, tasks
from policy.actions.chunk import target_times
from policy.types import ActionChunk, Committed, Observation, RequestError, Subtask

Vector = NDArray[np.float64]

HORIZON: Final = 50
EXECUTE: Final = 25
BRAKING: Final = 15
"""Steps at a chunk's end in which everything comes to rest; they run only where the next chunk is late."""
BLENDING: Final = 15
"""Steps in which a motion that goes on after such a rest is joined."""
SPARE: Final = 3

BASE_SLEW: Final = (1.0, 1.0, 3.0)
"""How fast a base may come to rest where no motion drives it, m/s² and rad/s²."""
LIFT_LEAD_M: Final = 0.04
SLOWEST: Final = 0.1
SAME_RAD: Final = 0.1
"""An arm no further from where the last chunk left it has not been moved by anybody else since."""
GOES_ON_NS: Final = 2_000_000_000
"""How long after its chunk's end a subtask is gone on with instead of begun anew."""
NEAR_HAND_M: Final = 0.12


@dataclass(frozen=True)
class FinalChunk(ActionChunk):
    """A chunk after which there is nothing more to do under its subtask.

    Attributes:
        gave_up: why the subtask cannot be carried out; empty where it was.
    """

    gave_up: str = ""


@dataclass(eq=False)
class _Run:
    """A subtask under way: its motion, the body that is led, and what was planned."""

    subtask: str
    body: Body
    motion: Iterator[None]
    rows: list[Vector]
    """Every row since the subtask began, those of the last chunk included."""
    planned: int
    """Index, in `rows`, of the first step that was made up of braking only."""
    chunk_from: int = 0
    """Index, in `rows`, of the last chunk's first step."""
    target_ns: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    captured_ns: int = 0
    """When the robot was observed for the last chunk."""
    speed: float = 1.0
    """At which the rows are run, as far as it shows."""
    ended: bool = False
    gave_up: str = ""
    lift_m: float = 0.0
    off: Vector | None = None
    off_steps: int = 0


class ScriptedPolicy:
    """`policy.types.Policy` of the kitchen's subtasks. One caller a level at a time.

    Args:
        profile: of the simulated robot.
        see: gives the true state of the world, for the low level.
        see_high: the same for the high level, which may be asked from another thread.
        seed: of the errors of the operator's eye.
    """

    def __init__(
        self,
        profile: RobotProfile,
        see: Callable[[], Truth],
        *,
        see_high: Callable[[], Truth] | None = None,
        seed: int = 0,
    ) -> None:
        self._profile = profile
        self._see = see
        self._see_high = see_high or see
        self._seed = seed
        self._dt_s = 1.0 / profile.control_rate_hz
        self._kinds = {(segment.kind, segment.name): segment.slice for segment in profile.segments}
        self._run: _Run | None = None
        self._sent: Vector | None = None

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Plain values that describe it."""
        return MappingProxyType(
            {
                "name": "scripted kitchen",
                "kind": "scripted",
                "embodiment": self._profile.name,
                "state_dim": self._profile.dof,
                "action_dim": self._profile.dof,
                "model_action_dim": self._profile.dof,
                "action_horizon": HORIZON,
                "rate_hz": self._profile.control_rate_hz,
                "execute_steps": EXECUTE,
                "cameras_low": [],
                "cameras_high": [],
                "levels": ["low", "high"],
                "real_time_chunking": "trained",
                "takes_noise": False,
                "temperature": 0.0,
                "random_weights": False,
                "sees_the_world": True,
                "subtasks": list(SUBTASKS),
                "tasks": list(tasks()),
            }
        )

    def warm_up(self) -> None:
        """Nothing is slow the first time."""

    # -- the high level ------------------------------------------------------------------------------------------------

    def subtask(self, observation: Observation, task: str, *, allowed: Sequence[str] = ()) -> Subtask:
        """What the task needs next in the true world, or `done`.

        Raises:
            RequestError: there is no such task, or what it needs next is not allowed.
            SimRemoteError: the world does not answer.
        """
        del observation
        began = time.perf_counter()
        if not isinstance(task, str) or task not in tasks():
            raise RequestError(f"no task {task!r:.80}{_near(task, tasks())}; there are: {', '.join(tasks())}")
        if isinstance(allowed, str) or not all(
            isinstance(phrase, str) and phrase.strip() for phrase in allowed
        ):
            raise RequestError(f"allowed is {allowed!r:.80}; it must be a list of phrases")
        truth = self._see_high()
        ways = [next_subtask(truth, task)]
        if task in LONG:  # its parts may be done in any order
            ways += [next_subtask(truth, part) for part in tasks() if part.startswith("put the ")]
        text = next((way for way in ways if not allowed or way in allowed), None) if ways[0] else "done"
        if text is None:
            raise RequestError(f"{task!r} needs {ways[0]!r} next, which is not among what is allowed now")
        return Subtask(text, 1.0, inference_ms=(time.perf_counter() - began) * 1e3)

    # -- the low level -------------------------------------------------------------------------------------------------

    def actions(
        self,
        observation: Observation,
        subtask: str,
        *,
        committed: Committed | None = None,
        noise: NDArray[np.float32] | None = None,
    ) -> ActionChunk:
        """A chunk of the subtask's motion; a `FinalChunk` when it ends within it.

        Raises:
            RequestError: the subtask is unknown, or the request makes no sense.
            SimRemoteError: the world does not answer.
        """
        began = time.perf_counter()
        if subtask not in SUBTASKS:
            hint = _near(subtask, SUBTASKS)
            raise RequestError(f"no subtask {subtask!r:.80}{hint}; there are: {', '.join(SUBTASKS)}")
        check_request(self._profile, observation, committed, noise, horizon=HORIZON)
        truth = self._see()
        run, at = self._taken_up(observation, subtask, truth, committed)
        self._watch_speed(run, at, observation.captured_ns)
        late = self._age_steps(run, observation, truth)
        frozen = 0 if committed is None else committed.frozen
        execute = EXECUTE if committed is None else committed.execute
        wanted = at + min(frozen + max(1, execute) + SPARE, HORIZON - BRAKING)
        self._plan(run, truth, now=min(at + late, len(run.rows)), kept=at + frozen, wanted=wanted)
        run.rows = run.rows[: at + HORIZON]
        run.chunk_from = at
        actions = np.array(run.rows[at : at + HORIZON])
        run.target_ns = target_times(
            observation.captured_ns, horizon=HORIZON, rate_hz=self._profile.control_rate_hz
        )
        self._sent = actions[-1]
        took_ms = (time.perf_counter() - began) * 1e3
        if run.ended:
            return FinalChunk(actions, run.target_ns, subtask, took_ms, gave_up=run.gave_up)
        return ActionChunk(actions, run.target_ns, subtask, took_ms)

    # -- going on, or beginning ----------------------------------------------------------------------------------------

    def _taken_up(
        self, observation: Observation, subtask: str, truth: Truth, committed: Committed | None
    ) -> tuple[_Run, int]:
        """The run to go on with and the index in its rows of the step that is due now."""
        run = self._run
        if run is not None and run.subtask == subtask and not (run.ended and committed is None):
            last = run.rows[run.chunk_from :]
            if committed is not None:
                left = len(committed.actions)
                if left <= len(last) and np.allclose(last[len(last) - left :], committed.actions, atol=1e-4):
                    # What the robot has may be rounded; the plan is what it was made from.
                    for index in range(left):
                        run.rows[len(run.rows) - left + index] = np.array(
                            committed.actions[index], np.float64
                        )
                    return run, len(run.rows) - left
            elif self._stands_at_end(run, observation, truth):
                return run, len(run.rows)
        self._run = self._begun(observation, subtask, truth, committed)
        return self._run, len(self._run.rows) - (0 if committed is None else len(committed.actions))

    def _stands_at_end(self, run: _Run, observation: Observation, truth: Truth) -> bool:
        """Whether the last chunk ran out, a moment ago, and nobody has moved the robot since."""
        late_ns = observation.captured_ns - int(run.target_ns[-1])
        lifted = all(
            abs(float(run.rows[-1][self._kinds["lift", name].start]) - truth.lift_m) < LIFT_LEAD_M
            for name in self._profile.lifts
        )
        return 0 < late_ns < GOES_ON_NS and lifted and self._is_where_left(run.rows[-1], truth)

    def _is_where_left(self, row: Vector, truth: Truth) -> bool:
        return all(
            np.abs(row[self._kinds["arm", name]] - angles).max() < SAME_RAD
            for name, angles in truth.arm_rad.items()
        )

    def _begun(
        self, observation: Observation, subtask: str, truth: Truth, committed: Committed | None
    ) -> _Run:
        moment = zlib.crc32(f"{subtask} {truth.sim_time_s:.3f}".encode())
        rng = np.random.default_rng([self._seed, moment])
        body = Body(self._profile, rng, truth)
        if committed is None:
            here = self._here(observation, truth)
            rows, planned = [here] * LONGEST_DELAY, LONGEST_DELAY
        else:
            kept = [np.array(row, np.float64) for row in committed.actions]
            past = self._past(kept[0])
            rows = [*past, *kept]
            planned = len(past) + committed.frozen
        run = _Run(subtask, body, SUBTASKS[subtask].motion(body), rows, planned)
        run.chunk_from = len(rows)
        run.speed = self._run.speed if self._run is not None else 1.0
        self._lead_from(run, rows[planned - 1])
        return run

    def _past(self, first: Vector) -> list[Vector]:
        """What ran before the committed steps, as far as it is known."""
        run = self._run
        if run is not None:
            for at in range(len(run.rows) - 1, max(0, len(run.rows) - HORIZON - 1), -1):
                if np.allclose(run.rows[at], first, atol=1e-4):
                    return run.rows[max(0, at - LONGEST_DELAY) : at] or [first]
        return [first] * LONGEST_DELAY

    def _here(self, observation: Observation, truth: Truth) -> Vector:
        """The action that keeps everything as it is: where it is, and closed on what it holds."""
        here = np.array(observation.state, np.float64)
        here[self._kinds["base", ""]] = 0.0
        for name in self._profile.grippers:
            at = self._kinds["gripper", name].start
            here[at] = float(np.clip(here[at], 0.0, 1.0))
            left = self._sent
            if left is not None and self._is_where_left(left, truth):
                here[at] = left[at]
            elif here[at] < 0.9 and self._is_at_something(name, truth):
                here[at] = 0.0
        return here

    def _is_at_something(self, side: str, truth: Truth) -> bool:
        body = Body(self._profile, np.random.default_rng(0), truth)
        hand = body.hand_pose(side).position_m
        name = held(truth)
        return bool(name) and float(np.linalg.norm(truth.objects[name][:3] - hand)) < NEAR_HAND_M

    def _lead_from(self, run: _Run, row: Vector) -> None:
        """Put the body's hands and feet where an action left them."""
        body = run.body
        for name in self._profile.arms:
            body.leader_rad[name] = row[self._kinds["arm", name]].copy()
        for name in self._profile.grippers:
            body.opening[name] = float(row[self._kinds["gripper", name].start])
        body.twist = row[self._kinds["base", ""]].copy()
        for name in self._profile.lifts:
            run.lift_m = float(row[self._kinds["lift", name].start])

    # -- planning ------------------------------------------------------------------------------------------------------

    def _age_steps(self, run: _Run, observation: Observation, truth: Truth) -> int:
        """How many steps later than the observation the world was looked at."""
        if not observation.captured_ns:
            return 0
        late_s = (truth.time_ns - observation.captured_ns) / 1e9
        return int(np.clip(round(run.speed * late_s / self._dt_s), 0, 10))

    def _watch_speed(self, run: _Run, at: int, captured_ns: int) -> None:
        """See from two observations how fast the rows between them were run."""
        took_s = (captured_ns - run.captured_ns) / 1e9
        steps = at - run.chunk_from
        if run.captured_ns and 0 < steps < HORIZON and took_s > 0.0:
            run.speed = float(np.clip(steps * self._dt_s / took_s, SLOWEST, 1.0))
        run.captured_ns = captured_ns

    def _plan(self, run: _Run, truth: Truth, *, now: int, kept: int, wanted: int) -> None:
        """Imagine what is planned from now on, and lead on to `wanted`; then let all come to rest.

        Args:
            run: under way.
            truth: the world after the steps before `now`.
            now: index of the step that is due.
            kept: up to here the rows stay as they are.
            wanted: up to here the motion is led.
        """
        if run.planned < kept:
            # The chunk was late: some of its rest will have run, and the motion goes on from there.
            made, stood = run.rows[run.planned - 1], run.rows[kept - 1]
            run.off, run.off_steps = stood - made, BLENDING
            run.off[self._kinds["base", ""]] = 0.0
            run.planned = kept
            for name in self._profile.lifts:
                run.lift_m = float(stood[self._kinds["lift", name].start])
                run.off[self._kinds["lift", name]] = 0.0
        rows = run.rows[: run.planned]
        past = np.array(rows[max(0, now - LONGEST_DELAY) : now])
        world = Imagination(self._profile, truth, past, speed=run.speed)
        for row in rows[now:]:
            world.step(row)
        while len(rows) < wanted and not run.ended:
            run.body.truth = world.truth
            self._advance(run)
            rows.append(self._row(run, rows[-1], world.truth))
            world.step(rows[-1])
        run.planned = len(rows)
        run.rows = [*rows, *self._braking(rows, wanted + HORIZON)]

    def _advance(self, run: _Run) -> None:
        try:
            next(run.motion)
        except StopIteration:
            run.ended = True
        except GaveUpError as error:
            run.ended, run.gave_up = True, str(error)
        if run.ended:
            run.body.release_pedals()

    def _row(self, run: _Run, before: Vector, truth: Truth) -> Vector:
        """The action that leads the robot as the body does."""
        body, row = run.body, before.copy()
        for name in self._profile.arms:
            row[self._kinds["arm", name]] = body.leader_rad[name]
        for name in self._profile.grippers:
            row[self._kinds["gripper", name]] = body.opening[name]
        at = self._kinds["base", ""]
        most = np.array(BASE_SLEW) * self._dt_s
        wanted = body.twist if body.pedalling else np.zeros(3)
        row[at] = before[at] + np.clip(wanted - before[at], -most, most)
        if not body.pedalling:
            body.twist = row[at].copy()
        for name, lift in self._profile.lifts.items():
            moved = run.lift_m + (body.lift_m_s * self._dt_s if body.pedalling else 0.0)
            bounded = min(max(moved, truth.lift_m - LIFT_LEAD_M), truth.lift_m + LIFT_LEAD_M)
            run.lift_m = min(max(bounded, lift.min_m), lift.max_m)
            row[self._kinds["lift", name]] = run.lift_m
        if run.off is not None and run.off_steps > 0:
            run.off_steps -= 1
            row = row + run.off * _smooth(run.off_steps / BLENDING)
        return row

    def _braking(self, rows: list[Vector], length: int) -> list[Vector]:
        """Rows after the last in which everything comes to rest."""
        last = rows[-1]
        speed = last - rows[-2] if len(rows) > 1 else np.zeros_like(last)
        base = self._kinds["base", ""]
        speed[base] = 0.0
        tail, at = [], last.copy()
        for step in range(1, max(1, length - len(rows)) + 1):
            share = max(0.0, 1.0 - step / BRAKING)
            at = at + speed * share
            at[base] = last[base] * share
            tail.append(at)
        return tail


def _smooth(share: float) -> float:
    return share * share * (3.0 - 2.0 * share)


def _near(text: object, known: Sequence[str] | Mapping[str, Any]) -> str:
    found = difflib.get_close_matches(str(text), list(known), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(map(repr, found))}?" if found else ""
