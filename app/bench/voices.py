"""The voices that measure how well words are heard, and the speaking for a command line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.cli.outcome import CommandError
from app.speech import espeak
from app.speech.espeak import QUIET_DBFS, SPEECH_DBFS, EspeakFailed, Voice, at_level, in_room, room_noise

__all__ = [
    "HELD_OUT", "QUIET_DBFS", "SPEECH_DBFS", "TUNED_ON", "Voice", "at_level", "in_room", "room_noise", "say",
]  # fmt: skip

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
    """A text spoken, as `app.speech.espeak.say` does.

    Raises:
        CommandError: without eSpeak, or it does not know the voice.
    """
    try:
        return espeak.say(text, voice)
    except EspeakFailed as error:
        raise CommandError(str(error)) from error
