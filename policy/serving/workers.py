"""The threads behind a server's event loop: everything that takes time happens here.

One reads messages. Each level of the policy has one of its own, so that a subtask which is being put into words, a
second or more, does not hold up the actions that are due meanwhile; see `policy.types.Policy`.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from policy.serving import calls
from policy.serving.wire import Limits, pack, unpack_map
from policy.types import RequestError, Servable

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True)
class Failure:
    """Why a request was not answered.

    Attributes:
        text: For its client, a traceback.
        line: For who runs the server: its last line.
    """

    text: str
    line: str


class Workers:
    """Reads requests and lets a policy answer them, in the order in which they come at each level.

    Every failure is a value: some exceptions cannot be carried by a future.
    """

    def __init__(self, policy: Servable, *, limits: Limits) -> None:
        """Prepare; a thread starts when there is something for it to do.

        Args:
            policy: Its actions are asked for in one thread, its subtasks in another.
            limits: What one message may hold.
        """
        self._policy = policy
        self._limits = limits
        self._reading, self._acting, self._naming = (
            ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"policy-{name}")
            for name in ("reading", "actions", "subtasks")
        )

    def read(self, frame: str | bytes) -> Future[dict[str, object] | Failure]:
        """The request in a frame, soon."""
        return self._reading.submit(_caught, self._read, frame)

    def answer(self, request: dict[str, object], previous_ms: float | None) -> Future[bytes | Failure]:
        """The reply to a request as bytes, soon.

        Args:
            request: From `read`.
            previous_ms: How long the same client's request before it took.
        """
        level = self._naming if calls.names_a_subtask(request) else self._acting
        return level.submit(_caught, self._answer, request, previous_ms)

    def shut_down(self) -> None:
        """Begin nothing more. What is being done ends by itself."""
        for worker in (self._reading, self._acting, self._naming):
            worker.shutdown(wait=False, cancel_futures=True)

    def _read(self, frame: str | bytes) -> dict[str, object]:
        if isinstance(frame, str):
            raise RequestError("the request came as a text frame; requests are msgpack in binary frames")
        return unpack_map(frame, limits=self._limits)

    def _answer(self, request: dict[str, object], previous_ms: float | None) -> bytes:
        started = time.monotonic()
        reply = calls.answer(self._policy, request)
        timing = {"infer_ms": 1e3 * (time.monotonic() - started)}
        if previous_ms is not None:
            timing["prev_total_ms"] = previous_ms
        return pack({**reply, "server_timing": timing})


def _caught(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Failure:
    try:
        return work(*args, **kwargs)
    except BaseException:  # noqa: BLE001 - whatever a policy raises, even SystemExit, is its client's affair
        # A file's name in a message may be no Unicode; a text frame must be.
        text = traceback.format_exc().encode(errors="backslashreplace").decode()
        return Failure(text, text.rstrip().rpartition("\n")[2])
