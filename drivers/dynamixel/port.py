"""A serial port for the SDK that waits instead of spinning, and says what is wrong with itself.

The SDK's own port (dynamixel-sdk 4.1.0) gives every packet its wire time plus 34 ms, measures it with the wall clock,
polls in a busy loop that holds the interpreter, and writes with a call that can block for good. This one has a time
limit of its own, on the monotonic clock, sleeps in the kernel until bytes come, and never blocks on a write.
"""

from __future__ import annotations

import errno
import os
import select
import termios
import time
from pathlib import Path

import serial
from dynamixel_sdk import PortHandler

from drivers.errors import (
    DriverError,
    LineLostError,
    PortBusyError,
    PortMissingError,
    PortPermissionError,
    PortSetupError,
)

READ_CHUNK_BYTES = 4096
BITS_PER_BYTE = 10
"""Eight data bits between a start and a stop bit."""


class WaitingPort(PortHandler):  # type: ignore[misc]  # its base is untyped
    """One open serial line. Method names in camel case are those that the SDK calls.

    Args:
        path: device path, or a link to one.
        baud: bits a second.
        packet_timeout_ms: time that a reply may take beyond its time on the wire.

    Raises:
        PortMissingError, PortPermissionError, PortBusyError, PortSetupError: when it cannot be opened.
    """

    def __init__(self, path: str, *, baud: int, packet_timeout_ms: float) -> None:
        super().__init__(path)
        self.path = path
        self.baudrate = baud
        self._grace_ns = int(packet_timeout_ms * 1e6)
        self._byte_ns = BITS_PER_BYTE * 1_000_000_000 // baud
        self._deadline_ns = 0
        self._limit_ns: int | None = None
        self._pending = bytearray()
        self._line = _open(path, baud)
        self._fd: int = self._line.fileno()
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        self.is_open = True

    def close(self) -> None:
        """Give the line back. Closing twice is allowed."""
        if self.is_open:
            self.is_open = False
            self._line.close()

    def wire_ns(self, n_bytes: int) -> int:
        """Time that so many bytes take on the wire."""
        return n_bytes * self._byte_ns

    def wait_no_longer_than(self, limit_ns: int | None) -> None:
        """Put a limit, on the monotonic clock, on the wait under way and every one to come; None lifts it."""
        self._limit_ns = limit_ns
        if limit_ns is not None:
            self._deadline_ns = min(self._deadline_ns, limit_ns)

    def clearPort(self) -> None:
        """Throw away what came too late to answer anything."""
        self._pending.clear()
        try:
            termios.tcflush(self._fd, termios.TCIFLUSH)
        except (termios.error, OSError) as error:
            raise self._lost(str(error)) from error

    def writePort(self, packet: list[int]) -> int:
        """Send bytes without waiting; returns how many went."""
        try:
            return os.write(self._fd, bytes(packet))
        except BlockingIOError as error:
            raise self._lost("it takes no more bytes") from error
        except OSError as error:
            raise self._lost(os.strerror(error.errno or 0)) from error

    def readPort(self, length: int) -> bytes:
        """Up to `length` bytes: what is there, else what comes before the deadline, else none."""
        if length <= 0:
            return b""
        if not self._pending:
            self._receive()
        chunk = bytes(self._pending[:length])
        del self._pending[:length]
        return chunk

    def setPacketTimeout(self, packet_length: int) -> None:
        """Start the time limit of a reply of so many bytes."""
        self._start(packet_length * self._byte_ns + self._grace_ns)

    def setPacketTimeoutMillis(self, msec: float) -> None:
        """Start a time limit of so many milliseconds."""
        self._start(int(msec * 1e6))

    def isPacketTimeout(self) -> bool:
        """Whether the time limit has run out."""
        return time.monotonic_ns() >= self._deadline_ns

    def getCurrentTime(self) -> float:
        """Milliseconds of the monotonic clock."""
        return time.monotonic_ns() / 1e6

    def _start(self, duration_ns: int) -> None:
        deadline_ns = time.monotonic_ns() + duration_ns
        self._deadline_ns = deadline_ns if self._limit_ns is None else min(deadline_ns, self._limit_ns)

    def _receive(self) -> None:
        """Take what has arrived; only when there is nothing, sleep until something does or the deadline passes."""
        if self._take_arrived():
            return
        remaining_ms = (self._deadline_ns - time.monotonic_ns()) / 1e6
        if remaining_ms > 0 and self._poll.poll(remaining_ms):
            self._take_arrived()

    def _take_arrived(self) -> bool:
        try:
            arrived = os.read(self._fd, READ_CHUNK_BYTES)
        except BlockingIOError:
            return False
        except OSError as error:
            raise self._lost(os.strerror(error.errno or 0)) from error
        if not arrived:
            # A line without a far end reads as an end of file, one that is merely quiet as "would block".
            # VMIN=0 lines, which pyserial sets up, report both as empty: only the poll's hang-up flag tells.
            if any(
                events & (select.POLLHUP | select.POLLERR | select.POLLNVAL)
                for _, events in self._poll.poll(0)
            ):
                raise self._lost("hung up")
            return False
        self._pending += arrived
        return True

    def _lost(self, why: str) -> LineLostError:
        return LineLostError(
            f"lost {self.path}: {why}", remedy="plug the cable back in; it is picked up again by itself"
        )


def _open(path: str, baud: int) -> serial.Serial:
    try:
        return serial.Serial(port=path, baudrate=baud, timeout=0, exclusive=True)
    except ValueError as error:
        raise PortSetupError(
            f"{path} does not take {baud} baud ({error})",
            remedy="set the bus's `baud` to one that the adapter offers",
        ) from error
    except OSError as error:  # pyserial's own is one; an adapter pulled out meanwhile raises a bare one
        raise _open_error(path, error) from error
    except termios.error as error:
        raise PortSetupError(
            f"{path} is not a serial line that can be set up ({error})",
            remedy="check the bus's `port` in the profile",
        ) from error


def _open_error(path: str, error: OSError) -> DriverError:
    code = error.errno
    if code in (errno.ENOENT, errno.ENODEV, errno.ENXIO) or not Path(path).exists():
        return PortMissingError(
            f"there is no {path}", remedy="plug the adapter in, or correct the bus's `port` in the profile"
        )
    if code in (errno.EACCES, errno.EPERM):
        return PortPermissionError(
            f"this user may not open {path}",
            remedy="add the user to the group that owns it (`sudo usermod -aG dialout $USER`) and log in again",
        )
    if code in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in str(error):
        return PortBusyError(
            f"another program holds {path}",
            remedy=f"find it with `fuser {path}` and close it; nothing is taken by force",
        )
    return PortSetupError(f"{path} could not be set up ({error})", remedy="check that it is a serial line")
