"""What must not happen by a slip takes two presses in a row."""

from __future__ import annotations

import pytest

from app.gui import second_press
from app.gui.second_press import WITHIN_NS, SecondPress


def test_only_the_second_press_in_time_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = 0  # a machine that was just started
    monkeypatch.setattr(second_press.time, "monotonic_ns", lambda: now_ns)
    press = SecondPress()
    assert not press.press()
    assert press.waiting
    now_ns = WITHIN_NS - 1
    assert press.press()
    assert not press.waiting
    assert not press.press()
    now_ns += WITHIN_NS
    assert not press.waiting
    assert not press.press()


def test_what_comes_between_makes_the_next_one_a_first() -> None:
    press = SecondPress()
    press.press()
    press.forget()
    assert not press.waiting
    assert not press.press()
