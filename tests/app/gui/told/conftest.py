"""A window whose robot takes subtasks, in both of the modes."""

from __future__ import annotations

import pytest

from app.gui.frame import Frame
from app.messages import Mode
from tests.support.fake_session import FakeSession


@pytest.fixture
def verbal(frame: Frame, session: FakeSession) -> Frame:
    """The robot listens."""
    frame.actions_registry.trigger("mode.listen")
    frame.refresh()
    frame.refresh()
    assert session.mode is Mode.VERBAL
    assert session.voice.wanted is not None
    session.calls.clear()
    return frame


@pytest.fixture
def alone(frame: Frame, session: FakeSession) -> Frame:
    """The robot goes alone, and does something of its own."""
    frame.collecting.change(task="open the drawer")
    frame.refresh()
    frame.actions_registry.trigger("mode.alone")
    frame.refresh()
    assert session.mode is Mode.AUTONOMOUS
    session.autonomy.propose("pick up the cup", 0.8, "applied", ago_s=3.0)
    frame.refresh()
    session.calls.clear()
    return frame
