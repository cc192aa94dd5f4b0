"""Make-believe speech: what a fake session says that it hears; tests put words into its mouth."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from app.session.view import SpeechView
from app.session.voice_view import CandidateView, UtteranceView, VoiceView
from app.speech.transcribing import Transcribing

Tell = Callable[[str, str, float], None]
"""Carries out a subtask: its text, its origin, and the confidence in it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the next utterance turns out to be.

    Attributes:
        state: `accepted`, `ask`, `rejected` or `failed`.
        heard: the free transcript.
        candidates: phrases and their probabilities, best first.
        reason: why it was rejected.
    """

    state: str
    heard: str
    candidates: tuple[tuple[str, float], ...] = ()
    reason: str = ""


CLEAR = Said("accepted", "pick up the plate", (("pick up the plate", 0.96), ("pick up the cup", 0.03)))
UNCLEAR = Said(
    "ask",
    "pick up the cap",
    (
        ("pick up the cup", 0.46),
        ("pick up the plate", 0.31),
        ("put the cup in the sink", 0.12),
        ("pick up the spoon", 0.06),
    ),
)
NOISE = Said("rejected", "thank you for watching", reason="nothing like a known subtask; say it again")


class FakeVoice:
    """Answers like a session's voice; tests read `calls`, and put what is said into `says`.

    Args:
        calls: where everything asked is noted.
        tell: carries out a subtask.
        reading_s: how long an utterance is read; 0 for at once.
    """

    def __init__(self, calls: list[tuple[Any, ...]], tell: Tell, *, reading_s: float = 0.0) -> None:
        self._calls = calls
        self._tell = tell
        self.reading_s = reading_s
        self.says: deque[Said] = deque()
        self.wanted: Transcribing | None = None
        self.device = ""
        self.state = "ready"
        self.detail = ""
        self.done_bytes = self.total_bytes = 0
        self.talking = False
        self.utterances: list[UtteranceView] = []
        self.level_dbfs = -24.0
        self.microphones = ("Headset", "Webcam")

    # -- what is asked --------------------------------------------------------------------------------------------

    def switch(self, on: bool, *, device: str = "", transcribing: Transcribing | None = None) -> None:
        self.wanted = (transcribing or Transcribing()) if on else None
        self.device = device
        self._calls.append(("voice.switch", on, device, self.wanted))

    def talk(self, on: bool) -> None:
        self._calls.append(("talk", on))
        if self.wanted is None or on == self.talking:
            return
        self.talking = on
        now_ns = time.monotonic_ns()
        if on:
            number = len(self.utterances) + 1
            self.utterances.append(UtteranceView(number=number, state="speaking", began_ns=now_ns))
        else:
            self.utterances[-1] = replace(self.utterances[-1], state="reading", ended_ns=now_ns)
            self._read()

    def choose(self, utterance: int, phrase: str) -> None:
        self._calls.append(("choose", utterance, phrase))
        self._accept(utterance, phrase, "key")

    def correct(self, utterance: int, text: str) -> None:
        self._calls.append(("correct", utterance, text))
        self._accept(utterance, text, "typed")

    def say(self, said: Said) -> None:
        """Have something said, start to end."""
        self.says.append(said)
        self.talk(True)
        self.talk(False)

    # -- what is shown --------------------------------------------------------------------------------------------

    def view(self) -> VoiceView | None:
        if self.wanted is None:
            return None
        self._read()
        return VoiceView(
            state=self.state,
            model=self.wanted.model,
            detail=self.detail,
            done_bytes=self.done_bytes,
            total_bytes=self.total_bytes,
            hands_free=self.wanted.hands_free,
            talking=self.talking,
            hearing=self.talking,
            utterances=tuple(self.utterances[-8:]),
        )

    def speech(self) -> SpeechView | None:
        """The microphone, while the voice is switched on."""
        if self.wanted is None:
            return None
        sway = 6.0 * math.sin(time.monotonic() * 7.0)
        level = self.level_dbfs + sway if self.talking else -52.0
        return SpeechView(
            state="listening",
            device=self.device or "Built-in microphone",
            devices=self.microphones,
            rms_dbfs=level,
            peak_dbfs=level + 9.0,
            hearing=self.talking,
        )

    # -- inside ---------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        for index, seen in enumerate(self.utterances):
            waited_s = (time.monotonic_ns() - seen.ended_ns) / 1e9
            if seen.state != "reading" or waited_s < self.reading_s:
                continue
            said = self.says.popleft() if self.says else CLEAR
            candidates = tuple(CandidateView(phrase, probability) for phrase, probability in said.candidates)
            accepted = candidates[0].phrase if said.state == "accepted" else ""
            confidence = candidates[0].probability if candidates else 0.0
            self.utterances[index] = replace(
                seen,
                state=said.state,
                heard=said.heard,
                accepted=accepted,
                confidence=confidence,
                candidates=candidates,
                reason=said.reason,
                reading_ms=1000 * max(waited_s, 0.212),
            )
            if accepted:
                self._tell(accepted, "voice", confidence)

    def _accept(self, number: int, text: str, origin: str) -> None:
        for index, seen in enumerate(self.utterances):
            if seen.number == number:
                self.utterances[index] = replace(seen, state="accepted", accepted=text, corrected=text)
                self._tell(text, origin, 1.0)
