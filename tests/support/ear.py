"""Somebody in a room who listens, and a recording that is easy to know again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.microphone.capture import RATE_HZ
from drivers.microphone.system import SystemMicrophone

S = 1_000_000_000


def pitch_hz_at(second: Any) -> Any:
    """Of the tone at a whole second of the recording."""
    return 400 + 200 * (second % 10)


def bursts(from_ns: int, count: int) -> NDArray[np.int16]:
    """A recording: a tone of 0.1 s at each whole second, higher from second to second."""
    at_s = from_ns / S + np.arange(count) / RATE_HZ
    tone = 12_000 * np.sin(2 * np.pi * pitch_hz_at(np.floor(at_s)) * at_s)
    return np.where(at_s % 1 < 0.1, tone, 0).astype(np.int16)


class Ear:
    """Listens in the room, and says when it heard what."""

    def __init__(self) -> None:
        self._microphone = SystemMicrophone()
        self._samples: list[NDArray[np.int16]] = []
        self._times: list[NDArray[np.int64]] = []

    def listen(self, seconds: float, meanwhile: Callable[[int], None] = lambda now_ns: None) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            meanwhile(time.monotonic_ns())
            block = self._microphone.read(timeout_s=0.01)
            if block is not None:
                self._samples.append(block.samples)
                self._times.append(block.begin_ns + np.arange(len(block.samples)) * S // RATE_HZ)

    def begins(self) -> None:
        """Wait for the microphone, and believe its clock."""
        deadline = time.monotonic() + 20
        while not self._samples:
            assert time.monotonic() < deadline
            self.listen(0.2)
        self.listen(2.5)
        self.forget()

    def forget(self) -> None:
        self._samples.clear()
        self._times.clear()

    def heard(self) -> list[tuple[int, float]]:
        """When each burst began, and its pitch."""
        samples, times = np.concatenate(self._samples), np.concatenate(self._times)
        loud = np.flatnonzero(np.abs(samples) > 2_000)
        if not len(loud):
            return []
        begins = loud[np.concatenate(([0], np.flatnonzero(np.diff(loud) > RATE_HZ // 4) + 1))]
        found = []
        for begin in begins.tolist():
            run = samples[begin : begin + 1_200].astype(float)
            spectrum = np.abs(np.fft.rfft(run * np.hanning(len(run))))
            found.append((int(times[begin]), float(np.argmax(spectrum)) * RATE_HZ / len(run)))
        return found

    def close(self) -> None:
        self._microphone.close()
