"""The bench of spoken words: what it counts as heard, as late, and as made up."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from app.bench import word_thresholds, words
from app.speech.vocabulary import PHRASES


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (words, word_thresholds):
        monkeypatch.setattr(module, "SENTENCES", ("put the plate into the sink",))
        # A phrase that is listened for, so that something is made up.
        monkeypatch.setattr(module, "SHORT_TALK", ("robot stop",))
        monkeypatch.setattr(module, "PHRASES", PHRASES[:2])
    monkeypatch.setattr(words, "NOISE_S", 1.0)
    monkeypatch.setattr(word_thresholds, "TUNED_ON", words.TUNED_ON[:1])


def run(module: object, arguments: list[str], path: Path) -> tuple[int, dict[str, float]]:
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)  # type: ignore[attr-defined]
    code = module.run(parser.parse_args([*arguments, "--json", str(path)]))  # type: ignore[attr-defined]
    return code, json.loads(path.read_text())


def test_it_counts_hits_and_what_is_made_up(tmp_path: Path) -> None:
    code, figures = run(words, ["--voices", "tuned-on", "--count", "1"], tmp_path / "figures.json")
    assert figures["hit_rate"] == figures["noisy_hit_rate"] == 1.0
    assert figures["hit_rate.robot_stop"] == 1.0
    assert figures["talk_false_alarms"] == figures["noise_false_alarms"] == 0
    assert figures["short_phrases_mistaken"] == 1
    assert figures["mistaken_for"] == "robot stop"
    assert code == 1  # far more than one in twenty
    assert 200 < figures["latency_p50_ms"] <= figures["latency_p95_ms"]


def test_thresholds_lie_between_a_phrase_and_talk(tmp_path: Path) -> None:
    _, figures = run(word_thresholds, ["--words", "robot stop", "drop it"], tmp_path / "figures.json")
    assert figures["drop_it.found"] == 1.0
    assert figures["drop_it.over_it"] == 1.0
    # What is said besides is the phrase itself here, and just as good.
    assert str(figures["robot_stop.talk"]).endswith("robot stop")
