"""A program that reads one microphone and writes what it hears to its output.

It is `python -m drivers.microphone.capture DEVICE`.

It is a process of its own because PortAudio cannot be trusted to come back: with a sound server that has died, closing
a stream never returns, and a device that was plugged in later is only seen by a PortAudio that is started later. A
process can be killed and started anew. It needs neither numpy nor a session.

It writes one line of JSON (`device`, `devices`, `rate_hz`; or `error`), then blocks: see `HEADER`.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import struct
import sys
import time
from typing import Any

from drivers.microphone.sample_clock import SampleClock

RATE_HZ = 16_000
BLOCK_S = 0.03
BLOCKS_KEPT = 200
"""Six seconds. Should nobody take them, what comes then is lost, and counted."""

HEADER = struct.Struct("<qI")
"""Before each block's samples (int16, `BLOCK_S` of them): when the last was captured (monotonic, ns), blocks lost."""

_CARD_NUMBER = re.compile(r"\s*\(hw:\d+,\d+\)$")
_NOT_INSTALLED = (
    "PortAudio, by which microphones are read, is not installed; type: sudo apt install libportaudio2"
)
_OWNER_LOOK_S = 0.2


def main(device: str) -> None:
    """Capture until nobody reads any more. Ends without tidying up, which might never end."""
    with contextlib.suppress(BrokenPipeError):
        _capture(device)
    os._exit(0)


def plain_name(name: str) -> str:
    """A device's name without ALSA's card number, which changes with the order of plugging in."""
    return _CARD_NUMBER.sub("", name)


def _capture(device: str) -> None:
    blocks: queue.Queue[tuple[int, bytes]] = queue.Queue(BLOCKS_KEPT)
    clock = SampleClock(BLOCK_S)
    lost = 0

    def take(samples: Any, count: int, times: Any, status: Any) -> None:
        """PortAudio's thread hands over a block; the buffer is its own, so it is copied."""
        nonlocal lost
        now_ns = time.monotonic_ns()
        age_s = times.currentTime - times.inputBufferAdcTime - count / rate_hz
        overflow = bool(status.input_overflow)
        lost += overflow
        end_ns = clock.stamp(now_ns, age_s=age_s, interrupted=overflow)
        try:
            blocks.put_nowait((end_ns, bytes(samples)))
        except queue.Full:
            lost += 1

    try:
        import sounddevice as portaudio
    except OSError:
        _write(json.dumps({"error": _NOT_INSTALLED}).encode() + b"\n")
        return
    try:
        index, names = _find(portaudio, device)
        rate_hz = _rate(portaudio, index)
        stream = portaudio.RawInputStream(
            device=index,
            samplerate=rate_hz,
            channels=1,
            dtype="int16",
            blocksize=round(BLOCK_S * rate_hz),
            latency="low",
            callback=take,
        )
        stream.start()
        name = plain_name(str(portaudio.query_devices(stream.device)["name"]))
    except LookupError as error:
        _write(json.dumps({"error": str(error.args[0])}).encode() + b"\n")
        return
    except portaudio.PortAudioError as error:
        what = f"microphone {device}" if device else "the system's microphone"
        reason = str(error).splitlines()[0]
        trouble = f"{what} cannot be opened: {reason}; check that it is plugged in and that no other program holds it"
        _write(json.dumps({"error": trouble}).encode() + b"\n")
        return
    _write(json.dumps({"device": name, "devices": names, "rate_hz": rate_hz}).encode() + b"\n")
    owner = os.getppid()
    while os.getppid() == owner:
        try:
            end_ns, samples = blocks.get(timeout=_OWNER_LOOK_S)
        except queue.Empty:
            continue
        _write(HEADER.pack(end_ns, lost) + samples)


def _find(portaudio: Any, device: str) -> tuple[int | None, list[str]]:
    """The index of a device, None for the default, and the names of all.

    Raises:
        LookupError: it is not there, or none is.
    """
    known = [
        (index, plain_name(str(found["name"])))
        for index, found in enumerate(portaudio.query_devices())
        if found["max_input_channels"] > 0
    ]
    names = list(dict.fromkeys(name for _, name in known))
    if not known:
        raise LookupError("there is no microphone; plug one in")
    if not device:
        return None, names
    for index, name in known:
        if name == device:
            return index, names
    raise LookupError(f"microphone {device} is not there; plug it in, or choose another: {', '.join(names)}")


def _rate(portaudio: Any, index: int | None) -> int:
    """16 kHz where the device has it, else its own rate."""
    try:
        portaudio.check_input_settings(device=index, channels=1, dtype="int16", samplerate=RATE_HZ)
    except portaudio.PortAudioError:
        return round(float(portaudio.query_devices(index, "input")["default_samplerate"]))
    return RATE_HZ


def _write(content: bytes) -> None:
    """All of it, to a pipe that may take only part at a time."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
