"""Serves a policy until the process is told to end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from types import MappingProxyType

from policy.serving.server import PolicyServer, ServerConfig
from policy.types import Servable

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_server(
    policy: Servable,
    config: ServerConfig,
    *,
    ready: Callable[[PolicyServer], None],
    report: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; then finish the request that is being answered, and return.

    A second signal ends the process as it would any other.

    Args:
        policy: What is served.
        config: Where and how.
        ready: Called once, when clients can connect.
        report: See `PolicyServer`.

    Raises:
        ServerError: The address cannot be listened on.
        WireError: The policy's metadata cannot be sent.
    """
    asyncio.run(_serve(PolicyServer(policy, config, report=report), ready))


def require_free(config: ServerConfig) -> None:
    """Make sure that an address can be listened on, before anything slow is done for it.

    Raises:
        ServerError: It cannot.
    """

    async def try_it() -> None:
        async with PolicyServer(_Nothing(), config):
            pass

    asyncio.run(try_it())


class _Nothing:
    """Served to nobody."""

    metadata: Mapping[str, object] = MappingProxyType({})

    def infer(self, request: Mapping[str, object]) -> dict[str, object]:
        raise NotImplementedError(request)


async def _serve(server: PolicyServer, ready: Callable[[PolicyServer], None]) -> None:
    loop, told = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        told.set()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    async with server:
        ready(server)
        await told.wait()
