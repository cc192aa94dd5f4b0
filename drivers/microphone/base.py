"""What a microphone is to whoever reads one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drivers.microphone.capture import RATE_HZ


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

    @property
    def begin_ns(self) -> int:
        """When the first of them was captured, monotonic."""
        return self.end_ns - len(self.samples) * 1_000_000_000 // RATE_HZ


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
