"""The policy process: what the robot sees and a subtask in, chunks of actions out; and who names the subtasks.

One loop decides, in a millisecond at most. Three threads wait for the slow ones: the low level, the high level, and
whatever loads or connects. None of them waits for another, and the robot process waits for none of all this: a chunk
that does not come ends in a hold over there.
"""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable

import msgspec
import numpy as np

from app.autonomy.choice import HighLevel
from app.autonomy.complaints import Complaints
from app.autonomy.eyes import Eyes
from app.autonomy.keeper import AWAY, Keeper
from app.autonomy.last_known import LastKnown
from app.autonomy.loaded import Loaded
from app.autonomy.low_level import LowLevel, Wanted
from app.autonomy.naming import Naming
from app.autonomy.orders import Asking, OrderRefused, Orders
from app.autonomy.pacing import Running
from app.autonomy.worker import Outcome, Worker
from app.control import Request
from app.dataplane.layouts import chunk_topic, status_topic, tick_layout, tick_topic
from app.messages import Follow, GoAlone, LoadPolicy, Mode, Rest, Shutdown, Status, Unpin, Veto
from app.processes.context import ProcessContext
from policy.types import Observation

WAIT_S = 0.005
"""The longest sleep of the loop; an answer of a thread wakes it at once."""
TICK_OLDEST_NS = 500_000_000
"""Of a robot that says nothing for longer nobody knows what it does, and nothing is asked for it."""
NUMBER_NS = 100_000_000
"""A process's chunks are numbered from its start in these; it makes fewer than one in each."""

_decode_status = msgspec.json.Decoder(Status).decode


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
        self._known = LastKnown(profile.dof)
        self._orders = Orders(context.event)
        self._complaints = Complaints(context.event)
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._loader = Worker("loader", self._outcomes)
        self._keeper = Keeper(profile, context.runtime_dir, self._loader, self._complaints)
        self._low: LowLevel | None = None
        self._high: Naming | None = None
        # Above those of a process before this one, which the robot and a running episode may still know.
        self._number = time.monotonic_ns() // NUMBER_NS
        self._row: np.void | None = None
        self._speed = 1.0

    def run(self) -> None:
        """Work until told to end."""
        context = self._context
        while not context.ending and not context.owner_ended():
            self._wait()
            self._look()
            for request in context.server.receive():
                self._answer(request)
            if self._keeper.step() and self._keeper.choice is not None:
                self._orders.choose(self._keeper.choice.high_level, self._keeper.choice.known)
            self._ask()
            if context.due():
                self._beat()
        self._keeper.close()

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
        """An answer of a thread; those to what a policy before was asked count for nothing."""
        loaded = self._keeper.loaded
        match outcome.tag:
            case int(round_):
                if self._keeper.take(round_, outcome):
                    self._begin()
            case Wanted() as wanted if wanted.loaded is loaded and self._low is not None:
                current, mode = self._orders.current, self._orders.mode
                sample = self._low.take(wanted, outcome, current=current, mode=mode)
                if sample is not None:
                    self._chunks.send(*sample)
            case (Loaded() as asked, Asking() as asking) if asked is loaded and self._high is not None:
                self._high.take(asking, outcome, self._orders)
            case _:
                return
        if isinstance(outcome.error, AWAY) and self._keeper.loaded is not None:
            self._end()
            self._keeper.fail(outcome.error)

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
        finished = self._low.see(self._running(self._row)) if self._low is not None else None
        if finished is not None:
            self._orders.finished(finished.applied_ns, gave_up=finished.gave_up)

    def _running(self, row: np.void) -> Running:
        return Running(int(row["time_ns"]), int(row["chunk"]), float(row["chunk_step"]), self._speed)

    def _answer(self, request: Request) -> None:
        try:
            match request.command:
                case LoadPolicy():
                    self._orders.rest()
                    self._end()
                    self._keeper.begin_anew()
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
        loaded = self._keeper.loaded
        if loaded is not None and loaded.choice.high_level is HighLevel.MODEL and not loaded.names_subtasks:
            raise OrderRefused(
                f"{loaded.name} names no subtasks; choose another high level: implicit, human or remote"
            )
        self._orders.go_alone(task)

    # -- a policy's two levels -----------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """There is a policy: from now on its levels are asked."""
        loaded = self._keeper.loaded
        if loaded is None:
            return
        self._low = LowLevel(
            self._context.profile, loaded, self._outcomes, self._complaints, first_number=self._number
        )
        self._high = Naming(loaded, self._outcomes)
        self._orders.choose(loaded.choice.high_level, loaded.known)
        self._complaints.forget()
        self._context.event("policy", f"The policy is ready: {loaded.name}", key="policy", state="ready")

    def _end(self) -> None:
        """Ask the levels of the policy there is nothing more."""
        if self._low is not None:
            self._number = self._low.number
            self._low.close()
        if self._high is not None:
            self._high.close()
        self._low = self._high = None

    def _ask(self) -> None:
        """Ask both levels what is to be asked now."""
        row, low, high = self._row, self._low, self._high
        if row is None or low is None or high is None:
            return
        observed_ns = int(row["time_ns"])
        if time.monotonic_ns() - observed_ns > TICK_OLDEST_NS:
            return
        state = self._known.at(observed_ns)

        def look(cameras: tuple[str, ...]) -> Callable[[], Observation]:
            return self._eyes.glance(cameras, state, observed_ns)

        wanted = self._orders.current
        if wanted is not None:
            low.step(wanted, self._orders.mode, self._running(row), state, look)
        high.step(self._orders, look)

    # -- the heartbeat -------------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        keeper, orders, low, high = self._keeper, self._orders, self._low, self._high
        loaded, current = keeper.loaded, orders.in_force
        self._context.beat(
            "running",
            choice=keeper.choice,
            state=keeper.state,
            detail=keeper.detail,
            name=loaded.name if loaded is not None else "",
            horizon=loaded.horizon if loaded is not None else 0,
            rate_hz=loaded.rate_hz if loaded is not None else 0.0,
            execute_steps=loaded.execute_steps if loaded is not None else 0,
            task=orders.task,
            subtask=current.text if current is not None else "",
            pinned=orders.pinned,
            vetoed=orders.vetoed,
            thinking=high is not None and high.thinking,
            chunk_ms_p50=low.took.figure(0.5) if low is not None else None,
            chunk_ms_p95=low.took.figure(0.95) if low is not None else None,
            subtask_ms_p50=high.took.figure(0.5) if high is not None else None,
            boxes=high.boxes if high is not None else (),
            known=loaded.known if loaded is not None else (),
        )


def main(argv: list[str]) -> None:
    """Run the policy process of the session in the directory `argv[-1]`."""
    context = ProcessContext("policy", argv)
    try:
        PolicyProcess(context).run()
    finally:
        context.close()


if __name__ == "__main__":
    main(sys.argv)
