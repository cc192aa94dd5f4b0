"""Where sound comes from: a protocol, and the microphones of this machine through PortAudio."""

from __future__ import annotations

import queue
import re
import time
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.speech.utterances import RATE_HZ

BLOCK_S = 0.03
SILENT_S = 1.0
"""Without a block for this long, a microphone counts as lost."""
BLOCKS_KEPT = 200
"""Six seconds; should nobody take them, the oldest are lost, and counted."""

DEFAULT_DEVICE = ""
"""The device's name that means the one the system's sound settings choose."""

_CARD_NUMBER = re.compile(r"\s*\(hw:\d+,\d+\)$")
_LIBRARY_MISSING = (
    "PortAudio, by which microphones are read, is not installed; type: sudo apt install libportaudio2"
)


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
    """A source of sound, open until it is closed."""

    @property
    def name(self) -> str:
        """The device's name, as a person knows it."""

    @property
    def overruns(self) -> int:
        """Blocks that were lost because nobody took them in time."""

    def read(self, *, timeout_s: float) -> Block | None:
        """The next block, or None when there is none yet.

        Raises:
            MicrophoneError: when the device is lost.
        """

    def close(self) -> None:
        """Let go of the device."""


def device_names() -> tuple[str, ...]:
    """The inputs that PortAudio knew when it was last started, without their changing card numbers.

    Raises:
        MicrophoneError: without PortAudio.
    """
    devices: Any = _portaudio().query_devices()
    names = (_plain(str(device["name"])) for device in devices if device["max_input_channels"] > 0)
    return tuple(dict.fromkeys(names))


class PortAudioMicrophone:
    """One of this machine's microphones. Opening it looks for devices anew, so that one just plugged in is found.

    Args:
        device: its name as in `device_names`; empty for the system's default.

    Raises:
        MicrophoneError: no such device, none at all, or it cannot be opened.
    """

    def __init__(self, device: str = DEFAULT_DEVICE) -> None:
        portaudio = _portaudio()
        # PortAudio lists devices when it starts, and never again. sounddevice has no public way to start it anew.
        portaudio._terminate()
        portaudio._initialize()
        index = _find(portaudio, device)
        self._queue: queue.Queue[Block] = queue.Queue(BLOCKS_KEPT)
        self._overruns = 0
        self._heard_ns = time.monotonic_ns()
        try:
            self._stream: Any = portaudio.InputStream(
                device=index,
                samplerate=RATE_HZ,
                channels=1,
                dtype="int16",
                blocksize=int(BLOCK_S * RATE_HZ),
                latency="low",
                callback=self._take,
            )
            self._stream.start()
            self._name = _plain(str(portaudio.query_devices(self._stream.device)["name"]))
        except portaudio.PortAudioError as error:
            raise MicrophoneError(
                f"microphone {device or 'of the system'} cannot be opened: {_first_line(error)}; check that it is"
                " plugged in and that no other program holds it, or choose another"
            ) from error

    @property
    def name(self) -> str:
        """The device's name, as a person knows it."""
        return self._name

    @property
    def overruns(self) -> int:
        """Blocks that were lost because nobody took them in time."""
        return self._overruns

    def read(self, *, timeout_s: float) -> Block | None:
        """See `Microphone`."""
        try:
            block = self._queue.get(timeout=timeout_s)
        except queue.Empty:
            silent_s = (time.monotonic_ns() - self._heard_ns) / 1e9
            if silent_s > SILENT_S or not self._stream.active:
                raise MicrophoneError(
                    f"microphone {self._name} has sent nothing for {silent_s:.1f} s; check its cable"
                ) from None
            return None
        self._heard_ns = time.monotonic_ns()
        return block

    def close(self) -> None:
        """Let go of the device; one that is gone already is let go all the same."""
        self._stream.close(ignore_errors=True)

    def _take(self, samples: NDArray[np.int16], count: int, times: Any, status: Any) -> None:
        """PortAudio's thread hands over what was captured; the buffer is its own, so it is copied."""
        now_ns = time.monotonic_ns()
        # Sound servers that do not know when it was captured say 0, or worse: more than a second ago is not believed.
        age_s = times.currentTime - times.inputBufferAdcTime - count / RATE_HZ
        end_ns = now_ns - (int(age_s * 1e9) if 0.0 < age_s < 1.0 else 0)
        if status.input_overflow:
            self._overruns += 1
        if self._queue.full():
            self._overruns += 1
            return
        self._queue.put_nowait(Block(samples[:, 0].copy(), end_ns))


def _portaudio() -> ModuleType:
    try:
        import sounddevice
    except OSError as error:
        raise MicrophoneError(_LIBRARY_MISSING) from error
    module: ModuleType = sounddevice
    return module


def _find(portaudio: Any, device: str) -> int | None:
    """The index of a device by its name; None for the default."""
    known = [
        (index, _plain(str(found["name"])))
        for index, found in enumerate(portaudio.query_devices())
        if found["max_input_channels"] > 0
    ]
    if not known:
        raise MicrophoneError("there is no microphone on this machine; plug one in")
    if device == DEFAULT_DEVICE:
        return None
    for index, name in known:
        if name == device:
            return index
    names = ", ".join(dict.fromkeys(name for _, name in known))
    raise MicrophoneError(f"microphone {device} is not there; plug it in, or choose one of: {names}")


def _plain(name: str) -> str:
    """A device's name without ALSA's card number, which changes with the order of plugging in."""
    return _CARD_NUMBER.sub("", name)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
