"""Labelled sounds to train on: eSpeak's speech, spoken once and kept, made to sound like a room anew each time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.speech.espeak import Voice, coloured_noise, speak, trimmed
from app.speech.whisper.phrases import KITCHEN_PHRASES
from app.speech.whisper.sentences import near_command, said_within, training_sentence
from drivers.microphone.capture import RATE_HZ

Sound = NDArray[np.float32]
"""(n,) at 16 kHz, full scale is 1."""

DIALECTS = ("en-us", "en-gb", "en-gb-scotland", "en-us-nyc")
VARIANTS = (
    "", "", "+f2", "+f4", "+m2", "+m3", "+m4", "+m6", "+m7", "+Andy", "+Annie", "+Alex", "+Lee", "+Mario",
    "+Michael", "+Mike", "+Gene", "+Hugo", "+Marco", "+Jacky", "+Diogo", "+Henrique", "+adam", "+anika", "+antonio",
    "+belinda", "+benjamin", "+boris", "+caleb", "+david", "+ed", "+edward", "+grandma", "+grandpa", "+gustave",
    "+iven", "+iven2", "+iven3", "+john", "+kaukovalta", "+klatt", "+klatt2", "+klatt3", "+klatt4", "+linda",
    "+marcelo", "+max", "+michel", "+miguel", "+norbert", "+pablo", "+paul", "+pedro", "+quincy", "+rob", "+robert",
    "+sandro", "+shelby", "+steph2", "+travis", "+victor", "+zac", "+announcer", "+aunty", "+Alicia",
)  # fmt: skip
"""Of eSpeak's voices. None of `app.bench.voice_clips.VOICES` is among them."""
ACCENTS = ("en-029", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd")
"""Of which only the variants are trained on, and the plain voices are not: those are measured by."""
CHECK_VOICES = (
    Voice("en-us+m8", 160, 45),
    Voice("en-gb+Andrea", 170, 55),
    Voice("en-gb-scotland+steph", 155),
    Voice("en-us+Denis", 180, 40),
)
"""Not trained on, by which the training is followed. What is reported at the end is measured on others still."""

_AUDIBLE = 0.005
_EDGE_S = 0.03
_FULL_SCALE = 32768.0
_BANK_S = 40.0


@dataclass(frozen=True, slots=True)
class Clip:
    """What was said, and how it sounds: dry, without silence around it."""

    text: str
    sound: Sound


def spoken(sayings: Iterable[tuple[str, Voice]], *, folder: Path, workers: int = 2) -> list[Clip]:
    """Clips of texts in voices, from a folder of those that were spoken before where they are there.

    Raises:
        EspeakFailed: eSpeak is not installed or does not know a voice.
    """
    folder.mkdir(parents=True, exist_ok=True)

    def one(saying: tuple[str, Voice]) -> Clip:
        text, voice = saying
        name = hashlib.sha1(repr((text, voice)).encode(), usedforsecurity=False).hexdigest()
        path = folder / f"{name}.npy"
        if path.is_file():
            return Clip(text, np.load(path).astype(np.float32) / _FULL_SCALE)
        sound = trimmed(speak(text, voice), audible=_AUDIBLE)
        samples = np.clip(sound, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)
        partial = path.with_name(f"{name}.partial.npy")
        np.save(partial, samples)
        partial.replace(path)
        return Clip(text, samples.astype(np.float32) / _FULL_SCALE)

    with ThreadPoolExecutor(workers) as pool:
        return [clip for clip in pool.map(one, sayings) if len(clip.sound)]


def training_voice(rng: np.random.Generator, *, accents: bool = False) -> Voice:
    """A voice of those that may be trained on; of the rarer accents, or of the usual dialects."""
    names = (ACCENTS, [variant for variant in VARIANTS if variant]) if accents else (DIALECTS, VARIANTS)
    name = str(rng.choice(names[0])) + str(rng.choice(names[1]))
    return Voice(name, int(rng.integers(115, 216)), int(rng.integers(15, 86)))


def training_sayings(
    rng: np.random.Generator, *, each: int, others: int, within: int, near: int, accents: int
) -> list[tuple[str, Voice]]:
    """Every phrase `each` times, and other sentences of three kinds; each in some voice.

    Args:
        rng: decides which.
        each: how often each phrase.
        others: how many sentences of any kind.
        within: how many that have a phrase in them.
        near: how many that are a phrase but for a little.
        accents: how often each phrase in the rarer accents, and for each of these another sentence.
    """
    sayings = [(phrase, training_voice(rng)) for phrase in KITCHEN_PHRASES for _ in range(each)]
    sayings += [(training_sentence(rng), training_voice(rng)) for _ in range(others)]
    sayings += [(said_within(rng), training_voice(rng)) for _ in range(within)]
    sayings += [(near_command(rng), training_voice(rng)) for _ in range(near)]
    kinds = (training_sentence, said_within, near_command, near_command)
    for phrase in KITCHEN_PHRASES:
        for index in range(accents):
            sayings.append((phrase, training_voice(rng, accents=True)))
            sayings.append((kinds[index % len(kinds)](rng), training_voice(rng, accents=True)))
    return sayings


class Room:
    """Makes sounds as a microphone hears them: at some loudness, from some distance, in some noise.

    Args:
        rng: decides everything.
        harsh: 0 to 1, how bad the worst may be.
        talk: what others say in the background; nobody does when there is none.
    """

    def __init__(self, rng: np.random.Generator, *, harsh: float = 1.0, talk: Sequence[Sound] = ()) -> None:
        self._talk = talk
        self._rng = rng
        self._harsh = harsh
        size = int(_BANK_S * RATE_HZ)
        self._noises = [
            _unit(coloured_noise(size, rng, exponent=e)) for e in (0.0, 0.25, 0.5, 0.5, 0.75, 1.0)
        ]
        self._noises += [_unit(_hum(size, rng)) for _ in range(4)]
        self._echoes = [_echo(rng) for _ in range(40)]

    def place(self, sound: Sound, count: int) -> Sound:
        """A dry sound somewhere within `count` samples, with all that a room does to it. It must fit."""
        rng = self._rng
        sound = self._varied(sound, count)
        lead_most = min(RATE_HZ, count - len(sound))
        lead = int(lead_most * rng.random() ** 1.5)
        rest = count - lead - len(sound)
        # The tail: mostly short, as push-to-talk leaves it; zeros come after it.
        tail = rest if rng.random() < 0.3 else min(rest, int(RATE_HZ * rng.random()))
        heard = np.zeros(count, np.float32)
        heard[lead : lead + len(sound)] = sound
        if rng.random() < 0.5 * self._harsh:
            heard = self._far(heard)
        if rng.random() < 0.35 * self._harsh:
            heard = self._through(heard)
        rms = float(np.sqrt(np.mean(sound * sound))) + 1e-9
        snr_db = rng.uniform(9.0 if rng.random() < 0.3 * self._harsh else 15.0, 45.0)
        end = lead + len(sound) + tail
        if self._talk and rng.random() < 0.45:
            heard[:end] += self._others_talking(end) * np.float32(rms * 10 ** (-rng.uniform(12.0, 30.0) / 20))
        heard[:end] += self.noise(end) * np.float32(rms * 10 ** (-snr_db / 20))
        heard[end:] = 0.0
        peak = float(np.abs(heard).max()) + 1e-9
        heard *= np.float32(10 ** (rng.uniform(-35.0, -1.0) / 20) / peak)
        return _as_recorded(heard)

    def noise(self, count: int) -> Sound:
        """A stretch of noise of the room, of power 1."""
        noise = self._noises[int(self._rng.integers(len(self._noises)))]
        start = int(self._rng.integers(len(noise) - count))
        return noise[start : start + count]

    def nothing_said(self, count: int) -> Sound:
        """Silence, noise, clicks, hums or something like music, in `count` samples."""
        rng = self._rng
        length = count if rng.random() < 0.5 else int(rng.integers(RATE_HZ // 2, count + 1))
        heard = np.zeros(count, np.float32)
        kind = rng.random()
        if kind < 0.4:
            heard[:length] = self.noise(length)
            if rng.random() < 0.5:
                heard[:length] *= _swell(length, rng)
        elif kind < 0.55:
            heard[:length] = _clicks(length, rng) + 0.02 * self.noise(length)
        elif kind < 0.95:
            heard[:length] = _music(length, rng) + np.float32(10 ** rng.uniform(-3, -0.7)) * self.noise(
                length
            )
            if rng.random() < 0.4:
                heard = self._far(heard)
        peak = float(np.abs(heard).max()) + 1e-9
        heard *= np.float32(10 ** (rng.uniform(-70.0, -1.0) / 20) / peak)
        return _as_recorded(heard)

    def _others_talking(self, count: int) -> Sound:
        """Of power 1 while somebody talks."""
        talk = self._talk[int(self._rng.integers(len(self._talk)))]
        talk = talk / (np.sqrt(np.mean(talk * talk)) + np.float32(1e-9))
        return np.roll(np.resize(talk, max(count, len(talk))), int(self._rng.integers(len(talk))))[:count]

    def _varied(self, sound: Sound, count: int) -> Sound:
        rng = self._rng
        if rng.random() < 0.5:
            # Faster and higher, or slower and lower, as a tape is.
            factor = rng.uniform(0.9, 1.1)
            size = min(count - 1, int(len(sound) / factor))
            sound = np.interp(np.arange(size) * factor, np.arange(len(sound)), sound).astype(np.float32)
        cut = int(_EDGE_S * RATE_HZ * rng.random()) if rng.random() < 0.4 else 0
        begin = cut if rng.random() < 0.5 else 0
        return sound[begin : len(sound) - (cut - begin)][: count - 1]

    def _far(self, heard: Sound) -> Sound:
        echo = self._echoes[int(self._rng.integers(len(self._echoes)))]
        size = 1 << (len(heard) + len(echo)).bit_length()
        product = np.fft.rfft(heard, size) * np.fft.rfft(echo, size)
        return np.fft.irfft(product, size)[: len(heard)].astype(np.float32)

    def _through(self, heard: Sound) -> Sound:
        """Through a poor microphone: without lows, without highs, uneven between."""
        rng = self._rng
        spectrum = np.fft.rfft(heard)
        hz = np.fft.rfftfreq(len(heard), 1 / RATE_HZ)
        low, high = rng.uniform(20, 350), rng.uniform(3000, 8000)
        gain = 1 / (1 + (low / np.maximum(hz, 1.0)) ** 4) / (1 + (hz / high) ** 6)
        knots = np.linspace(0, 8000, 7)
        gain *= 10 ** (np.interp(hz, knots, rng.uniform(-6, 6, 7)) / 20)
        return np.fft.irfft(spectrum * gain, len(heard)).astype(np.float32)


def _unit(sound: NDArray[np.float64]) -> Sound:
    return (sound / (np.sqrt(np.mean(sound * sound)) + 1e-12)).astype(np.float32)


def _as_recorded(sound: Sound) -> Sound:
    return np.round(np.clip(sound, -1.0, 1.0) * 32767).astype(np.float32) / _FULL_SCALE


def _hum(size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Mains, fans and servos: a tone and its overtones, with some noise."""
    t = np.arange(size) / RATE_HZ
    base_hz = float(rng.choice((50.0, 60.0, 100.0, 120.0, rng.uniform(80, 500))))
    hum = sum(
        rng.uniform(0.1, 1) / k * np.sin(2 * np.pi * base_hz * k * t + rng.uniform(0, 6.3))
        for k in range(1, 9)
    )
    noise = coloured_noise(size, rng)
    return np.asarray(hum + rng.uniform(0.1, 1.0) * noise / noise.std())


def _echo(rng: np.random.Generator) -> Sound:
    """A room's answer to a clap: the clap, then decaying noise; 0.1 to 0.6 s until it is inaudible."""
    length_s = rng.uniform(0.1, 0.6)
    t = np.arange(int(length_s * RATE_HZ)) / RATE_HZ
    tail = rng.normal(size=len(t)) * 10 ** (-3 * t / length_s)
    tail[: int(rng.uniform(0.001, 0.01) * RATE_HZ)] = 0.0
    echo = tail * rng.uniform(0.1, 0.9) / (np.sqrt(np.sum(tail * tail)) + 1e-9)
    echo[0] = 1.0
    return echo.astype(np.float32)


def _swell(count: int, rng: np.random.Generator) -> Sound:
    knots = rng.uniform(0.0, 1.0, int(rng.integers(3, 14)))
    return np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), knots).astype(np.float32)


def _clicks(count: int, rng: np.random.Generator) -> Sound:
    sound = np.zeros(count, np.float32)
    for _ in range(int(rng.integers(1, 12))):
        length = int(rng.integers(20, 1500))
        start = int(rng.integers(max(1, count - length)))
        t = np.arange(min(length, count - start)) / RATE_HZ
        ring = np.sin(2 * np.pi * rng.uniform(100, 5000) * t) + rng.normal(size=len(t)) * rng.uniform(0, 2)
        sound[start : start + len(t)] += (
            rng.uniform(0.2, 1) * ring * np.exp(-t * rng.uniform(30, 600))
        ).astype(np.float32)
    return sound


def _music(count: int, rng: np.random.Generator) -> Sound:
    """Chords or a melody of notes with overtones and an attack."""
    sound = np.zeros(count, np.float32)
    voices = int(rng.integers(1, 5))
    root_hz = rng.uniform(80, 500)
    brightness = rng.uniform(0.3, 0.9)
    vibrato = rng.uniform(0.0, 0.02) if rng.random() < 0.5 else 0.0
    start = 0
    while start < count:
        length = min(count - start, int(rng.uniform(0.08, 0.9) * RATE_HZ))
        t = np.arange(length) / RATE_HZ
        envelope = np.minimum(1, t / rng.uniform(0.002, 0.08)) * np.exp(-t * rng.uniform(0.2, 8))
        for _ in range(voices):
            hz = root_hz * 2 ** (int(rng.integers(0, 25)) / 12)
            phase = 2 * np.pi * hz * t + hz * vibrato * np.sin(2 * np.pi * 5.5 * t)
            for k in range(1, 6):
                if hz * k < RATE_HZ / 2:
                    sound[start : start + length] += (envelope * brightness**k * np.sin(k * phase)).astype(
                        np.float32
                    )
        start += max(length, int(rng.uniform(0.05, 0.5) * RATE_HZ))
    return sound / (np.abs(sound).max() + np.float32(1e-9))
