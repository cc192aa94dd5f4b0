"""A server in a thread, policies to serve, and a client that knows the protocol from its description alone."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from policy.serving.server import PolicyServer, ServerConfig
from policy.serving.wire import pack, unpack
from policy.types import Servable


class Echo:
    """Answers 4 × 2 actions that count its calls, after a pause if the request asks for one."""

    def __init__(self, metadata: Mapping[str, Any] | None = None) -> None:
        self.metadata = metadata if metadata is not None else {"reset_pose": [0, -1.5, 1.5, 0, 0, 0]}
        self.calls: list[Any] = []
        self.threads: set[int] = set()
        self.release = threading.Event()
        self.started = threading.Event()

    def infer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.calls.append(request.get("id"))
        self.threads.add(threading.get_ident())
        self.started.set()
        match request.get("do"):
            case "fail":
                raise RuntimeError("deliberate failure")
            case "odd path":
                raise FileNotFoundError(2, "No such file", os.fsdecode(b"/tmp/\xff"))
            case "lines":
                raise ValueError("one\ntwo")
            case "exit":
                raise SystemExit(3)
            case "stop iteration":
                raise StopIteration
            case "nan":
                return {"actions": np.array([[0.0, np.nan]])}
            case "no map":
                return [1, 2]  # type: ignore[return-value]
            case "object":
                return {"actions": object()}
            case "block":
                self.release.wait(20)
            case "sleep":
                time.sleep(request["seconds"])
        actions = np.full((4, 2), len(self.calls), np.float32)
        return {"actions": actions, "policy_timing": {"infer_ms": 1.0}, "id": request.get("id")}


class RawClient:
    """A websocket client at the level of bytes, written from RFC 6455 and the protocol's description."""

    def __init__(self, port: int, *, key: str | None = None, headers: str = "", timeout: float = 20) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        nonce = base64.b64encode(os.urandom(16)).decode()
        authorization = f"Authorization: Api-Key {key}\r\n" if key is not None else ""
        self.socket.sendall(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {nonce}\r\nSec-WebSocket-Version: 13\r\n{authorization}{headers}\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            got = self.socket.recv(1)
            if not got:
                break
            head += got
        self.status = int(head.split()[1])
        self.head = head.decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send_frame(self, opcode: int, payload: bytes, *, fin: bool = True) -> None:
        mask = os.urandom(4)
        size = len(payload)
        if size < 126:
            length = bytes([0x80 | size])
        elif size < 2**16:
            length = b"\xfe" + struct.pack(">H", size)
        else:
            length = b"\xff" + struct.pack(">Q", size)
        repeated = np.resize(np.frombuffer(mask, np.uint8), size)
        masked = (np.frombuffer(payload, np.uint8) ^ repeated).tobytes()
        self.socket.sendall(bytes([(0x80 if fin else 0) | opcode]) + length + mask + masked)

    def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            got = self.socket.recv(size - len(data))
            if not got:
                raise EOFError("the server closed the connection")
            data += got
        return data

    def receive(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame; pings are answered."""
        while True:
            first, second = self.read(2)
            assert first & 0x80, "this server does not fragment"
            assert not first & 0x70, "no extension was agreed on"
            size = second & 0x7F
            if size == 126:
                size = struct.unpack(">H", self.read(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self.read(8))[0]
            payload = self.read(size)
            if first & 0x0F != 9:
                return first & 0x0F, payload
            self.send_frame(10, payload)

    def message(self) -> Any:
        """The next frame, a binary one, unpacked."""
        opcode, payload = self.receive()
        assert opcode == 2, payload
        return unpack(payload)

    def infer(self, request: object) -> Any:
        self.send_frame(2, pack(request))
        return self.message()

    def failure(self) -> tuple[str, int, str]:
        """The text frame that says why, and the code and reason of the close after it."""
        opcode, payload = self.receive()
        assert opcode == 1, payload[:200]
        return payload.decode(), *self.closed()

    def closed(self) -> tuple[int, str]:
        opcode, payload = self.receive()
        assert opcode == 8, payload[:200]
        return struct.unpack(">H", payload[:2])[0], payload[2:].decode()


def http_get(port: int, path: str, headers: str = "", timeout: float = 10) -> tuple[int, str]:
    """Status and body of a plain GET."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode())
        data = b""
        while got := connection.recv(4096):
            data += got
    head, _, body = data.decode().partition("\r\n\r\n")
    return int(head.split()[1]), body


class RunningServer:
    """A server whose event loop runs in a thread of its own."""

    def __init__(self, server: PolicyServer, lines: list[str], loop: asyncio.AbstractEventLoop) -> None:
        self.server, self.lines, self._loop = server, lines, loop
        self.port = server.port

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Stop the server, and wait for that."""
        asyncio.run_coroutine_threadsafe(self.server.stop(), self._loop).result(30)

    def begin_stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.server.stop(), self._loop)


@contextmanager
def running(policy: Servable, **config: Any) -> Iterator[RunningServer]:
    """A server on a free port, stopped at the end."""
    lines: list[str] = []
    started: list[RunningServer | BaseException] = []
    ready, over = threading.Event(), threading.Event()

    async def main() -> None:
        try:
            async with PolicyServer(
                policy, ServerConfig(**{"port": 0, **config}), report=lines.append
            ) as server:
                started.append(RunningServer(server, lines, asyncio.get_running_loop()))
                ready.set()
                while not over.is_set():
                    await asyncio.sleep(0.005)
        except Exception as error:  # noqa: BLE001 - raised in the test's own thread, below
            started.append(error)
            ready.set()

    thread = threading.Thread(target=asyncio.run, args=(main(),), name="server-under-test")
    thread.start()
    try:
        assert ready.wait(10)
        if isinstance(started[0], BaseException):
            raise started[0]
        yield started[0]
    finally:
        over.set()
        thread.join(20)


@contextmanager
def served_by_command(*arguments: str) -> Iterator[str]:
    """The address of `understudy serve`, as a process of its own."""
    command = [sys.executable, "-m", "app.cli.main", "serve", *arguments, "--port", "0", "--device", "cpu"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3], env=environment
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"ws://\S+", line)
            assert found, line
            yield found.group()
        finally:
            process.terminate()
            process.wait(20)


STOCK_CLIENT = Path(sys.prefix) / "stock-client"

stock_client_is_there = pytest.mark.skipif(
    not (STOCK_CLIENT / "openpi_client").is_dir(), reason="openpi's client is not there; type: make setup"
)


def run_stock_client(port: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `stock_client.py` with openpi's client on its path."""
    program = str(Path(__file__).with_name("stock_client.py"))
    return subprocess.run(
        [sys.executable, program, str(port), *arguments],
        env={**os.environ, "PYTHONPATH": str(STOCK_CLIENT)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.fixture
def echo() -> Iterator[Echo]:
    policy = Echo()
    yield policy
    policy.release.set()


@pytest.fixture
def served(echo: Echo) -> Iterator[RunningServer]:
    """The echo policy, served."""
    with running(echo) as server:
        yield server
        echo.release.set()
