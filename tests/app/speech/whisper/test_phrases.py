"""The phrases the shipped recogniser was trained on are the subtasks that the kitchen has."""

from __future__ import annotations

from app.speech.whisper.phrases import KITCHEN_PHRASES, written
from drivers.sim.operator.subtasks import SUBTASKS


def test_they_are_the_kitchen_s_subtasks() -> None:
    assert set(KITCHEN_PHRASES) == set(SUBTASKS)
    assert len(set(KITCHEN_PHRASES)) == len(KITCHEN_PHRASES) == 28


def test_they_are_written_as_whisper_writes() -> None:
    assert written("pick up the plate") == " Pick up the plate."
