"""Cuts utterances out of the sound by a key that is held while somebody speaks.

Sound comes later than keys do, so every end is by the time of capture, and is waited for. People press late and let go
early: an utterance begins a little before the press, and goes on after the release for as long as it is loud.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.speech.level import level_of
from app.speech.ring import SoundRing
from app.speech.said import PUSH, Said, Unsaid

PRE_ROLL_S = 0.3
"""Before the press: it takes that long to press a key that one has begun to speak to."""
SHORTEST_PRESS_S = 0.15
"""A shorter press is one by mistake."""
QUIET_S = 0.06
"""So much quiet after the release ends an utterance."""
LONGEST_TAIL_S = 0.3
"""After the release, whatever is heard."""
BELOW_LOUDEST_DB = 25.0
"""Quiet is so much below the loudest of the utterance: less is the end of a word."""
SOUND_WITHIN_S = 1.0
"""Sound that has not come so long after it was due does not come any more."""
LEAST_COVERED = 0.8
"""Of an utterance's time: with less sound of it than this, words are missing."""
OVER_S = 0.1
"""Of an utterance that is longer than the model hears at once, so much more is kept, so that its reader sees that."""
MICROPHONE_LOST = "the microphone was lost while you spoke; say it again once it is back"

_FRAME_NS = 30_000_000
_SECOND_NS = 1_000_000_000


@dataclass(slots=True)
class _Press:
    """One time that the key was held."""

    pressed_ns: int
    begin_ns: int
    released_ns: int | None = None
    no_later_ns: int | None = None


class PushToTalk:
    """Takes presses and releases, gives back utterances when their sound is there.

    Args:
        ring: the sound; it is filled by whoever steps.
        longest_s: what the model hears at once; may be changed between two presses.
    """

    def __init__(self, ring: SoundRing, *, longest_s: float = 30.0) -> None:
        self._ring = ring
        self.longest_s = longest_s
        self._presses: list[_Press] = []
        self._held = False
        self._last_end_ns = 0

    @property
    def held(self) -> bool:
        """Whether the key is held."""
        return self._held

    @property
    def open(self) -> bool:
        """Whether an utterance is under way: the key is held, or its last sound is still awaited."""
        return bool(self._presses)

    def press(self, time_ns: int) -> int | None:
        """The key is held since `time_ns`; the number of the utterance that begins, None where it was held already."""
        if self._held:
            return None
        self._held = True
        begin_ns = max(time_ns - int(PRE_ROLL_S * _SECOND_NS), self._last_end_ns)
        for before in self._presses:
            before.no_later_ns = min(before.no_later_ns or time_ns, time_ns)
            begin_ns = max(begin_ns, before.released_ns or 0)
        self._presses.append(_Press(time_ns, begin_ns))
        return time_ns

    def release(self, time_ns: int) -> None:
        """The key was let go at `time_ns`."""
        self._held = False
        if self._presses and self._presses[-1].released_ns is None:
            self._presses[-1].released_ns = max(time_ns, self._presses[-1].pressed_ns)

    def abandon(self, now_ns: int, reason: str) -> list[Unsaid]:
        """Nobody is there any more who could let go: what is under way ends in nothing."""
        self._held = False
        presses, self._presses = self._presses, []
        return [self._unsaid(press, now_ns, reason, lost=True) for press in presses]

    def step(self, now_ns: int) -> list[Said | Unsaid]:
        """The utterances that have come to an end since the last time, oldest first."""
        found: list[Said | Unsaid] = []
        while self._presses:
            ended = self._ended(self._presses[0], now_ns)
            if ended is None:
                break
            found.append(ended)
            self._last_end_ns = ended.ended_ns
            self._presses.pop(0)
        return found

    # -- inside --------------------------------------------------------------------------------------------------------

    def _ended(self, press: _Press, now_ns: int) -> Said | Unsaid | None:
        most_ns = press.begin_ns + int((self.longest_s + OVER_S) * _SECOND_NS)
        released_ns = press.released_ns
        if released_ns is None or released_ns > most_ns:
            if self._ring.end_ns >= most_ns:
                return self._whole(
                    press,
                    most_ns,
                    f"only the first {self.longest_s:.1f} s were heard, for the key was held longer",
                )
            held_ns = most_ns if released_ns is not None else now_ns
            return self._silent(press, held_ns, now_ns)
        if released_ns - press.pressed_ns < SHORTEST_PRESS_S * _SECOND_NS:
            return self._unsaid(
                press, released_ns, "too short a press: hold the key for as long as you speak"
            )
        end_ns = self._end_of(press, released_ns, most_ns)
        return self._whole(press, end_ns) if end_ns is not None else self._silent(press, released_ns, now_ns)

    def _end_of(self, press: _Press, released_ns: int, most_ns: int) -> int | None:
        """Where the utterance ends after the release; None while that has not been heard."""
        last_ns = min(released_ns + int(LONGEST_TAIL_S * _SECOND_NS), most_ns)
        if press.no_later_ns is not None:
            last_ns = min(last_ns, max(press.no_later_ns, released_ns))
        quiet_ns = int(QUIET_S * _SECOND_NS)
        end_ns = min(released_ns + quiet_ns, last_ns)
        loudest_dbfs = None
        while end_ns <= self._ring.end_ns:
            if end_ns == last_ns:
                return end_ns
            if loudest_dbfs is None:
                loudest_dbfs = self._loudest_dbfs(press.begin_ns, released_ns)
            rest = self._ring.between(end_ns - quiet_ns, end_ns)
            if level_of(rest).rms_dbfs < loudest_dbfs - BELOW_LOUDEST_DB:
                return end_ns
            end_ns = min(end_ns + _FRAME_NS, last_ns)
        return None

    def _silent(self, press: _Press, until_ns: int, now_ns: int) -> Unsaid | None:
        """An utterance whose sound no longer comes; None where it may still."""
        waited_s = (now_ns - max(self._ring.end_ns, press.pressed_ns)) / _SECOND_NS
        if waited_s < SOUND_WITHIN_S:
            return None
        end_ns = min(until_ns, now_ns)
        if self._ring.end_ns <= press.pressed_ns - SOUND_WITHIN_S * _SECOND_NS:
            return self._unsaid(
                press, end_ns, "no sound came from the microphone; check that it is plugged in", lost=True
            )
        return self._unsaid(press, end_ns, MICROPHONE_LOST, lost=True)

    def _whole(self, press: _Press, end_ns: int, note: str = "") -> Said | Unsaid:
        begin_ns = max(press.begin_ns, min(self._ring.begin_ns, press.pressed_ns))
        if self._ring.covered(begin_ns, end_ns) < LEAST_COVERED:
            return self._unsaid(press, end_ns, "part of the sound was lost; say it again", lost=True)
        samples = self._ring.between(begin_ns, end_ns)
        return Said(press.pressed_ns, PUSH, begin_ns, end_ns, samples, note)

    def _unsaid(self, press: _Press, end_ns: int, reason: str, *, lost: bool = False) -> Unsaid:
        return Unsaid(press.pressed_ns, PUSH, press.begin_ns, max(end_ns, press.begin_ns), reason, lost)

    def _loudest_dbfs(self, begin_ns: int, end_ns: int) -> float:
        frame = _FRAME_NS * 16 // 1_000_000
        samples = self._ring.between(begin_ns, end_ns)
        frames = samples[: len(samples) // frame * frame].reshape(-1, frame).astype(np.float64)
        if not len(frames):
            return level_of(samples).rms_dbfs
        loudest = frames[int(np.argmax((frames * frames).mean(axis=1)))]
        return level_of(loudest.astype(np.int16)).rms_dbfs
