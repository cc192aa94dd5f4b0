"""Commands: answered or timed out, refused by name when malformed, from either side's return on as before."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
import zmq

from app.control import CommandClient, CommandServer
from app.control.channel import NoReplyError, address
from app.messages import Mode, Reply, SetMode, Shutdown, StartEpisode, Stop

PATIENCE_S = 10.0


@pytest.fixture
def client(runtime_dir: Path) -> Iterator[CommandClient]:
    client = CommandClient(runtime_dir, "robot")
    yield client
    client.close()


@contextmanager
def serving(runtime_dir: Path) -> Iterator[list[object]]:
    """A process that does what it is asked, except for modes above hold."""
    seen: list[object] = []
    server = CommandServer(runtime_dir, "robot")
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            server.wait(0.01)
            for request in server.receive():
                seen.append(request.command)
                if isinstance(request.command, SetMode) and request.command.mode > Mode.HOLD:
                    request.refuse("not now; hold first")
                else:
                    request.done(episode_id="0001")

    thread = threading.Thread(target=serve, name="server")
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()
        server.close()


def collected(client: CommandClient, count: int) -> list[tuple[int, object, Reply]]:
    answers: list[tuple[int, object, Reply]] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(answers) < count and time.monotonic() < deadline:
        answers += client.replies()
        time.sleep(0.005)
    return answers


def test_a_command_is_done_and_answered(runtime_dir: Path, client: CommandClient) -> None:
    command = StartEpisode(task="wipe the table", tags=("first",))
    with serving(runtime_dir) as seen:
        reply = client.call(command, timeout_s=PATIENCE_S)
    assert reply == Reply(data={"episode_id": "0001"})
    assert seen == [command]


def test_a_refusal_says_why(runtime_dir: Path, client: CommandClient) -> None:
    with serving(runtime_dir):
        assert client.call(SetMode(mode=Mode.TELEOP), timeout_s=PATIENCE_S).error == "not now; hold first"


def test_nobody_there_is_said_in_time(client: CommandClient) -> None:
    with pytest.raises(
        NoReplyError, match="no answer from the robot process to Shutdown; it is busy, starting or lost"
    ):
        client.call(Shutdown(), timeout_s=0.05)


def test_posted_commands_are_answered_by_number(runtime_dir: Path, client: CommandClient) -> None:
    with serving(runtime_dir):
        first = client.post(SetMode(mode=Mode.HOLD), timeout_s=PATIENCE_S)
        second = client.post(SetMode(mode=Mode.TELEOP), timeout_s=PATIENCE_S)
        answers = {number: (command, reply) for number, command, reply in collected(client, 2)}
    assert answers[first][1].error == ""
    assert answers[second][0] == SetMode(mode=Mode.TELEOP)
    assert answers[second][1].error == "not now; hold first"


def test_a_posted_command_times_out_once(client: CommandClient) -> None:
    number = client.post(Shutdown(), timeout_s=0.05)
    [(answered, command, reply)] = collected(client, 1)
    assert (answered, command) == (number, Shutdown())
    assert "no answer from the robot process" in reply.error
    assert list(client.replies()) == []


def test_a_server_that_comes_back_is_found_again(runtime_dir: Path, client: CommandClient) -> None:
    for _ in range(3):
        with serving(runtime_dir):
            assert client.call(Shutdown(), timeout_s=PATIENCE_S).error == ""


def test_an_answer_that_comes_too_late_is_not_taken_for_another(
    runtime_dir: Path, client: CommandClient
) -> None:
    server = CommandServer(runtime_dir, "robot")
    try:
        client.post(Shutdown(), timeout_s=PATIENCE_S)
        server.wait(PATIENCE_S)
        [slow] = server.receive()
        with pytest.raises(NoReplyError):
            client.call(SetMode(mode=Mode.HOLD), timeout_s=0.05)
        slow.refuse("much too late")
    finally:
        server.close()
    with serving(runtime_dir):
        assert client.call(SetMode(mode=Mode.HOLD), timeout_s=PATIENCE_S).error == ""


def test_what_was_given_up_does_not_happen_later_but_a_stop_does(
    runtime_dir: Path, client: CommandClient
) -> None:
    """The operator was told that nobody answers; a robot that comes back must not begin to move by itself."""
    client.post(SetMode(mode=Mode.TELEOP), timeout_s=0.05)
    client.post(Stop(reason="the red button"), timeout_s=0.05)
    assert len(collected(client, 2)) == 2
    with serving(runtime_dir) as seen:
        assert client.call(SetMode(mode=Mode.HOLD), timeout_s=PATIENCE_S).error == ""
    assert seen == [Stop(reason="the red button"), SetMode(mode=Mode.HOLD)]


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"\xc1", "malformed"),
        (msgspec.msgpack.encode({"type": "Dance"}), "Dance"),
        (msgspec.msgpack.encode({"type": "SetMode", "mode": 17}), "17"),
        (msgspec.msgpack.encode({"type": "SetMode"}), "mode"),
        (msgspec.msgpack.encode({"type": "Shutdown", "force": True}), "force"),
    ],
)
def test_a_malformed_command_is_refused_by_name(runtime_dir: Path, payload: bytes, why: str) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    try:
        socket.connect(address(runtime_dir, "robot"))
        with serving(runtime_dir) as seen:
            socket.send_multipart([b"only one frame, passed over"])
            deadline_ns = time.monotonic_ns() + int(PATIENCE_S * 1e9)
            socket.send_multipart([(1).to_bytes(8, "little"), deadline_ns.to_bytes(8, "little"), payload])
            assert socket.poll(round(PATIENCE_S * 1000))
            number, answer = socket.recv_multipart()
        reply = msgspec.msgpack.decode(answer, type=Reply)
        assert int.from_bytes(number, "little") == 1
        assert reply.error.startswith("malformed command")
        assert why in reply.error
        assert seen == []
    finally:
        socket.close()
        context.term()


def test_an_asker_who_is_gone_disturbs_nobody(runtime_dir: Path) -> None:
    server = CommandServer(runtime_dir, "robot")
    try:
        gone = CommandClient(runtime_dir, "robot")
        gone.post(Shutdown())
        server.wait(PATIENCE_S)
        requests = list(server.receive())
        gone.close()
        time.sleep(0.05)
        assert len(requests) == 1
        requests[0].done()
    finally:
        server.close()
