"""What the window shows of what was said: frozen views, part of the snapshot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A known subtask and how probable it is that it was said, 0 to 1."""

    phrase: str
    probability: float


@dataclass(frozen=True, slots=True)
class UtteranceView:
    """Something that was said.

    Attributes:
        number: names it, for `Voice.choose` and `Voice.correct`.
        state: `speaking`, `reading`, `accepted`, `ask` (a person must choose), `rejected`, or `failed` (the reader was
            lost in its midst).
        heard: the free transcript.
        accepted: the subtask that was taken from it; empty until then.
        confidence: 0 to 1, of `accepted`, or of the best candidate.
        candidates: best first, at most five.
        reason: why it was rejected or failed, in words.
        began_ns, ended_ns: of the speech, monotonic; `ended_ns` is 0 while it goes on.
        reading_ms: from its end until it was read.
        corrected: what a person said that it was; empty for no correction.
    """

    number: int
    state: str
    heard: str = ""
    accepted: str = ""
    confidence: float = 0.0
    candidates: tuple[CandidateView, ...] = ()
    reason: str = ""
    began_ns: int = 0
    ended_ns: int = 0
    reading_ms: float = float("nan")
    corrected: str = ""


@dataclass(frozen=True, slots=True)
class VoiceView:
    """The way from a microphone to a subtask, while it is switched on. Level and devices are in `SpeechView`.

    Attributes:
        state: `starting`, `loading`, `downloading`, `ready`, `no model` or `lost`.
        model: the one that is wanted.
        detail: such as where a download goes, or why there is no model and what to do.
        done_bytes, total_bytes: of a download; 0 where unknown.
        hands_free: whether speech is found by itself.
        talking: whether the talk key is held.
        hearing: whether somebody is speaking, by the detector of the hands-free way, or by the key.
        utterances: the newest last, at most eight.
    """

    state: str = "starting"
    model: str = ""
    detail: str = ""
    done_bytes: int = 0
    total_bytes: int = 0
    hands_free: bool = False
    talking: bool = False
    hearing: bool = False
    utterances: tuple[UtteranceView, ...] = ()
