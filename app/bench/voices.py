"""Speech made by machine, for measuring how well words are heard: eSpeak's many voices, and what rooms add to them."""

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

from app.cli.outcome import CommandError
from app.speech.capture import RATE_HZ

SPEECH_DBFS = -26.0
"""Of a voice at a headset or on the table before it, as microphones are usually set."""
QUIET_DBFS = -66.0
"""Of the noise in a quiet room."""


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


TUNED_ON = (
    Voice("en-us", 150),
    Voice("en-us", 190),
    Voice("en-gb", 165),
    Voice("en-gb-scotland", 165),
    Voice("en-us+f2", 160),
    Voice("en-us+m3", 175),
    Voice("en-gb+f4", 165),
    Voice("en-us+m7", 165),
    Voice("en-us-nyc", 165),
    Voice("en-029+f1", 165),
)
"""Those by which phrases and thresholds were chosen."""

HELD_OUT = (
    Voice("en-us+m1", 155, 40),
    Voice("en-us+f1", 170, 60),
    Voice("en-us+f3", 185, 55),
    Voice("en-us+m5", 165, 35),
    Voice("en-gb-x-rp", 160),
    Voice("en-gb-x-gbclan", 170),
    Voice("en-gb+f5", 175, 65),
    Voice("en-gb-x-gbcwmd", 165),
    Voice("en-us-nyc+f2", 165, 60),
    Voice("en-029", 160),
)
"""Those by which nothing was chosen: what is reported is measured on them."""


def say(text: str, voice: Voice) -> NDArray[np.float64]:
    """A text spoken: (n,) at 16 kHz, in units of 16-bit samples, at `SPEECH_DBFS`, without silence around it.

    Raises:
        CommandError: without eSpeak, or it does not know the voice.
    """
    program = shutil.which("espeak-ng")
    if program is None:
        raise CommandError(
            "espeak-ng, which speaks the words, is not installed; type: sudo apt install espeak-ng"
        )
    command = [program, "-v", voice.name, "-s", str(voice.words_per_minute), "-p", str(voice.pitch)]
    answer = subprocess.run([*command, "--stdout", text], capture_output=True, check=False)
    if answer.returncode or not answer.stdout:
        raise CommandError(
            f"espeak-ng cannot speak as {voice.name}: {answer.stderr.decode(errors='replace')}"
        )
    with wave.open(io.BytesIO(answer.stdout)) as spoken:
        rate_hz = spoken.getframerate()
        # It writes to a pipe before it knows the length, so the header's count is not to be believed.
        samples = np.frombuffer(answer.stdout[44:], "<i2").astype(np.float64)
    divisor = math.gcd(RATE_HZ, rate_hz)
    sound = resample_poly(samples, RATE_HZ // divisor, rate_hz // divisor)
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    return at_level(sound[loud[0] : loud[-1] + 1], SPEECH_DBFS)


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
    spectrum = np.fft.rfft(rng.normal(size=count))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0.0
    return at_level(np.fft.irfft(spectrum, count), dbfs)
