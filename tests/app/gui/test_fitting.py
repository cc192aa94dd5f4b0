"""Words that do not fit end in an ellipsis, are broken between words, and stand whole in the tool tip."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QEvent, QPoint
from PyQt6.QtGui import QFontMetrics, QHelpEvent
from PyQt6.QtWidgets import QApplication, QToolTip

from app.gui import tokens
from app.gui.fitting import fit, fit_lines
from app.gui.theme import Theme
from app.gui.widgets.label import Label
from app.gui.widgets.mode_banner import ModeBanner
from app.messages import Mode
from tests.support.fake_session import FakeSession
from tests.support.qt_waiting import wait_until

LONG = "Heard “put the plate that stands on the counter in the sink”, 99 % sure, read in 1444 ms"


@pytest.fixture
def metrics(qapp: QApplication) -> QFontMetrics:
    return QFontMetrics(tokens.font(tokens.TEXT_SMALL_PX))


@pytest.mark.parametrize("most", [1, 2, 3, 20])
def test_lines_fit_and_lose_nothing_but_behind_an_ellipsis(metrics: QFontMetrics, most: int) -> None:
    lines = fit_lines(LONG, metrics, 120, most=most)
    assert 1 <= len(lines) <= most
    assert all(metrics.horizontalAdvance(line) <= 120 for line in lines)
    whole = " ".join(lines)
    assert whole == LONG if most == 20 else whole.endswith("…") and LONG.startswith(whole[:-1].rstrip())


def test_what_fits_is_left_as_it_is(metrics: QFontMetrics) -> None:
    assert fit(LONG, metrics, 10_000) == LONG
    assert fit_lines("two  words", metrics, 10_000, most=2) == ("two  words",)
    assert fit_lines("", metrics, 100, most=2) == ("",)


def test_a_word_too_long_for_a_line_is_cut_by_itself(metrics: QFontMetrics) -> None:
    first, second = fit_lines("m" * 60 + " then", metrics, 100, most=2)
    assert first.endswith("…")
    assert second == "then"


def asked_for_tip(label: Label) -> str:
    at = QPoint(4, 4)
    QApplication.sendEvent(label, QHelpEvent(QEvent.Type.ToolTip, at, label.mapToGlobal(at)))
    shown = QToolTip.text()
    QToolTip.hideText()
    assert wait_until(lambda: not QToolTip.isVisible())
    return shown


def test_a_label_that_is_cut_shows_all_of_it_on_demand(qapp: QApplication) -> None:
    label = Label(LONG)
    label.resize(100, 20)
    label.show()
    assert label.cut
    assert asked_for_tip(label) == LONG
    label.resize(2000, 20)
    assert not label.cut
    assert asked_for_tip(label) == ""


@pytest.mark.parametrize("mode", Mode)
def test_the_banner_has_room_for_its_words(theme: Theme, session: FakeSession, mode: Mode) -> None:
    look = tokens.MODE_LOOKS[mode]
    banner = ModeBanner(theme)
    banner.resize(tokens.SIDE_WIDTH_PX - 2 * tokens.steps(3), banner.height())
    session.mode = mode
    banner.apply(session.snapshot(), driving=False)
    assert banner.toolTip().startswith(look.word)
    word = QFontMetrics(tokens.font(tokens.TEXT_BANNER_PX, bold=True))
    assert word.horizontalAdvance(banner.word) <= banner.word_room.width()
    meaning = QFontMetrics(tokens.font(tokens.TEXT_PX))
    assert meaning.horizontalAdvance(banner.meaning) <= banner.meaning_room.width()
