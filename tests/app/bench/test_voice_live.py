"""The live part of the bench of spoken commands: what it makes of what it heard, and that it hears at all."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

from app.bench import voice_live
from app.bench.figures import Figures
from app.bench.voice_live import Told, measure_live
from app.speech.whisper.catalogue import SHIPPED

MS = 1_000_000


def told(phrase: str, accepted: str, *, took_ms: int = 0, state: str = "accepted") -> Told:
    done_ns = 5_000 * MS + took_ms * MS
    return Told(
        phrase, 5_000 * MS, state, accepted, done_ns - 10 * MS if accepted else 0, done_ns if accepted else 0
    )


def test_only_what_was_taken_for_what_it_was_has_a_time() -> None:
    figures = Figures()
    voice_live._add(
        figures,
        [
            told("open the drawer", "open the drawer", took_ms=200),
            told("take the handle", "take the handle", took_ms=240),
            told("go to the cup", "go to the plate", took_ms=9_000),
            told("raise the lift", "", state="ask"),
        ],
    )
    assert figures.values["spoken_commands"] == 4
    assert figures.values["spoken_accepted_exactly"] == 2
    assert figures.values["spoken_accepted_as_another"] == 1
    assert figures.values["speech_to_subtask_p50_ms"] == pytest.approx(220)
    assert figures.values["speech_to_accepted_p50_ms"] == pytest.approx(210)
    assert figures.missed() == []


def test_a_recogniser_that_accepts_nothing_misses_the_bound() -> None:
    figures = Figures()
    voice_live._add(figures, [told("raise the lift", "", state="rejected")])
    assert math.isnan(float(figures.values["speech_to_subtask_p50_ms"]))
    assert figures.missed() == ["speech_to_subtask_p50_ms"]


def test_where_there_is_no_sound_server_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None if program == "pulseaudio" else program)
    figures = Figures()
    measure_live(figures, count=1, model=SHIPPED, seed=0)
    assert "pulseaudio is not installed" in str(figures.values["speech_to_subtask"])


@pytest.mark.timeout(300)
def test_commands_are_spoken_to_a_whole_session(tmp_path: Path) -> None:
    figures = Figures()
    measure_live(figures, count=3, model=SHIPPED, seed=0)
    assert figures.values["spoken_commands"] == 3
    assert float(figures.values["spoken_accepted_exactly"]) >= 2  # of voices that it was not trained on
    accepted, applied = (
        float(figures.values[f"speech_to_{what}_p50_ms"]) for what in ("accepted", "subtask")
    )
    assert 30.0 < accepted < applied
