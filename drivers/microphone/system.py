"""The microphones of this machine."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time

import msgspec
import numpy as np

from drivers.microphone.base import Block, MicrophoneError
from drivers.microphone.capture import BLOCK_S, HEADER, RATE_HZ
from drivers.microphone.resampler import Resampler

SILENT_S = 2.5
"""Without a block for this long, a microphone counts as lost; a busy machine may take a second."""
OPENS_WITHIN_S = 10.0
"""A sound server that has just been started takes seconds."""


class _Opened(msgspec.Struct, kw_only=True):
    """The first line of `drivers.microphone.capture`."""

    error: str = ""
    device: str = ""
    devices: tuple[str, ...] = ()
    rate_hz: int = RATE_HZ


class SystemMicrophone:
    """One of this machine's microphones, read by a process of its own (see `drivers.microphone.capture`).

    Args:
        device: its name; empty for the one that the system's sound settings choose.
    """

    def __init__(self, device: str = "") -> None:
        self._device = device
        self._process = subprocess.Popen(
            [sys.executable, "-m", "drivers.microphone.capture", device],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        if self._process.stdout is None:
            raise MicrophoneError("the capturing process has no output to read")
        self._pipe = self._process.stdout.fileno()
        self._bytes = bytearray()
        self._opened: _Opened | None = None
        self._resampler: Resampler | None = None
        self._lost = 0
        self._heard_ns = time.monotonic_ns()

    @property
    def name(self) -> str:
        """See `Microphone`."""
        return self._opened.device if self._opened is not None else ""

    @property
    def devices(self) -> tuple[str, ...]:
        """See `Microphone`."""
        return self._opened.devices if self._opened is not None else ()

    @property
    def lost_blocks(self) -> int:
        """See `Microphone`."""
        return self._lost

    def read(self, *, timeout_s: float) -> Block | None:
        """See `Microphone`."""
        block = self._next()
        if block is None and select.select([self._pipe], [], [], timeout_s)[0]:
            received = os.read(self._pipe, 65_536)
            if not received:
                raise MicrophoneError(f"{self._what} is lost; check its cable")
            self._heard_ns = time.monotonic_ns()
            self._bytes += received
            block = self._next()
        silent_s = (time.monotonic_ns() - self._heard_ns) / 1e9
        if block is None and silent_s > (SILENT_S if self._opened is not None else OPENS_WITHIN_S):
            raise MicrophoneError(f"{self._what} has sent nothing for {silent_s:.0f} s; check its cable")
        return block

    def close(self) -> None:
        """See `Microphone`."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    @property
    def _what(self) -> str:
        name = self.name or self._device
        return f"microphone {name}" if name else "the system's microphone"

    def _next(self) -> Block | None:
        """Take the next block out of what was received; the first line before all."""
        if self._opened is None:
            end = self._bytes.find(b"\n")
            if end < 0:
                return None
            opened = msgspec.json.decode(bytes(self._bytes[:end]), type=_Opened)
            del self._bytes[: end + 1]
            if opened.error:
                raise MicrophoneError(opened.error)
            self._opened = opened
            if opened.rate_hz != RATE_HZ:
                self._resampler = Resampler(opened.rate_hz)
        count = round(BLOCK_S * self._opened.rate_hz)
        length = HEADER.size + 2 * count
        if len(self._bytes) < length:
            return None
        end_ns, self._lost = HEADER.unpack_from(self._bytes)
        samples = np.frombuffer(bytes(self._bytes[HEADER.size : length]), "<i2").astype(np.int16)
        del self._bytes[:length]
        if self._resampler is None:
            return Block(samples, end_ns)
        return Block(self._resampler.take(samples), end_ns - Resampler.DELAY_NS)
