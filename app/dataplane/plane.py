"""Topics over iceoryx2: publish bytes into shared memory, receive them without a copy, count what was missed.

Each session has an iceoryx2 root and prefix of its own, so that two sessions on one machine never meet and what a
killed process leaves behind can be removed with the session. A sample carries its publisher's epoch and a sequence
number, from which a subscriber counts the samples it lost, also across a publisher's restart.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import iceoryx2 as iox2
import numpy as np
from numpy.typing import NDArray

HEADER_BYTES = 32
"""Before each payload: publisher epoch, sequence number, payload size, as little-endian uint64, and 8 spare bytes."""

_Header = ctypes.c_uint64 * 4

SHARED_MEMORY = Path("/dev/shm")

Bytes = NDArray[np.uint8]
Port = TypeVar("Port", "Publisher", "Subscriber")


@dataclass(frozen=True, slots=True)
class Topic:
    """A named stream of samples.

    Attributes:
        name: such as `tick` or `camera/front`.
        max_bytes: the largest payload.
        depth: samples a slow subscriber may fall behind before the oldest is dropped, and counted as lost.
        publishers: how many processes may publish at once; a killed one keeps its place until it is cleaned up.
        subscribers: how many may listen at once.
    """

    name: str
    max_bytes: int
    depth: int
    publishers: int = 2
    subscribers: int = 6


@dataclass(slots=True)
class Sample:
    """A received sample. `payload` is a read-only view into shared memory, valid until `release`.

    Attributes:
        payload: (n,) uint8.
        lost: samples of the same publisher that were dropped between the one before and this one.
    """

    payload: Bytes
    lost: int
    _sample: Any

    def release(self) -> None:
        """Give the memory back to the publisher; the payload must not be touched afterwards."""
        self.payload = _EMPTY
        self._sample.delete()


_EMPTY: Bytes = np.zeros(0, np.uint8)


class Publisher:
    """Writes one topic."""

    def __init__(self, port: Any, topic: Topic) -> None:
        self._port = port
        self._topic = topic
        self._epoch = int.from_bytes(os.urandom(7), "little")
        self._sequence = 0

    def send(self, *parts: bytes | Bytes) -> None:
        """Publish the parts, joined, as one sample.

        Raises:
            ValueError: when they are together larger than the topic allows.
        """
        arrays = [np.frombuffer(part, np.uint8) if isinstance(part, bytes) else part for part in parts]
        size = sum(part.nbytes for part in arrays)
        if size > self._topic.max_bytes:
            raise ValueError(
                f"sample of {size} bytes on {self._topic.name}; at most {self._topic.max_bytes} fit"
            )
        loan = self._port.loan_slice_uninit(HEADER_BYTES + size)
        memory = _view(loan.payload_ptr, HEADER_BYTES + size)
        memory[:HEADER_BYTES].view(np.uint64)[:] = (self._epoch, self._sequence, size, 0)
        offset = HEADER_BYTES
        for part in arrays:
            memory[offset : offset + part.nbytes] = part.reshape(-1).view(np.uint8)
            offset += part.nbytes
        loan.assume_init().send()
        self._sequence += 1

    def close(self) -> None:
        """Leave the topic."""
        self._port.delete()


class Subscriber:
    """Reads one topic."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self._next: dict[int, int] = {}
        self.lost = 0

    def receive(self) -> Sample | None:
        """The next sample, oldest first, or None when there is none now."""
        received = self._port.receive()
        if received is None:
            return None
        epoch, sequence, size, _ = _Header.from_address(received.payload_ptr)
        lost = sequence - self._next.get(epoch, sequence)
        self._next[epoch] = sequence + 1
        self.lost += lost
        payload = _view(received.payload_ptr + HEADER_BYTES, size)
        payload.flags.writeable = False
        return Sample(payload, lost, received)

    def drain(self) -> Iterator[Sample]:
        """Every sample that waits, oldest first; each is released when the next is asked for."""
        while (sample := self.receive()) is not None:
            try:
                yield sample
            finally:
                sample.release()

    def newest(self) -> Bytes | None:
        """A copy of the newest sample's payload that was not yet received, or None; older ones are passed over."""
        newest: Sample | None = None
        while (sample := self.receive()) is not None:
            if newest is not None:
                newest.release()
            newest = sample
        if newest is None:
            return None
        payload = newest.payload.copy()
        newest.release()
        return payload

    def close(self) -> None:
        """Leave the topic."""
        self._port.delete()


class DataPlane:
    """A process's door to the topics of one session."""

    def __init__(self, runtime_dir: Path) -> None:
        iox2.set_log_level(iox2.LogLevel.Fatal)
        config = iox2.config.default()
        root = runtime_dir / "plane"
        root.mkdir(parents=True, exist_ok=True)
        config.global_cfg.root_path = iox2.Path.new(str(root))
        config.global_cfg.prefix = iox2.FileName.new(plane_prefix(runtime_dir))
        self._node = (
            iox2.NodeBuilder.new()
            .config(config)
            .signal_handling_mode(iox2.SignalHandlingMode.Disabled)
            .create(iox2.ServiceType.Ipc)
        )
        self._ports: list[Publisher | Subscriber] = []

    def publisher(self, topic: Topic) -> Publisher:
        """A new writer of a topic."""
        port = (
            self._service(topic)
            .publisher_builder()
            .initial_max_slice_len(HEADER_BYTES + topic.max_bytes)
            .max_loaned_samples(2)
            .create()
        )
        return self._keep(Publisher(port, topic))

    def subscriber(self, topic: Topic) -> Subscriber:
        """A new reader of a topic; it sees what is published from now on."""
        return self._keep(Subscriber(self._service(topic).subscriber_builder().create()))

    def close(self) -> None:
        """Leave every topic."""
        for port in self._ports:
            port.close()
        self._ports.clear()

    def _keep(self, port: Port) -> Port:
        self._ports.append(port)
        return port

    def _service(self, topic: Topic) -> Any:
        return (
            self._node.service_builder(iox2.ServiceName.new(topic.name))
            .publish_subscribe(iox2.Slice[ctypes.c_uint8])
            .enable_safe_overflow(True)
            .history_size(0)
            .subscriber_max_buffer_size(topic.depth)
            .subscriber_max_borrowed_samples(3)
            .max_publishers(topic.publishers)
            .max_subscribers(topic.subscribers)
            .max_nodes(24)
            .payload_alignment(iox2.Alignment.new(64))
            .open_or_create()
        )


def plane_prefix(runtime_dir: Path) -> str:
    """The prefix of every shared-memory file of a session."""
    return f"us{hashlib.sha256(str(runtime_dir).encode()).hexdigest()[:12]}_"


def remove_leftovers(runtime_dir: Path) -> None:
    """Remove the shared memory that killed processes of an ended session left behind."""
    for path in SHARED_MEMORY.glob(plane_prefix(runtime_dir) + "*"):
        path.unlink(missing_ok=True)


def _view(address: int, size: int) -> Bytes:
    return np.frombuffer(memoryview((ctypes.c_uint8 * size).from_address(address)), np.uint8)
