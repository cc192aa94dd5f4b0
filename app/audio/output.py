"""A program that plays sound at given moments: `python -m app.audio.output`.

It is a process of its own for the same reason as `drivers.microphone.capture`: PortAudio may never come back from a
sound server that has died, and a process can be killed and started anew.

It reads messages (see `HEADER`) from its input until that ends. It writes one line of JSON: `device` and `rate_hz`, or
`error`.
"""

from __future__ import annotations

import json
import os
import struct
import threading
import time
from typing import Any

RATE_HZ = 16_000
HEADER = struct.Struct("<BqI")
"""Kind of message, a moment (monotonic, ns), bytes that follow."""
BEGIN, SAMPLES, HUSH = 1, 2, 3
"""`BEGIN`: the samples that come next are to be heard from that moment on. `SAMPLES`: int16, mono, at 16 kHz, those
after the ones before. `HUSH`: be quiet."""

OFF_NS = 60_000_000
"""What is heard may be early or late by so much before it is put right, which can be heard."""

_LATENCY_S = 0.1
_LONGEST_DELAY_S = 0.5
_KEPT_BYTES = 1 << 17
_NOT_INSTALLED = "PortAudio, by which sound is played, is not installed; type: sudo apt install libportaudio2"


class Cue:
    """Samples, each with the moment at which it is to be heard. One thread adds, another takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._samples = bytearray()
        self._first = 0  # how many samples of the cue were dropped, since they have been heard
        self._start_ns = 0
        self._next: int | None = None

    def begin(self, start_ns: int) -> None:
        """Forget what there is; what is added from now on is to be heard from this moment on."""
        with self._lock:
            self._samples.clear()
            self._first, self._next, self._start_ns = 0, None, start_ns

    def add(self, samples: bytes) -> None:
        """Some more."""
        with self._lock:
            self._samples += samples

    def take(self, heard_ns: int, count: int) -> bytes:
        """So many samples for a device that lets its next one be heard at a moment; silence where there are none."""
        with self._lock:
            due = round((heard_ns - self._start_ns) * RATE_HZ / 1e9)
            if self._next is None or abs(due - self._next) * 1_000_000_000 > OFF_NS * RATE_HZ:
                self._next = due
            begin, end = 2 * (self._next - self._first), 2 * (self._next + count - self._first)
            self._next += count
            run = bytes(-min(begin, 0)) + bytes(self._samples[max(begin, 0) : max(end, 0)])
            if begin > _KEPT_BYTES:
                del self._samples[:begin]
                self._first += begin // 2
        return run[: 2 * count].ljust(2 * count, b"\0")


def main() -> None:
    """Play until the input ends. Ends without tidying up, which might never end."""
    cue = Cue()
    threading.Thread(target=_read, args=(cue,), daemon=True).start()
    try:
        import sounddevice as portaudio
    except OSError:
        _fail(_NOT_INSTALLED)
        return
    try:
        stream, rate_hz = _open(portaudio, cue)
        name = str(portaudio.query_devices(stream.device)["name"])
    except LookupError as error:
        _fail(str(error.args[0]))
        return
    except portaudio.PortAudioError as error:
        _fail(f"no sound can be played: {str(error).splitlines()[0]}; see the computer's sound settings")
        return
    _write({"device": name, "rate_hz": rate_hz})
    threading.Event().wait()


def _open(portaudio: Any, cue: Cue) -> tuple[Any, int]:
    """The system's output, playing what the cue has.

    Raises:
        LookupError: there is none.
    """
    if not any(device["max_output_channels"] > 0 for device in portaudio.query_devices()):
        raise LookupError("there is nothing to play sound with; plug in a loudspeaker or headphones")
    own_hz = round(float(portaudio.query_devices(kind="output")["default_samplerate"]))
    channels, rate_hz = 1, RATE_HZ
    for channels, rate_hz in ((1, RATE_HZ), (1, own_hz), (2, own_hz)):
        try:
            portaudio.check_output_settings(channels=channels, dtype="int16", samplerate=rate_hz)
            break
        except portaudio.PortAudioError:
            continue

    def fill(out: Any, count: int, times: Any, status: Any) -> None:
        """PortAudio's thread wants a block."""
        delay_s = times.outputBufferDacTime - times.currentTime
        delay_s = delay_s if 0 <= delay_s < _LONGEST_DELAY_S else _LATENCY_S
        heard_ns = time.monotonic_ns() + int(delay_s * 1e9)
        needed = -(-count * RATE_HZ // rate_hz) + (rate_hz != RATE_HZ)
        samples = cue.take(heard_ns, count if rate_hz == RATE_HZ else needed)
        out[:] = samples if rate_hz == RATE_HZ else _as_device(samples, count, rate_hz, channels)

    stream = portaudio.RawOutputStream(
        samplerate=rate_hz, channels=channels, dtype="int16", latency=_LATENCY_S, callback=fill
    )
    stream.start()
    return stream, rate_hz


def _as_device(samples: bytes, count: int, rate_hz: int, channels: int) -> bytes:
    """A block at another rate, the same in every channel."""
    import numpy as np  # most devices take 16 kHz, and need no numpy

    values = np.frombuffer(samples, "<i2")
    resampled = np.interp(np.arange(count) * (RATE_HZ / rate_hz), np.arange(len(values)), values)
    return np.repeat(resampled.astype("<i2"), channels).tobytes()


def _read(cue: Cue) -> None:
    """Take messages until the input ends, and with it the program."""
    with open(0, "rb", buffering=1 << 16) as source:
        while len(header := source.read(HEADER.size)) == HEADER.size:
            kind, moment_ns, length = HEADER.unpack(header)
            content = source.read(length)
            if kind == SAMPLES:
                cue.add(content)
            else:
                cue.begin(moment_ns)
    os._exit(0)


def _fail(error: str) -> None:
    _write({"error": error})


def _write(line: dict[str, Any]) -> None:
    os.write(1, json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    main()
