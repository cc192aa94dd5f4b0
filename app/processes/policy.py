"""The policy process: what the robot sees and a subtask in, chunks of actions out; and who names the subtasks.

One loop decides, in a millisecond at most: what is in force (`app.autonomy.orders`), when the next chunk is asked for
(`app.autonomy.pacing`). Three threads wait for the slow ones: the low level, the high level, and whatever loads or
connects. None of them waits for another, and the robot process waits for none of all this: a chunk that does not come
ends in a hold over there.
"""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.autonomy.checking import ChoiceError
from app.autonomy.choice import HighLevel, PolicyChoice, PolicyKind, read_choice
from app.autonomy.chunk_wire import BadChunk, checked_actions, packed, trimmed
from app.autonomy.end_effector import EndEffector
from app.autonomy.eyes import Eyes
from app.autonomy.last_known import LastKnown
from app.autonomy.latencies import Latencies
from app.autonomy.loaded import Loaded, load
from app.autonomy.orders import Asking, InForce, Named, OrderRefused, Orders
from app.autonomy.pacing import Due, Pacing, Running, Sent
from app.autonomy.scripted import FinalChunk
from app.autonomy.worker import Outcome, Worker
from app.control import Request
from app.dataplane.layouts import chunk_topic, status_topic, tick_layout, tick_topic
from app.messages import Follow, GoAlone, LoadPolicy, Mode, Rest, Shutdown, Status, Unpin, Veto
from app.processes.context import ProcessContext
from policy.serving.client_errors import (
    AccessRefused,
    ConnectionLost,
    NotAPolicyServer,
    PolicyChanged,
    ServerUnreachable,
)
from policy.types import ActionChunk, Committed, Observation, Subtask

WAIT_S = 0.005
"""The longest sleep of the loop; an answer of a thread wakes it at once."""
TICK_OLDEST_NS = 500_000_000
"""A robot that says nothing for longer is not asked what it runs."""
RETRY_NS = 500_000_000
"""Pause after a chunk that failed."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
"""Between two attempts to reach a server, or the simulated world."""
SILENT_S = 3.5
"""A low level that has thought for longer is said to be silent."""
SAY_AGAIN_NS = 5_000_000_000
LEAD_EXTRA_S = 0.025
"""From a chunk's making to its first action: up to a tick, and the way there."""
SLOWEST = 0.9
"""Share of chunks that are to be in time."""

AWAY = (ServerUnreachable, ConnectionLost, PolicyChanged, NotAPolicyServer, AccessRefused)
"""Errors after which a server is connected to anew."""

_decode_status = msgspec.json.Decoder(Status).decode


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    """A chunk that is being made: for what, and from where."""

    loading: int
    subtask: InForce
    mode: Mode
    due: Due
    observed_ns: int
    state: NDArray[np.float64]


class PolicyProcess:
    """See the module.

    Args:
        context: the process's surroundings.
    """

    def __init__(self, context: ProcessContext) -> None:
        self._context = context
        profile = context.profile
        self._layout = tick_layout(profile.dof)
        self._ticks = context.plane.subscriber(tick_topic(profile))
        self._robot = context.plane.subscriber(status_topic("robot"))
        self._chunks = context.plane.publisher(chunk_topic(profile))
        self._eyes = Eyes(profile, context.plane)
        self._orders = Orders(context.event)
        self._pacing = Pacing()
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._loader = Worker("loader", self._outcomes)
        self._low = self._high = self._loader
        self._handlers: dict[str, Callable[[Outcome], None]] = {}
        self._row: np.void | None = None
        self._known = LastKnown(profile.dof)
        self._speed = 1.0
        self._state, self._detail = "loading", ""
        self._choice: PolicyChoice | None = None
        self._loading = 0
        self._load_at_ns: int | None = 0
        self._pause_s = FIRST_PAUSE_S
        self._loaded: Loaded | None = None
        self._hands: EndEffector | None = None
        self._number = 0
        self._retry_at_ns = 0
        self._trouble, self._trouble_at_ns = "", 0
        self._chunk_ms, self._subtask_ms = Latencies(), Latencies()
        self._boxes: list[tuple[str, float, float, float, float]] = []

    def run(self) -> None:
        """Work until told to end."""
        context = self._context
        while not context.ending and not context.owner_ended():
            self._wait()
            self._look()
            for request in context.server.receive():
                self._answer(request)
            self._load()
            self._make_chunk()
            self._ask_high()
            if context.due():
                self._beat()
        if self._loaded is not None:
            self._loaded.close()

    # -- what comes in -------------------------------------------------------------------------------------------------

    def _wait(self) -> None:
        """Sleep a little, or until a thread has an answer; take all there are."""
        try:
            outcome = self._outcomes.get(timeout=WAIT_S)
            while True:
                self._take(outcome)
                outcome = self._outcomes.get_nowait()
        except queue.Empty:
            return

    def _take(self, outcome: Outcome) -> None:
        match outcome.tag:
            case _Wanted() as wanted:
                self._take_chunk(wanted, outcome)
            case (int(loading), Asking() as asking):
                self._take_subtask(loading, asking, outcome)
            case int(loading):
                self._take_loaded(loading, outcome)

    def _look(self) -> None:
        """Take the robot's newest tick and speed."""
        payload = self._ticks.newest()
        if payload is not None:
            self._row = payload.view(self._layout)[0]
            self._known.see(self._row["position"], int(self._row["time_ns"]))
        status = self._robot.newest()
        if status is not None:
            self._speed = float(_decode_status(status.tobytes()).detail.get("speed", 1.0))
        if self._row is None:
            return
        self._orders.see(Mode(int(self._row["mode"])))
        running = self._running(self._row)
        self._pacing.see(running)
        finished = self._pacing.finished(running, time.monotonic_ns())
        if finished is not None:
            self._orders.finished(finished.applied_ns, gave_up=finished.gave_up)

    def _running(self, row: np.void) -> Running:
        return Running(int(row["time_ns"]), int(row["chunk"]), float(row["chunk_step"]), self._speed)

    def _answer(self, request: Request) -> None:
        try:
            match request.command:
                case LoadPolicy():
                    self._load_anew()
                case Follow() as order:
                    self._orders.follow(order)
                case GoAlone(task=task):
                    self._go_alone(task)
                case Veto() as veto:
                    self._orders.veto(veto)
                case Unpin():
                    self._orders.unpin()
                case Rest():
                    self._orders.rest()
                case Shutdown():
                    self._context.ending = True
                case command:
                    raise OrderRefused(f"the policy does not understand {type(command).__name__}")
        except OrderRefused as error:
            request.refuse(str(error))
        else:
            request.done()

    def _go_alone(self, task: str) -> None:
        loaded = self._loaded
        if loaded is not None and loaded.choice.high_level is HighLevel.MODEL and not loaded.names_subtasks:
            raise OrderRefused(
                f"{loaded.name} names no subtasks; choose another high level: implicit, human or remote"
            )
        self._orders.go_alone(task)

    # -- loading -------------------------------------------------------------------------------------------------------

    def _load_anew(self) -> None:
        """Let go of the policy there is, and load the one that is wanted now."""
        self._orders.rest()
        self._drop()
        self._load_at_ns, self._pause_s = 0, FIRST_PAUSE_S
        self._state, self._detail = "loading", ""

    def _drop(self) -> None:
        loaded, self._loaded = self._loaded, None
        self._loading += 1
        self._pacing.forget()
        self._boxes = []
        if loaded is not None:
            self._low.close()
            self._high.close()
            loaded.close()

    def _load(self) -> None:
        if self._load_at_ns is None or self._loader.busy or time.monotonic_ns() < self._load_at_ns:
            return
        self._load_at_ns = None
        self._choice = choice = read_choice(self._context.runtime_dir)
        if choice is None:
            self._state, self._detail = "failed", "no policy was chosen"
            return
        if self._state != "failed":
            self._detail = choice.source or choice.kind.value
        self._orders.choose(choice.high_level, choice.known)
        self._loading += 1
        self._loader.do(
            self._loading, partial(load, choice, self._context.profile, self._context.runtime_dir)
        )

    def _take_loaded(self, loading: int, outcome: Outcome) -> None:
        choice = self._choice
        if loading != self._loading or choice is None:
            if isinstance(outcome.value, Loaded):
                outcome.value.close()
            return
        if outcome.error is not None:
            self._fail(outcome.error, choice)
            return
        loaded: Loaded = outcome.value
        self._loaded = loaded
        self._hands = EndEffector(self._context.profile) if choice.action_space == "end_effector" else None
        self._low, self._high = Worker("low level", self._outcomes), Worker("high level", self._outcomes)
        self._orders.choose(choice.high_level, loaded.known)
        self._chunk_ms, self._subtask_ms = Latencies(), Latencies()
        self._retry_at_ns, self._pause_s, self._trouble = 0, FIRST_PAUSE_S, ""
        self._state, self._detail = "ready", ""
        self._context.event("policy", f"The policy is ready: {loaded.name}", key="policy", state="ready")

    def _fail(self, error: Exception, choice: PolicyChoice) -> None:
        """The policy is not there; one that may come by itself is tried again."""
        comes_back = choice.kind in (PolicyKind.SERVER, PolicyKind.SCRIPTED) and not isinstance(
            error, ChoiceError
        )
        self._drop()
        self._state, self._detail = "failed", _line(error)
        if comes_back:
            self._load_at_ns = time.monotonic_ns() + int(self._pause_s * 1e9)
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._complain(
            f"The policy cannot be used: {_line(error)}",
            "it is tried again by itself" if comes_back else "choose another policy, or mend this one",
        )

    # -- chunks --------------------------------------------------------------------------------------------------------

    def _make_chunk(self) -> None:
        """Ask for the next chunk where it is time."""
        loaded, row, wanted = self._loaded, self._row, self._orders.current
        now_ns = time.monotonic_ns()
        if loaded is None or row is None or wanted is None or now_ns < self._retry_at_ns:
            return
        if self._low.busy:
            if self._low.busy_s > SILENT_S:
                self._complain(
                    f"{loaded.name} has not answered for {self._low.busy_s:.0f} s",
                    "the robot holds; load the policy again, or another",
                )
            return
        if now_ns - int(row["time_ns"]) > TICK_OLDEST_NS:
            return
        due = self._pacing.due(
            self._running(row),
            now_ns,
            applied_ns=wanted.applied_ns,
            execute=loaded.execute_steps,
            lead_s=self._chunk_ms.at(SLOWEST) / 1e3 + LEAD_EXTRA_S,
        )
        if due is None:
            return
        observed_ns = int(row["time_ns"])
        state = self._known.at(observed_ns)
        look = self._eyes.glance(loaded.cameras_low, state, observed_ns)
        committed = None
        if due.plan is not None and loaded.takes_committed:
            committed = Committed(due.plan, due.frozen, loaded.execute_steps)
        self._low.do(
            _Wanted(self._loading, wanted, self._orders.mode, due, observed_ns, state),
            partial(_make, loaded, look, wanted.text, committed),
        )

    def _take_chunk(self, wanted: _Wanted, outcome: Outcome) -> None:
        loaded, current = self._loaded, self._orders.current
        if wanted.loading != self._loading or loaded is None:
            return
        if outcome.error is not None:
            self._chunk_failed(loaded, outcome.error)
            return
        in_force = current is not None and current.applied_ns == wanted.subtask.applied_ns
        if not in_force or self._orders.mode is not wanted.mode:
            return
        chunk: ActionChunk = outcome.value
        try:
            asked_for, step_ns = checked_actions(chunk, width=self._width)
            actions = asked_for if self._hands is None else self._hands.to_joints(asked_for, wanted.state)
        except ValueError as error:
            self._chunk_failed(loaded, error)
            return
        final = isinstance(chunk, FinalChunk)
        if final:
            actions = trimmed(actions, passed=wanted.due.frozen)
            asked_for = asked_for[: len(actions)]
        now_ns = time.monotonic_ns()
        self._number += 1
        self._chunks.send(
            *packed(
                actions,
                chunk=self._number,
                observed_ns=wanted.observed_ns,
                first_ns=self._first_ns(wanted, chunk, committed=loaded.takes_committed, now_ns=now_ns),
                step_ns=step_ns,
                applied_ns=wanted.subtask.applied_ns,
                mode=wanted.mode,
                final=final,
                subtask=wanted.subtask.text,
            )
        )
        gave_up = chunk.gave_up if isinstance(chunk, FinalChunk) else ""
        self._pacing.send(
            Sent(self._number, asked_for, wanted.subtask.applied_ns, step_ns, final, gave_up, now_ns)
        )
        self._chunk_ms.add(outcome.took_ms)
        if self._trouble:
            self._trouble = ""
            self._context.event("policy", f"{loaded.name} makes chunks again", key="policy")

    @property
    def _width(self) -> int:
        return self._hands.width if self._hands is not None else self._context.profile.dof

    @staticmethod
    def _first_ns(wanted: _Wanted, chunk: ActionChunk, *, committed: bool, now_ns: int) -> int:
        """When a chunk's first step is due."""
        if wanted.due.first_ns is None:
            # The robot stands: nothing of the way was gone while this was made.
            return now_ns
        return wanted.due.first_ns if committed else int(chunk.target_ns[0])

    def _chunk_failed(self, loaded: Loaded, error: Exception) -> None:
        self._retry_at_ns = time.monotonic_ns() + RETRY_NS
        if isinstance(error, AWAY):
            self._fail(error, loaded.choice)
            return
        remedy = "the robot holds when the last chunk has run out; it is tried again by itself"
        if isinstance(error, BadChunk):
            remedy += "; choose a policy that was made for this robot"
        self._complain(f"{loaded.name} makes no actions: {_line(error)}", remedy)

    def _complain(self, message: str, remedy: str) -> None:
        """Say what is wrong with the policy: once, and again where it stays so."""
        now_ns = time.monotonic_ns()
        # The same trouble with another number in it is the same trouble.
        kind = "".join(letter for letter in message if not letter.isdigit())
        if kind == self._trouble and now_ns - self._trouble_at_ns < SAY_AGAIN_NS:
            return
        self._trouble, self._trouble_at_ns = kind, now_ns
        self._context.event("policy", message, key="policy", level="error", remedy=remedy)

    # -- subtasks ------------------------------------------------------------------------------------------------------

    def _ask_high(self) -> None:
        loaded, row = self._loaded, self._row
        if loaded is None or row is None or self._high.busy:
            return
        asking = self._orders.ask()
        if asking is None:
            return
        observed_ns = int(row["time_ns"])
        look = self._eyes.glance(loaded.cameras_high, self._known.at(observed_ns), observed_ns)
        self._high.do((self._loading, asking), partial(_name, loaded, look, asking))

    def _take_subtask(self, loading: int, asking: Asking, outcome: Outcome) -> None:
        if loading != self._loading:
            return
        if outcome.error is not None:
            self._orders.answer(asking, Named(took_ms=outcome.took_ms, error=_line(outcome.error)))
            if isinstance(outcome.error, AWAY) and self._loaded is not None:
                self._fail(outcome.error, self._loaded.choice)
            return
        subtask: Subtask = outcome.value
        self._subtask_ms.add(outcome.took_ms)
        self._boxes = [(box.label, box.y_min, box.x_min, box.y_max, box.x_max) for box in subtask.boxes]
        self._orders.answer(asking, Named(subtask.text, subtask.probability, outcome.took_ms))

    # -- the heartbeat -------------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        loaded, orders = self._loaded, self._orders
        current = orders.in_force
        self._context.beat(
            "running",
            state=self._state,
            detail=self._detail,
            choice=self._choice,
            name=loaded.name if loaded is not None else "",
            horizon=loaded.horizon if loaded is not None else 0,
            rate_hz=loaded.rate_hz if loaded is not None else 0.0,
            execute_steps=loaded.execute_steps if loaded is not None else 0,
            task=orders.task,
            subtask=current.text if current is not None else "",
            pinned=orders.pinned,
            vetoed=orders.vetoed,
            thinking=loaded is not None and self._high.busy,
            chunk_ms_p50=self._chunk_ms.figure(0.5),
            chunk_ms_p95=self._chunk_ms.figure(0.95),
            subtask_ms_p50=self._subtask_ms.figure(0.5),
            boxes=self._boxes,
            known=loaded.known if loaded is not None else (),
        )


def _make(
    loaded: Loaded, look: Callable[[], Observation], subtask: str, committed: Committed | None
) -> ActionChunk:
    return loaded.policy.actions(look(), subtask, committed=committed)


def _name(loaded: Loaded, look: Callable[[], Observation], asking: Asking) -> Subtask:
    if loaded.remote is not None:
        return loaded.remote.subtask(look(), asking.task, allowed=asking.allowed, recent=asking.recent)
    return loaded.policy.subtask(look(), asking.task, allowed=asking.allowed)


def _line(error: Exception) -> str:
    """An error in one line."""
    return " ".join(str(error).split()) or type(error).__name__


def main(argv: list[str]) -> None:
    """Run the policy process of the session in the directory `argv[-1]`."""
    context = ProcessContext("policy", argv)
    try:
        PolicyProcess(context).run()
    finally:
        context.close()


if __name__ == "__main__":
    main(sys.argv)
