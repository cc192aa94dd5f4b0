"""Tells when somebody speaks, for hands-free use: the Silero detector, window by window."""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from app.speech.level import FULL_SCALE
from drivers.microphone.capture import RATE_HZ

WINDOW = 512
"""Samples at 16 kHz: the one size the detector takes."""


class DetectorMissing(RuntimeError):
    """The detector's file is not installed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """When speech begins and ends.

    Attributes:
        begins_above: probability of speech in a window, 0 to 1.
        ends_below: the same; lower, so that a soft syllable ends nothing.
        begins_after_s: so long above, one after the other: a click is shorter.
        hang_over_s: so long below ends it: a pause between two words is shorter.
    """

    begins_above: float = 0.5
    ends_below: float = 0.35
    begins_after_s: float = 0.06
    hang_over_s: float = 0.4


@dataclass(frozen=True, slots=True)
class Began:
    """Somebody speaks, since a sample counted from the last `reset`."""

    sample: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Nobody speaks any more, since a sample counted from the last `reset`; it was known one hang-over later."""

    sample: int


class VoiceActivity:
    """Takes blocks of sound of any length, gives back what began and ended in them.

    Raises:
        DetectorMissing: the package `silero-vad` or its file is not there.
    """

    def __init__(self, hearing: Hearing | None = None) -> None:
        self._hearing = hearing or Hearing()
        self._detector = _load()
        self._begins_after = max(1, round(self._hearing.begins_after_s * RATE_HZ / WINDOW))
        self._ends_after = max(1, round(self._hearing.hang_over_s * RATE_HZ / WINDOW))
        self.reset()

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks now."""
        return self._speaking

    def reset(self) -> None:
        """Forget everything: the sound was interrupted. Samples are counted from here."""
        self._detector.reset_states()
        self._rest = np.empty(0, np.int16)
        self._taken = 0
        self._speaking = False
        self._run = 0

    def take(self, samples: NDArray[np.int16]) -> list[Began | Ended]:
        """Take a block: (n,) int16 mono at 16 kHz, following on the last."""
        sound = np.concatenate([self._rest, samples])
        found: list[Began | Ended] = []
        whole = len(sound) - len(sound) % WINDOW
        for start in range(0, whole, WINDOW):
            event = self._take_window(self._probability(sound[start : start + WINDOW]))
            if event is not None:
                found.append(event)
        self._rest = sound[whole:]
        return found

    def _take_window(self, probability: float) -> Began | Ended | None:
        self._taken += WINDOW
        if not self._speaking:
            self._run = self._run + 1 if probability > self._hearing.begins_above else 0
            if self._run < self._begins_after:
                return None
            event: Began | Ended = Began(self._taken - self._run * WINDOW)
        else:
            self._run = self._run + 1 if probability < self._hearing.ends_below else 0
            if self._run < self._ends_after:
                return None
            event = Ended(self._taken - self._run * WINDOW)
        self._speaking, self._run = not self._speaking, 0
        return event

    @torch.inference_mode()
    def _probability(self, window: NDArray[np.int16]) -> float:
        sound = torch.from_numpy(window.astype(np.float32) / np.float32(FULL_SCALE))[None]
        return float(self._detector(sound, RATE_HZ))


def _load() -> Any:
    # Read from the package's folder, not through its code: importing that sets the threads of all of torch to one.
    spec = importlib.util.find_spec("silero_vad")
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    path = next(
        (file for folder in folders if (file := Path(folder) / "data" / "silero_vad.jit").is_file()), None
    )
    if path is None:
        raise DetectorMissing(
            "the speech detector silero_vad.jit is not installed, so hands-free is not there;"
            " type: pip install silero-vad"
        )
    with warnings.catch_warnings():
        # torch 2.13 tells its users to move on from TorchScript; the package offers no other file for torch.
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.load(str(path), map_location="cpu").eval()
