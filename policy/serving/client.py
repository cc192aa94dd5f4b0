"""Asks a policy server, ours or a stock openpi one, from a program without an event loop.

The protocol has no request ids: a reply is to the request before it, whichever that was. A reply that comes after its
request was given up would be taken for the answer to the next one, and old actions would move the robot. Hence a
connection never outlives a request that got no reply: it is dropped, and the late reply with it. (Counting replies
would also work, but the next request would then wait behind the one that was too slow; a server that notices the lost
connection does not begin it at all.)
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.protocol import State
from websockets.sync.client import ClientConnection, connect

from policy.serving.access import SCHEME, ApiKey
from policy.serving.client_errors import (
    AccessRefused,
    BadReply,
    ClientClosed,
    ConnectionLost,
    NotAPolicyServer,
    PolicyChanged,
    RemoteError,
    ReplyTimeout,
    ServerUnreachable,
)
from policy.serving.wire import DEFAULT_LIMITS, Limits, WireError, pack, unpack_map

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0
"""Between attempts to connect; doubles from the first to the longest."""

CLOSE_TIMEOUT_S = 0.25
"""How long the other side may take to agree to an end; a stock server that is inferring does not answer at all."""

UNAUTHORIZED, FORBIDDEN = 401, 403


class PolicyClient:
    """A connection to a policy server that comes back by itself.

    It may be used from several threads; their requests are then made one after the other.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        connect_timeout_s: float = 10.0,
        reply_timeout_s: float = 30.0,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Remember where the server is; the first use connects.

        Args:
            url: `ws://HOST:PORT`, or `HOST:PORT`. Proxies of the environment are not used.
            api_key: Sent with every connection.
            connect_timeout_s: How long `connect` waits for a server that is not there yet.
            reply_timeout_s: How long `infer` takes at most, a reconnection included.
            limits: What one reply may hold.

        Raises:
            ValueError: The address is none, or a time is not positive.
            AccessError: The key cannot be sent.
        """
        self.url = _parse_url(url)
        for name, seconds in (("connect_timeout_s", connect_timeout_s), ("reply_timeout_s", reply_timeout_s)):
            _check_seconds(name, seconds)
        self._key = ApiKey(api_key) if api_key is not None else None
        self._connect_timeout_s, self._reply_timeout_s = connect_timeout_s, reply_timeout_s
        self._limits = limits
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._connection: ClientConnection | None = None
        self._metadata_frame: bytes | None = None
        self._metadata: Mapping[str, Any] = {}

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the server said of its policy; connects if that has not been done.

        Raises:
            ClientError: See `connect`.
        """
        if self._metadata_frame is None:
            self.connect()
        return self._metadata

    def connect(self) -> None:
        """Connect unless connected, trying again until the time allowed is over.

        Raises:
            ServerUnreachable: Nobody answered in time.
            ReplyTimeout: Another thread was asking for all of that time.
            AccessRefused: The key is wrong or missing.
            NotAPolicyServer: What answers does not speak the protocol.
            PolicyChanged: The server's metadata is not what it was.
            ClientClosed: The client was closed.
        """
        allowed_s = self._connect_timeout_s
        deadline = time.monotonic() + allowed_s
        with self._turn(deadline, allowed_s):
            self._connected(deadline, allowed_s)

    def infer(self, request: Mapping[str, Any], *, timeout_s: float | None = None) -> dict[str, Any]:
        """The server's reply to a request. Nothing is ever asked twice: an observation ages.

        Args:
            request: Plain values and numpy arrays.
            timeout_s: Instead of `reply_timeout_s`, for this request; waiting for another thread's counts as well.

        Raises:
            ValueError: The time is not positive.
            RemoteError: The server said why it cannot answer.
            ReplyTimeout: It did not answer in time.
            ConnectionLost: The connection ended before the reply.
            BadReply: The reply is not one.
            WireError: The request cannot be written.
            ClientError: No connection, see `connect`.
        """
        allowed_s = self._reply_timeout_s if timeout_s is None else timeout_s
        _check_seconds("timeout_s", allowed_s)
        deadline = time.monotonic() + allowed_s
        data = pack(request)
        with self._turn(deadline, allowed_s):
            connection = self._connected(deadline, allowed_s)
            try:
                frame = self._exchange(connection, data, deadline, allowed_s)
                if isinstance(frame, str):
                    raise RemoteError(frame, url=self.url)
                return unpack_map(frame, limits=self._limits)
            except WireError as error:
                self._drop()
                raise BadReply(f"the reply of {self.url} cannot be read: {error}") from error
            except BaseException:  # whatever ended the wait, Ctrl-C too: its reply must not be the next one's
                self._drop()
                raise

    def close(self) -> None:
        """End for good. A request under way in another thread fails at once."""
        self._closed.set()
        connection = self._connection
        if connection is not None:
            connection.close()

    @contextlib.contextmanager
    def _turn(self, deadline: float, allowed_s: float) -> Iterator[None]:
        """Hold the lock.

        Raises:
            ReplyTimeout: Another thread's request took all the time; nothing was asked.
        """
        if not self._lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise ReplyTimeout(
                f"another thread was asking {self.url} for all of {allowed_s:g} s; give each thread its own client"
            )
        try:
            yield
        finally:
            self._lock.release()

    # -- with the lock held --------------------------------------------------------------------------------------------

    def _exchange(
        self, connection: ClientConnection, data: bytes, deadline: float, allowed_s: float
    ) -> str | bytes:
        """Send, and receive the next frame."""
        too_late = f"{self.url} did not answer within {allowed_s:g} s; its connection was dropped"
        try:
            _limit_sending(connection, deadline - time.monotonic())
            connection.send(data)
            return connection.recv(timeout=max(0.0, deadline - time.monotonic()))
        except TimeoutError as error:
            raise ReplyTimeout(too_late) from error
        except ConnectionClosed as error:
            if self._closed.is_set():
                raise ClientClosed("the client was closed while a request was under way") from error
            if isinstance(error.__cause__, BlockingIOError):  # the server does not read
                raise ReplyTimeout(too_late) from error
            raise ConnectionLost(f"the connection to {self.url} ended before the reply: {error}") from error

    def _connected(self, deadline: float, allowed_s: float) -> ClientConnection:
        """The connection, made anew where it has ended."""
        if self._closed.is_set():
            raise ClientClosed("the client was closed; make a new one")
        if self._connection is not None and self._connection.protocol.state is State.OPEN:
            return self._connection
        self._drop()
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                return self._try_connect(deadline)
            except _TryAgain as error:
                reason = str(error)
            if time.monotonic() + pause_s >= deadline:
                raise ServerUnreachable(f"no policy server at {self.url} within {allowed_s:g} s: {reason}")
            if self._closed.wait(pause_s):
                raise ClientClosed("the client was closed while it was connecting")
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _try_connect(self, deadline: float) -> ClientConnection:
        """Connect once and read the metadata."""
        headers = {"Authorization": f"{SCHEME} {self._key.text}"} if self._key is not None else None
        remaining_s = max(0.05, deadline - time.monotonic())
        try:
            connection = connect(
                self.url,
                compression=None,
                additional_headers=headers,
                proxy=None,
                open_timeout=remaining_s,
                ping_interval=None,  # a stock server answers no ping while it infers; the reply's time-out counts
                close_timeout=CLOSE_TIMEOUT_S,
                max_size=self._limits.bytes,
            )
        except InvalidStatus as error:
            raise self._refusal(error) from error
        except InvalidHandshake as error:
            if isinstance(
                error.__cause__, (EOFError, OSError)
            ):  # it ended in the middle: it may be restarting
                raise _TryAgain(str(error.__cause__) or "it hung up") from error
            raise NotAPolicyServer(f"what answers at {self.url} is no policy server: {error}") from error
        except (OSError, EOFError, ConnectionClosed) as error:
            raise _TryAgain(str(error) or type(error).__name__) from error
        connection.__enter__()  # its end is `_drop`; entering it is how the library wants to be used
        self._connection = connection
        try:
            if self._closed.is_set():  # meanwhile, by another thread, which did not see this connection yet
                raise ClientClosed("the client was closed while it was connecting")
            self._read_metadata(connection, deadline)
        except BaseException:
            self._drop()
            raise
        return connection

    def _read_metadata(self, connection: ClientConnection, deadline: float) -> None:
        try:
            frame = connection.recv(timeout=max(0.05, deadline - time.monotonic()))
            if isinstance(frame, str):
                raise RemoteError(frame, url=self.url)
            metadata = unpack_map(frame, limits=self._limits)
        except (TimeoutError, ConnectionClosed) as error:
            raise _TryAgain(f"it sent no metadata ({error})") from error
        except WireError as error:
            raise NotAPolicyServer(f"what {self.url} sends first is no metadata: {error}") from error
        if self._metadata_frame is not None and frame != self._metadata_frame:
            changed = _differing_keys(self._metadata, metadata)
            raise PolicyChanged(
                f"{self.url} now serves something else ({changed} differ); make a new client to use it"
            )
        self._metadata_frame, self._metadata = frame, MappingProxyType(metadata)

    def _refusal(self, error: InvalidStatus) -> Exception:
        status = error.response.status_code
        body = (error.response.body or b"").decode(errors="replace").strip()
        if status in (UNAUTHORIZED, FORBIDDEN):
            said = f": {body}" if body else ""
            return AccessRefused(
                f"{self.url} refuses this client ({status}){said}; give the server's API key"
            )
        if status >= 500:  # too many clients, or about to stop or start
            return _TryAgain(f"it answered {status}{': ' + body if body else ''}")
        return NotAPolicyServer(f"what answers at {self.url} is no policy server: it answered {status}")

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class _TryAgain(Exception):
    """Not connected, for a reason that may pass."""


def _check_seconds(name: str, seconds: float) -> None:
    if not 0 < seconds < float("inf"):
        raise ValueError(f"{name} is {seconds}; it must be a number of seconds above 0")


def _parse_url(text: str) -> str:
    """The server's address with its scheme.

    Raises:
        ValueError: It is no address of a websocket.
    """
    url = text if "://" in text else f"ws://{text}"
    with contextlib.suppress(ValueError, InvalidURI):
        parts = urlsplit(url)
        if parts.scheme in ("ws", "wss") and parts.hostname and (parts.port is None or parts.port > 0):
            return url
    raise ValueError(f"{text!r} is no address of a policy server; it looks like ws://127.0.0.1:8000")


def _limit_sending(connection: ClientConnection, seconds: float) -> None:
    """Let the system end a send that the server does not take; the library has no time-out for it."""
    seconds = max(0.001, seconds)
    interval = struct.pack("ll", int(seconds), int(1e6 * (seconds % 1.0)))
    with contextlib.suppress(OSError):  # the connection has just ended; sending will say so
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, interval)


def _differing_keys(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Names of the metadata's entries that are not the same."""
    differ = [key for key in sorted({*before, *now}) if pack(before.get(key)) != pack(now.get(key))]
    return ", ".join(differ) or "their order"
