"""What was seen of openpi's own server and broker, asked again of this project's, on the loopback interface."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from policy.serving.broker import ActionChunkBroker
from policy.serving.client import PolicyClient
from policy.serving.client_errors import RemoteError
from policy.serving.server import PolicyServer, ServerConfig
from policy.serving.wire import pack, unpack
from tests.vectors.described import describe
from tests.vectors.report import Report

OWN_WORDS = {
    "text_request": "last_line",  # this server says what is wrong with the frame, not what Python said to openpi's
    "GET / (plain http)": "body",  # the websocket library's words, which change from one version to the next
}
"""What is said of an exchange in words that may differ."""


class CountingPolicy:
    """Answers 4 × 2 actions that count its calls, and fails when told to: as the policy that openpi's server had."""

    metadata: Mapping[str, Any] = {"reset_pose": [0, -1.5, 1.5, 0, 0, 0]}

    def __init__(self) -> None:
        self._calls = 0

    def infer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The next chunk."""
        self._calls += 1
        if "fail" in request:
            raise RuntimeError("deliberate failure")
        return {"actions": np.full((4, 2), self._calls, np.float32), "policy_timing": {"infer_ms": 0.0}}


def check_live(entry: dict[str, Any], name: str, report: Report) -> None:
    """Every exchange that was recorded."""
    seen = asyncio.run(_exchanges())
    for exchange, expected in entry.items():
        if exchange not in seen:
            report.fail(f"{name}.{exchange}", "nothing here understands this entry")
            continue
        got = seen[exchange]
        if isinstance(expected, dict) and isinstance(got, dict):
            skipped = OWN_WORDS.get(exchange)
            got, expected = ({k: v for k, v in each.items() if k != skipped} for each in (got, expected))
        report.equal(f"{name}.{exchange}", got, expected)


async def _exchanges() -> dict[str, object]:
    seen: dict[str, object] = {}
    async with PolicyServer(CountingPolicy(), ServerConfig(port=0)) as server:
        seen["GET /healthz"] = await _get(server.port, "/healthz")
        seen["GET / (plain http)"] = await _get(server.port, "/")
        url = f"ws://127.0.0.1:{server.port}"
        async with connect(url, compression=None, max_size=None, proxy=None) as connection:
            first = await connection.recv()
            data = first if isinstance(first, bytes) else first.encode()
            seen["first_frame"] = {
                "type": type(first).__name__,
                "hex": data.hex(),
                "decoded": describe(unpack(data)),
            }
            seen["reply0"] = await _reply(connection)
            seen["reply1"] = await _reply(connection)
            seen["error_frame"] = await _failure(connection, pack({"fail": True}))
            seen["error_close"] = await _close(connection)
        async with connect(url, compression=None, max_size=None, proxy=None) as connection:
            seen["after_error_reconnect_first_frame_type"] = type(await connection.recv()).__name__
            frame = await _failure(connection, "text")
            seen["text_request"] = {"type": frame["type"]}
        seen |= await asyncio.to_thread(_through_client, url)
    return seen


async def _get(port: int, path: str) -> dict[str, object]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    status, *headers = head.split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in headers)}
    _, code, reason = status.split(" ", 2)
    return {
        "status": int(code),
        "reason": reason,
        "body": body,
        "content_type": fields.get("content-type", ""),
    }


async def _reply(connection: ClientConnection) -> dict[str, object]:
    await connection.send(pack({"x": 0}))
    frame = await connection.recv()
    reply: Any = unpack(frame) if isinstance(frame, bytes) else {}
    return {
        "type": type(frame).__name__,
        "keys": sorted(reply),
        "server_timing_keys": sorted(reply["server_timing"]),
        "actions": describe(reply["actions"]) | {"hex": reply["actions"].tobytes().hex()},
    }


async def _failure(connection: ClientConnection, request: bytes | str) -> dict[str, object]:
    await connection.send(request)
    frame = await connection.recv()
    text = frame if isinstance(frame, str) else ""
    lines = text.strip().splitlines()
    return {"type": type(frame).__name__, "starts": lines[0], "last_line": lines[-1]}


async def _close(connection: ClientConnection) -> dict[str, object]:
    try:
        await connection.recv()
    except ConnectionClosed as closed:
        if closed.rcvd is not None:
            return {"code": closed.rcvd.code, "reason": closed.rcvd.reason}
    return {}


def _through_client(url: str) -> dict[str, object]:
    """What this project's own client makes of it."""
    with PolicyClient(url) as client:
        metadata = dict(client.metadata)
        try:
            client.infer({"fail": True})
        except RemoteError as error:
            # openpi's client raises a RuntimeError with the whole traceback in it.
            said = "RuntimeError: deliberate failure" in str(error)
            text = (
                "RuntimeError: Error in inference server: ... RuntimeError: deliberate failure"
                if said
                else str(error)
            )
            return {"client_metadata": metadata, "client_error": text}
    return {"client_metadata": metadata, "client_error": "none"}


def check_broker(entry: list[dict[str, Any]], name: str, report: Report, *, horizon: int, chunk: int) -> None:
    """Steps handed out one by one, of chunks that count their calls."""
    calls = 0

    def infer(_request: Mapping[str, Any]) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        actions = 100.0 * calls + np.arange(3 * chunk, dtype=np.float64).reshape(chunk, 3)
        return {"actions": actions, "scalar": np.float32(calls), "policy_timing": {"infer_ms": 1.0}}

    broker = ActionChunkBroker(infer, horizon)
    for index, expected in enumerate(entry):
        if expected["reset_before"]:
            broker.reset()
        step = broker.infer({})
        got = {
            "step": index,
            "reset_before": expected["reset_before"],
            "inner_calls": calls,
            "actions": step["actions"].tolist(),
            "scalar_type": type(step["scalar"]).__name__,
            "policy_timing": step["policy_timing"],
        }
        report.equal(f"{name}[{index}]", got, expected)
