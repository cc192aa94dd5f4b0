"""What is said over the picture while nothing can be done yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.gui.frame import Frame
from app.gui.missing import missing
from app.gui.window import Window
from app.session.standing import LOW_DISK_BYTES
from app.session.view import BusView, Snapshot
from tests.support.fake_session import FakeSession


def line(name: str, *, connected: bool) -> BusView:
    session = FakeSession(moving=False)
    return replace(session.snapshot().buses[0], name=name, connected=connected)


@pytest.mark.parametrize(
    ("connected", "without_picture", "words"),
    [
        ({}, ("front",), "Waking"),
        ({"left_follower": False, "base": False}, (), "No robot answers"),
        ({"left_follower": False, "base": True}, (), "No answer from left follower"),
        ({"base": True}, ("front", "left_wrist"), "No picture from front and left wrist"),
        ({"base": True}, ("a", "b", "c", "d"), "No picture from 4 cameras"),
        ({"base": True}, (), "Waking"),
    ],
)
def test_what_is_missing_is_named(
    connected: dict[str, bool], without_picture: tuple[str, ...], words: str
) -> None:
    lines = tuple(line(name, connected=state) for name, state in connected.items())
    snapshot = Snapshot(time_ns=0, profile_name="x", buses=lines)
    what, remedy = missing(snapshot, without_picture=without_picture)
    assert what == words
    assert remedy
    assert missing(replace(snapshot, ready=True), without_picture=without_picture) == ("", "")


def test_it_stands_over_the_picture_until_the_robot_is_ready(frame: Frame, session: FakeSession) -> None:
    session.ready = False
    frame.refresh()
    assert frame.drive_page.stage.shown.words == "No picture from 4 cameras"
    session.ready = True
    frame.refresh()
    assert frame.drive_page.stage.shown.words == ""


def test_a_robot_without_cameras_is_taught_some(open_window: Callable[[FakeSession], Window]) -> None:
    session = FakeSession(moving=False)
    session.profile.cameras.clear()
    window = open_window(session)
    assert window.frame is not None
    window.frame.refresh()
    assert window.frame.drive_page.stage.shown.words == "No cameras"
    assert window.frame.drive_page.stage.isVisible()


def test_little_room_on_the_disk_is_said_before_recording(frame: Frame, session: FakeSession) -> None:
    session.disk_free_bytes = LOW_DISK_BYTES // 2
    frame.refresh()
    assert frame.drive_page.record.figures.startswith("Only 1.1 GB left")
