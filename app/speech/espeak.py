"""Speech made by machine: eSpeak's many voices, and what rooms add to them. For training, measuring and tests."""

from __future__ import annotations

import io
import math
import shutil
import subprocess
import wave
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from drivers.microphone.capture import RATE_HZ

SPEECH_DBFS = -26.0
"""Of a voice at a headset or on the table before it, as microphones are usually set."""
QUIET_DBFS = -66.0
"""Of the noise in a quiet room."""

_WAVE_HEADER_BYTES = 44
_AUDIBLE = 0.02
"""Of a sound's greatest sample: softer at its ends is silence."""


class EspeakFailed(RuntimeError):
    """espeak-ng is not installed, or would not speak; the message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A speaker.

    Attributes:
        name: as `espeak-ng --voices=en` lists it, with a variant after a plus: `en-us+f2`.
        words_per_minute: how fast.
        pitch: 0 to 99; 50 is the voice's own.
    """

    name: str
    words_per_minute: int = 165
    pitch: int = 50


def speak(text: str, voice: Voice) -> NDArray[np.float64]:
    """A text spoken: (n,) at 16 kHz, in units of 16-bit samples, as loud and with the silence that eSpeak gives it.

    Raises:
        EspeakFailed: without eSpeak, or it does not know the voice.
    """
    program = shutil.which("espeak-ng")
    if program is None:
        raise EspeakFailed(
            "espeak-ng, which speaks the words, is not installed; type: sudo apt install espeak-ng"
        )
    command = [program, "-v", voice.name, "-s", str(voice.words_per_minute), "-p", str(voice.pitch)]
    answer = subprocess.run([*command, "--stdout", text], capture_output=True, check=False)
    if answer.returncode or len(answer.stdout) <= _WAVE_HEADER_BYTES:
        raise EspeakFailed(
            f"espeak-ng cannot speak as {voice.name}: {answer.stderr.decode(errors='replace')}"
        )
    with wave.open(io.BytesIO(answer.stdout)) as spoken:
        rate_hz = spoken.getframerate()
    # It writes to a pipe before it knows the length, so the header's count is not to be believed.
    samples = np.frombuffer(answer.stdout[_WAVE_HEADER_BYTES:], "<i2").astype(np.float64)
    divisor = math.gcd(RATE_HZ, rate_hz)
    return np.asarray(resample_poly(samples, RATE_HZ // divisor, rate_hz // divisor))


def say(text: str, voice: Voice) -> NDArray[np.float64]:
    """A text spoken: (n,) at 16 kHz, in units of 16-bit samples, at `SPEECH_DBFS`, without silence around it.

    Raises:
        EspeakFailed: without eSpeak, or it does not know the voice.
    """
    return at_level(trimmed(speak(text, voice)), SPEECH_DBFS)


def trimmed(sound: NDArray[np.float64], *, audible: float = _AUDIBLE) -> NDArray[np.float64]:
    """A sound without the silence at its ends: softer than a share `audible` of its greatest sample."""
    loud = np.flatnonzero(np.abs(sound) > audible * np.abs(sound).max())
    return sound[loud[0] : loud[-1] + 1] if len(loud) else sound[:0]


def at_level(sound: NDArray[np.float64], dbfs: float) -> NDArray[np.float64]:
    """The same sound at another loudness (root mean square over all of it)."""
    rms = math.sqrt(float(np.mean(sound * sound)))
    return np.asarray(sound * (32768.0 * 10 ** (dbfs / 20) / max(rms, 1e-9)))


def in_room(
    sound: NDArray[np.float64],
    *,
    rng: np.random.Generator,
    noise_dbfs: float = QUIET_DBFS,
    before_s: float = 0.6,
    after_s: float = 0.8,
) -> NDArray[np.int16]:
    """A sound as a microphone hears it: silence around it, and noise of a room (more of it low than high)."""
    around = (np.zeros(int(before_s * RATE_HZ)), sound, np.zeros(int(after_s * RATE_HZ)))
    heard = np.concatenate(around)
    heard = heard + room_noise(len(heard), noise_dbfs, rng)
    return np.clip(heard, -32768, 32767).astype(np.int16)


def room_noise(count: int, dbfs: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Pink noise: as much power in each octave, as fans, streets and kitchens roughly have."""
    return at_level(coloured_noise(count, rng), dbfs)


def coloured_noise(count: int, rng: np.random.Generator, *, exponent: float = 0.5) -> NDArray[np.float64]:
    """Noise whose amplitude falls with frequency to an exponent: 0 is white, 0.5 pink, 1 brown."""
    spectrum = np.fft.rfft(rng.normal(size=count))
    spectrum[1:] /= np.arange(1, len(spectrum)) ** exponent
    spectrum[0] = 0.0
    return np.asarray(np.fft.irfft(spectrum, count))
