"""The sound of a session, as it is published and read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.dataplane.layouts import AUDIO, AUDIO_HEADER
from app.dataplane.plane import DataPlane, Sample
from drivers.microphone.capture import RATE_HZ

FLOWS_S = 1.0
"""Without a block for this long there is no sound to wait for."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A block of a microphone's sound.

    Attributes:
        time_ns: when its first sample was captured, monotonic.
        samples: (n,) int16, mono at 16 kHz; a copy.
        sample: as it was received, with what was lost before it.
    """

    time_ns: int
    samples: NDArray[np.int16]
    sample: Sample

    @property
    def end_ns(self) -> int:
        """When it ended, monotonic."""
        return self.time_ns + duration_ns(len(self.samples))


class SoundPublisher:
    """Publishes blocks of sound."""

    def __init__(self, plane: DataPlane) -> None:
        self._port = plane.publisher(AUDIO)

    def send(self, time_ns: int, samples: NDArray[np.int16]) -> None:
        """Publish (n,) samples, the first of them captured at `time_ns`."""
        header = np.array((time_ns, len(samples)), AUDIO_HEADER)
        self._port.send(header.tobytes(), samples.astype("<i2").tobytes())


class SoundSubscriber:
    """Reads every block, and knows how far the sound has come.

    Attributes:
        until_ns: when the newest block ended by its own time; 0 before the first.
    """

    def __init__(self, plane: DataPlane) -> None:
        self._port = plane.subscriber(AUDIO)
        self.until_ns = 0
        self._came_ns = 0

    def drain(self) -> Iterator[Sound]:
        """Every block that waits, oldest first."""
        for sample in self._port.drain():
            header = sample.payload[: AUDIO_HEADER.itemsize].view(AUDIO_HEADER)[0]
            count = int(header["count"])
            samples = sample.payload[AUDIO_HEADER.itemsize :].view("<i2")[:count].astype(np.int16)
            sound = Sound(int(header["time_ns"]), samples, sample)
            self.until_ns, self._came_ns = sound.end_ns, time.monotonic_ns()
            yield sound

    @property
    def flows(self) -> bool:
        """Whether there is a microphone that is heard."""
        return self.until_ns > 0 and time.monotonic_ns() - self._came_ns < FLOWS_S * 1e9


def duration_ns(count: int) -> int:
    """How long so many samples take."""
    return count * 1_000_000_000 // RATE_HZ
