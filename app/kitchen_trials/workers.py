"""Trials side by side: a process for each, which loads the policy once and computes with one thread."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait

from app.autonomy.choice import PolicyChoice, PolicyKind
from app.kitchen_trials.bench import Bench, Order, Trial
from app.kitchen_trials.rollout import LIVE, Pace

ENDS_WITHIN_S = 10.0


class TrialsFailed(RuntimeError):
    """A process that tried a policy ended, or could not begin; the message says which order it had, and why."""


def run_trials(
    choice: PolicyChoice, orders: Sequence[Order], *, jobs: int, pace: Pace = LIVE
) -> Iterator[Trial]:
    """Carry orders out, several at a time, as they are done.

    Args:
        choice: the policy; each process loads its own.
        orders: in this order they are begun.
        jobs: processes; at least 1.
        pace: how long things take.

    Raises:
        TrialsFailed: in one of the processes something went wrong; the others are ended.
    """
    spawn = multiprocessing.get_context("spawn")
    left = iter(orders)
    at_work: dict[Connection, Order] = {}
    processes = []
    try:
        for _ in range(min(max(1, jobs), len(orders))):
            here, there = spawn.Pipe()
            process = spawn.Process(target=_work, args=(there, choice, pace), name="trials", daemon=True)
            process.start()
            there.close()
            processes.append((process, here))
            _hand_out(here, left, at_work)
        while at_work:
            for ready in wait(list(at_work)):
                if isinstance(ready, Connection):
                    yield _result(ready, at_work.pop(ready))
                    _hand_out(ready, left, at_work)
    finally:
        for process, here in processes:
            here.close()
            if at_work:
                process.terminate()
            process.join(ENDS_WITHIN_S)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()


def _hand_out(to: Connection, left: Iterator[Order], at_work: dict[Connection, Order]) -> None:
    order = next(left, None)
    if order is not None:
        at_work[to] = order
        try:
            to.send(order)
        except OSError as error:
            raise TrialsFailed(f"the process that was to try {order} has ended") from error


def _result(ready: Connection, order: Order) -> Trial:
    try:
        answer: Trial | str = ready.recv()
    except (EOFError, OSError) as error:
        raise TrialsFailed(f"the process that tried {order} ended without an answer") from error
    if isinstance(answer, str):
        raise TrialsFailed(f"{order}: {answer}")
    return answer


def _work(pipe: Connection, choice: PolicyChoice, pace: Pace) -> None:
    """Carry out what comes, until the other end is closed."""
    if choice.kind is not PolicyKind.SCRIPTED:
        from policy.inference.runtime import runtime  # brings torch along

        runtime("cpu", threads=1)
    bench: Bench | None = None
    try:
        while True:
            order: Order = pipe.recv()
            try:
                bench = bench or Bench(choice, pace=pace)
                pipe.send(bench.run(order))
            except Exception as error:  # noqa: BLE001  whatever a model may raise is told to who asked
                pipe.send(f"{type(error).__name__}: {error}")
    except (EOFError, KeyboardInterrupt):
        return
    finally:
        if bench is not None:
            bench.close()
