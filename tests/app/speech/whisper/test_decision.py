"""What is accepted, asked and refused, for readings of every kind."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.speech.whisper.decision import (
    HALLUCINATIONS,
    Accepted,
    Ask,
    Margins,
    Rejected,
    confidence,
    decide,
    plain,
)
from app.speech.whisper.heard import Candidate, Reading

PLATE, CUP, DRAWER = "pick up the plate", "pick up the cup", "open the drawer"


def candidates(**scores: float) -> tuple[Candidate, ...]:
    names = {"plate": PLATE, "cup": CUP, "drawer": DRAWER}
    found = [Candidate(names[name], score, score / 6) for name, score in scores.items()]
    return tuple(sorted(found, key=lambda one: -one.score))


CLEAR = Reading(
    text="Pick up the plate.",
    logprob=-0.1,
    mean_logprob=-0.02,
    no_speech=0.001,
    unclear=0.001,
    candidates=candidates(plate=-0.1, cup=-12.0, drawer=-30.0),
    duration_s=1.4,
    cut_s=0.0,
    loudest_dbfs=-20.0,
    encode_ms=10.0,
    transcribe_ms=20.0,
    score_ms=30.0,
)


def but(**changes: object) -> Reading:
    return dataclasses.replace(CLEAR, **changes)  # type: ignore[arg-type]


def test_a_phrase_that_is_plainly_said_is_accepted() -> None:
    decision = decide(CLEAR)
    assert isinstance(decision, Accepted)
    assert decision.phrase == PLATE
    assert 0.9 < decision.confidence <= 1.0


@pytest.mark.parametrize(
    "text", ["pick up the plate", "Pick up plate!", "PICK UP A PLATE", " pickup the plate "]
)
def test_case_punctuation_and_articles_do_not_matter(text: str) -> None:
    assert isinstance(decide(but(text=text)), Accepted)


def test_two_phrases_that_sound_alike_are_asked() -> None:
    decision = decide(but(candidates=candidates(plate=-0.9, cup=-1.2, drawer=-30.0)))
    assert isinstance(decision, Ask)
    assert decision.phrases == (PLATE, CUP)
    assert decision.confidence < 0.7


def test_a_phrase_that_is_a_guess_is_asked() -> None:
    assert isinstance(decide(but(mean_logprob=-0.8)), Ask)


def test_another_sentence_is_refused_in_its_own_words() -> None:
    decision = decide(
        but(text="We like cheese.", candidates=candidates(plate=-25.0, cup=-26.0, drawer=-40.0))
    )
    assert decision == Rejected("heard “We like cheese.”, which is no known command")


def test_a_sentence_near_a_phrase_is_asked_and_never_accepted() -> None:
    decision = decide(
        but(text="Pick up the plates.", logprob=-1.0, candidates=candidates(plate=-2.0, cup=-9.0))
    )
    assert isinstance(decision, Ask)
    assert decision.phrases[0] == PLATE


def test_a_sentence_that_resembles_no_phrase_is_refused_and_not_asked_about() -> None:
    """Read by the shipped recogniser: a sentence of its own, and the likeliest command at 1 %."""
    text = "... Nobody hello wait the right from the wheel."
    unlikely = but(text=text, logprob=-5.0, candidates=candidates(plate=-9.0, cup=-10.0, drawer=-30.0))
    assert 0.0 < confidence(unlikely, unlikely.candidates[0]) < 0.02
    assert decide(unlikely) == Rejected(
        "heard “Nobody hello wait the right from the wheel.”, which is no known command"
    )
    likelier = dataclasses.replace(unlikely, candidates=candidates(plate=-6.0, cup=-10.0, drawer=-30.0))
    assert isinstance(decide(likelier), Ask)


def test_the_text_of_another_phrase_than_the_best_is_asked() -> None:
    decision = decide(but(candidates=candidates(plate=-5.0, cup=-0.5)))
    assert isinstance(decision, Ask)
    assert set(decision.phrases) == {PLATE, CUP}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"loudest_dbfs": -75.0}, "silence"),
        ({"duration_s": 0.1}, "too short"),
        ({"no_speech": 0.9}, "nobody speaking"),
        ({"no_speech": math.nan}, "nobody speaking"),
        ({"text": ""}, "no words"),
        ({"text": " ... "}, "no words"),
        ({"text": "Thank you."}, "noise"),
        ({"text": "Pick up the plate. Subtitles by the Amara.org community"}, "noise"),
        ({"text": "Thank you for watching!"}, "noise"),
        ({"text": "pick up pick up pick up pick up"}, "repeats"),
        ({"logprob": math.nan}, "no usable answer"),
        ({"candidates": ()}, "no phrase is known"),
    ],
)
def test_what_is_no_command_is_refused_with_its_reason(changes: dict[str, object], reason: str) -> None:
    decision = decide(but(**changes))
    assert isinstance(decision, Rejected)
    assert reason in decision.reason


@pytest.mark.parametrize("text", HALLUCINATIONS)
def test_a_hallucination_is_refused_even_when_it_is_a_phrase(text: str) -> None:
    reading = but(text=text, candidates=(Candidate(text, -0.1, -0.02),))
    assert isinstance(decide(reading), Rejected)


def test_what_the_model_half_understood_is_asked_and_never_accepted() -> None:
    assert isinstance(decide(but(unclear=0.4)), Ask)
    assert isinstance(decide(but(text="...Pick up the plate.")), Ask)
    assert isinstance(decide(but(text="… pick up the plate")), Ask)
    far = but(text="... Pick up the pillow.", candidates=candidates(plate=-9.0, cup=-15.0, drawer=-30.0))
    assert decide(far) == Rejected("heard “Pick up the pillow.”, which is no known command")


def test_half_an_utterance_is_never_accepted() -> None:
    assert isinstance(decide(but(cut_s=0.5)), Ask)


def test_phrases_that_are_the_same_but_for_an_article_do_not_compete() -> None:
    twins = (
        Candidate("pick up plate", -0.1, -0.02),
        Candidate(PLATE, -0.3, -0.05),
        Candidate(CUP, -12.0, -2.0),
    )
    assert isinstance(decide(but(candidates=twins)), Accepted)


scores = st.floats(-60.0, 0.0)


@given(
    plate=scores,
    cup=scores,
    drawer=scores,
    free=scores,
    text=st.sampled_from((PLATE, CUP, DRAWER, "we like cheese", "you", "")),
    no_speech=st.floats(0.0, 1.0),
    unclear=st.floats(0.0, 1.0),
    loudest=st.floats(-96.0, 0.0),
)
def test_whatever_is_read_is_decided_within_the_margins(
    plate: float,
    cup: float,
    drawer: float,
    free: float,
    text: str,
    no_speech: float,
    unclear: float,
    loudest: float,
) -> None:
    margins = Margins()
    reading = but(
        candidates=candidates(plate=plate, cup=cup, drawer=drawer),
        logprob=free,
        mean_logprob=free / 6,
        text=text,
        no_speech=no_speech,
        unclear=unclear,
        loudest_dbfs=loudest,
    )
    decision = decide(reading, margins=margins)
    if isinstance(decision, Accepted):
        first, second = reading.candidates[:2]
        assert decision.phrase == first.phrase
        assert plain(decision.phrase) == plain(text)
        assert first.score - second.score >= margins.over_second
        assert reading.mean_logprob >= margins.least_mean
        assert no_speech <= margins.no_speech
        assert unclear <= margins.unclear
        assert loudest >= margins.silent_dbfs
        assert 0.0 <= decision.confidence <= 1.0
    elif isinstance(decision, Ask):
        assert 1 <= len(decision.phrases) <= margins.asked
        offered = [one for one in reading.candidates if one.phrase in decision.phrases]
        assert max(confidence(reading, one) for one in offered) >= margins.least_asked
        assert len(set(decision.phrases)) == len(decision.phrases)
        assert 0.0 <= decision.confidence <= 1.0
    else:
        assert decision.reason


@given(margin=st.floats(0.0, 20.0), more=st.floats(0.1, 20.0))
def test_a_wider_margin_is_more_confidence(margin: float, more: float) -> None:
    near, far = (but(candidates=candidates(plate=-0.1, cup=-0.1 - by)) for by in (margin, margin + more))
    assert confidence(near, near.candidates[0]) <= confidence(far, far.candidates[0])
