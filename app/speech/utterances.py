"""Cuts what a microphone hears into utterances: speech between two silences."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Vad

from app.speech.level import level_of
from drivers.microphone.capture import RATE_HZ

FRAME_S = 0.03
FRAME_SAMPLES = int(FRAME_S * RATE_HZ)

BEFORE_FRAMES = 6
"""Kept before the first frame that sounds like speech: a soft consonant comes before it."""
BEGINS_WITHIN, BEGINS_AFTER = 5, 3
"""Speech begins when so many of the last so many frames sound like it: a knock is shorter."""
ENDS_AFTER = 8
"""Silent frames that end an utterance (0.24 s). Shorter cuts a phrase at its stops; longer answers later."""
LONGEST_S = 2.4
"""No phrase is longer: what goes on is talk, and is let pass until it pauses."""

_SENSITIVITY = 2
"""Of the WebRTC detector, 0 (takes most for speech) to 3."""
_OVER_NOISE_DB = 8.0
"""Speech is louder than the room by this much. The detector alone stays on for seconds after a word when the noise of
the room changes, and a word that does not end is never looked at."""
_NOISE_FRAMES = 100
"""Three seconds, in the quietest tenth of which nobody speaks."""
_LEAST_NOISE_DBFS = -65.0
"""No room is quieter; a sound server's digital silence is."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One stretch of speech.

    Attributes:
        samples: (n,) int16 at 16 kHz, with a little silence before and after.
        end_ns: when the speech in it ended, monotonic.
    """

    samples: NDArray[np.int16]
    end_ns: int

    @property
    def duration_s(self) -> float:
        """Of all samples."""
        return len(self.samples) / RATE_HZ


class Utterances:
    """Takes blocks of sound of any length, gives back the utterances that ended in them."""

    def __init__(self) -> None:
        self._vad = Vad(_SENSITIVITY, RATE_HZ, FRAME_S)
        self._rest = np.empty(0, np.int16)
        self._frames: deque[NDArray[np.int16]] = deque(maxlen=BEGINS_WITHIN + BEFORE_FRAMES)
        self._loudness: deque[float] = deque(maxlen=_NOISE_FRAMES)
        self._voiced: deque[bool] = deque(maxlen=BEGINS_WITHIN)
        self._spoken: list[NDArray[np.int16]] | None = None
        self._quiet = 0
        self._passing = False

    @property
    def hearing(self) -> bool:
        """Whether somebody is speaking now."""
        return self._spoken is not None

    def take(self, samples: NDArray[np.int16], end_ns: int) -> list[Utterance]:
        """Take a block.

        Args:
            samples: (n,) int16 mono at 16 kHz, following on the last block.
            end_ns: when its last sample was captured, monotonic.
        """
        sound = np.concatenate([self._rest, samples])
        count = len(sound) // FRAME_SAMPLES
        self._rest = sound[count * FRAME_SAMPLES :]
        found = []
        for index in range(count):
            frame = sound[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES]
            if self._take_frame(frame):
                after = len(sound) - (index + 1 - self._quiet) * FRAME_SAMPLES
                spoken, self._spoken = self._spoken or [], None
                if not self._passing:
                    found.append(Utterance(np.concatenate(spoken), end_ns - after * 1_000_000_000 // RATE_HZ))
                self._passing = False
        return found

    def reset(self) -> None:
        """Forget what has begun: the sound is interrupted."""
        self._rest = np.empty(0, np.int16)
        self._frames.clear()
        self._voiced.clear()
        self._spoken, self._passing, self._quiet = None, False, 0

    def _take_frame(self, frame: NDArray[np.int16]) -> bool:
        """Whether this frame ends an utterance."""
        voiced = self._sounds_like_speech(frame)
        if self._spoken is None:
            self._frames.append(frame)
            self._voiced.append(voiced)
            if sum(self._voiced) >= BEGINS_AFTER:
                self._spoken, self._quiet = list(self._frames), 0
                self._frames.clear()
                self._voiced.clear()
            return False
        if self._passing:
            self._spoken.clear()
        self._spoken.append(frame)
        self._quiet = 0 if voiced else self._quiet + 1
        if len(self._spoken) * FRAME_S > LONGEST_S:
            self._passing = True
        return self._quiet >= ENDS_AFTER

    def _sounds_like_speech(self, frame: NDArray[np.int16]) -> bool:
        loudness = level_of(frame).rms_dbfs
        self._loudness.append(loudness)
        quietest = sorted(self._loudness)[len(self._loudness) // 10]
        detected = bool(self._vad.is_speech(frame.tobytes()))
        return detected and loudness > max(quietest, _LEAST_NOISE_DBFS) + _OVER_NOISE_DB
