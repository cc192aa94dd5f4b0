"""What is said aloud: short, and as a person would say it."""

from __future__ import annotations

import pytest

from app.messages import Event, Mode
from app.session.words import lost, spoken


def said(kind: str, message: str = "Mode: teleop", **data: object) -> str:
    return spoken(Event(time_ns=1, kind=kind, source="robot", message=message, data=data))


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_has_words_without_the_machine_s_names(mode: Mode) -> None:
    words = said("mode", mode=int(mode))
    assert words[0].isupper()
    assert len(words.split()) <= 3
    assert "Mode" not in words
    assert "_" not in words


def test_the_reason_of_a_hold_is_left_to_its_line() -> None:
    assert said("mode", "Holding: no answer from left_follower", mode=int(Mode.HOLD)) == "Holding"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [("success", "Saved as success"), ("failure", "Saved as failure"), ("unset", "Saved, not judged yet")],
)
def test_the_end_of_an_episode_tells_its_outcome(outcome: str, words: str) -> None:
    assert said("episode", "Saved 2026-01-20-0003", state="saved", outcome=outcome) == words


def test_an_episode_begins_and_is_dropped() -> None:
    assert said("episode", state="started") == "Recording"
    assert said("episode", state="trashed") == "Discarded"


def test_an_episode_that_ends_by_itself_says_why() -> None:
    why = "Closing the episode: the window stopped answering"
    assert said("episode", why) == why


def test_faults_are_lines_and_not_spoken() -> None:
    assert said("fault", "The bus body is lost") == ""


def test_a_lost_process_is_called_what_it_is_to_who_drives() -> None:
    assert lost("simworld") == "The simulated kitchen is lost"
    assert lost("speech") == "The ear for spoken words is lost"
    assert lost("thinker") == "The thinker process is lost"


def test_the_end_of_a_task_is_told() -> None:
    assert said("task", "Task done: tidy up", state="done", task="tidy up") == "Task done"
