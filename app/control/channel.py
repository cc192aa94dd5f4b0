"""Commands over ZeroMQ sockets in the session's runtime directory.

A server answers from its own loop by calling `receive` whenever it has time; nothing runs in a thread behind it. A
client may wait for the answer (`call`) or collect answers later (`post` and `replies`), so neither the 50 Hz loop nor
the window ever waits for the other side. Either side may be killed and come back. A command that is read only after
its asker gave up is dropped: what a person was told did not happen must not happen later by itself.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import zmq

from app.messages import AnyCommand, Command, Reply

_decode_command = msgspec.msgpack.Decoder(AnyCommand).decode
_decode_reply = msgspec.msgpack.Decoder(Reply).decode
_encode = msgspec.msgpack.Encoder().encode


class NoReplyError(Exception):
    """A process did not answer a command in time."""


def address(runtime_dir: Path, process: str) -> str:
    """Where a process takes commands."""
    return f"ipc://{runtime_dir}/{process}.sock"


@dataclass(frozen=True, slots=True)
class Request:
    """A command that arrived; answer it once."""

    command: Command
    _peer: bytes
    _number: bytes
    _socket: zmq.Socket[bytes]

    def reply(self, reply: Reply) -> None:
        """Send the answer; dropped without a word when the asker is gone."""
        self._socket.send_multipart([self._peer, self._number, _encode(reply)], flags=zmq.NOBLOCK)

    def refuse(self, error: str) -> None:
        """Answer that it cannot be done: what, the value seen, what to do."""
        self.reply(Reply(error=error))

    def done(self, **data: object) -> None:
        """Answer that it is done."""
        self.reply(Reply(data=data))


class CommandServer:
    """Takes the commands of one process."""

    def __init__(self, runtime_dir: Path, process: str) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.linger = 0
        self._socket.bind(address(runtime_dir, process))

    def wait(self, timeout_s: float) -> None:
        """Sleep until a command waits, or for this long."""
        self._socket.poll(round(timeout_s * 1000))

    def receive(self) -> Iterator[Request]:
        """Every command that waits and is still wanted; returns at once when there is none.

        Malformed ones are refused by name.
        """
        while self._socket.poll(0):
            frames = self._socket.recv_multipart()
            if len(frames) != 4:
                continue
            peer, number, deadline, payload = frames
            try:
                command = _decode_command(payload)
            except msgspec.DecodeError as error:
                Request(Command(), peer, number, self._socket).refuse(
                    f"malformed command ({error}); update both sides"
                )
                continue
            if command.good_late or time.monotonic_ns() <= int.from_bytes(deadline, "little"):
                yield Request(command, peer, number, self._socket)

    def close(self) -> None:
        """Stop taking commands."""
        self._socket.close()
        self._context.term()


class CommandClient:
    """Asks one process. Not to be shared between threads."""

    def __init__(self, runtime_dir: Path, process: str) -> None:
        self._process = process
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.connect(address(runtime_dir, process))
        self._numbers = itertools.count(1)
        self._posted: dict[int, tuple[Command, int]] = {}

    def post(self, command: Command, *, timeout_s: float = 2.0) -> int:
        """Send without waiting; returns the number under which `replies` will give the answer."""
        number = next(self._numbers)
        deadline_ns = time.monotonic_ns() + int(timeout_s * 1e9)
        self._posted[number] = (command, deadline_ns)
        frames = [number.to_bytes(8, "little"), deadline_ns.to_bytes(8, "little"), _encode(command)]
        try:
            self._socket.send_multipart(frames, flags=zmq.NOBLOCK)
        except zmq.Again:
            self._posted[number] = (command, 0)
        return number

    @property
    def waiting(self) -> bool:
        """Whether an answer to a posted command is still to come, or to be given up."""
        return bool(self._posted)

    def replies(self) -> Iterator[tuple[int, Command, Reply]]:
        """Answers that came for posted commands, and a refusal for each that timed out."""
        while self._socket.poll(0):
            frame, payload = self._socket.recv_multipart()
            number = int.from_bytes(frame, "little")
            command, _ = self._posted.pop(number, (None, 0))
            if command is not None:
                yield number, command, _decode_reply(payload)
        now = time.monotonic_ns()
        for number in [n for n, (_, deadline) in self._posted.items() if deadline < now]:
            command, _ = self._posted.pop(number)
            yield number, command, Reply(error=self._silence(command))

    def call(self, command: Command, *, timeout_s: float = 2.0) -> Reply:
        """Send and wait for the answer; answers to posted commands that come meanwhile are dropped.

        Raises:
            NoReplyError: when none came within `timeout_s`.
        """
        wanted = self.post(command, timeout_s=timeout_s)
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0:
            if not self._socket.poll(int(left_s * 1000) + 1):
                break
            frame, payload = self._socket.recv_multipart()
            number = int.from_bytes(frame, "little")
            self._posted.pop(number, None)
            if number == wanted:
                return _decode_reply(payload)
        self._posted.pop(wanted, None)
        raise NoReplyError(self._silence(command))

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
        self._context.term()

    def _silence(self, command: Command) -> str:
        return f"no answer from the {self._process} process to {type(command).__name__}; it is busy, starting or lost"
