"""The record line: what it says before, during and between episodes."""

from __future__ import annotations

from app.gui.frame import Frame
from app.gui.widgets.record_line import RecordLine
from tests.support.fake_session import FakeSession


def said(frame: Frame) -> str:
    frame.refresh()
    line = frame.drive_page.record.findChild(RecordLine)
    assert line is not None
    return line.accessibleName()


def test_nothing_is_called_ready_before_the_robot_is(frame: Frame, session: FakeSession) -> None:
    session.ready = False
    assert said(frame) == "Not recording, waiting"
    session.ready = True
    assert said(frame) == "Not recording, ready"


def test_a_running_episode_is_said_with_its_time(frame: Frame, session: FakeSession) -> None:
    session.record("wipe the counter")
    assert said(frame).startswith("REC  0")
