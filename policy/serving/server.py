"""Serves a policy over openpi's websocket protocol: metadata first, then a reply to each request.

The event loop only moves bytes. Everything that takes time (reading a message, inference, writing the reply) is done by
`policy.serving.workers`, at each level first come first served. A client has one request there at most, so that no
client can get ahead of the others, and what waits is bounded by their number. Health checks and pings are answered
meanwhile.

A request that fails costs its client the connection, after a text frame that says why; the server lives on.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import http
import logging
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConcurrencyError, ConnectionClosed
from websockets.http11 import Request, Response

from policy.serving import calls
from policy.serving.access import SCHEME, ApiKey, require_safe
from policy.serving.wire import Limits, pack
from policy.serving.workers import Failure, Workers
from policy.types import Servable

T = TypeVar("T")

CLOSE_TIMEOUT_S = 2.0
"""How long a client may take to agree to the end of its connection."""

GOING_AWAY, INTERNAL_ERROR = 1001, 1011
ERROR_REASON = "Internal server error. Traceback included in previous frame."
STOPPING_REASON = "the server is stopping"


class ServerError(RuntimeError):
    """The server cannot start; the message says why and what to do."""


class ServerStopping(RuntimeError):
    """A request that is not answered because the server stops."""


@dataclass(frozen=True)
class ServerConfig:
    """Where and how a policy is served.

    Attributes:
        host: Address to listen on; anything but this machine's own takes a key.
        port: TCP port; 0 lets the system choose.
        api_key: What clients must send, or None.
        without_key: Serve the network without a key.
        limits: What one message may hold; a longer one ends its connection with code 1009. A client takes four times
            as much memory at most: the request being answered, as bytes and as values, and two that wait.
        max_clients: At once; a further one is answered 503.
        drain_s: How long a request that is being answered is waited for when the server stops.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    api_key: ApiKey | None = None
    without_key: bool = False
    limits: Limits = field(default_factory=Limits)
    max_clients: int = 32
    drain_s: float = 10.0

    def __post_init__(self) -> None:
        """Refuse what would be open to the network by oversight.

        Raises:
            AccessError: The address is reachable and there is no key.
        """
        require_safe(self.host, self.api_key, without_key=self.without_key)


@dataclass(eq=False)
class _Client:
    """A connected client, and what the workers have to do or are doing for it."""

    connection: ServerConnection
    name: str
    job: Future[Any] | None = None


class PolicyServer:
    """A policy behind a port, as an asynchronous context manager.

    Attributes:
        config: Where and how.
    """

    def __init__(
        self,
        policy: Servable,
        config: ServerConfig | None = None,
        *,
        report: Callable[[str], None] | None = None,
    ) -> None:
        """Prepare to serve; nothing listens yet.

        Args:
            policy: Answers requests: for actions always in the same thread, for subtasks always in another.
            config: Where and how.
            report: Called with a line for each client that comes, goes, is refused, or asks what cannot be answered.

        Raises:
            WireError: The policy's metadata cannot be sent.
        """
        self.config = config or ServerConfig()
        self._metadata = pack(calls.served_metadata(policy))
        self._report = report or (lambda _: None)
        self._clients: set[_Client] = set()
        self._workers = Workers(policy, limits=self.config.limits)
        self._server: Server | None = None
        self._stopping = False
        self._stop: asyncio.Task[None] | None = None
        self._gave_up: asyncio.Future[None] | None = None

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Host and port of every socket it listens on."""
        sockets = self._server.sockets if self._server is not None else ()
        return [(listening.getsockname()[0], listening.getsockname()[1]) for listening in sockets]

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.addresses[0][1]

    # -- start and stop ------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen.

        Raises:
            ServerError: The address cannot be listened on.
        """
        config = self.config
        self._gave_up = asyncio.get_running_loop().create_future()
        try:
            self._server = await serve(
                self._serve_client,
                config.host,
                config.port,
                process_request=self._admit,
                origins=[
                    None
                ],  # browsers name an origin: no page that somebody visits may talk to the policy
                compression=None,
                close_timeout=CLOSE_TIMEOUT_S,
                max_size=config.limits.bytes,
                max_queue=1,  # a client sends its next request when it has its reply
                logger=_silent_logger(),
            )
        except OSError as error:
            self._workers.shut_down()
            raise ServerError(_why_not_listening(config.host, config.port, error)) from error

    async def stop(self) -> None:
        """Accept nobody new, finish the request that is being answered, tell all others, and end."""
        if self._stop is None:
            self._stop = asyncio.create_task(self._do_stop())
        await asyncio.shield(self._stop)

    async def _do_stop(self) -> None:
        if self._server is None or self._gave_up is None:
            return
        self._stopping = True
        self._server.close(close_connections=False)
        closings = set()
        for client in self._clients:
            if client.job is None:
                closings.add(asyncio.create_task(_close(client.connection, GOING_AWAY, STOPPING_REASON)))
            else:
                client.job.cancel()  # does nothing to the one that is being answered
        finished = asyncio.create_task(self._server.wait_closed())
        await asyncio.wait({finished}, timeout=self.config.drain_s)
        self._gave_up.set_result(None)
        await asyncio.wait({finished}, timeout=2 * CLOSE_TIMEOUT_S)
        for client in self._clients:
            client.connection.transport.abort()  # it does not even read what it is told
        await asyncio.gather(finished, *closings)
        self._workers.shut_down()

    # -- one client ----------------------------------------------------------------------------------------------------

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer health checks, and refuse who may not connect; None lets the handshake go on."""
        if request.path.partition("?")[0] == "/healthz":
            return connection.respond(http.HTTPStatus.OK, "OK\n")
        if not request.headers.get_all("Upgrade"):
            return None  # no websocket client: the handshake answers 426
        key = self.config.api_key
        if key is not None and not key.admits(request.headers.get_all("Authorization")):
            self._report(f"{_name_of(connection)}: refused, wrong or no API key")
            return _unauthorized(connection)
        if len(self._clients) >= self.config.max_clients:
            self._report(f"{_name_of(connection)}: refused, {len(self._clients)} clients are connected")
            text = f"{len(self._clients)} clients are connected, which is the limit; try again later\n"
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, text)
        return None

    async def _serve_client(self, connection: ServerConnection) -> None:
        client = _Client(connection, _name_of(connection))
        self._clients.add(client)
        self._report(f"{client.name}: connected")
        try:
            await self._converse(client)
        except ConnectionClosed:
            pass
        except Exception as error:
            self._report(f"{client.name}: dropped by a mistake in the server: {error!r}")
            raise
        finally:
            self._clients.discard(client)
            self._report(f"{client.name}: {_how_it_ended(connection)}")

    async def _converse(self, client: _Client) -> None:
        """Metadata, then a reply to each request, until either side ends."""
        connection = client.connection
        await connection.send(self._metadata)
        previous_ms: float | None = None
        async for frame in connection:
            received = time.monotonic()
            reply = await self._answered(client, frame, previous_ms)
            if reply is None:
                return  # it has gone
            if isinstance(reply, Failure):
                self._report(f"{client.name}: {reply.line}")
                await connection.send(reply.text)
                code, reason = (
                    (GOING_AWAY, STOPPING_REASON) if self._stopping else (INTERNAL_ERROR, ERROR_REASON)
                )
                await _close(connection, code, reason)
                return
            await connection.send(reply)
            previous_ms = 1e3 * (time.monotonic() - received)
            if self._stopping:
                await _close(connection, GOING_AWAY, STOPPING_REASON)
                return

    async def _answered(
        self, client: _Client, frame: str | bytes, previous_ms: float | None
    ) -> bytes | Failure | None:
        """The reply to a frame, once the workers have it; None when the client has gone meanwhile."""
        request = await self._done(client, lambda: self._workers.read(frame))
        if not isinstance(request, dict):
            return request
        return await self._done(client, lambda: self._workers.answer(request, previous_ms))

    async def _done(self, client: _Client, begin: Callable[[], Future[T]]) -> T | Failure | None:
        """What the workers make of a job; None when its client has gone meanwhile."""
        if self._gave_up is None or self._stopping:
            return _stopping_failure()
        client.job = job = begin()
        result = asyncio.wrap_future(job)
        gone = asyncio.create_task(client.connection.wait_closed())
        try:
            waited: set[asyncio.Future[Any]] = {result, gone, self._gave_up}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if result.done() and not result.cancelled():
                return result.result()
            return None if gone.done() else _stopping_failure()
        finally:
            job.cancel()  # what nobody waits for is not begun
            client.job = None
            result.cancel()
            gone.cancel()


async def _close(connection: ServerConnection, code: int, reason: str) -> None:
    """Close, passing over what the client has sent meanwhile: behind it is its agreement to the end."""

    async def pass_over() -> None:
        with contextlib.suppress(
            ConnectionClosed, ConcurrencyError
        ):  # the client's own handler may be reading
            async for _ in connection:
                pass

    passing_over = asyncio.create_task(pass_over())
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await connection.close(code, reason)
    except TimeoutError:  # it reads nothing, or agrees to nothing
        connection.transport.abort()
    finally:
        passing_over.cancel()


def _stopping_failure() -> Failure:
    line = f"{ServerStopping.__module__}.{ServerStopping.__name__}: {STOPPING_REASON}; the request was not answered"
    return Failure(line, line)


def _unauthorized(connection: ServerConnection) -> Response:
    text = f"wrong or no API key; send the header Authorization: {SCHEME} <key>\n"
    response = connection.respond(http.HTTPStatus.UNAUTHORIZED, text)
    response.headers["WWW-Authenticate"] = SCHEME
    return response


def _name_of(connection: ServerConnection) -> str:
    address = connection.remote_address
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) and len(address) >= 2 else "a client"


def _how_it_ended(connection: ServerConnection) -> str:
    code, reason = connection.close_code, connection.close_reason
    if code in (None, 1006):
        return "gone without a word"
    return f"disconnected ({code}{': ' + reason if reason else ''})"


def _why_not_listening(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; stop what uses it, or choose another --port"
    if error.errno == errno.EACCES:
        return f"port {port} takes the rights of root; choose a --port from 1024 on"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"{host} is no address of this machine; choose another --host"
    return f"cannot listen on {host}:{port}: {error.strerror or error}"


def _silent_logger() -> logging.Logger:
    """For the websocket library, which would log a traceback for every port scanner that passes by."""
    return logging.Logger("policy.serving.websockets", logging.CRITICAL + 1)
