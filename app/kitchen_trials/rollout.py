"""A policy that moves the robot in the direct world, tick by tick, as it moves one in a session.

The same parts decide: `Orders` what is to be done, `Pacing` when a chunk is asked for and from what it goes on,
`ChunkPlayer` how one is handed over to the next, the safety filter what reaches the servos. Only the clock is another:
it stands still while the policy thinks, and an answer counts as ready so many ticks after the question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.autonomy.chunk_wire import BadChunk, checked_actions, trimmed
from app.autonomy.loaded import Loaded
from app.autonomy.low_level import LEAD_EXTRA_S
from app.autonomy.orders import Asking, InForce, Named, Orders
from app.autonomy.pacing import Due, Pacing, Running, Sent
from app.autonomy.scripted import FinalChunk
from app.kitchen_trials.cameras import Cameras, Past
from app.kitchen_trials.subject import Subject
from app.messages import Follow, Mode
from app.robot.chunk_player import ChunkPlayer
from app.robot.chunks import Chunk, ChunkError
from drivers.sim.direct import DirectRobot
from drivers.sim.interface import Truth
from policy.types import ActionChunk, Committed, Observation, RequestError

START_NS = 1_000_000_000
"""The trial's clock at its start; 0 would mean that there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take in a trial.

    Attributes:
        delay_ticks: from a chunk's asking to where it may take effect.
        naming_ticks: from the high level's asking to its answer.
        picture_age_ticks: how old a picture is when the policy gets it: at 30 a second and drawn in about as long, one
            is 20 to 60 ms old.
    """

    delay_ticks: int = 3
    naming_ticks: int = 5
    picture_age_ticks: int = 2


LIVE = Pace()
"""As measured in a session on two cores."""


@dataclass(frozen=True, slots=True, eq=False)
class _Making:
    """A chunk that is being made."""

    ready_at: int
    chunk: ActionChunk
    wanted: InForce
    due: Due
    observed_ns: int


class _Noise:
    """Where a trial's chunks start from: drawn by its own seed, so that it goes the same whatever was tried before it.

    Args:
        metadata: the policy's.
        seed: the trial's.
    """

    def __init__(self, metadata: Mapping[str, Any], *, seed: int) -> None:
        self._shape = (int(metadata.get("action_horizon", 0)), int(metadata.get("model_action_dim", 0)))
        self._taken = bool(metadata.get("takes_noise", False))
        self._rng = np.random.default_rng([seed, 31])

    def draw(self) -> NDArray[np.float32] | None:
        """[T, A], the next chunk's; None for a policy that takes none."""
        return self._rng.standard_normal(self._shape, np.float32) if self._taken else None


class Rollout:
    """A robot that a policy moves. The robot stands ready; `tick` lets a control period pass.

    Args:
        robot: in its kitchen.
        subject: the policy.
        cameras: of the robot; None where the policy looks at no picture.
        mode: the policy's, verbal or autonomous.
        seed: of the scripted policy's eye, and of the noise that others' chunks start from.
        pace: how long things take.

    Attributes:
        robot: the same.
        orders: what is to be done; tell it, or let the policy's high level name it.
        truth: the world after the last tick.
        trouble: why the policy cannot go on; empty while it can.
        chunks: how many were made.
        running: number of the chunk that ran in the last tick; -1 for none.
    """

    def __init__(
        self,
        robot: DirectRobot,
        subject: Subject,
        cameras: Cameras | None,
        *,
        mode: Mode,
        seed: int,
        pace: Pace = LIVE,
    ) -> None:
        profile = robot.world.profile
        self.robot = robot
        self.truth = robot.world.truth()
        self.orders = Orders(self._hear, clock_ns=lambda: self.now_ns)
        self.trouble = ""
        self.chunks = 0
        self.running = -1
        self._profile = profile
        self._cameras = cameras
        self._mode = mode
        self._pace = pace
        self._period_ns = round(1e9 / profile.control_rate_hz)
        self._ticks = 0
        self._loaded: Loaded = subject.for_trial(self._see, seed=seed)
        self._noise = _Noise(self._loaded.policy.metadata, seed=seed)
        self._past = Past(pace.picture_age_ticks)
        self._pacing = Pacing()
        self._player = ChunkPlayer(profile, robot.sent.astype(np.float32), mode=mode, began_ns=self.now_ns)
        self._making: _Making | None = None
        self._naming: tuple[int, Asking, Named] | None = None
        self.orders.see(mode)

    @property
    def now_ns(self) -> int:
        """The trial's clock."""
        return START_NS + self._ticks * self._period_ns

    def tell(self, subtask: str) -> None:
        """What a person says to do.

        Raises:
            OrderRefused: when the words cannot be a subtask.
        """
        self.orders.follow(Follow(subtask=subtask, origin="typed"))

    def tick(self) -> Truth:
        """Let the policy move the robot for one control period; the world afterwards.

        Raises:
            WorldError: when the physics came apart.
        """
        self._ticks += 1
        self._deliver()
        player = self._player
        moving, hand_over = player.moving, player.beginning
        running = Running(
            self.now_ns,
            player.chunk.number if moving and player.chunk is not None else -1,
            player.cursor if moving else float("nan"),
        )
        self.running = running.chunk
        state = self._look()
        self.truth = self.robot.follow(
            player.step(speed=1.0).astype(np.float64), hand_over=moving and hand_over
        )
        self.orders.see(self._mode)
        self._pacing.see(running)
        finished = self._pacing.finished(running, self.now_ns)
        if finished is not None:
            self.orders.finished(finished.applied_ns, gave_up=finished.gave_up)
        self._name(state)
        self._ask(running, state)
        return self.truth

    # -- what the policy sees ------------------------------------------------------------------------------------------

    def _look(self) -> NDArray[np.float64]:
        self._past.see(self.robot.world.integration_state())
        return self.robot.measured()

    def _see(self) -> Truth:
        return replace(self.truth, time_ns=self.now_ns)

    def _observed(self, state: NDArray[np.float64], cameras: tuple[str, ...]) -> Observation:
        images = self._cameras.pictures(self._past.shown, cameras) if self._cameras is not None else {}
        return Observation(images, state, self.now_ns)

    # -- the low level -------------------------------------------------------------------------------------------------

    def _ask(self, running: Running, state: NDArray[np.float64]) -> None:
        """Ask for the next chunk where it is time, as `app.autonomy.low_level` does."""
        wanted, loaded = self.orders.current, self._loaded
        if wanted is None or self._making is not None or self.trouble:
            return
        due = self._pacing.due(
            running,
            self.now_ns,
            applied_ns=wanted.applied_ns,
            execute=loaded.execute_steps,
            lead_s=self._pace.delay_ticks * self._period_ns / 1e9 + LEAD_EXTRA_S,
        )
        if due is None:
            return
        committed = None
        if due.plan is not None and loaded.takes_committed:
            committed = Committed(due.plan, due.frozen, loaded.execute_steps)
        observation = self._observed(state, loaded.cameras_low)
        try:
            chunk = loaded.policy.actions(
                observation, wanted.text, committed=committed, noise=self._noise.draw()
            )
        except RequestError as error:
            self.trouble = str(error)
            return
        self.chunks += 1
        self._making = _Making(self._ticks + self._pace.delay_ticks, chunk, wanted, due, self.now_ns)

    def _deliver(self) -> None:
        """Hand the chunk that is ready to the player."""
        making, current = self._making, self.orders.current
        if making is None or self._ticks < making.ready_at:
            return
        self._making = None
        if current is None or current.applied_ns != making.wanted.applied_ns:
            return
        chunk, due = making.chunk, making.due
        try:
            actions, step_ns = checked_actions(chunk, width=self._profile.dof)
            final = isinstance(chunk, FinalChunk)
            actions = trimmed(actions, passed=due.frozen) if final else actions
            self._player.offer(
                Chunk(
                    number=self.chunks,
                    actions=actions.astype(np.float32),
                    observed_ns=making.observed_ns,
                    first_ns=self._first_ns(making),
                    step_ns=step_ns,
                    mode=self._mode,
                    subtask=current.text.encode(),
                    applied_ns=current.applied_ns,
                    final=final,
                ),
                now_ns=self.now_ns,
                speed=1.0,
            )
        except (BadChunk, ChunkError) as error:
            self.trouble = str(error)
            return
        gave_up = chunk.gave_up if isinstance(chunk, FinalChunk) else ""
        self._pacing.send(
            Sent(self.chunks, actions, current.applied_ns, step_ns, final, gave_up, self.now_ns)
        )

    def _first_ns(self, making: _Making) -> int:
        if making.due.first_ns is None:
            return self.now_ns  # the robot stands: nothing of the way was gone while it was made
        return making.due.first_ns if self._loaded.takes_committed else int(making.chunk.target_ns[0])

    # -- the high level ------------------------------------------------------------------------------------------------

    def _name(self, state: NDArray[np.float64]) -> None:
        """Ask the policy's high level what there is to ask, and hand its answer on when it is ready."""
        if self._naming is not None:
            ready_at, asked, named = self._naming
            if self._ticks >= ready_at:
                self._naming = None
                self.orders.answer(asked, named)
            return
        asking = self.orders.ask()
        if asking is None:
            return
        try:
            answer = self._loaded.policy.subtask(
                self._observed(state, self._loaded.cameras_high), asking.task, allowed=asking.allowed
            )
            named = Named(answer.text, answer.probability)
        except RequestError as error:
            named = Named(error=str(error))
        self._naming = (self._ticks + self._pace.naming_ticks, asking, named)

    def _hear(self, kind: str, message: str, **_: Any) -> None:
        """Orders say what happens; a trial reads it off the world."""
