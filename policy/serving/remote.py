"""A policy that runs elsewhere, as if it ran here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from policy.serving.adapter import OWN, Layout, actions_request, chunk_of, subtask_of, subtask_request
from policy.serving.calls import ACTIONS, EXTENSION, SUBTASK
from policy.serving.client import PolicyClient
from policy.serving.client_errors import ClientError, RemoteError
from policy.transforms.images import ImageTooThin
from policy.types import ActionChunk, Committed, Observation, RequestError, Subtask

REFUSALS = MappingProxyType(
    {f"{kind.__module__}.{kind.__name__}": kind for kind in (RequestError, ImageTooThin)}
)
"""Errors that say the same here as where the policy runs, by the names that servers give them."""


class NotOffered(ClientError, RequestError):
    """The server's policy cannot do what was asked, as its metadata tells."""


class RemotePolicy:
    """`policy.types.Policy` over the network. Connects at its first use, and again when the connection was lost.

    Both levels have a connection of their own, so that naming a subtask never delays the asking for actions; our
    servers have a thread for each level too.
    """

    def __init__(
        self,
        connect: Callable[[], PolicyClient],
        *,
        layout: Layout = OWN,
        rate_hz: float | None = None,
    ) -> None:
        """Remember how to connect.

        Args:
            connect: Makes a client, such as `lambda: PolicyClient("ws://robot:8000", reply_timeout_s=0.5)`; called
                once for each level.
            layout: Where this server wants the parts of an observation; another than our own for openpi's servers.
            rate_hz: Steps a second, for servers that do not tell: all of openpi's.

        Raises:
            ValueError: The rate is not positive.
        """
        if rate_hz is not None and not 0 < rate_hz < float("inf"):
            raise ValueError(f"rate_hz is {rate_hz}; it must be a number above 0")
        self._low, self._high = connect(), connect()
        self._layout = layout
        self._step_ns = None if rate_hz is None else round(1e9 / rate_hz)

    def __enter__(self) -> Self:
        try:
            self.warm_up()
        except BaseException:  # one of the two may be connected
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The server's, as it came.

        Raises:
            ClientError: No connection.
        """
        return self._low.metadata

    def warm_up(self) -> None:
        """Connect. The policy itself was warmed up where it runs.

        Raises:
            ClientError: No connection.
        """
        self._low.connect()
        if self._offers("calls", SUBTASK):
            self._high.connect()

    def close(self) -> None:
        """Close both connections; requests under way fail."""
        self._low.close()
        self._high.close()

    def subtask(self, observation: Observation, task: str, *, allowed: Sequence[str] = ()) -> Subtask:
        """Name the next subtask of `task`.

        Raises:
            NotOffered: The server's policy has no high level.
            RequestError: The request makes no sense, as found here or there.
            ClientError: There is no reply, or it is not one.
        """
        if not self._offers("calls", SUBTASK):
            raise NotOffered(
                f"the policy at {self._low.url} names no subtasks; give it the subtask to follow"
            )
        reply, took_ms = _asked(self._high, subtask_request(observation, task, allowed))
        return subtask_of(reply, inference_ms=took_ms)

    def actions(
        self,
        observation: Observation,
        subtask: str,
        *,
        committed: Committed | None = None,
        noise: NDArray[np.float32] | None = None,
    ) -> ActionChunk:
        """A chunk that follows `subtask`; its times are on this machine's clock. `inference_ms` is the round trip.

        Raises:
            NotOffered: The server cannot go on from a committed chunk, or cannot be given noise.
            RequestError: The request makes no sense, as found here or there.
            ClientError: There is no reply, or it is not one.
        """
        for name, given in (("committed", committed), ("noise", noise)):
            if given is not None and not self._offers("options", name):
                raise NotOffered(f"the policy at {self._low.url} takes no {name!r}; ask it without")
        request = actions_request(
            observation,
            subtask,
            layout=self._layout,
            extended=self._offers("calls", ACTIONS),
            committed=committed,
            noise=noise,
        )
        reply, took_ms = _asked(self._low, request)
        return chunk_of(
            reply,
            subtask=subtask,
            captured_ns=observation.captured_ns,
            step_ns=self._step_ns,
            inference_ms=took_ms,
        )

    def _offers(self, what: str, name: str) -> bool:
        """Whether the server's metadata lists `name` under `what`."""
        extension = self._low.metadata.get(EXTENSION)
        offered = extension.get(what) if isinstance(extension, Mapping) else None
        return isinstance(offered, list) and name in offered


def _asked(client: PolicyClient, request: Mapping[str, Any]) -> tuple[dict[str, Any], float]:
    """The reply and how long it took, in ms."""
    started = time.monotonic()
    try:
        reply = client.infer(request)
    except RemoteError as error:
        if error.remote_type in REFUSALS:
            raise REFUSALS[error.remote_type](error.remote_message) from error
        raise
    return reply, 1e3 * (time.monotonic() - started)
