"""The line for who has recorded nothing yet."""

from __future__ import annotations

from app.gui.first_steps import next_step
from app.messages import Mode
from tests.support.fake_session import FakeSession


def test_the_way_to_a_first_episode_is_told_step_by_step(session: FakeSession) -> None:
    assert "Press G" in next_step(session.snapshot())
    session.mode = Mode.TELEOP
    assert "Press R" in next_step(session.snapshot())
    session.record("wipe the counter")
    assert "press S" in next_step(session.snapshot())
    session.end("success")
    assert next_step(session.snapshot()) == ""


def test_a_real_robot_has_no_script_to_watch(session: FakeSession) -> None:
    session.simulated = False
    words = next_step(session.snapshot())
    assert "leaders" in words
    assert "press T" in words


def test_what_must_come_first_is_not_talked_over(session: FakeSession) -> None:
    session.ready = False
    assert next_step(session.snapshot()) == ""
    session.ready = True
    session.hold_gate()
    assert next_step(session.snapshot()) == ""
    session.stop("test")
    assert next_step(session.snapshot()) == ""
