"""The client against our server, against one written from the protocol's description, and against none at all."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from policy.serving.access import AccessError, ApiKey
from policy.serving.client import PolicyClient
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
from policy.serving.wire import WireError, pack
from tests.policy.serving.conftest import Echo, RunningServer, running


@contextmanager
def stock_server(handler: Callable[[ServerConnection], None], **options: Any) -> Iterator[str]:
    """A server of its own making, one thread a connection; yields its address."""
    with serve(handler, "127.0.0.1", 0, compression=None, max_size=None, **options) as server:
        thread = threading.Thread(target=server.serve_forever, name="stock-server")
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def tcp_server(handler: Callable[[socket.socket], None]) -> Iterator[str]:
    """Something that listens and does not speak the protocol."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        over = threading.Event()

        def run() -> None:
            while not over.is_set():
                with suppress(OSError):
                    connection, _ = listening.accept()
                    with connection, suppress(OSError):
                        handler(connection)

        thread = threading.Thread(target=run, name="tcp-server")
        thread.start()
        try:
            yield f"ws://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_asks_and_gets_replies(served: RunningServer) -> None:
    with PolicyClient(served.url) as client:
        assert client.metadata == {"reset_pose": [0, -1.5, 1.5, 0, 0, 0]}
        for index in range(3):
            reply = client.infer({"id": index, "image": np.zeros((8, 8, 3), np.uint8)})
            assert reply["id"] == index
            np.testing.assert_array_equal(reply["actions"], np.full((4, 2), index + 1, np.float32))


def test_a_late_reply_is_never_taken_for_the_next_ones(served: RunningServer, echo: Echo) -> None:
    with PolicyClient(served.url, reply_timeout_s=0.3) as client:
        with pytest.raises(ReplyTimeout, match=r"did not answer within 0\.3 s"):
            client.infer({"id": "slow", "do": "block"})
        echo.release.set()
        for index in range(5):
            assert client.infer({"id": index})["id"] == index
    assert echo.calls == ["slow", 0, 1, 2, 3, 4]


def test_a_late_reply_of_a_server_without_our_care_is_dropped_too() -> None:
    """A server that answers everything, however late, and does not notice that nobody waits."""
    slow = threading.Event()

    def handler(connection: ServerConnection) -> None:
        connection.send(pack({}))
        with suppress(ConnectionClosed):
            for count, frame in enumerate(connection):
                if not slow.is_set():
                    slow.set()
                    time.sleep(0.4)
                connection.send(pack({"reply": count, "size": len(frame)}))

    with stock_server(handler) as url, PolicyClient(url, reply_timeout_s=0.2) as client:
        with pytest.raises(ReplyTimeout):
            client.infer({"a": 1})
        assert client.infer({"longer": "request"}) == {"reply": 0, "size": len(pack({"longer": "request"}))}
        time.sleep(0.5)
        assert client.infer({"b": 1}) == {"reply": 1, "size": len(pack({"b": 1}))}


def test_a_time_out_for_one_request(served: RunningServer, echo: Echo) -> None:
    with PolicyClient(served.url) as client:
        started = time.monotonic()
        with pytest.raises(ReplyTimeout):
            client.infer({"do": "block"}, timeout_s=0.1)
        assert time.monotonic() - started < 1.5
        echo.release.set()
        assert client.infer({"id": 1})["id"] == 1


def test_a_server_that_takes_nothing_is_given_up() -> None:
    """It accepts the connection and never reads: the request fills the buffers and sending blocks."""
    stuck = threading.Event()

    def handler(connection: ServerConnection) -> None:
        connection.send(pack({}))
        stuck.wait(10)

    with stock_server(handler, max_queue=1) as url:
        client = PolicyClient(url, reply_timeout_s=0.3)
        client.connect()
        started = time.monotonic()
        with pytest.raises(ReplyTimeout):
            client.infer({"blob": bytes(30_000_000)})
        assert time.monotonic() - started < 5
        client.close()
        stuck.set()


def test_an_interrupted_wait_leaves_no_reply_behind(
    served: RunningServer, echo: Echo, monkeypatch: Any
) -> None:
    with PolicyClient(served.url) as client:
        connection = client._connection
        assert connection is not None

        def interrupted(**_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(connection, "recv", interrupted)
        with pytest.raises(KeyboardInterrupt):
            client.infer({"id": "interrupted"})
        assert client.infer({"id": "next"})["id"] == "next"


def test_comes_back_after_a_restart() -> None:
    with running(Echo()) as first:
        port = first.port
        client = PolicyClient(first.url, reply_timeout_s=10)
        assert client.infer({"id": 1})["id"] == 1
    with pytest.raises(ServerUnreachable, match="refused"):
        client.infer({"id": 2}, timeout_s=0.2)
    with running(Echo(), port=port):
        assert client.infer({"id": 3})["id"] == 3
    with running(Echo(), port=port):  # without a request in between
        assert client.infer({"id": 4})["id"] == 4
    client.close()


def test_waits_for_a_server_that_is_not_there_yet() -> None:
    port = free_port()
    client = PolicyClient(f"127.0.0.1:{port}", connect_timeout_s=10)
    connecting = threading.Thread(target=client.connect)
    connecting.start()
    time.sleep(0.3)
    with running(Echo(), port=port):
        connecting.join(10)
        assert client.infer({"id": 1})["id"] == 1
        client.close()


def test_gives_up_on_a_server_that_never_comes() -> None:
    client = PolicyClient(f"ws://127.0.0.1:{free_port()}", connect_timeout_s=0.3)
    started = time.monotonic()
    with pytest.raises(ServerUnreachable, match=r"within 0\.3 s: .*refused"):
        client.connect()
    assert time.monotonic() - started < 2


def test_another_policy_after_a_restart_is_not_asked() -> None:
    with running(Echo({"name": "kitchen", "horizon": 50})) as first:
        port = first.port
        client = PolicyClient(first.url)
        client.connect()
    other = Echo({"name": "laundry", "horizon": 50})
    with running(other, port=port) as second:
        for _ in range(2):
            with pytest.raises(PolicyChanged, match=r"\(name differ\)"):
                client.infer({"id": 1})
        with PolicyClient(second.url) as anew:
            assert anew.infer({"id": 2})["id"] == 2
    assert other.calls == [2]
    client.close()


def test_a_remote_error_has_the_remote_message(served: RunningServer) -> None:
    with PolicyClient(served.url) as client:
        with pytest.raises(RemoteError, match="could not answer: RuntimeError: deliberate failure") as error:
            client.infer({"do": "fail"})
        assert error.value.remote_type == "RuntimeError"
        assert error.value.remote_message == "deliberate failure"
        assert error.value.remote_traceback.startswith("Traceback")
        with pytest.raises(RemoteError) as error:
            client.infer({"state": np.array([np.nan])})
        assert error.value.remote_type == "policy.types.RequestError"
        assert client.infer({"id": 1})["id"] == 1


def test_the_connection_may_end_before_the_reply() -> None:
    def handler(connection: ServerConnection) -> None:
        connection.send(pack({}))
        connection.recv()
        connection.close(1001, "off")

    with (
        stock_server(handler) as url,
        PolicyClient(url) as client,
        pytest.raises(ConnectionLost, match="1001"),
    ):
        client.infer({"id": 1})


def test_a_reply_that_is_none_is_named() -> None:
    def handler(connection: ServerConnection) -> None:
        connection.send(pack({}))
        with suppress(ConnectionClosed):
            for _ in connection:
                connection.send(b"\x93\1")

    with stock_server(handler) as url, PolicyClient(url) as client:
        for _ in range(2):
            with pytest.raises(BadReply, match="cannot be read: the message ends after 2 bytes"):
                client.infer({"id": 1})


def test_a_request_that_cannot_be_written_costs_no_connection(served: RunningServer, echo: Echo) -> None:
    with PolicyClient(served.url) as client:
        with pytest.raises(WireError, match=r"\['camera'\] is a object"):
            client.infer({"camera": object()})
        assert client.infer({"id": 1})["id"] == 1
    assert len([line for line in served.lines if line.endswith(": connected")]) == 1


def test_the_key_is_sent_and_a_wrong_one_is_not_tried_for_ever() -> None:
    with running(Echo(), api_key=ApiKey("correct")) as server:
        with PolicyClient(server.url, api_key="correct") as client:
            assert client.infer({"id": 1})["id"] == 1
        for key in ("wrong", None):
            started = time.monotonic()
            with pytest.raises(AccessRefused, match=r"\(401\): wrong or no API key"):
                PolicyClient(server.url, api_key=key).connect()
            assert time.monotonic() - started < 2


def test_what_is_no_policy_server_is_named(served: RunningServer) -> None:
    def talks_something_else(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"220 mail server ready\r\n")

    def sends_a_page(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    for handler in (talks_something_else, sends_a_page):
        with tcp_server(handler) as url, pytest.raises(NotAPolicyServer, match="no policy server"):
            PolicyClient(url, connect_timeout_s=2).connect()

    def sends_a_list(connection: ServerConnection) -> None:
        connection.send(pack([1]))
        with suppress(ConnectionClosed):
            connection.recv()

    with stock_server(sends_a_list) as url, pytest.raises(NotAPolicyServer, match="a list; it must be a map"):
        PolicyClient(url).connect()


def test_a_server_that_says_nothing_is_given_up() -> None:
    def resets(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def waits(connection: socket.socket) -> None:
        time.sleep(0.3)

    def hangs_up(connection: socket.socket) -> None:
        connection.recv(1000)

    def no_metadata(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            connection.recv()

    for handler in (resets, waits, hangs_up):
        with tcp_server(handler) as url, pytest.raises(ServerUnreachable):
            PolicyClient(url, connect_timeout_s=0.15).connect()
    with stock_server(no_metadata) as url, pytest.raises(ServerUnreachable, match="no metadata"):
        PolicyClient(url, connect_timeout_s=0.15).connect()


def test_several_threads_share_a_client(served: RunningServer) -> None:
    wrong: list[object] = []

    def ask(name: str) -> None:
        for index in range(20):
            if client.infer({"id": f"{name}{index}"})["id"] != f"{name}{index}":
                wrong.append(name)

    with PolicyClient(served.url) as client:
        threads = [threading.Thread(target=ask, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_waiting_for_another_threads_request_counts_and_asks_nothing(
    served: RunningServer, echo: Echo
) -> None:
    replies: list[Any] = []
    with PolicyClient(served.url, connect_timeout_s=0.2) as client:
        asking = threading.Thread(target=lambda: replies.append(client.infer({"id": "slow", "do": "block"})))
        asking.start()
        assert echo.started.wait(5)
        started = time.monotonic()
        with pytest.raises(ReplyTimeout, match=r"another thread was asking .* for all of 0\.3 s"):
            client.infer({"id": "impatient"}, timeout_s=0.3)
        with pytest.raises(ReplyTimeout, match="another thread"):
            client.connect()
        assert time.monotonic() - started < 2
        echo.release.set()
        asking.join(5)
    assert replies[0]["id"] == "slow"
    assert echo.calls == ["slow"]


def test_closing_while_it_connects_leaves_no_connection_behind() -> None:
    shaking, go_on, left = threading.Event(), threading.Event(), threading.Event()

    def slow_handshake(connection: ServerConnection, request: object) -> None:
        shaking.set()
        go_on.wait(5)

    def handler(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            connection.send(pack({}))
            connection.recv()
        left.set()

    errors: list[BaseException] = []

    def ask() -> None:
        try:
            client.infer({})
        except ClientClosed as error:
            errors.append(error)

    with stock_server(handler, process_request=slow_handshake) as url:
        client = PolicyClient(url)
        asking = threading.Thread(target=ask)
        asking.start()
        assert shaking.wait(5)
        client.close()
        go_on.set()
        asking.join(5)
        assert left.wait(5)
    assert [str(error) for error in errors] == ["the client was closed while it was connecting"]


def test_closing_ends_a_request_under_way(served: RunningServer, echo: Echo) -> None:
    client = PolicyClient(served.url)
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            client.infer({"do": "block"})
        except ClientClosed as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert echo.started.wait(5)
    client.close()
    thread.join(5)
    assert len(errors) == 1
    with pytest.raises(ClientClosed):
        client.infer({})
    client.close()


@pytest.mark.parametrize(
    "url", ["", "http://x:1", "ws://", "ws://:80", "ws://h:99999", "ws://h:x", "ftp://a"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="it looks like ws://127"):
        PolicyClient(url)


def test_settings_that_make_no_sense_are_refused() -> None:
    for name in ("connect_timeout_s", "reply_timeout_s"):
        for seconds in (0, -1, float("nan"), float("inf")):
            with pytest.raises(ValueError, match=name):
                PolicyClient("h:1", **{name: seconds})
            with pytest.raises(ValueError, match="timeout_s is"):
                PolicyClient("h:1").infer({}, timeout_s=seconds)
    with pytest.raises(AccessError):
        PolicyClient("h:1", api_key="two words")
