"""The server over real sockets: the protocol as described, and every way in which a client can misbehave."""

from __future__ import annotations

import os
import re
import socket
import struct
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.serving.access import AccessError, ApiKey, read_api_key
from policy.serving.server import ServerConfig, ServerError
from policy.serving.wire import Limits, WireError, pack, unpack
from tests.policy.serving.conftest import Echo, RawClient, RunningServer, http_get, running

GOLDEN_METADATA = Path(__file__).parents[2] / "golden" / "wire" / "metadata_aloha.msgpack"


def connect(server: RunningServer, **options: Any) -> RawClient:
    """A client that has its metadata."""
    client = RawClient(server.port, **options)
    assert client.status == 101, client.head
    client.message()
    return client


def is_well(server: RunningServer) -> bool:
    """Whether a good client is served now."""
    with connect(server) as client:
        return client.infer({"id": "good"})["id"] == "good"


# -- the protocol ------------------------------------------------------------------------------------------------------


def test_metadata_first_then_replies_with_their_timing(served: RunningServer) -> None:
    with RawClient(served.port) as client:
        assert client.receive() == (2, GOLDEN_METADATA.read_bytes())
        first = client.infer({"id": 1})
        second = client.infer({"id": 2})
    assert list(first) == ["actions", "policy_timing", "id", "server_timing"]
    assert first["policy_timing"] == {"infer_ms": 1.0}
    assert list(first["server_timing"]) == ["infer_ms"]
    assert list(second["server_timing"]) == ["infer_ms", "prev_total_ms"]
    assert 0 <= second["server_timing"]["prev_total_ms"] < 5000
    np.testing.assert_array_equal(second["actions"], np.full((4, 2), 2, np.float32))


@pytest.mark.parametrize("metadata", [{}, {"reset_pose": [0, -1.5, 1.5, 0, 0, 0]}])
def test_metadata_bytes_are_openpis(metadata: dict[str, Any]) -> None:
    name = "metadata_aloha.msgpack" if metadata else "metadata_empty.msgpack"
    with running(Echo(metadata)) as server, RawClient(server.port) as client:
        assert client.receive() == (2, GOLDEN_METADATA.with_name(name).read_bytes())


def test_metadata_that_cannot_be_sent_is_said_before_anybody_connects() -> None:
    with pytest.raises(WireError, match=r"\['made_by'\] is a object"), running(Echo({"made_by": object()})):
        pass


def test_health_checks_and_plain_requests(served: RunningServer) -> None:
    assert http_get(served.port, "/healthz") == (200, "OK\n")
    status, body = http_get(served.port, "/")
    assert status == 426
    assert "WebSocket" in body


def test_no_compression_is_agreed_on(served: RunningServer) -> None:
    offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    with RawClient(served.port, headers=offer) as client:
        assert "Sec-WebSocket-Extensions" not in client.head


def test_a_web_page_may_not_connect(served: RunningServer) -> None:
    with RawClient(served.port, headers="Origin: http://example.org\r\n") as client:
        assert client.status == 403


def test_a_failing_policy_costs_one_connection(served: RunningServer) -> None:
    with connect(served) as client, connect(served) as other:
        client.send_frame(2, pack({"do": "fail"}))
        text, code, reason = client.failure()
        assert text.startswith("Traceback (most recent call last):")
        assert text.strip().splitlines()[-1] == "RuntimeError: deliberate failure"
        assert (code, reason) == (1011, "Internal server error. Traceback included in previous frame.")
        assert other.infer({"id": "other"})["id"] == "other"
    assert is_well(served)
    assert any(line.endswith("RuntimeError: deliberate failure") for line in served.lines)


@pytest.mark.parametrize(
    ("do", "last_line"),
    [
        ("exit", "SystemExit: 3"),
        ("stop iteration", "StopIteration"),
        ("odd path", "FileNotFoundError: [Errno 2] No such file: '/tmp/\\udcff'"),
        ("lines", "two"),
        ("nan", "policy.serving.calls.PolicyFault: the policy's answer['actions'] is nan, in 1 of 2 places"),
        ("no map", "policy.serving.calls.PolicyFault: the policy answered a list; it must answer a map"),
        ("object", r"policy.serving.*WireError: ['actions'] is a object"),
    ],
)
def test_whatever_a_policy_does_the_server_lives_on(served: RunningServer, do: str, last_line: str) -> None:
    with connect(served) as client:
        client.send_frame(2, pack({"do": do}))
        text, code, _ = client.failure()
    pattern = re.escape(last_line).replace(r"\.\*", ".*")
    assert re.match(pattern, text.strip().splitlines()[-1]), text
    assert code == 1011
    assert is_well(served)


# -- bad messages ------------------------------------------------------------------------------------------------------

BAD_FRAMES: dict[str, tuple[int, bytes, str]] = {
    "text": (1, b"{}", "RequestError: the request came as a text frame"),
    "no msgpack": (2, b"\xc1\xc1", "WireError: byte 0 is 0xc1"),
    "empty": (2, b"", "WireError: the message ends after 0 bytes"),
    "a list": (2, pack([1, 2]), "WireError: the message is a list; it must be a map"),
    "an array": (2, pack(np.zeros(3)), "WireError: the message is a value of type ndarray; it must be a map"),
    "a number as key": (2, b"\x81\x01\x02", "WireError: the message has the key 1; keys must be texts"),
    "an object array": (
        2,
        b"\x81\xa1x\x84\xc4\x0b__ndarray__\xc3\xc4\x04data\xc4\x00\xc4\x05dtype\xa2|O\xc4\x05shape\x90",
        "WireError: ['x']: the dtype '|O' is not allowed",
    ),
    "nan": (2, pack({"state": np.array([0, np.nan])}), "RequestError: ['state'] is nan, in 1 of 2 places"),
    "infinity": (2, pack({"a": {"b": [1.0, float("inf")]}}), "RequestError: ['a']['b'][1] is inf"),
    "unknown call": (2, pack({"understudy/call": "dance"}), "RequestError: understudy/call is 'dance'"),
    "a call it has not": (2, pack({"understudy/call": "subtask"}), "this policy answers actions"),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_bad_message_is_named_and_costs_one_connection(served: RunningServer, name: str) -> None:
    opcode, payload, expected = BAD_FRAMES[name]
    with connect(served) as client, connect(served) as other:
        client.send_frame(opcode, payload)
        text, code, reason = client.failure()
        assert expected in text.strip().splitlines()[-1]
        assert (code, reason) == (1011, "Internal server error. Traceback included in previous frame.")
        assert other.infer({"id": 3})["id"] == 3


def test_an_oversized_message_is_refused_by_its_size(echo: Echo) -> None:
    with running(echo, limits=Limits(bytes=10_000)) as server, connect(server) as other:
        with connect(server) as client:
            client.send_frame(2, pack({"x": bytes(20_000)}))
            code, reason = client.closed()
        assert code == 1009
        assert "exceeds limit of 10000 bytes" in reason
        with connect(server) as client:  # in pieces, each of which is small enough
            client.send_frame(2, bytes(6_000), fin=False)
            client.send_frame(0, bytes(6_000))
            assert client.closed()[0] == 1009
        with connect(server) as client:  # announced, never sent: nothing is set aside for it
            client.socket.sendall(b"\x82\xff" + struct.pack(">Q", 2**62) + bytes(4))
            assert client.closed()[0] == 1009
        assert other.infer({"id": "other"})["id"] == "other"
        assert echo.calls == ["other"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 2, 2, 2, 8, 9, 10, 11]), st.binary(max_size=80)), max_size=4)
)
def test_garbage_frames_never_stop_the_server(served: RunningServer, frames: list[tuple[int, bytes]]) -> None:
    with connect(served) as client:
        try:
            for opcode, payload in frames:
                client.send_frame(opcode, payload)
        except OSError:
            pass  # it hung up already
    assert is_well(served)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_garbage_connections_never_stop_the_server(served: RunningServer, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as connection:
        connection.sendall(data)
    assert http_get(served.port, "/healthz")[0] == 200


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_message_never_stops_the_server(served: RunningServer, data: st.DataObject) -> None:
    message = bytearray(
        pack({"state": np.zeros(3), "images": {"a": np.zeros((2, 2, 3), np.uint8)}, "prompt": "go"})
    )
    for _ in range(data.draw(st.integers(1, 3))):
        message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    with connect(served) as client:
        client.send_frame(2, bytes(message))
        opcode, payload = client.receive()
        assert opcode in (1, 2)
        if opcode == 1:
            assert re.search(r"^policy\S*(WireError|RequestError): ", payload.decode().splitlines()[-1])
    assert is_well(served)


# -- several clients ---------------------------------------------------------------------------------------------------


def test_health_checks_and_pings_are_answered_while_a_request_takes_seconds(
    served: RunningServer, echo: Echo
) -> None:
    with connect(served) as busy, connect(served) as waiting:
        busy.send_frame(2, pack({"do": "block", "id": "busy"}))
        assert echo.started.wait(5)
        waiting.send_frame(2, pack({"id": "waiting"}))
        took_ms = []
        for _ in range(20):
            start = time.monotonic()
            assert http_get(served.port, "/healthz") == (200, "OK\n")
            busy.send_frame(9, b"are you there")
            assert busy.receive() == (10, b"are you there")
            took_ms.append(1e3 * (time.monotonic() - start))
        with connect(served):
            pass  # a new client gets its metadata
        assert echo.calls == ["busy"]
        echo.release.set()
        assert busy.message()["id"] == "busy"
        assert waiting.message()["id"] == "waiting"
    assert sorted(took_ms)[10] < 50, took_ms


def test_inference_runs_in_one_thread_and_in_turn(served: RunningServer, echo: Echo) -> None:
    """A client that sends without waiting gets no more turns than one that waits."""
    with connect(served) as blocker, connect(served) as greedy, connect(served) as modest:
        blocker.send_frame(2, pack({"do": "block"}))
        assert echo.started.wait(5)
        for index in range(4):
            greedy.send_frame(2, pack({"id": f"greedy {index}"}))
        time.sleep(0.1)
        modest.send_frame(2, pack({"id": "modest"}))
        time.sleep(0.1)
        echo.release.set()
        assert modest.message()["id"] == "modest"
        assert [greedy.message()["id"] for _ in range(4)] == [f"greedy {index}" for index in range(4)]
    assert echo.calls.index("modest") <= 2
    assert len(echo.threads) == 1
    assert threading.get_ident() not in echo.threads


def test_requests_of_a_client_that_vanished_are_dropped(served: RunningServer, echo: Echo) -> None:
    with connect(served) as blocker:
        blocker.send_frame(2, pack({"do": "block", "id": "blocker"}))
        assert echo.started.wait(5)
        gone = connect(served)
        gone.send_frame(2, pack({"id": "gone"}))
        time.sleep(0.1)
        gone.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # by a reset
        gone.socket.close()
        time.sleep(0.1)
        echo.release.set()
        assert blocker.message()["id"] == "blocker"
        assert is_well(served)
    assert echo.calls == ["blocker", "good"]


def test_a_failure_ends_a_connection_at_once_whatever_else_was_sent(served: RunningServer) -> None:
    """The client's agreement to the end lies behind requests that nobody will read."""
    with connect(served) as client:
        for _ in range(20):
            client.send_frame(2, pack({"do": "fail"}))
        assert client.failure()[1] == 1011
        started = time.monotonic()
        client.send_frame(8, struct.pack(">H", 1011))
        with pytest.raises(EOFError):
            client.read(1)
        assert time.monotonic() - started < 1


def test_a_client_that_vanishes_while_it_is_answered_does_no_harm(served: RunningServer, echo: Echo) -> None:
    with connect(served) as client:
        client.send_frame(2, pack({"do": "block"}))
        assert echo.started.wait(5)
    echo.release.set()
    assert is_well(served)
    assert any("gone without a word" in line for line in served.lines)


def test_one_client_too_many_is_told_so(echo: Echo) -> None:
    with running(echo, max_clients=2) as server, connect(server), connect(server):
        with RawClient(server.port) as third:
            assert third.status == 503
        assert http_get(server.port, "/healthz")[0] == 200


# -- keys and addresses ------------------------------------------------------------------------------------------------


def test_the_key_is_really_checked(echo: Echo) -> None:
    with running(echo, api_key=ApiKey("correct-horse")) as server:
        with connect(server, key="correct-horse") as client:
            assert client.infer({"id": 1})["id"] == 1
        for key in (None, "", "wrong", "correct-hors", "correct-horse2", "Correct-horse"):
            with RawClient(server.port, key=key) as client:
                assert client.status == 401
                assert client.read(60).startswith(b"wrong or no API key")
                assert "WWW-Authenticate: Api-Key" in client.head
        twice = "Authorization: Api-Key correct-horse\r\n" * 2
        for headers in ("Authorization: Bearer correct-horse\r\n", "Authorization: correct-horse\r\n", twice):
            with RawClient(server.port, headers=headers) as client:
                assert client.status == 401
        assert http_get(server.port, "/healthz") == (200, "OK\n")
        assert http_get(server.port, "/")[0] == 426
        assert any("wrong or no API key" in line for line in server.lines)


def test_keys_come_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNDERSTUDY_API_KEY", raising=False)
    assert read_api_key(None) is None
    monkeypatch.setenv("UNDERSTUDY_API_KEY", "from-environment")
    assert read_api_key(None) == ApiKey("from-environment")
    file = tmp_path / "key"
    file.write_text("from-file\n")
    assert read_api_key(file) == ApiKey("from-file")
    assert "from-file" not in repr(ApiKey("from-file"))


@pytest.mark.parametrize(
    "content", [b"", b" \n", b"two words", b"two\nlines", "schlüssel".encode(), b"\xff\xfe"]
)
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(AccessError, match=r"API key"):
        read_api_key(file)
    with pytest.raises(AccessError, match="No such file"):
        read_api_key(tmp_path / "missing")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "robot.local", ""])
def test_the_network_is_served_only_with_a_key_or_on_purpose(host: str) -> None:
    with pytest.raises(AccessError, match="--no-api-key"):
        ServerConfig(host=host)
    assert ServerConfig(host=host, api_key=ApiKey("k")).host == host
    assert ServerConfig(host=host, without_key=True).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_is_served_without_a_key(host: str) -> None:
    assert ServerConfig(host=host).host == host


def test_a_port_in_use_is_named(served: RunningServer) -> None:
    with (
        pytest.raises(ServerError, match=f"port {served.port} on 127.0.0.1 is in use"),
        running(Echo(), port=served.port),
    ):
        pass


def test_an_address_of_another_machine_is_named() -> None:
    expected = pytest.raises(ServerError, match=r"192\.0\.2\.1 is no address of this machine")
    with expected, running(Echo(), host="192.0.2.1", without_key=True):
        pass


# -- the end -----------------------------------------------------------------------------------------------------------


def test_stopping_finishes_the_request_that_is_answered_and_tells_the_others(
    served: RunningServer, echo: Echo
) -> None:
    with connect(served) as busy, connect(served) as waiting, connect(served) as idle:
        busy.send_frame(2, pack({"do": "block", "id": "busy"}))
        assert echo.started.wait(5)
        waiting.send_frame(2, pack({"id": "waiting"}))
        time.sleep(0.1)
        served.begin_stop()
        assert idle.closed() == (1001, "the server is stopping")
        text, code, _ = waiting.failure()
        assert "ServerStopping: the server is stopping; the request was not answered" in text
        assert code == 1001
        with pytest.raises(OSError, match="refused"):
            RawClient(served.port)
        echo.release.set()
        assert busy.message()["id"] == "busy"
        assert busy.closed() == (1001, "the server is stopping")
    served.stop()
    assert echo.calls == ["busy"]


def test_stopping_does_not_wait_for_ever(echo: Echo) -> None:
    with running(echo, drain_s=0.2) as server, connect(server) as busy:
        busy.send_frame(2, pack({"do": "block"}))
        assert echo.started.wait(5)
        start = time.monotonic()
        server.begin_stop()
        assert "ServerStopping" in busy.failure()[0]
        assert time.monotonic() - start < 5
        echo.release.set()


def test_memory_stays_bounded_when_a_client_never_reads(
    served: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its replies fill the buffers, and then it is simply not read from any more; others are served."""
    monkeypatch.setattr("policy.serving.server.CLOSE_TIMEOUT_S", 0.2)
    with connect(served) as deaf:
        deaf.socket.settimeout(0.5)
        request = pack({"id": os.urandom(200_000)})

        def send_much() -> None:
            for _ in range(400):
                deaf.send_frame(2, request)

        with pytest.raises(TimeoutError):
            send_much()
        assert is_well(served)
        started = time.monotonic()
        served.stop()  # does not wait for it to read its replies
        assert time.monotonic() - started < 5


def test_what_is_served_is_what_was_sent(served: RunningServer) -> None:
    with connect(served) as client:
        for size in (0, 1, 125, 126, 65_535, 65_536, 1_000_000):
            payload = os.urandom(size)
            assert client.infer({"id": payload})["id"] == payload
    assert unpack(pack({})) == {}
