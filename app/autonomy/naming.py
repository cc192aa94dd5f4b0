"""The high level: asked beside everything else, and never waited for."""

from __future__ import annotations

import queue
from collections.abc import Callable
from functools import partial

from app.autonomy.complaints import in_a_line
from app.autonomy.latencies import Latencies
from app.autonomy.loaded import Loaded
from app.autonomy.low_level import Look
from app.autonomy.orders import Asking, Named, Orders
from app.autonomy.worker import Outcome, Worker
from policy.types import Observation, Subtask

Box = tuple[str, float, float, float, float]


class Naming:
    """One high level's answers.

    Args:
        loaded: the policy, and the remote high level where there is one.
        outcomes: where its answers go; those with a tag (`Loaded`, `Asking`) are for `take`.
    """

    def __init__(self, loaded: Loaded, outcomes: queue.SimpleQueue[Outcome]) -> None:
        self._loaded = loaded
        self._worker = Worker("high level", outcomes)
        self._awaited = False  # from the asking until the answer is taken, not only while the worker is busy
        self.took = Latencies()
        self.boxes: tuple[Box, ...] = ()

    @property
    def thinking(self) -> bool:
        """Whether it is being asked just now."""
        return self._worker.busy

    def step(self, orders: Orders, look: Look) -> None:
        """Ask what there is to ask."""
        if self._awaited:
            return
        asking = orders.ask()
        if asking is not None:
            observe = look(self._loaded.cameras_high)
            self._awaited = True
            self._worker.do((self._loaded, asking), partial(_named, self._loaded, observe, asking))

    def take(self, asking: Asking, outcome: Outcome, orders: Orders) -> None:
        """Hand an answer on."""
        self._awaited = False
        if outcome.error is not None:
            orders.answer(asking, Named(took_ms=outcome.took_ms, error=in_a_line(outcome.error)))
            return
        subtask: Subtask = outcome.value
        self.took.add(outcome.took_ms)
        self.boxes = tuple((box.label, box.y_min, box.x_min, box.y_max, box.x_max) for box in subtask.boxes)
        orders.answer(asking, Named(subtask.text, subtask.probability, outcome.took_ms))

    def close(self) -> None:
        """Ask no more."""
        self._worker.close()


def _named(loaded: Loaded, look: Callable[[], Observation], asking: Asking) -> Subtask:
    if loaded.remote is not None:
        return loaded.remote.subtask(look(), asking.task, allowed=asking.allowed, recent=asking.recent)
    return loaded.policy.subtask(look(), asking.task, allowed=asking.allowed)
