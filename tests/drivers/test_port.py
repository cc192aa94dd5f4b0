"""A serial port that waits, and says what is wrong with itself."""

from __future__ import annotations

import errno
import os
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from drivers.dynamixel.port import WaitingPort
from drivers.errors import LineLostError, PortBusyError, PortMissingError, PortSetupError


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """The far end's descriptor and the near end's path of a pseudo-terminal."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    for descriptor in (master, slave):
        try:
            os.close(descriptor)
        except OSError:
            continue  # The test closed it.


def opened(path: str | Path, *, timeout_ms: float = 50.0) -> WaitingPort:
    return WaitingPort(str(path), baud=1_000_000, packet_timeout_ms=timeout_ms)


def test_a_port_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(PortMissingError, match=r"there is no .*nothing; plug the adapter in"):
        opened(tmp_path / "nothing")


def test_what_is_no_serial_line_says_so(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("")
    with pytest.raises(PortSetupError, match="plain"):
        opened(plain)


def test_an_adapter_pulled_out_while_it_is_opened_says_so(
    terminal: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: serial.Serial) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(serial.Serial, "_update_dtr_state", gone)
    with pytest.raises(PortSetupError, match="could not be set up"):
        opened(terminal[1])


def test_a_port_is_opened_once(terminal: tuple[int, str]) -> None:
    first = opened(terminal[1])
    with pytest.raises(PortBusyError, match="another program holds"):
        opened(terminal[1])
    first.close()
    opened(terminal[1]).close()


def test_waiting_for_bytes_costs_no_processor_time_and_ends_at_the_deadline(
    terminal: tuple[int, str],
) -> None:
    port = opened(terminal[1], timeout_ms=200.0)
    port.setPacketTimeout(10)
    began_s, worked_s = time.monotonic(), time.thread_time()
    assert port.readPort(10) == b""
    assert port.isPacketTimeout()
    assert time.monotonic() - began_s > 0.19
    assert time.thread_time() - worked_s < 0.1
    port.close()


def test_what_has_arrived_is_read_even_after_the_deadline(terminal: tuple[int, str]) -> None:
    port = opened(terminal[1], timeout_ms=1.0)
    port.setPacketTimeout(10)
    os.write(terminal[0], b"abcdef")
    time.sleep(0.02)
    assert port.isPacketTimeout()
    assert port.readPort(4) == b"abcd"
    assert port.readPort(4) == b"ef"
    assert port.readPort(4) == b""
    port.close()


def test_what_came_too_late_is_thrown_away(terminal: tuple[int, str]) -> None:
    port = opened(terminal[1])
    os.write(terminal[0], b"late")
    port.setPacketTimeout(10)
    assert port.readPort(1) == b"l"
    port.clearPort()
    port.setPacketTimeout(0)
    assert port.readPort(4) == b""
    port.close()


def test_a_line_without_a_far_end_is_lost(terminal: tuple[int, str]) -> None:
    port = opened(terminal[1])
    os.close(terminal[0])
    port.setPacketTimeout(10)
    with pytest.raises(LineLostError, match="plug the cable back in"):
        port.readPort(1)
    with pytest.raises(LineLostError):
        port.writePort([1, 2, 3])
    port.close()


def test_a_far_end_that_takes_nothing_does_not_block(terminal: tuple[int, str]) -> None:
    port = opened(terminal[1])

    def fill() -> None:
        for _ in range(10_000):
            port.writePort([0] * 1000)

    with pytest.raises(LineLostError, match="takes no more bytes"):
        fill()
    port.close()
