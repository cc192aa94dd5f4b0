"""The bench of spoken commands: what it counts, on clips of every kind, and that chance is of one's own choosing."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from whisper.model import ModelDimensions

from app.bench import voice
from app.bench.voice_clips import SENTENCES, VOICES, commands, others, sentence
from app.cli.outcome import CommandError
from app.speech.whisper.decision import Accepted, Rejected
from app.speech.whisper.model import untrained
from app.speech.whisper.phrases import KITCHEN_PHRASES
from app.speech.whisper.reading import Reader, Reading

SMALL = ModelDimensions(80, 256, 32, 2, 1, 51864, 32, 32, 2, 1)
NOTHING_HEARD = Reading("", -1.0, -1.0, 1.0, (), 1.0, 0.0, -30.0, 1.0, 1.0, 1.0)


def arguments(model: Path, folder: Path, *, clips: int) -> list[str]:
    """A command line: so many clips of each sort, by two voices, and none spoken to a whole session."""
    numbers = ["--clips", str(clips), "--voices", "2", "--spoken", "0"]
    return [*numbers, "--model", str(model), "--json", str(folder / "figures.json")]


def run(arguments: list[str]) -> tuple[int, dict[str, float]]:
    parser = argparse.ArgumentParser()
    voice.add_arguments(parser)
    path = Path(arguments[-1])
    code = voice.run(parser.parse_args(arguments))
    return code, json.loads(path.read_text())


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model that hears nothing in anything, and small ones where large ones are measured."""
    monkeypatch.setattr(voice, "BASE_EN", SMALL)
    network = untrained(SMALL).whisper
    path = tmp_path / "small.pt"
    torch.save({"dims": asdict(SMALL), "model_state_dict": network.state_dict()}, path)
    return path


@pytest.mark.timeout(240)
def test_every_figure_is_there_and_a_deaf_model_misses_its_bound(model: Path, tmp_path: Path) -> None:
    """The only one of these tests in which every clip is spoken and read."""
    code, figures = run(arguments(model, tmp_path, clips=10))
    assert code == 1
    assert figures["exact_accuracy"] == 0.0
    assert figures["false_accepts"] == 0
    assert figures["commands"] == 10
    assert [figures[f"others.{kind}"] for kind in ("silence", "noise", "music", "talk")] == [1, 3, 4, 2]
    assert 0 < figures["reading_p50_ms"] <= figures["reading_p95_ms"]
    assert min(figures["base_encoder_ms"], figures["base_scoring_ms"]) > 0


def test_what_is_accepted_is_counted_for_and_against(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if every clip were read as the first phrase: what it sounds like, and the network, make no difference."""
    monkeypatch.setattr(Reader, "read", lambda self, samples: NOTHING_HEARD)
    monkeypatch.setattr("app.bench.voice_clips.say", lambda text, voice: np.ones(800))
    monkeypatch.setattr(voice, "decide", lambda reading: Accepted(KITCHEN_PHRASES[0], 0.9))
    code, figures = run(arguments(model, tmp_path, clips=28))
    assert code == 1
    assert figures["exact_accuracy"] == pytest.approx(1 / 28, abs=1e-5)
    assert figures["accepted_as_another"] == 27
    assert figures["false_accepts"] == 28
    assert f"→ {KITCHEN_PHRASES[0]}" in str(figures["accepted_falsely"])
    monkeypatch.setattr(voice, "decide", lambda reading: Rejected("deaf"))
    assert run(arguments(model, tmp_path, clips=28))[1]["false_accepts"] == 0


@pytest.mark.timeout(240)
def test_clips_follow_from_the_seed() -> None:
    def clips(seed: int) -> list[tuple[str, bytes]]:
        rng = np.random.default_rng(seed)
        both = (*commands(VOICES, 8, rng), *others(VOICES, 10, rng))
        return [(clip.said, clip.samples.tobytes()) for clip in both]

    first = clips(1)
    assert clips(1) == first
    assert not {sound for _, sound in first} & {sound for _, sound in clips(2)}


def test_every_phrase_meets_every_voice_and_every_room() -> None:
    plan = Counter()
    rooms: dict[str, set[str]] = {}
    for clip in _without_sound(280):
        plan[clip.said] += 1
        rooms.setdefault(clip.said, set()).add(clip.kind)
    assert set(plan) == set(KITCHEN_PHRASES)
    assert set(plan.values()) == {10}
    assert all(len(kinds) == 5 for kinds in rooms.values())


def test_no_sentence_is_a_command() -> None:
    rng = np.random.default_rng(0)
    made = {sentence(rng) for _ in range(2000)}
    assert len(made) > 500
    assert not made & set(KITCHEN_PHRASES)
    assert len(set(SENTENCES)) == len(SENTENCES)


def test_a_model_that_is_not_there_is_said_on_one_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        run(["--model", "nowhere.pt", "--json", str(tmp_path / "figures.json")])


def _without_sound(count: int) -> list[voice.Clip]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.bench.voice_clips.say", lambda text, voice: np.ones(800))
        return list(commands(VOICES, count, np.random.default_rng(0)))
