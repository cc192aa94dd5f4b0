"""Where sound comes from: a protocol, and the microphones of this machine."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from app.speech.capture import BLOCK_S, HEADER, RATE_HZ

SILENT_S = 2.5
"""Without a block for this long, a microphone counts as lost; a busy machine may take a second."""
OPENS_WITHIN_S = 10.0
"""A sound server that has just been started takes seconds."""


class MicrophoneError(Exception):
    """No sound can be had; the message says of which device, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some sound.

    Attributes:
        samples: (n,) int16, mono at 16 kHz.
        end_ns: when the last of them was captured, monotonic.
    """

    samples: NDArray[np.int16]
    end_ns: int


class Microphone(Protocol):
    """A source of sound, until it is closed."""

    @property
    def name(self) -> str:
        """The device's name, as a person knows it; empty until it is open."""

    @property
    def devices(self) -> tuple[str, ...]:
        """The names of all microphones there were when it was opened."""

    @property
    def lost_blocks(self) -> int:
        """Blocks that were lost because nobody took them in time."""

    def read(self, *, timeout_s: float) -> Block | None:
        """The next block, or None when there is none yet.

        Raises:
            MicrophoneError: when there is no such device, or it is lost.
        """

    def close(self) -> None:
        """Let go of the device."""


class _Opened(msgspec.Struct, kw_only=True):
    """The first line of `app.speech.capture`."""

    error: str = ""
    device: str = ""
    devices: tuple[str, ...] = ()
    rate_hz: int = RATE_HZ


class SystemMicrophone:
    """One of this machine's microphones, read by a process of its own (see `app.speech.capture`).

    Args:
        device: its name; empty for the one that the system's sound settings choose.
    """

    def __init__(self, device: str = "") -> None:
        self._device = device
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.speech.capture", device],
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


class Resampler:
    """Blocks of `BLOCK_S` at another rate, to 16 kHz; half a block late, so that no block has edges.

    Args:
        rate_hz: of what is taken; three hundredths of a second must be whole samples, as they are at 44.1 and 48 kHz.
    """

    DELAY_NS = int(BLOCK_S / 2 * 1e9)

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._last = np.zeros(round(BLOCK_S * rate_hz))

    def take(self, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        """The next block, (480,)."""
        both = np.concatenate([self._last, samples.astype(np.float64)])
        self._last = both[len(self._last) :]
        count = round(BLOCK_S * RATE_HZ)
        found = resample_poly(both, RATE_HZ, self._rate_hz)[count // 2 : count // 2 + count]
        return np.asarray(np.clip(np.rint(found), -32768, 32767), np.int16)
