"""A serial line between a driver and the simulated servos: a pseudo-terminal under a name that stays the same."""

from __future__ import annotations

import os
import random
import termios
import tty
from collections import deque
from pathlib import Path
from typing import Final

from drivers.sim.bus import SimBus
from drivers.sim.faults import HEALTHY_BUS, BusFaults
from drivers.sim.protocol import Packet, Parser

_READ_BYTES: Final = 4096
_BITS_PER_BYTE: Final = 10
_SPEEDS: Final = {
    getattr(termios, f"B{baud}"): baud
    for baud in (9_600, 57_600, 115_200, 1_000_000, 2_000_000, 3_000_000, 4_000_000)
    if hasattr(termios, f"B{baud}")
}


def port_path(runtime_dir: Path, name: str) -> Path:
    """Where the driver finds the line `sim:NAME`."""
    return runtime_dir / "ports" / name


class Line:
    """One bus on one pseudo-terminal.

    Its far end is `port_path(runtime_dir, name)`, a symbolic link that follows the terminal when it is opened anew. A
    driver may close and open it as often as it likes.

    Args:
        runtime_dir: the session's directory.
        name: of the bus.
        bus: the servos.
        seed: of the faults' dice.
        wire_time: whether replies take as long as the line's rate and the servos' return delay would make them.
    """

    def __init__(
        self, runtime_dir: Path, name: str, bus: SimBus, *, seed: int, wire_time: bool = False
    ) -> None:
        self.name = name
        self.bus = bus
        self.path = port_path(runtime_dir, name)
        self.faults = HEALTHY_BUS
        self.packets = 0
        self._wire_time = wire_time
        self._dice = random.Random(f"{seed}/{name}")
        self._parser = Parser()
        self._pending: deque[tuple[int, bytes]] = deque()
        self._master: int | None = None
        self._slave = -1
        self._plug_in()

    @property
    def fd(self) -> int | None:
        """The descriptor to poll for input; None while the cable is pulled."""
        return self._master

    @property
    def due_ns(self) -> int | None:
        """When the next delayed reply is due; None when none waits."""
        return self._pending[0][0] if self._pending else None

    def set_faults(self, faults: BusFaults) -> None:
        """Make these faults the present ones; an overload strikes the servos that were not listed before.

        Raises:
            KeyError: when a servo id is not on this bus.
        """
        named = {*faults.silent_ids, *faults.overload_ids, *faults.voltage_v, *faults.temperature_c}
        for servo_id in named:
            self.bus.servo(servo_id)
        for servo in self.bus.servos:
            servo.override_voltage(faults.voltage_v.get(servo.id))
            servo.override_temperature(faults.temperature_c.get(servo.id))
        for servo_id in set(faults.overload_ids) - set(self.faults.overload_ids):
            self.bus.servo(servo_id).overload()
        self.bus.silent_ids = frozenset(faults.silent_ids)
        self.faults = faults
        if faults.cut and self._master is not None:
            self._unplug()
        elif not faults.cut and self._master is None:
            self._plug_in()

    def serve(self, now_ns: int) -> None:
        """Take what came in and answer it; call when `fd` is readable."""
        if self._master is None:
            return
        try:
            data = os.read(self._master, _READ_BYTES)
        except BlockingIOError:
            return
        baud = self._baud()
        for packet in self._parser.feed(self._worn(data), now_ns=now_ns):
            self.packets += 1
            replies = self.bus.answer(packet, baud=baud, now_ns=now_ns)
            self._reply([worn for reply in replies if (worn := self._worn(reply))], packet, baud, now_ns)

    def send_due(self, now_ns: int) -> None:
        """Send the delayed replies whose time has come."""
        while self._pending and self._pending[0][0] <= now_ns:
            self._send(self._pending.popleft()[1])

    def close(self) -> None:
        """Take the line away."""
        if self._master is not None:
            self._unplug()

    def _plug_in(self) -> None:
        self._master, self._slave = os.openpty()
        # Kept open on this side too, else the master reports a hang-up whenever no driver has the port open.
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self.path)

    def _unplug(self) -> None:
        if self._master is None:
            return
        # Another world may have taken the name over meanwhile; its link is not ours to remove.
        if self.path.is_symlink() and str(self.path.readlink()) == os.ttyname(self._slave):
            self.path.unlink()
        os.close(self._slave)
        os.close(self._master)
        self._master = None
        self._pending.clear()
        self._parser = Parser()

    def _baud(self) -> int:
        """The rate that the driver has set, bit/s; 0 for one that no servo knows."""
        return _SPEEDS.get(termios.tcgetattr(self._slave)[5], 0)

    def _worn(self, data: bytes) -> bytes:
        """What is left of a packet after the line's faults."""
        faults = self.faults
        if faults.loss and self._dice.random() < faults.loss:
            return b""
        if faults.corruption and data and self._dice.random() < faults.corruption:
            place = self._dice.randrange(len(data))
            return data[:place] + bytes((data[place] ^ self._dice.randrange(1, 256),)) + data[place + 1 :]
        return data

    def _reply(self, replies: list[bytes], packet: Packet, baud: int, now_ns: int) -> None:
        delay_ns = round(self.faults.reply_delay_ms * 1e6)
        if not (delay_ns or self._wire_time):
            if replies:
                self._send(b"".join(replies))
            return
        due_ns = max(now_ns + delay_ns, self._pending[-1][0] if self._pending else 0)
        byte_ns = _BITS_PER_BYTE * 1_000_000_000 // baud if self._wire_time and baud else 0
        due_ns += byte_ns * packet.wire_bytes
        for reply in replies:
            due_ns += byte_ns * len(reply) + (self.bus.return_delay_ns(reply[4]) if self._wire_time else 0)
            self._pending.append((due_ns, reply))

    def _send(self, data: bytes) -> None:
        if self._master is None:
            return
        try:
            os.write(self._master, data)
        except BlockingIOError:
            # Nobody reads: a driver that died with replies under way. A real line would have forgotten them as well.
            termios.tcflush(self._slave, termios.TCIFLUSH)
