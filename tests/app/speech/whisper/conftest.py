"""What the tests of speech recognition share: small models with random weights, and speech."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from whisper.model import ModelDimensions

from app.speech.espeak import Voice, in_room, say
from app.speech.whisper.model import SpeechModel, untrained

Sound = NDArray[np.int16]
SMALL = ModelDimensions(80, 256, 64, 2, 2, 51864, 32, 64, 2, 2)


@pytest.fixture(scope="package")
def small() -> SpeechModel:
    """It knows nothing, in the way of every Whisper."""
    return untrained(SMALL, seed=1)


@pytest.fixture(scope="package")
def spoken() -> Callable[[str], Sound]:
    """A text as a microphone hears it in a quiet room, pressed to talk: 0.3 s before it, 0.2 s after."""

    def speak(text: str) -> Sound:
        return in_room(
            say(text, Voice("en-us+m1", 160)), rng=np.random.default_rng(5), before_s=0.3, after_s=0.2
        )

    return speak
