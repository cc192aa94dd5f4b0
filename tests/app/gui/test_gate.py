from __future__ import annotations

import math

import numpy as np
import pytest
from PyQt6.QtTest import QTest

from app.gui.frame import Frame
from app.gui.gate_rows import TURN_DOWN, TURN_UP, GateRows
from app.gui.widgets.gate_drawing import joint_points, on_paper
from app.messages import Mode
from tests.support.fake_session import FakeSession, load_fake_profile


def test_a_stretched_arm_reaches_as_far_as_its_links() -> None:
    chain = load_fake_profile().arms["left"].chain
    assert chain is not None
    points = joint_points(chain, np.zeros(6))
    forward = sum(link.offset_m[0] for link in chain.links) + chain.grasp_offset_m[0]
    assert points[-1] == pytest.approx([forward, 0, 0.09])


def test_the_waist_turns_the_whole_arm() -> None:
    chain = load_fake_profile().arms["left"].chain
    assert chain is not None
    straight = joint_points(chain, np.zeros(6))
    turned = joint_points(chain, np.array([math.pi / 2, 0, 0, 0, 0, 0]))
    assert turned[-1] == pytest.approx([0, straight[-1][0], straight[-1][2]])
    assert on_paper(turned).shape == (7, 2)


def test_the_gate_says_what_to_move_the_farthest_first(frame: Frame, session: FakeSession) -> None:
    session.hold_gate()
    frame.refresh()
    gate = frame.drive_page.gate
    assert gate.isVisible()
    assert gate.instructions[0] == "left elbow: move the leader +35°"
    assert len(gate.instructions) == 4
    assert gate.filled == pytest.approx(10 / 14)
    assert frame.drive_page.banner.word == "Align"


def test_the_ramp_fills_the_bar(frame: Frame, session: FakeSession) -> None:
    session.hold_gate(ramp=0.6)
    frame.refresh()
    assert frame.drive_page.gate.filled == pytest.approx(0.6)
    assert frame.drive_page.banner.word == "Take over"


def test_the_gate_goes_when_it_is_passed(frame: Frame, session: FakeSession) -> None:
    session.hold_gate()
    frame.refresh()
    session._gate_until_s = 0.0
    frame.refresh()
    QTest.qWait(20)
    assert not frame.drive_page.gate.isVisible()
    assert frame.drive_page.banner.word == "Teleoperate"
    assert session.mode is Mode.TELEOP


def test_the_rows_put_what_is_out_of_range_first_and_say_which_way(
    frame: Frame, session: FakeSession
) -> None:
    session.hold_gate()
    frame.refresh()
    rows = frame.drive_page.gate.rows
    assert [row.name for row in rows[:4]] == [
        "left elbow",
        "left shoulder",
        "right elbow",
        "right wrist angle",
    ]
    assert [row.within for row in rows] == [False] * 4 + [True] * 10
    assert (rows[0].arrow, rows[0].amount) == (TURN_UP, "35°")
    assert (rows[1].arrow, rows[1].amount) == (TURN_DOWN, "24°")
    assert rows[4].arrow == rows[4].amount == ""
    leader, robot = (int(words.rstrip("°").replace("−", "-")) for words in (rows[0].leader, rows[0].robot))
    assert robot - leader == pytest.approx(35, abs=1)


def test_a_gripper_is_opened_or_closed_and_not_turned(session: FakeSession) -> None:
    rows = GateRows(session.profile)
    session.hold_gate()
    gate = session.gate
    assert gate is not None
    gate.error_rad[6], gate.within[6] = 0.3, False
    row = next(row for row in rows.of(gate, None) if row.slot == 6)
    assert (row.name, row.arrow, row.amount) == ("left gripper", "", "close 30 %")
    assert (row.leader, row.robot) == ("?", "?")
    assert rows.instruction(row) == "left gripper: close the handle by 30%"


def test_while_aligning_the_gate_has_the_room(frame: Frame, session: FakeSession) -> None:
    page = frame.drive_page
    session.hold_gate()
    frame.refresh()
    assert not page.plan.isVisible()
    assert not page.tally.isVisible()
    session.gate, session._gate_until_s = None, 0.0
    frame.refresh()
    assert page.plan.isVisible()
    assert page.tally.isVisible()
