"""Decides what a reading means: a known phrase, a question back, or nothing. Pure, and the same for any model.

A phrase is accepted when the model, asked freely, wrote that very phrase, was sure of it, and finds every other phrase
far less likely. A command that is not accepted costs a repetition; one that nobody gave moves a robot. So whatever is
between the two becomes a question.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from app.speech.whisper.heard import Candidate, Reading

_ARTICLES = frozenset(("the", "a", "an"))
_NOT_WORDS = re.compile(r"[^\w\s]|_")

HALLUCINATIONS = (
    "you", "thank you", "thanks", "thank you very much", "thank you so much", "thanks for watching",
    "thank you for watching", "thank you for listening", "please subscribe", "like and subscribe", "bye", "bye bye",
    "see you next time", "see you in the next video", "so", "i'm sorry", "silence", "music", "applause", "blank audio",
)  # fmt: skip
"""What Whisper writes where nobody speaks: it was trained on films and their subtitles."""
_HALLUCINATED_PARTS = ("for watching", "subscribe", "subtitles by", "subtitled by", "captions by", "captioned by",
                       "amara org", "transcribed by", "transcription by", "next video")  # fmt: skip
_DOTS = ("...", "…")
_DOTS_AND_SPACE = ". …"
_LOOP = 3
"""So often the same words behind each other are no sentence, but a decoder that runs in a circle."""


@dataclass(frozen=True, slots=True)
class Margins:
    """How sure is sure enough.

    Attributes:
        shortest_s: an utterance below is a click.
        silent_dbfs: below, in the loudest twentieth of a second, nobody spoke to the microphone.
        no_speech: the model's own opinion that nobody speaks, above which it is believed.
        unclear: how likely the model may find it, at most, that it hears something else or only half of it.
        least_mean: log-probability of each token, below which a text is a guess.
        over_second: by how much (log-probability) the best phrase must beat the next.
        ask_within: how far (log-probability) the best phrase may stay behind the free text and still be asked for.
        least_asked: how likely (0 to 1) the likeliest phrase of a question must be; below, none of them was said.
        asked: how many phrases a question offers at most.
    """

    shortest_s: float = 0.25
    silent_dbfs: float = -60.0
    no_speech: float = 0.5
    unclear: float = 0.15
    least_mean: float = -0.35
    over_second: float = 3.0
    ask_within: float = 6.0
    least_asked: float = 0.05
    asked: int = 3


@dataclass(frozen=True, slots=True)
class Accepted:
    """A known phrase was said.

    Attributes:
        phrase: as it was given to the reader.
        confidence: 0 to 1, to be shown.
    """

    phrase: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Ask:
    """One of these may have been said: let the speaker choose.

    Attributes:
        phrases: the likeliest first.
        confidence: 0 to 1, of the first.
    """

    phrases: tuple[str, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Rejected:
    """No command.

    Attributes:
        reason: to be shown.
    """

    reason: str


Decision = Accepted | Ask | Rejected


def decide(reading: Reading, *, margins: Margins = Margins()) -> Decision:
    """What to do about an utterance."""
    nothing = _nothing_said(reading, margins)
    if nothing is not None:
        return nothing
    if not reading.candidates:
        return Rejected("no phrase is known yet")
    best = reading.candidates[0]
    text = reading.text.lstrip()
    said = [candidate for candidate in reading.candidates if plain(candidate.phrase) == plain(text)]
    if said:
        chosen = said[0]
        sure = reading.mean_logprob >= margins.least_mean and reading.unclear <= margins.unclear
        sure = sure and not text.startswith(_DOTS) and reading.cut_s == 0.0
        if chosen is best and sure and _over_others(reading, chosen) >= margins.over_second:
            return Accepted(chosen.phrase, confidence(reading, chosen))
        return _ask(reading, chosen, margins)
    if best.score >= reading.logprob - margins.ask_within and reading.cut_s == 0.0:
        return _ask(reading, best, margins)
    return _unknown(reading)


def plain(text: str) -> str:
    """A text as it is compared: without case, punctuation, articles, and where words are divided."""
    words = _NOT_WORDS.sub(" ", text.casefold()).split()
    return "".join(word for word in words if word not in _ARTICLES)


def confidence(reading: Reading, candidate: Candidate) -> float:
    """0 to 1: how sure the model is of a phrase's words, times its share among all phrases and the free text."""
    others = [one.score for one in reading.candidates if one is not candidate]
    if plain(reading.text) != plain(candidate.phrase):
        others.append(reading.logprob)
        sure = candidate.mean_score
    else:
        # The free text is the phrase, perhaps written in another way, and then the better measure.
        sure = max(candidate.mean_score, reading.mean_logprob)
    against = sum(math.exp(min(700.0, score - candidate.score)) for score in others)
    return min(1.0, math.exp(min(0.0, sure))) / (1.0 + against)


def _nothing_said(reading: Reading, margins: Margins) -> Rejected | None:
    if reading.duration_s < margins.shortest_s:
        return Rejected(f"too short: {reading.duration_s:.2f} s")
    if reading.loudest_dbfs < margins.silent_dbfs:
        return Rejected(f"silence: {reading.loudest_dbfs:.0f} dBFS at the loudest; is the microphone muted?")
    if not reading.no_speech <= margins.no_speech:
        return Rejected("a sound, but nobody speaking")
    words = _NOT_WORDS.sub(" ", reading.text.casefold().replace("'", "")).split()
    text = " ".join(words)
    if not words:
        return Rejected("no words in it")
    if text in _PLAIN_HALLUCINATIONS or any(part in text for part in _HALLUCINATED_PARTS):
        return Rejected(f"“{reading.text}” is what noise is often taken for")
    if _runs_in_circles(words):
        return Rejected(f"“{reading.text}” repeats itself, as readings of noise do")
    if not math.isfinite(reading.logprob):
        return Rejected("the recogniser gave no usable answer")
    return None


def _over_others(reading: Reading, chosen: Candidate) -> float:
    """By how much a phrase beats the next that is another command; those that differ in an article are one."""
    others = [one.score for one in reading.candidates if plain(one.phrase) != plain(chosen.phrase)]
    return chosen.score - max(others, default=-math.inf)


def _unknown(reading: Reading) -> Rejected:
    return Rejected(f"heard “{reading.text.lstrip().lstrip(_DOTS_AND_SPACE)}”, which is no known command")


def _ask(reading: Reading, first: Candidate, margins: Margins) -> Ask | Rejected:
    near = [
        one for one in reading.candidates if one is first or one.score >= first.score - margins.ask_within
    ]
    near.sort(key=lambda one: (one is not first, -one.score))
    offered = near[: margins.asked]
    if max(confidence(reading, one) for one in offered) < margins.least_asked:
        return _unknown(reading)
    return Ask(tuple(one.phrase for one in offered), confidence(reading, first))


def _runs_in_circles(words: list[str]) -> bool:
    for size in range(1, len(words) // _LOOP + 1):
        for start in range(len(words) - size * _LOOP + 1):
            part = words[start : start + size]
            if all(words[start + k * size : start + (k + 1) * size] == part for k in range(1, _LOOP)):
                return True
    return False


_PLAIN_HALLUCINATIONS = frozenset(text.replace("'", "") for text in HALLUCINATIONS)
