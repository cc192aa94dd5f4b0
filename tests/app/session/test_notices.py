"""Lines in place: one about each thing, with the way out, gone when it is over."""

from __future__ import annotations

import time

import pytest

from app.messages import Event, Mode
from app.session.notices import PASSING_S, NoticeBoard
from app.session.view import Notice


def event(level: str = "error", *, key: str = "bus:body", kind: str = "fault", **data: object) -> Event:
    return Event(
        time_ns=time.monotonic_ns(),
        kind=kind,
        source="robot",
        message="The bus body is lost",
        key=key,
        level=level,
        remedy="check its cable",
        data=data,
    )


def keys(board: NoticeBoard) -> list[str]:
    return [notice.key for notice in board.current()]


def test_an_error_becomes_a_line_and_good_news_of_its_key_ends_it() -> None:
    board = NoticeBoard()
    board.take(event())
    [notice] = board.current()
    assert (notice.level, notice.what, notice.remedy) == ("error", "The bus body is lost", "check its cable")
    board.take(event("info"))
    assert keys(board) == []


def test_a_newer_event_replaces_the_older_of_its_key() -> None:
    board = NoticeBoard()
    board.take(event())
    board.take(event("warning"))
    assert [notice.level for notice in board.current()] == ["warning"]


def test_news_without_a_key_is_no_line() -> None:
    board = NoticeBoard()
    board.take(event(key=""))
    assert keys(board) == []


def test_errors_come_first() -> None:
    board = NoticeBoard()
    board.take(event("warning", key="a"))
    board.take(event("error", key="b"))
    assert keys(board) == ["b", "a"]


def test_the_cause_comes_before_what_follows_from_it() -> None:
    board = NoticeBoard()
    board.take(event("error", key="bus:body"))
    board.put(Notice(key="process:simworld", level="error", what="The simworld process is lost"))
    assert keys(board) == ["process:simworld", "bus:body"]


def test_a_camera_that_delivers_nothing_can_be_reopened_from_its_line() -> None:
    board = NoticeBoard()
    board.take(event(key="camera:back", camera="back", can_reopen=True))
    assert board.current()[0].action == "reopen_camera back"
    board.take(event(key="camera:back", camera="back", can_reopen=False))
    assert board.current()[0].action == ""


def test_a_servo_that_needs_it_can_be_rebooted_from_its_line() -> None:
    board = NoticeBoard()
    board.take(event(needs_reboot=True, bus="left_follower", servo_id=5))
    [notice] = board.current()
    assert notice.action == "reboot_servo left_follower 5"
    assert notice.action_label


def test_a_veto_that_leaves_nothing_to_do_is_lifted_from_its_line() -> None:
    board = NoticeBoard()
    failed = event("warning", key="proposal", kind="proposal", vetoed=["pick up the cup"])
    board.take(failed)
    assert [(notice.action, notice.action_label) for notice in board.current()] == [
        ("lift_vetoes", "Lift the veto")
    ]
    board.take(event("warning", key="proposal", kind="proposal", vetoed=[]))
    assert [notice.action for notice in board.current()] == [""]


def test_a_stop_is_released_from_its_line() -> None:
    board = NoticeBoard()
    board.take(event(kind="mode", key="mode", mode=int(Mode.STOPPED)))
    assert board.current()[0].action == "release"


@pytest.mark.parametrize("key", ["command", "drop:ticks", "episode", "owner"])
def test_what_is_over_and_done_with_passes(key: str) -> None:
    board = NoticeBoard()
    board.put(Notice(key=key, level="warning", what="x", since_ns=time.monotonic_ns()))
    assert keys(board) == [key]
    past_ns = time.monotonic_ns() - int((PASSING_S + 1) * 1e9)
    board.put(Notice(key=key, level="warning", what="x", since_ns=past_ns))
    assert keys(board) == []


def test_what_is_still_so_stays() -> None:
    board = NoticeBoard()
    past_ns = time.monotonic_ns() - int((PASSING_S + 100) * 1e9)
    board.put(Notice(key="bus:body", level="error", what="x", since_ns=past_ns))
    assert keys(board) == ["bus:body"]


def test_a_standing_line_is_up_exactly_while_it_is_so() -> None:
    board = NoticeBoard()
    line = Notice(key="disk", level="warning", what="Little room")
    for wanted in (False, True, True, False, True, False):
        board.standing("disk", wanted, line)
        assert keys(board) == (["disk"] if wanted else [])


def test_a_refusal_is_told() -> None:
    board = NoticeBoard()
    board.refuse("the robot is stopped; release it first")
    assert board.current()[0].what == "the robot is stopped; release it first"


def test_what_a_lost_process_said_is_forgotten_with_it() -> None:
    board = NoticeBoard()
    board.take(event(key="bus:body"))
    board.take(event(key="camera:front"))
    board.refuse("no")
    board.forget("cameras")
    assert keys(board) == ["bus:body", "camera:front", "command"]
    board.forget("robot")
    assert keys(board) == ["command"]
