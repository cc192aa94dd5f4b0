from __future__ import annotations

import math

import numpy as np
import pytest
from PyQt6.QtTest import QTest

from app.gui.frame import Frame
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
