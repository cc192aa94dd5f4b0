"""What is said large over the front camera, phase by phase."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from PyQt6.QtTest import QTest

from app.collection.plan import CollectionPlan
from app.collection.view import Phase, Tally
from app.gui.frame import Frame
from app.gui.phases import Large
from app.gui.window import Window
from tests.support.fake_session import FakeSession


def shown(frame: Frame) -> Large:
    frame.refresh()
    return frame.drive_page.stage.shown


def test_the_countdown_counts_as_it_is_spoken(frame: Frame, session: FakeSession) -> None:
    for left_s, figure in ((3.0, "3"), (2.01, "3"), (2.0, "2"), (0.4, "1"), (0.0, "1")):
        session.be(Phase.COUNTDOWN, left_s=left_s, total_s=3.0)
        assert (left_s, shown(frame).figure) == (left_s, figure)
        assert shown(frame).words == "Take the leaders"


def test_the_running_episode_is_named_with_its_time_and_number(frame: Frame, session: FakeSession) -> None:
    session.be(Phase.RECORDING, left_s=47.0, total_s=60.0, tally=Tally(episodes=36, target=50))
    large = shown(frame)
    assert large.recording
    assert large.badge.startswith("REC  00:0")
    assert "−00:47.0" in large.badge
    assert large.badge.endswith("ep 37/50")


def test_the_reset_says_what_happens_at_its_end(frame: Frame, session: FakeSession) -> None:
    ends = {True: "Then the next episode begins by itself", False: "Then press R for the next"}
    for repeat, words in ends.items():
        plan = CollectionPlan(repeat=repeat)
        session.be(Phase.RESETTING, left_s=6.2, total_s=10.0, plan=plan, last_id="x-0036")
        assert shown(frame).figure == "7"
        assert shown(frame).more == words


def test_a_reset_without_end_waits_for_the_key(frame: Frame, session: FakeSession) -> None:
    session.be(Phase.RESETTING, last_id="x-0036", last_outcome="success")
    assert shown(frame).figure == ""
    assert shown(frame).more == "When the scene is in order, press R"
    assert shown(frame).badge == "no. 0036: success"


def test_while_aligning_the_farthest_joint_is_told_over_the_picture(
    frame: Frame, session: FakeSession
) -> None:
    session.hold_gate()
    session.be(Phase.ALIGNING)
    frame.refresh()
    assert shown(frame).words == frame.drive_page.gate.instructions[0]


def test_between_episodes_it_is_ready(frame: Frame, session: FakeSession) -> None:
    assert shown(frame).badge == "Ready   next ep 1"
    session.ready = False
    assert shown(frame).badge == ""


@pytest.mark.parametrize("size", [(1280, 800), (3840, 2160)], ids=str)
def test_every_phase_fits_into_the_window(
    open_window: Callable[[FakeSession], Window], session: FakeSession, size: tuple[int, int]
) -> None:
    session.fill_episodes()
    window = open_window(session)
    window.resize(*size)
    frame = window.frame
    assert frame is not None
    page = frame.drive_page
    long = CollectionPlan(task="put every single dish that stands on the counter into the sink", target=50)
    for phase in Phase:
        session.be(
            phase, left_s=5.0, total_s=9.0, plan=long, last_id="x-0036", nudge="Move something, please"
        )
        frame.refresh()
        QTest.qWait(30)
        assert page.stage.geometry() == page.cameras.tiles[0].geometry()
        parts = (page.banner, page.plan, page.record, page.tally)
        for upper, lower in itertools.pairwise(parts):
            assert upper.geometry().bottom() < lower.geometry().top()
        for part in parts[1:]:
            assert part.height() >= part.minimumSizeHint().height()
        assert page.tally.geometry().bottom() <= page.height()


def test_numbers_counted_down_are_not_flashed_as_well(frame: Frame, session: FakeSession) -> None:
    frame.refresh()
    session.say("3")
    frame.refresh()
    assert not frame.toast.isVisible()
    session.collection = replace(session.collection, phase=Phase.IDLE)
    session.say("Recording")
    frame.refresh()
    assert frame.toast.isVisible()
