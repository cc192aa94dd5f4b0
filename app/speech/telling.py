"""An utterance that was read, in words for a person and in data for the screen and the recording."""

from __future__ import annotations

import math
from typing import Any

from app.speech.said import Said
from app.speech.whisper.decision import Accepted, Ask, Decision, confidence
from app.speech.whisper.heard import Reading

CANDIDATES = 5
"""Told of, best first."""


def told_of_reading(said: Said, reading: Reading, decision: Decision) -> tuple[str, dict[str, Any]]:
    """One line, and what the event `utterance` carries beside numbers and times; see docs/voice.md."""
    data: dict[str, Any] = {
        "heard": reading.text.strip(),
        "accepted": "",
        "confidence": 0.0,
        "candidates": _candidates(reading, decision),
        "reason": said.note,
        "no_speech": _finite(reading.no_speech),
        "logprob": _finite(reading.logprob),
        "encode_ms": round(reading.encode_ms, 1),
        "transcribe_ms": round(reading.transcribe_ms, 1),
        "score_ms": round(reading.score_ms, 1),
    }
    if isinstance(decision, Accepted):
        data |= {"state": "accepted", "accepted": decision.phrase, "confidence": _finite(decision.confidence)}
        return f"“{decision.phrase}” ({100 * decision.confidence:.0f} %)", data
    if isinstance(decision, Ask):
        data |= {"state": "ask", "confidence": _finite(decision.confidence)}
        return f"heard “{data['heard']}”: which is meant, {', or '.join(decision.phrases)}?", data
    reason = "; ".join(part for part in (decision.reason, said.note) if part)
    data |= {"state": "rejected", "reason": reason}
    if data["candidates"]:
        data["confidence"] = data["candidates"][0]["probability"]
    return f"not taken: {reason}", data


def _candidates(reading: Reading, decision: Decision) -> list[dict[str, str | float]]:
    """The likeliest phrases; where it is asked which is meant, those that are asked for come first."""
    asked = decision.phrases if isinstance(decision, Ask) else ()
    found = sorted(
        reading.candidates, key=lambda one: asked.index(one.phrase) if one.phrase in asked else len(asked)
    )
    return [
        {
            "phrase": one.phrase,
            "probability": _finite(confidence(reading, one)),
            "score": _finite(one.score),
        }
        for one in found[:CANDIDATES]
    ]


def _finite(number: float) -> float:
    """A number as JSON has it: a broken model's NaN is none."""
    return round(number, 4) if math.isfinite(number) else 0.0
