"""What is told of an utterance that was read."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from app.session.voicing import utterance_view
from app.speech.said import PUSH, Said
from app.speech.telling import told_of_reading
from app.speech.whisper.decision import Accepted, Ask, Rejected
from app.speech.whisper.heard import Candidate, Reading

PHRASES = (
    "pick up the cup",
    "pick up the spoon",
    "open the drawer",
    "take the handle",
    "raise the lift",
    "go home",
)


def reading(text: str, *, score: float = -1.0) -> Reading:
    candidates = tuple(
        Candidate(phrase, score - 3 * n, (score - 3 * n) / 6) for n, phrase in enumerate(PHRASES)
    )
    return Reading(text, score, score / 6, 0.02, candidates, 1.2, 0.0, -20.0, 10.0, 20.0, 5.0)


def said(note: str = "") -> Said:
    return Said(9, PUSH, 100, 1_300_000_100, np.zeros(10, np.int16), note)


def test_an_accepted_phrase_is_told_with_its_confidence() -> None:
    message, data = told_of_reading(said(), reading("Pick up the cup."), Accepted("pick up the cup", 0.934))
    assert message == "“pick up the cup” (93 %)"
    assert (data["state"], data["accepted"], data["heard"]) == (
        "accepted",
        "pick up the cup",
        "Pick up the cup.",
    )
    assert [one["phrase"] for one in data["candidates"]] == list(PHRASES[:5])
    probabilities = [one["probability"] for one in data["candidates"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0.5 < probabilities[0] <= 1.0


def test_what_is_asked_comes_first_among_the_candidates() -> None:
    asked = Ask(("open the drawer", "pick up the cup"), 0.5)
    message, data = told_of_reading(said(), reading("Open the draw."), asked)
    assert "which is meant, open the drawer, or pick up the cup?" in message
    assert [one["phrase"] for one in data["candidates"]][:3] == [
        "open the drawer",
        "pick up the cup",
        "pick up the spoon",
    ]
    assert (data["state"], data["accepted"], data["confidence"]) == ("ask", "", 0.5)


def test_a_rejection_says_why_and_what_was_cut() -> None:
    message, data = told_of_reading(
        said("only 5 s were heard"), reading("Hello."), Rejected("no known command")
    )
    assert message == "not taken: no known command; only 5 s were heard"
    assert (data["state"], data["reason"]) == ("rejected", "no known command; only 5 s were heard")


def test_a_broken_models_numbers_are_still_an_utterance_on_screen() -> None:
    _, data = told_of_reading(said(), reading("", score=math.nan), Rejected("no usable answer"))
    event = msgspec.json.decode(msgspec.json.encode(data | {"utterance": 9, "reading_ms": 12.0}))
    assert utterance_view(event).candidates[0].probability >= 0.0
