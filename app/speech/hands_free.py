"""Cuts utterances out of the sound where somebody speaks, with no key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.speech.push_to_talk import MICROPHONE_LOST, OVER_S
from app.speech.ring import SoundRing
from app.speech.said import HANDS_FREE, Said, Unsaid
from drivers.microphone.capture import RATE_HZ

if TYPE_CHECKING:
    from app.speech.whisper.voice_activity import VoiceActivity

PRE_ROLL_S, TAIL_S = 0.3, 0.1
"""Around what the detector takes for speech: a soft consonant at either end is none to it."""
GAP_S = 0.1
"""Sound that is interrupted for so long does not follow on what was before."""
_SECOND_NS = 1_000_000_000


class HandsFree:
    """Takes the blocks of sound in turn, tells of what begins and ends in them.

    Args:
        ring: the same sound, kept.
        detector: tells speech from everything else.
        longest_s: what the model hears at once: whoever goes on speaking is talking to somebody else.
    """

    def __init__(self, ring: SoundRing, detector: VoiceActivity, *, longest_s: float) -> None:
        self._ring = ring
        self._detector = detector
        self.longest_s = longest_s
        self._expected_ns = 0
        self._taken = 0
        self._began_ns: int | None = None
        self._passing = False
        self._last_end_ns = 0

    @property
    def number(self) -> int | None:
        """The utterance that somebody is speaking; None while nobody is, or talk is let pass."""
        return self._began_ns if not self._passing else None

    def take(self, time_ns: int, samples: NDArray[np.int16]) -> list[int | Said | Unsaid]:
        """Take a block that is in the ring already; the number of an utterance that begins, or one that has ended."""
        from app.speech.whisper.voice_activity import Began

        found: list[int | Said | Unsaid] = []
        if abs(time_ns - self._expected_ns) > GAP_S * _SECOND_NS:
            found += self.give_up(MICROPHONE_LOST, lost=True)
        self._expected_ns = time_ns + len(samples) * _SECOND_NS // RATE_HZ
        before, self._taken = self._taken, self._taken + len(samples)
        for change in self._detector.take(samples):
            at_ns = time_ns + (change.sample - before) * _SECOND_NS // RATE_HZ
            if isinstance(change, Began):
                self._began_ns = max(at_ns - int(PRE_ROLL_S * _SECOND_NS), self._last_end_ns)
                found.append(self._began_ns)
            else:
                found += self._end(at_ns + int(TAIL_S * _SECOND_NS))
        if self._began_ns is not None and not self._passing:
            most_ns = int((self.longest_s + OVER_S) * _SECOND_NS)
            if self._expected_ns - self._began_ns > most_ns:
                end_ns = self._began_ns + most_ns
                found.append(self._said(self._began_ns, end_ns, "too long for a command: cut"))
                self._passing = True
        return found

    def give_up(self, reason: str, *, lost: bool = False) -> list[Unsaid]:
        """Begin anew; what somebody is speaking ends in nothing, with the sound that has come so far.

        Args:
            reason: why, and what to do.
            lost: whether something went wrong.
        """
        number = self.number
        self._detector.reset()
        self._taken = 0
        self._began_ns, self._passing = None, False
        if number is None:
            return []
        return [Unsaid(number, HANDS_FREE, number, max(number, self._expected_ns), reason, lost)]

    def _end(self, end_ns: int) -> list[Said]:
        began_ns, self._began_ns = self._began_ns, None
        passing, self._passing = self._passing, False
        return [self._said(began_ns, end_ns)] if began_ns is not None and not passing else []

    def _said(self, began_ns: int, end_ns: int, note: str = "") -> Said:
        self._last_end_ns = end_ns
        return Said(began_ns, HANDS_FREE, began_ns, end_ns, self._ring.between(began_ns, end_ns), note)
