"""The line of health: what is called good, and what is worth looking up for."""

from __future__ import annotations

from dataclasses import replace

from app.gui.widgets.status_line import health
from app.session.view import Notice
from tests.support.fake_session import FakeSession


def test_all_is_well(session: FakeSession) -> None:
    level, parts = health(session.snapshot())
    assert level == "good"
    assert {part_level for _, part_level in parts} == {"good"}


def test_a_few_failed_reads_among_many_are_no_trouble(session: FakeSession) -> None:
    snapshot = session.snapshot()
    few = tuple(replace(bus, reads=10_000, failures=10) for bus in snapshot.buses)
    many = tuple(replace(bus, reads=10_000, failures=100) for bus in snapshot.buses)
    assert health(replace(snapshot, buses=few))[0] == "good"
    assert health(replace(snapshot, buses=many))[0] == "warning"


def test_a_lost_bus_and_a_lost_process_are_named(session: FakeSession) -> None:
    session.fail()
    level, parts = health(session.snapshot())
    assert level == "error"
    assert ("recorder restarting", "error") in parts
    assert ("1 line lost", "error") in parts


def test_a_notice_sets_the_level_of_the_whole(session: FakeSession) -> None:
    snapshot = replace(session.snapshot(), notices=(Notice(key="disk", level="warning", what="Little room"),))
    assert health(snapshot)[0] == "warning"
